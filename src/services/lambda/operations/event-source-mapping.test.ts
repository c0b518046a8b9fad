import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CreateEventSourceMappingRequest, EventSourceMappingConfiguration } from '#model/lambda.ts'
import { FakeQueue } from '#services/lambda/event-sources/fake-queue.ts'
import { ARN, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda, resumeLambda, stopLambda } from '#services/lambda/index.ts'

const { operations } = lambda
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'
const SETTLED = 100

interface World {
  readonly fake: FakeLambda
  readonly queue: FakeQueue
}

async function world(timeout = 3): Promise<World> {
  const fake = await withFunction({ Timeout: timeout })
  return { fake, queue: new FakeQueue(fake) }
}

type Answer = Promise<EventSourceMappingConfiguration>

const create = async (on: World, more: Partial<CreateEventSourceMappingRequest> = {}): Answer =>
  await operations.CreateEventSourceMapping(
    { FunctionName: 'f', EventSourceArn: QUEUE, ...more },
    on.fake.state,
    fakeCall(),
  )
const get = async (on: World, id = ''): Answer =>
  await operations.GetEventSourceMapping({ UUID: id }, on.fake.state, fakeCall())
const update = async (on: World, id: string, more: object): Answer =>
  await operations.UpdateEventSourceMapping({ UUID: id, ...more }, on.fake.state, fakeCall())
const remove = async (on: World, id: string): Answer =>
  await operations.DeleteEventSourceMapping({ UUID: id }, on.fake.state, fakeCall())

async function created(on: World, more: Partial<CreateEventSourceMappingRequest> = {}): Promise<string> {
  const { UUID: id = '' } = await create(on, more)
  await turns(SETTLED)
  return id
}

