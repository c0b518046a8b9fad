/** Asynchronous invokes from acceptance to their end: tried by AWS's rules and told of. Crashes: `resume.test.ts`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringAt, valueAt } from '#base/json.ts'
import { hours, minutes } from '#base/time.ts'
import {
  QUEUE,
  SETTLED,
  bodyOf,
  configure,
  fail,
  pass,
  reserve,
  send,
  told,
  work,
} from '#services/lambda/fake-events.ts'
import { ARN, withFunction, world } from '#services/lambda/fake-invoke.ts'
import { FakeSpan, fakeCall, faultOf, turns } from '#services/lambda/fake-platform.ts'
import { lambda } from '#services/lambda/index.ts'

const { operations } = lambda

test('an event that succeeds is told to its destination with AWS\u2019s record, once', async () => {
  const fake = await withFunction()
  await configure(fake, { DestinationConfig: { OnSuccess: { Destination: QUEUE } } })
  const requestId = await send(fake)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  await work(sandbox)
  assert.equal(fake.deliveries.length, 1)
  const [delivery] = fake.deliveries
  assert.deepEqual(
    [delivery?.arn, delivery?.mode, delivery?.principal, delivery?.sourceArn],
    [QUEUE, 'hand-over', 'lambda.amazonaws.com', `${ARN}:$LATEST`],
  )
  const { timestamp: _, ...record } = told(fake) as Record<string, unknown>
  assert.deepEqual(record, {
    version: '1.0',
    requestContext: {
      requestId,
      functionArn: `${ARN}:$LATEST`,
      condition: 'Success',
      approximateInvokeCount: 1,
    },
    requestPayload: { n: 1 },
    responseContext: { statusCode: 200, executedVersion: '$LATEST' },
    responsePayload: 'done',
  })
  assert.equal(fake.state.events.pending, 0)
  assert.deepEqual(
    await fake.stores
      .open('invocations')
      .read.range({ from: new Uint8Array(), to: Uint8Array.of(255), limit: 9 }),
    [],
  )
})

test('an event that fails three times is told to its destination and to its dead-letter queue', async () => {
  const DLQ = 'arn:aws:sns:us-east-1:000000000000:t'
  const fake = await withFunction({ DeadLetterConfig: { TargetArn: DLQ } })
  await configure(fake, { DestinationConfig: { OnFailure: { Destination: QUEUE } } })
  const requestId = await send(fake)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  await fail(sandbox)
  await pass(fake, minutes(1))
  assert.equal(sandbox.requestId, requestId)
  await fail(sandbox)
  await pass(fake, minutes(2) - 1)
  assert.equal(fake.deliveries.length, 0)
  await pass(fake, 1)
  await fail(sandbox, 'the last')
  assert.deepEqual(
    fake.deliveries.map(({ arn }) => arn),
    [QUEUE, DLQ],
  )
  const context = valueAt(told(fake), 'requestContext')
  assert.equal(stringAt(context, 'condition'), 'RetriesExhausted')
  assert.equal(valueAt(context, 'approximateInvokeCount'), 3)
  assert.deepEqual(told(fake, 1), { n: 1 })
  assert.deepEqual(fake.deliveries[1]?.message?.attributes, {
    RequestID: { dataType: 'String', stringValue: requestId },
    ErrorCode: { dataType: 'Number', stringValue: '200' },
    ErrorMessage: { dataType: 'String', stringValue: 'the last' },
  })
  const requests = fake.usage.filter(({ dimension }) => dimension === 'requests')
  assert.equal(requests.length, 3, 'each attempt is a request')
})

test('attempts stand in the trace of the sender, each on a span, the first with its time in the queue', async () => {
  const fake = await withFunction()
  const header = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
  await send(fake, '{}', new FakeSpan(header))
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  await fail(sandbox)
  await pass(fake, minutes(1))
  await work(sandbox)
  assert.deepEqual(
    fake.begun.map((span) => [
      span.outcome,
      span.header(),
      span.attributes['attempt'],
      span.attributes['asyncEventAgeMs'],
    ]),
    [
      ['error', header, 1, 0],
      ['ok', header, 2, minutes(1)],
    ],
  )
  assert.deepEqual(
    fake.begun.map((span) => span.children.some(({ operation }) => operation === 'event-queue')),
    [true, false],
  )
})

test('with no retries the first failure is the last', async () => {
  const fake = await withFunction()
  await configure(fake, { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: QUEUE } } })
  await send(fake)
  fake.sandboxes.last().boot()
  await fail(fake.sandboxes.last())
  assert.equal(valueAt(valueAt(told(fake), 'requestContext'), 'approximateInvokeCount'), 1)
})

test('an event that fails and has no receiver is said in the log', async () => {
  const fake = await withFunction()
  await configure(fake, { MaximumRetryAttempts: 0 })
  await send(fake)
  fake.sandboxes.last().boot()
  await fail(fake.sandboxes.last())
  assert.deepEqual(fake.warnings, ['lambda.event.dropped'])
  assert.equal(fake.begun[0]?.attributes['asyncEventsDropped'], 'RetriesExhausted')
})

test('an event that a retry would make too old is told as EventAgeExceeded, with its last answer', async () => {
  const fake = await withFunction()
  await configure(fake, {
    MaximumEventAgeInSeconds: 60,
    DestinationConfig: { OnFailure: { Destination: QUEUE } },
  })
  await send(fake)
  fake.clock.advance(1)
  fake.sandboxes.last().boot()
  await fail(fake.sandboxes.last())
  assert.equal(stringAt(valueAt(told(fake), 'requestContext'), 'condition'), 'EventAgeExceeded')
  assert.equal(stringAt(valueAt(told(fake), 'responsePayload'), 'errorMessage'), 'm')
})

test('a throttled event waits and takes no retry; a record quotes the last answer there was', async () => {
  const fake = await withFunction({ Timeout: 900 })
  await configure(fake, {
    MaximumEventAgeInSeconds: 300,
    DestinationConfig: { OnFailure: { Destination: QUEUE } },
  })
  await reserve(fake, 1)
  await send(fake)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  await fail(sandbox)
  // From here on somebody else holds the only environment.
  const blocker = operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall())
  await turns()
  await pass(fake, minutes(1))
  for (let second = 60; second < 300; second++) {
    assert.equal(fake.state.events.pending, 1)
    await pass(fake, 1_000)
  }
  assert.equal(fake.state.events.pending, 0)
  assert.deepEqual(
    fake.begun.filter((span) => 'attempt' in span.attributes).map(({ outcome }) => outcome),
    ['error', ...Array.from({ length: 8 }, () => 'throttle'), 'error'],
  )
  const context = valueAt(told(fake), 'requestContext')
  assert.deepEqual(
    [stringAt(context, 'condition'), valueAt(context, 'approximateInvokeCount')],
    ['EventAgeExceeded', 1],
  )
  assert.equal(stringAt(valueAt(told(fake), 'responsePayload'), 'errorMessage'), 'm')
  sandbox.work()
  await blocker
})

test('reserved concurrency zero tells at once, without an attempt', async () => {
  const fake = await withFunction()
  await configure(fake, { DestinationConfig: { OnFailure: { Destination: QUEUE } } })
  await reserve(fake, 0)
  const requestId = await send(fake, '{}')
  const { timestamp: _, ...record } = told(fake) as Record<string, unknown>
  assert.deepEqual(record, {
    version: '1.0',
    requestContext: {
      requestId,
      functionArn: `${ARN}:$LATEST`,
      condition: 'ZeroReservedConcurrency',
      approximateInvokeCount: 0,
    },
    requestPayload: {},
  })
  assert.equal(fake.sandboxes.started.length, 0)
})

test('a bus gets an entry, a bucket an object', async () => {
  const BUS = 'arn:aws:events:us-east-1:000000000000:event-bus/b'
  const fake = await withFunction()
  await configure(fake, {
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnSuccess: { Destination: BUS }, OnFailure: { Destination: 'arn:aws:s3:::bucket' } },
  })
  await send(fake)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  await work(sandbox)
  assert.equal(stringAt(told(fake), 'DetailType'), 'Lambda Function Invocation Result - Success')
  await send(fake)
  await fail(sandbox)
  const put = fake.calls.find(({ name }) => name === 's3:PutObject')?.input
  assert.equal(stringAt(put, 'Bucket'), 'bucket')
  assert.match(
    stringAt(put, 'Key') ?? '',
    /^aws\/lambda\/async\/f\/\d{4}\/\d\d\/\d\d\/[\dT.-]+-[0-9a-f-]{36}$/,
  )
})

test('a receiver that throttles is told later, one that refuses never, and the log says so', async () => {
  const fake = await withFunction()
  await configure(fake, { DestinationConfig: { OnSuccess: { Destination: QUEUE } } })
  const outcomes = [
    { kind: 'throttled', message: 'slow' },
    { kind: 'refused', code: 'NoSuchQueue', message: 'gone' },
  ] as const
  fake.outcomeOf = () => outcomes[fake.deliveries.length - 1] ?? { kind: 'accepted' }
  await send(fake)
  fake.sandboxes.last().boot()
  await work(fake.sandboxes.last())
  assert.equal(fake.deliveries.length, 1)
  await pass(fake, 1_000)
  assert.equal(fake.deliveries.length, 2)
  assert.ok(fake.warnings.includes('lambda.event.not-told'))
  await pass(fake, hours(1))
  assert.equal(fake.deliveries.length, 2)
})

test('the seventeenth run of a function in one chain is stopped, unless its owner allows it', async () => {
  const fake = await world()
  const first = operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall())
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  let header = ''
  const seen = (): string => sandbox.event?.headers['Lambda-Runtime-Trace-Id'] ?? ''
  header = seen()
  sandbox.work()
  await first
  assert.match(header, /;Lineage=[0-9a-f]{8}:0$/)
  for (let run = 2; run <= 16; run++) {
    const call = { ...fakeCall(), span: new FakeSpan(header) }
    const answer = operations.Invoke({ FunctionName: 'f' }, fake.state, call)
    await turns()
    header = seen()
    sandbox.work()
    await answer
  }
  const again = { ...fakeCall(), span: new FakeSpan(header) }
  const fault = await faultOf(operations.Invoke({ FunctionName: 'f' }, fake.state, again))
  assert.deepEqual([fault.code, fault.status], ['RecursiveInvocationException', 400])
  await configure(fake, { DestinationConfig: { OnFailure: { Destination: QUEUE } } })
  await send(fake, '{}', new FakeSpan(header))
  assert.equal(stringAt(valueAt(told(fake), 'requestContext'), 'condition'), 'RecursiveInvocation')
  await operations.PutFunctionRecursionConfig(
    { FunctionName: 'f', RecursiveLoop: 'Allow' },
    fake.state,
    fakeCall(),
  )
  const allowed = operations.Invoke({ FunctionName: 'f' }, fake.state, again)
  await turns()
  sandbox.work()
  assert.equal((await allowed).StatusCode, 200)
})

test('InvokeAsync is an event too, and its arguments are bounded', async () => {
  const fake = await withFunction()
  const args = async function* (size: number): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(size).fill(0x31))
  }
  const send = async (size: number): Promise<unknown> =>
    await operations.InvokeAsync({ FunctionName: 'f', InvokeArgs: args(size) }, fake.state, fakeCall())
  assert.deepEqual(await send(3), { Status: 202 })
  await turns(SETTLED)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  assert.equal(bodyOf(sandbox), '111')
  assert.equal((await faultOf(send(1_048_577))).code, 'RequestTooLargeException')
})
