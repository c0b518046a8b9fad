/** Log groups and streams as resources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { logEventsOn } from '#host/telemetry/log-events.ts'
import { memoryTelemetry } from '#host/telemetry/memory.ts'
import {
  type FakeLogs,
  START,
  fakeCall,
  fakeLogs,
  makeStream,
  put,
  refusal,
} from '#services/logs/fake-logs.ts'
import { logs } from '#services/logs/index.ts'

const { operations } = logs
const HOUR = 3_600_000
const DAY = 24 * HOUR
const ARN = 'arn:aws:logs:us-east-1:000000000000:log-group:g'

const world = (): FakeLogs => fakeLogs(memoryStores(), logEventsOn(memoryTelemetry()))

test('CreateLogGroup makes a group that DescribeLogGroups shows as AWS does', async () => {
  const fake = world()
  const call = fakeCall()
  await operations.CreateLogGroup({ logGroupName: 'g', tags: { a: '1' } }, fake.state, call)
  assert.deepEqual(await operations.DescribeLogGroups({}, fake.state, call), {
    logGroups: [
      {
        logGroupName: 'g',
        creationTime: START,
        metricFilterCount: 0,
        arn: `${ARN}:*`,
        storedBytes: 0,
        logGroupClass: 'STANDARD',
        logGroupArn: ARN,
        deletionProtectionEnabled: false,
      },
    ],
    nextToken: undefined,
  })
  assert.equal(
    await refusal(operations.CreateLogGroup({ logGroupName: 'g' }, fake.state, call)),
    'ResourceAlreadyExistsException: The specified log group already exists',
  )
})

test('DescribeLogGroups filters by prefix or pattern and pages', async () => {
  const fake = world()
  const call = fakeCall()
  for (const name of ['/aws/lambda/a', '/aws/lambda/b', '/aws/rds/c', 'other'])
    await operations.CreateLogGroup({ logGroupName: name }, fake.state, call)
  const names = async (input: object): Promise<[(string | undefined)[], string | undefined]> => {
    const { logGroups, nextToken } = await operations.DescribeLogGroups(input, fake.state, call)
    return [(logGroups ?? []).map(({ logGroupName }) => logGroupName), nextToken]
  }
  const [first, token] = await names({ logGroupNamePrefix: '/aws/', limit: 2 })
  assert.deepEqual(first, ['/aws/lambda/a', '/aws/lambda/b'])
  assert.deepEqual(await names({ logGroupNamePrefix: '/aws/', limit: 2, nextToken: token }), [
    ['/aws/rds/c'],
    undefined,
  ])
  assert.deepEqual((await names({ logGroupNamePattern: 'RDS' }))[0], ['/aws/rds/c'])
  assert.match(
    await refusal(names({ logGroupNamePattern: 'a', logGroupNamePrefix: 'b' })),
    /prefix and LogGroup name pattern are mutually exclusive/,
  )
  assert.match(await refusal(names({ nextToken: 'zzz' })), /The specified nextToken is invalid\.$/)
})

test('DescribeLogStreams orders by name or by the last event, and shows times', async () => {
  const fake = world()
  for (const stream of ['a', 'b', 'c']) await makeStream(fake, 'g', stream)
  await put(fake, 'a', [
    [5, 'x'],
    [9, 'y'],
  ])
  await put(fake, 'c', [[7, 'z']])
  const names = async (input: object): Promise<(string | undefined)[]> =>
    (
      (await operations.DescribeLogStreams({ logGroupName: 'g', ...input }, fake.state, fakeCall()))
        .logStreams ?? []
    ).map(({ logStreamName }) => logStreamName)
  assert.deepEqual(await names({}), ['a', 'b', 'c'])
  assert.deepEqual(await names({ descending: true, limit: 2 }), ['c', 'b'])
  assert.deepEqual(await names({ orderBy: 'LastEventTime', descending: true }), ['a', 'c', 'b'])
  assert.deepEqual(await names({ logStreamNamePrefix: 'b' }), ['b'])
  const { logStreams } = await operations.DescribeLogStreams(
    { logGroupIdentifier: `${ARN}:*` },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(logStreams?.[0], {
    logStreamName: 'a',
    creationTime: START,
    firstEventTimestamp: START + 5,
    lastEventTimestamp: START + 9,
    lastIngestionTime: START,
    arn: `${ARN}:log-stream:a`,
    storedBytes: 0,
  })
  assert.match(
    await refusal(names({ logGroupIdentifier: 'g' })),
    /^ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters\.$/,
  )
})

test('streams are made once and need their group', async () => {
  const fake = world()
  await makeStream(fake, 'g', 's')
  const create = (logGroupName: string): unknown =>
    operations.CreateLogStream({ logGroupName, logStreamName: 's' }, fake.state, fakeCall())
  assert.equal(
    await refusal(create('g')),
    'ResourceAlreadyExistsException: The specified log stream already exists',
  )
  assert.equal(
    await refusal(create('other')),
    'ResourceNotFoundException: The specified log group does not exist.',
  )
})

test('deleting a stream or a group forgets its lines and no others', async () => {
  const fake = world()
  for (const stream of ['s', 's2', 't']) await makeStream(fake, 'g', stream)
  for (const stream of ['s', 's2', 't']) await put(fake, stream, [[1, stream]])
  const call = fakeCall()
  await operations.DeleteLogStream({ logGroupName: 'g', logStreamName: 's' }, fake.state, call)
  const filter = async (): Promise<(string | undefined)[]> =>
    ((await operations.FilterLogEvents({ logGroupName: 'g' }, fake.state, call)).events ?? []).map(
      ({ message }) => message,
    )
  assert.deepEqual(await filter(), ['s2', 't'])
  await operations.DeleteLogGroup({ logGroupName: 'g' }, fake.state, call)
  assert.match(await refusal(filter()), /The specified log group does not exist\.$/)
  await makeStream(fake, 'g', 's')
  assert.deepEqual(await filter(), [])
})

test('a protected group is deleted only after its protection ends', async () => {
  const fake = world()
  const call = fakeCall()
  await operations.CreateLogGroup({ logGroupName: 'g', deletionProtectionEnabled: true }, fake.state, call)
  assert.match(
    await refusal(operations.DeleteLogGroup({ logGroupName: 'g' }, fake.state, call)),
    /^ValidationException/,
  )
  await operations.PutLogGroupDeletionProtection(
    { logGroupIdentifier: 'g', deletionProtectionEnabled: false },
    fake.state,
    call,
  )
  await operations.DeleteLogGroup({ logGroupName: 'g' }, fake.state, call)
})

test('retention hides old lines at once and drops them later, on the platform\u2019s clock', async () => {
  const fake = world()
  const call = fakeCall()
  await makeStream(fake, 'g', 's')
  await put(fake, 's', [[0, 'old']])
  fake.clock.advance(DAY - HOUR / 2)
  await put(fake, 's', [[DAY - HOUR / 2, 'new']])
  await operations.PutRetentionPolicy({ logGroupName: 'g', retentionInDays: 1 }, fake.state, call)
  const read = async (): Promise<(string | undefined)[]> =>
    ((await operations.FilterLogEvents({ logGroupName: 'g' }, fake.state, call)).events ?? []).map(
      ({ message }) => message,
    )
  assert.deepEqual(await read(), ['old', 'new'])
  fake.clock.advance(HOUR)
  assert.deepEqual(await read(), ['new'])
  await fake.state.stop()
  const kept = await fake.logEvents.read({ seriesPrefix: '', limit: 10 })
  assert.deepEqual(
    kept.map(({ message }) => message),
    ['new'],
  )
  assert.match(
    await refusal(operations.PutRetentionPolicy({ logGroupName: 'g', retentionInDays: 2 }, fake.state, call)),
    /Value '2' at 'retentionInDays' .* enum value set: \[1, 3, 5, /,
  )
  await operations.DeleteRetentionPolicy({ logGroupName: 'g' }, fake.state, call)
  const { logGroups } = await operations.DescribeLogGroups({}, fake.state, call)
  assert.equal(logGroups?.[0]?.retentionInDays, undefined)
})

test('tags are the same by name and by ARN', async () => {
  const fake = world()
  const call = fakeCall()
  await operations.CreateLogGroup({ logGroupName: 'g', tags: { env: 'a' } }, fake.state, call)
  await operations.TagResource({ resourceArn: ARN, tags: { x: '1', y: '2' } }, fake.state, call)
  await operations.TagLogGroup({ logGroupName: 'g', tags: { z: '3' } }, fake.state, call)
  await operations.UntagResource({ resourceArn: `${ARN}:*`, tagKeys: ['x'] }, fake.state, call)
  await operations.UntagLogGroup({ logGroupName: 'g', tags: ['y'] }, fake.state, call)
  const expected = { tags: { env: 'a', z: '3' } }
  assert.deepEqual(await operations.ListTagsForResource({ resourceArn: ARN }, fake.state, call), expected)
  assert.deepEqual(await operations.ListTagsLogGroup({ logGroupName: 'g' }, fake.state, call), expected)
})
