/** Invokes from the API through an environment to the answer: a scripted runtime, a clock in the test's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { INIT_START, ROLE, cold, invoke, logged, warm, world } from '#services/lambda/fake-invoke.ts'
import { fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda, lambdaEnvironments } from '#services/lambda/index.ts'

const { operations } = lambda

test('Invoke answers what the function answers, and bills init and duration with one rounding', async () => {
  const fake = await world()
  const { answer, sandbox, requestId, span } = await cold(fake, 40.25)
  assert.equal(text(sandbox.event?.body as Uint8Array), '{}')
  fake.clock.advance(7.5)
  sandbox.write('hello\n')
  sandbox.work('{"ok":true}')
  const { payload, error, tail } = await answer
  assert.equal(payload, '{"ok":true}')
  assert.equal(error, undefined)
  const report = `REPORT RequestId: ${requestId}\tDuration: 7.50 ms\tBilled Duration: 48 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 40.25 ms\t\n`
  assert.equal(
    tail,
    `START RequestId: ${requestId} Version: $LATEST\nhello\nEND RequestId: ${requestId}\n${report}`,
  )
  assert.match(await logged(fake), new RegExp(`^${INIT_START}[0-9a-f]{64}\nSTART `))
  assert.deepEqual(
    fake.usage.map(({ dimension, quantity, unit, tags }) => [dimension, quantity, unit, tags?.['phase']]),
    [
      ['requests', 1, 'count', undefined],
      ['durationX86', 128 * 8, 'mb-ms', undefined],
      ['durationX86', 128 * 40, 'mb-ms', 'init'],
    ],
  )
  assert.equal(span.attributes['cold'], true)
  assert.equal(span.attributes['initMs'], 40.25)
  assert.deepEqual(
    span.children.map(({ operation, durationMs }) => [operation, durationMs]),
    [
      ['queue', 2],
      ['start', 3],
      ['init', 40.25],
      ['invoke', 7.5],
    ],
  )
})

test('Invoke on a warm environment is not cold, reports no init and thaws before the event', async () => {
  const fake = await world()
  const sandbox = await warm(fake)
  fake.clock.advance(10)
  assert.equal(sandbox.calls.at(-1), 'freeze')
  const { answer, span } = invoke(fake, { LogType: 'Tail', Payload: utf8('{"n":1}') })
  await turns()
  assert.deepEqual(sandbox.calls.slice(-2), ['cpu proportional', 'thaw'])
  assert.equal(text(sandbox.event?.body as Uint8Array), '{"n":1}')
  fake.clock.advance(1)
  sandbox.work('1')
  assert.doesNotMatch((await answer).tail, /Init Duration/)
  assert.equal(span.attributes['cold'], false)
  assert.equal(fake.sandboxes.started.length, 1)
})

test('an environment that is used again within the freeze delay is never frozen', async () => {
  const fake = await world()
  const sandbox = await warm(fake)
  fake.clock.advance(1)
  const { answer } = invoke(fake)
  await turns()
  fake.clock.advance(1)
  sandbox.work()
  await answer
  assert.ok(!sandbox.calls.includes('freeze'))
})

test('Invoke carries deadline, ARN, trace and client context in the headers of the event', async () => {
  const fake = await world({ timeout: 10 })
  const context = btoa('{"custom":{"a":"\\u00e9"}}')
  void invoke(fake, { ClientContext: context, Qualifier: '$LATEST' })
  await turns()
  fake.sandboxes.last().boot()
  const headers = fake.sandboxes.last().event?.headers ?? {}
  assert.equal(headers['Lambda-Runtime-Deadline-Ms'], `${1_790_000_000_000 + 10_000}`)
  assert.equal(
    headers['Lambda-Runtime-Invoked-Function-Arn'],
    'arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST',
  )
  assert.match(headers['Lambda-Runtime-Trace-Id'] ?? '', /^Root=1-/)
  assert.equal(headers['Lambda-Runtime-Client-Context'], '{"custom":{"a":"\\u00e9"}}')
})

test('a function error is answered as it was posted, Unhandled', async () => {
  const fake = await world()
  const { answer, sandbox, span } = await cold(fake)
  sandbox.fail('{"errorType":"Error","errorMessage":"no"}')
  sandbox.next()
  const { payload, error } = await answer
  assert.equal(payload, '{"errorType":"Error","errorMessage":"no"}')
  assert.equal(error, 'Unhandled')
  assert.equal(span.attributes['functionError'], 'Unhandled')
})

test('a waiter takes whichever environment is free first', async () => {
  const fake = await world()
  const sandbox = await warm(fake)
  const a = invoke(fake)
  await turns()
  const b = invoke(fake)
  await turns()
  assert.equal(fake.sandboxes.started.length, 2)
  fake.clock.advance(1)
  sandbox.work('"a"')
  sandbox.work('"b"')
  assert.equal((await a.answer).payload, '"a"')
  assert.equal((await b.answer).payload, '"b"')
  assert.equal(b.span.attributes['cold'], false)
  assert.ok(Number(b.span.attributes['queueMs']) > 0)
})

test('an environment made ahead gives its init to its first invoke, which is not cold', async () => {
  const fake = await world()
  const sandbox = await warm(fake)
  const a = invoke(fake)
  const b = invoke(fake)
  await turns()
  sandbox.work()
  sandbox.work()
  await Promise.all([a.answer, b.answer])
  const spare = fake.sandboxes.last()
  spare.started()
  fake.clock.advance(50)
  spare.next()
  fake.clock.advance(1_000)
  const c = invoke(fake, { LogType: 'Tail' })
  await turns()
  spare.work()
  assert.match((await c.answer).tail, /Init Duration: 50\.00 ms/)
  assert.equal(c.span.attributes['cold'], false)
})

test('a runtime that asks again during an invoke gets the same event', async () => {
  const fake = await world()
  const { answer, sandbox, requestId } = await cold(fake)
  sandbox.next()
  assert.equal(sandbox.requestId, requestId)
  sandbox.work('3')
  assert.equal((await answer).payload, '3')
})

test('an environment is ended when it was idle for long enough, and its log is written', async () => {
  const fake = await world({ settings: { idleMs: 60_000 } })
  const sandbox = await warm(fake)
  fake.clock.advance(60_000)
  await turns(100)
  assert.equal(sandbox.calls.at(-1), 'destroy')
  assert.deepEqual(lambdaEnvironments(fake.state), [])
})

test('an update lets running invokes end, and later ones run new code', async () => {
  const fake = await world()
  const { answer, sandbox } = await cold(fake)
  await operations.UpdateFunctionCode({ FunctionName: 'f', ZipFile: utf8('zip2') }, fake.state, fakeCall())
  await turns()
  sandbox.work('"old"')
  assert.equal((await answer).payload, '"old"')
  await turns()
  assert.equal(sandbox.calls.at(-1), 'destroy')
  void invoke(fake)
  await turns()
  assert.notEqual(fake.sandboxes.last().spec.code.id, sandbox.spec.code.id)
  assert.equal(fake.sandboxes.started.length, 2)
})

test('JSON logs are platform events, and output stays as it is', async () => {
  const fake = fakeLambda(memoryStores())
  await operations.CreateFunction(
    {
      FunctionName: 'f',
      Role: ROLE,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: utf8('zip') },
      LoggingConfig: { LogFormat: 'JSON' },
    },
    fake.state,
    fakeCall(),
  )
  await turns()
  const { answer, sandbox } = await cold(fake)
  sandbox.work()
  await answer
  const types = (await logged(fake))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type)
  assert.deepEqual(types, ['platform.initStart', 'platform.start', 'platform.report'])
  assert.equal(sandbox.spec.environment['AWS_LAMBDA_LOG_FORMAT'], 'JSON')
})

test('a runtime that sends its next request ahead is served from within the reply', async () => {
  const fake = await world()
  const { answer, sandbox } = await cold(fake)
  sandbox.workAhead('4')
  assert.equal((await answer).payload, '4')
  const second = invoke(fake)
  await turns()
  sandbox.workAhead('5')
  assert.equal((await second.answer).payload, '5')
})
