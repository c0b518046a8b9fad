/** Published versions and aliases through the service: frozen code, numbers, routing, and environments of their own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { CreateAliasRequest, FunctionConfiguration, InvocationRequest } from '#model/lambda.ts'
import { FakeQueue } from '#services/lambda/event-sources/fake-queue.ts'
import { ARN, create, input, logged, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { createLambda, lambda, sweepLambda } from '#services/lambda/index.ts'

const { operations } = lambda
const NAME = { FunctionName: 'f' }

async function publish(fake: FakeLambda, more: object = {}): Promise<FunctionConfiguration> {
  const answer = await operations.PublishVersion({ ...NAME, ...more }, fake.state, fakeCall())
  await turns()
  return answer
}

async function update(fake: FakeLambda, code: string, publishes = false): Promise<FunctionConfiguration> {
  const zip = { ...NAME, ZipFile: utf8(code), Publish: publishes }
  const answer = await operations.UpdateFunctionCode(zip, fake.state, fakeCall())
  await turns()
  return answer
}

const alias = (fake: FakeLambda, more: Partial<CreateAliasRequest> = {}): unknown =>
  operations.CreateAlias({ ...NAME, Name: 'live', FunctionVersion: '1', ...more }, fake.state, fakeCall())

/** Runs it in an environment of its own and answers which version was run. */
async function run(fake: FakeLambda, more: Partial<InvocationRequest> = {}): Promise<string | undefined> {
  const answer = operations.Invoke({ ...NAME, ...more }, fake.state, fakeCall())
  await turns(60)
  const sandbox = fake.sandboxes.last()
  if (sandbox.replies.length === 0 && sandbox.event === undefined) sandbox.boot()
  sandbox.work('"done"')
  return (await answer).ExecutedVersion
}

const config = (fake: FakeLambda, Qualifier?: string): Promise<FunctionConfiguration> =>
  Promise.resolve(operations.GetFunctionConfiguration({ ...NAME, Qualifier }, fake.state, fakeCall()))

test('PublishVersion freezes code and configuration under the next number', async () => {
  const fake = await withFunction()
  const first = await publish(fake, { Description: 'one' })
  assert.deepEqual(
    [first.Version, first.FunctionArn, first.State, first.Description],
    ['1', `${ARN}:1`, 'Pending', 'one'],
  )
  await update(fake, 'other zip')
  await operations.UpdateFunctionConfiguration({ ...NAME, MemorySize: 512 }, fake.state, fakeCall())
  await turns()
  const second = await publish(fake)
  assert.equal(second.Version, '2')
  const [latest, one, two] = [await config(fake), await config(fake, '1'), await config(fake, '2')]
  assert.deepEqual([one.State, one.MemorySize, one.CodeSha256], ['Active', 128, first.CodeSha256])
  assert.deepEqual([two.State, two.MemorySize, two.CodeSha256], ['Active', 512, latest.CodeSha256])
  assert.notEqual(one.CodeSha256, two.CodeSha256)
  assert.equal(new Set([latest.RevisionId, one.RevisionId, two.RevisionId]).size, 3)
})

test('PublishVersion answers the last version when nothing has changed since', async () => {
  const fake = await withFunction()
  const first = await publish(fake)
  const again = await publish(fake, { Description: 'not taken' })
  assert.deepEqual([again.Version, again.Description, again.State], [first.Version, '', 'Active'])
  await operations.DeleteFunction({ ...NAME, Qualifier: '1' }, fake.state, fakeCall())
  assert.equal((await publish(fake)).Version, '2', 'a number is never used twice')
})

test('PublishVersion refuses other code, another revision, and functions that are not there', async () => {
  const fake = await withFunction()
  const { CodeSha256: here } = await config(fake)
  assert.equal(
    await refusal(publish(fake, { CodeSha256: 'x' })),
    `400 InvalidParameterValueException: CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (${here}). Please try again with the CodeSHA256 in $LATEST.`,
  )
  assert.match(await refusal(publish(fake, { RevisionId: 'x' })), /^412 PreconditionFailedException/)
  assert.match(await refusal(publish(fake, { FunctionName: 'g' })), /^404 ResourceNotFoundException/)
  const pending = fakeLambda(memoryStores())
  const creating = create(pending)
  await creating
  assert.match(await refusal(publish(pending)), /^409 ResourceConflictException: .*: Pending$/)
})