test('CreateEventSourceMapping answers what AWS answers, and is Enabled right after', async () => {
  const on = await world()
  const answer = await create(on)
  const { UUID: id = '', LastModified: _, ...rest } = answer
  assert.match(id, /^[\da-f-]{36}$/)
  assert.deepEqual(JSON.parse(JSON.stringify(rest)), {
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
    EventSourceArn: QUEUE,
    FunctionArn: ARN,
    EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${id}`,
    State: 'Creating',
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: [],
  })
  await turns(SETTLED)
  assert.equal((await get(on, id)).State, 'Enabled')
  assert.equal(on.queue.parked, 5)
  await stopLambda(on.fake.state)
})

test('a mapping that is made disabled polls nothing until it is enabled', async () => {
  const on = await world()
  const id = await created(on, { Enabled: false })
  assert.equal((await get(on, id)).State, 'Disabled')
  assert.equal(on.queue.parked, 0)
  assert.equal((await update(on, id, { Enabled: true })).State, 'Enabling')
  await turns(SETTLED)
  assert.deepEqual([(await get(on, id)).State, on.queue.parked], ['Enabled', 5])
  assert.equal((await update(on, id, { Enabled: false })).State, 'Disabling')
  await turns(SETTLED)
  assert.deepEqual([(await get(on, id)).State, on.queue.parked], ['Disabled', 0])
})

test('UpdateEventSourceMapping changes what it names; empty structures take away', async () => {
  const on = await world()
  const filter = { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] }
  const id = await created(on, { FilterCriteria: filter, ScalingConfig: { MaximumConcurrency: 3 } })
  assert.equal(on.queue.parked, 3)
  const changed = await update(on, id, { BatchSize: 7 })
  assert.equal(changed.State, 'Updating')
  assert.deepEqual(
    [changed.BatchSize, changed.FilterCriteria, changed.ScalingConfig],
    [7, filter, { MaximumConcurrency: 3 }],
  )
  await turns(SETTLED)
  const bare = await update(on, id, { FilterCriteria: {}, ScalingConfig: {} })
  assert.deepEqual([bare.FilterCriteria, bare.ScalingConfig], [undefined, undefined])
  await turns(SETTLED)
  assert.equal(on.queue.parked, 5)
  await stopLambda(on.fake.state)
})

test('DeleteEventSourceMapping shows it once more, Deleting, and then it is gone', async () => {
  const on = await world()
  const id = await created(on)
  assert.equal((await remove(on, id)).State, 'Deleting')
  await turns(SETTLED)
  assert.equal(on.queue.parked, 0)
  assert.equal(
    await refusal(get(on, id)),
    '404 ResourceNotFoundException: The resource you requested does not exist.',
  )
  assert.equal(await refusal(remove(on, id)), await refusal(get(on, 'no-such-id')))
})

test('a function has one mapping for a source', async () => {
  const on = await world()
  const id = await created(on)
  assert.equal(
    await refusal(create(on)),
    `409 ResourceConflictException: An event source mapping with SQS arn (" ${QUEUE} ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${id}`,
  )
  await stopLambda(on.fake.state)
})

test('ListEventSourceMappings finds by function and by source, a page at a time', async () => {
  const on = await world()
  const ids: string[] = []
  for (const name of ['a', 'b', 'c'])
    ids.push(await created(on, { EventSourceArn: `${QUEUE}-${name}`, Enabled: false }))
  const list = async (more: object): Promise<{ ids: (string | undefined)[]; next: string | undefined }> => {
    const page = await operations.ListEventSourceMappings(more, on.fake.state, fakeCall())
    return { ids: (page.EventSourceMappings ?? []).map(({ UUID: id }) => id), next: page.NextMarker }
  }
  assert.deepEqual((await list({})).ids, ids.toSorted())
  assert.deepEqual((await list({ EventSourceArn: `${QUEUE}-b` })).ids, [ids[1]])
  assert.deepEqual((await list({ FunctionName: 'f' })).ids.length, 3)
  assert.deepEqual((await list({ FunctionName: 'g' })).ids, [])
  const first = await list({ MaxItems: 2 })
  const second = await list({ MaxItems: 2, Marker: first.next })
  assert.deepEqual([...first.ids, ...second.ids], ids.toSorted())
  assert.equal(second.next, undefined)
})

const REFUSED: readonly [what: string, input: Partial<CreateEventSourceMappingRequest>, text: string][] = [
  ['no source', { EventSourceArn: undefined }, 'Unrecognized event source.'],
  ['a topic', { EventSourceArn: 'arn:aws:sns:us-east-1:000000000000:t' }, 'Unrecognized event source.'],
  [
    'a nameless queue',
    { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:' },
    'Unrecognized event source.',
  ],
  [
    'a large batch without a window',
    { BatchSize: 11 },
    'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  ],
  [
    'a large FIFO batch',
    { EventSourceArn: `${QUEUE}.fifo`, BatchSize: 11 },
    'Batch size 11 exceeds the maximum of 10 for SQS FIFO queues.',
  ],
  [
    'a FIFO window',
    { EventSourceArn: `${QUEUE}.fifo`, MaximumBatchingWindowInSeconds: 1 },
    'Batching window is not supported for SQS FIFO queues.',
  ],
  [
    'a bad filter',
    { FilterCriteria: { Filters: [{ Pattern: '{"body":"x"}' }] } },
    'Invalid filter pattern definition.',
  ],
  [
    'too many filters',
    { FilterCriteria: { Filters: Array.from({ length: 11 }, () => ({ Pattern: '{"body":["x"]}' })) } },
    'Invalid filter pattern definition.',
  ],
  [
    'a starting position',
    { StartingPosition: 'LATEST' },
    'StartingPosition is not valid for SQS event sources.',
  ],
  [
    'two ways to scale',
    { ScalingConfig: { MaximumConcurrency: 5 }, ProvisionedPollerConfig: { MinimumPollers: 2 } },
    'ScalingConfig and ProvisionedPollerConfig cannot be specified together.',
  ],
  [
    'one provisioned poller',
    { ProvisionedPollerConfig: { MinimumPollers: 1 } },
    'MinimumPollers must be between 2 and 200 for SQS event sources.',
  ],
  [
    'pollers the wrong way round',
    { ProvisionedPollerConfig: { MinimumPollers: 9, MaximumPollers: 3 } },
    'MinimumPollers must be less than or equal to MaximumPollers.',
  ],
  [
    'ScalingConfig of a stream',
    {
      EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
      ScalingConfig: { MaximumConcurrency: 5 },
    },
    'ScalingConfig is only supported for SQS event sources.',
  ],
]

for (const [what, input, message] of REFUSED)
  test(`CreateEventSourceMapping refuses ${what}`, async () => {
    const on = await world()
    assert.equal(await refusal(create(on, input)), `400 InvalidParameterValueException: ${message}`)
  })

test('CreateEventSourceMapping names the kind of source that is not written', async () => {
  const on = await world()
  const source = 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000'
  assert.equal(
    await refusal(create(on, { EventSourceArn: source, StartingPosition: 'LATEST' })),
    '501 NotImplemented: The event source DynamoDB stream is not supported by this version of Windtunnel.',
  )
})

test('CreateEventSourceMapping wants a queue that is there and stays invisible for the timeout', async () => {
  const on = await world(31)
  assert.equal(
    await refusal(create(on)),
    '400 InvalidParameterValueException: Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds',
  )
  on.queue.isGone = true
  assert.equal(
    await refusal(create(on)),
    '400 InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
  )
})

test('CreateEventSourceMapping and Update want a function that is there', async () => {
  const on = await world()
  const missing =
    '404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function'
  assert.equal(await refusal(create(on, { FunctionName: 'g' })), `${missing}:g`)
  assert.equal(await refusal(create(on, { FunctionName: `${ARN}:live` })), `${missing}:f:live`)
  const id = await created(on, { Enabled: false })
  assert.equal(await refusal(update(on, id, { FunctionName: 'g' })), `${missing}:g`)
  assert.equal((await get(on, id)).FunctionArn, ARN)
})

test('tags of a mapping go by its ARN', async () => {
  const on = await world()
  const id = await created(on, { Enabled: false, Tags: { a: '1', b: '2' } })
  const arn = `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${id}`
  const tags = async (Resource: string): Promise<unknown> =>
    (await operations.ListTags({ Resource }, on.fake.state, fakeCall())).Tags
  await operations.TagResource({ Resource: arn, Tags: { c: '3' } }, on.fake.state, fakeCall())
  await operations.UntagResource({ Resource: arn, TagKeys: ['a'] }, on.fake.state, fakeCall())
  assert.deepEqual(await tags(arn), { b: '2', c: '3' })
  assert.match(await refusal(tags(arn.replace('us-east-1', 'us-west-2'))), /^404 ResourceNotFoundException/)
})

test('another process goes on with the mappings that are enabled', async () => {
  const on = await world()
  const enabled = await created(on)
  const disabled = await created(on, { EventSourceArn: `${QUEUE}2`, Enabled: false })
  await stopLambda(on.fake.state)
  await turns(SETTLED)
  assert.equal(on.queue.parked, 0)
  const next = fakeLambda(on.fake.stores)
  for (const folder of on.fake.sandboxes.folders) next.sandboxes.folders.add(folder)
  const again = { fake: next, queue: new FakeQueue(next) }
  await resumeLambda(next.state)
  await turns(SETTLED)
  assert.equal(again.queue.parked, 5)
  assert.deepEqual(
    [(await get(again, enabled)).State, (await get(again, disabled)).State],
    ['Enabled', 'Disabled'],
  )
  await stopLambda(next.state)
})

test('messages reach the function through the synchronous path, and are deleted when it has answered', async () => {
  const on = await world()
  on.fake.sandboxes.onStart = (sandbox) => sandbox.boot()
  await created(on)
  on.queue.send(['hello'])
  await turns(SETTLED)
  const sandbox = on.fake.sandboxes.last()
  assert.match(String(sandbox.event?.headers['Lambda-Runtime-Invoked-Function-Arn']), /:function:f$/)
  sandbox.work('{}')
  await turns(SETTLED)
  assert.deepEqual(on.queue.deleted, ['h1'])
  assert.equal(on.fake.begun.at(-1)?.opened[0]?.attributes['functionName'], 'f')
  assert.equal(on.fake.usage.filter(({ dimension }) => dimension === 'requests').length, 1)
  await stopLambda(on.fake.state)
})

test('a reset forgets the mappings and ends their polls', async () => {
  const on = await world()
  const id = await created(on)
  await on.fake.state.reset()
  await turns(SETTLED)
  assert.equal(on.queue.parked, 0)
  await on.fake.state.control.tx(async (tx) => {
    for (const [key] of await tx.range({ from: new Uint8Array(), to: Uint8Array.of(0xff), limit: 100 }))
      tx.delete(key)
  })
  assert.match(await refusal(get(on, id)), /^404/)
})