test('Publish at creation and with new code makes a version of that code', async () => {
  const fake = fakeLambda(memoryStores())
  const made = await operations.CreateFunction(input({ Publish: true }), fake.state, fakeCall())
  assert.deepEqual([made.Version, made.FunctionArn, made.State], ['1', ARN, 'Pending'])
  await turns()
  const updated = await update(fake, 'other zip', true)
  assert.deepEqual([updated.Version, updated.FunctionArn], ['2', `${ARN}:2`])
  const { Versions: all } = await operations.ListVersionsByFunction(NAME, fake.state, fakeCall())
  assert.deepEqual(
    all?.map(({ FunctionArn: arn }) => arn),
    [`${ARN}:$LATEST`, `${ARN}:1`, `${ARN}:2`],
  )
  assert.equal(all?.[0]?.CodeSha256, all?.[2]?.CodeSha256)
})

test('ListVersionsByFunction and ListFunctions with ALL page through versions', async () => {
  const fake = await withFunction()
  await create(fake, { FunctionName: 'g' })
  for (const code of ['a', 'b']) await update(fake, code, true)
  const seen: (string | undefined)[] = []
  for (let Marker: string | undefined = ''; Marker !== undefined;) {
    const page: Awaited<ReturnType<typeof operations.ListFunctions>> = await operations.ListFunctions(
      { FunctionVersion: 'ALL', MaxItems: 1, Marker },
      fake.state,
      fakeCall(),
    )
    seen.push(...(page.Functions ?? []).map(({ FunctionArn: arn }) => arn?.split(':').slice(6).join(':')))
    Marker = page.NextMarker
  }
  assert.deepEqual(seen, ['f:$LATEST', 'f:1', 'f:2', 'g:$LATEST'])
  const first = await operations.ListVersionsByFunction({ ...NAME, MaxItems: 2 }, fake.state, fakeCall())
  const rest = await operations.ListVersionsByFunction(
    { ...NAME, Marker: first.NextMarker },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual([rest.Versions?.map(({ Version: v }) => v), rest.NextMarker], [['2'], undefined])
})

test('each version runs in environments of its own, which say so', async () => {
  const fake = await withFunction({ Environment: { Variables: { STAGE: 'old' } } })
  await publish(fake)
  await operations.UpdateFunctionConfiguration(
    { ...NAME, Environment: { Variables: { STAGE: 'new' } } },
    fake.state,
    fakeCall(),
  )
  await turns()
  assert.equal(await run(fake, { Qualifier: '1' }), '1')
  const one = fake.sandboxes.last().spec.environment
  assert.deepEqual([one['STAGE'], one['AWS_LAMBDA_FUNCTION_VERSION']], ['old', '1'])
  assert.match(one['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '', /^\d{4}\/\d\d\/\d\d\/\[1\][0-9a-f]{32}$/)
  assert.equal(await run(fake), '$LATEST')
  const latest = fake.sandboxes.last().spec.environment
  assert.deepEqual([latest['STAGE'], latest['AWS_LAMBDA_FUNCTION_VERSION']], ['new', '$LATEST'])
  assert.equal(fake.sandboxes.started.length, 2)
  assert.match(await logged(fake), /START RequestId: [0-9a-f-]{36} Version: 1\n/)
})

test('an alias runs its version, and names itself in the ARN that was invoked', async () => {
  const fake = await withFunction()
  await publish(fake)
  await alias(fake)
  assert.equal(await run(fake, { FunctionName: `${ARN}:live` }), '1')
  const { event } = fake.sandboxes.last()
  assert.equal(event?.headers['Lambda-Runtime-Invoked-Function-Arn'], `${ARN}:live`)
  const shown = await config(fake, 'live')
  assert.deepEqual([shown.FunctionArn, shown.Version], [`${ARN}:live`, '1'])
})

test('an alias of two versions gives the second its share', async () => {
  const fake = await withFunction()
  await publish(fake)
  await update(fake, 'other zip', true)
  await alias(fake, { RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } })
  const counts = new Map<string | undefined, number>()
  for (let i = 0; i < 400; i++) {
    const answer = operations.Invoke({ ...NAME, Qualifier: 'live' }, fake.state, fakeCall())
    await turns()
    for (const sandbox of fake.sandboxes.started) {
      if (sandbox.replies.length === 0 && sandbox.event === undefined) sandbox.boot()
      if (sandbox.event !== undefined) {
        const { event } = sandbox
        sandbox.respond('1')
        if (sandbox.event === event) sandbox.event = undefined
        sandbox.next()
      }
    }
    const { ExecutedVersion: version } = await answer
    counts.set(version, (counts.get(version) ?? 0) + 1)
  }
  const second = counts.get('2') ?? 0
  assert.equal((counts.get('1') ?? 0) + second, 400)
  assert.ok(second > 70 && second < 130, `${second} of 400`)
})

test('CreateAlias and UpdateAlias refuse what AWS refuses', async () => {
  const fake = await withFunction()
  await publish(fake)
  await update(fake, 'other zip', true)
  const routed = (weights: Record<string, number>, FunctionVersion = '1'): Promise<string> =>
    refusal(alias(fake, { Name: 'x', FunctionVersion, RoutingConfig: { AdditionalVersionWeights: weights } }))
  assert.equal(
    await refusal(alias(fake, { FunctionVersion: '7' })),
    `404 ResourceNotFoundException: Function not found: ${ARN}:7`,
  )
  assert.match(
    await routed({ '1': 0.5 }),
    /^400 .*Function version 1 is already included in routing configuration\.$/,
  )
  assert.match(
    await routed({ '2': 0.5 }, '$LATEST'),
    /\$LATEST is not supported for an alias pointing to more than 1/,
  )
  assert.match(await routed({ '2': 1.5 }), /^400 ValidationException: .*'\{2=1\.5\}' at 'routingConfig/)
  assert.match(await routed({ '7': 0.5 }), /^404 /)
  assert.match(await routed({ '1': 0.1, '2': 0.1 }), /AdditionalVersionWeights cannot be greater than 1$/)
  await alias(fake)
  assert.equal(await refusal(alias(fake)), `409 ResourceConflictException: Alias already exists: ${ARN}:live`)
  const change = (more: object): unknown =>
    operations.UpdateAlias({ ...NAME, Name: 'live', ...more }, fake.state, fakeCall())
  assert.match(await refusal(change({ RevisionId: 'x' })), /^412 /)
  assert.equal(
    await refusal(change({ Name: 'none' })),
    `404 ResourceNotFoundException: Cannot find alias arn: ${ARN}:none`,
  )
  assert.equal(
    await refusal(operations.Invoke({ ...NAME, Qualifier: 'none' }, fake.state, fakeCall())),
    `404 ResourceNotFoundException: Function not found: ${ARN}:none`,
  )
})

test('UpdateAlias changes what it names, and ListAliases finds aliases of a version', async () => {
  const fake = await withFunction()
  await publish(fake)
  await update(fake, 'other zip', true)
  await alias(fake, { Description: 'd' })
  const call = fakeCall()
  const moved = await operations.UpdateAlias(
    {
      ...NAME,
      Name: 'live',
      FunctionVersion: '2',
      RoutingConfig: { AdditionalVersionWeights: { '1': 0.5 } },
    },
    fake.state,
    call,
  )
  assert.deepEqual([moved.FunctionVersion, moved.Description], ['2', 'd'])
  assert.deepEqual(moved.RoutingConfig, { AdditionalVersionWeights: { '1': 0.5 } })
  const cleared = await operations.UpdateAlias(
    { ...NAME, Name: 'live', RoutingConfig: { AdditionalVersionWeights: {} } },
    fake.state,
    call,
  )
  assert.deepEqual([cleared.FunctionVersion, cleared.RoutingConfig], ['2', undefined])
  const of = async (FunctionVersion: string): Promise<number | undefined> =>
    (await operations.ListAliases({ ...NAME, FunctionVersion }, fake.state, call)).Aliases?.length
  assert.deepEqual([await of('1'), await of('2')], [0, 1])
})

test('DeleteFunction of a version waits for its aliases to go, and keeps packages that others have', async () => {
  const fake = await withFunction()
  await publish(fake)
  await alias(fake)
  const call = fakeCall()
  const drop = (Qualifier: string): unknown =>
    operations.DeleteFunction({ ...NAME, Qualifier }, fake.state, call)
  assert.equal(
    await refusal(drop('1')),
    '409 ResourceConflictException: Unable to delete version because the following aliases reference it: [live]',
  )
  assert.match(await refusal(drop('live')), /Deletion of aliases is not currently supported\.$/)
  await update(fake, 'other zip')
  assert.equal(fake.blobs.held.size, 2, 'the version has the old package')
  await operations.DeleteAlias({ ...NAME, Name: 'live' }, fake.state, call)
  await drop('1')
  await drop('9')
  assert.equal(fake.blobs.held.size, 1)
  assert.match(await refusal(config(fake, '1')), /^404 /)
  await update(fake, 'third zip', true)
  assert.equal(fake.blobs.held.size, 1)
  assert.equal(await sweepLambda(fake.state), 0)
  await operations.DeleteFunction(NAME, fake.state, call)
  assert.equal(fake.blobs.held.size, 0)
})

test('versions and aliases outlive a restart', async () => {
  const fake = await withFunction()
  await publish(fake)
  await alias(fake)
  const again: FakeLambda = { ...fake, state: createLambda(fake.state.ports) }
  assert.equal(await run(again, { Qualifier: 'live' }), '1')
})

test('a version with SnapStart is told to start like any other', async () => {
  const fake = await withFunction({ SnapStart: { ApplyOn: 'PublishedVersions' } })
  await publish(fake)
  assert.deepEqual(fake.warnings, ['lambda.snapstart.absent'])
  assert.match([...fake.state.notices].join(), /version 1 of f starts like any other/)
})

test('events by a qualifier follow its rules, and the record names the version that ran', async () => {
  const queue = 'arn:aws:sqs:us-east-1:000000000000:q'
  const fake = await withFunction()
  await publish(fake)
  await alias(fake)
  const config = { ...NAME, Qualifier: 'live', MaximumRetryAttempts: 0 }
  await operations.PutFunctionEventInvokeConfig(
    { ...config, DestinationConfig: { OnFailure: { Destination: queue } } },
    fake.state,
    fakeCall(),
  )
  await operations.Invoke({ ...NAME, Qualifier: 'live', InvocationType: 'Event' }, fake.state, fakeCall())
  await turns(60)
  fake.sandboxes.last().boot()
  fake.sandboxes.last().fail('{"errorMessage":"m"}')
  fake.sandboxes.last().next()
  fake.clock.advance(50)
  await turns(200)
  const [told] = fake.deliveries
  const record = JSON.parse(text(told?.payload ?? new Uint8Array())) as Record<
    string,
    Record<string, unknown>
  >
  assert.equal(record['requestContext']?.['functionArn'], `${ARN}:live`)
  assert.equal(record['responseContext']?.['executedVersion'], '1')
})

test('a queue may have one mapping for each qualifier of a function', async () => {
  const fake = await withFunction()
  await publish(fake)
  await alias(fake)
  const queue = new FakeQueue(fake)
  const map = async (FunctionName: string): Promise<string | undefined> =>
    (
      await operations.CreateEventSourceMapping(
        { FunctionName, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q', Enabled: false },
        fake.state,
        fakeCall(),
      )
    ).FunctionArn
  assert.equal(await map(`${ARN}:live`), `${ARN}:live`)
  assert.equal(await map('f'), ARN)
  assert.match(await refusal(map('f:live')), /^409 /)
  assert.equal(queue.parked, 0)
  assert.match(await refusal(map('f:none')), /^404 .*Function not found: .*:f:none$/)
})
