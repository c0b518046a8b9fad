/** InvokeWithResponseStream, and Invoke of functions that stream: a scripted runtime, a clock in the test's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64, fromBase64, text, utf8 } from '#base/bytes.ts'
import type { InvokeWithResponseStreamResponseEvent as Event } from '#model/lambda.ts'
import { invoke, world } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, type FakeSpan, fakeCall, faultOf, turns } from '#services/lambda/fake-platform.ts'
import type { FakeSandbox } from '#services/lambda/fake-sandboxes.ts'
import { lambda, lambdaEnvironments } from '#services/lambda/index.ts'
import { streaming } from '#services/lambda/streaming/fake-stream.ts'

const MB = 1_048_576
const { InvokeWithResponseStream } = lambda.operations

interface Streamed {
  readonly sandbox: FakeSandbox
  readonly events: Event[]
  readonly span: FakeSpan
  readonly requestId: string
  readonly abort: AbortController
  /** All chunks as text. */
  chunks(): string
  complete(): Event['InvokeComplete']
  done: Promise<void>
}

/** A call whose environment has booted and has the event. */
async function called(fake: FakeLambda, input: object = {}): Promise<Streamed> {
  const abort = new AbortController()
  const call = fakeCall({ signal: abort.signal })
  const answer = InvokeWithResponseStream({ FunctionName: 'f', ...input }, fake.state, call)
  await turns()
  const sandbox = fake.sandboxes.last()
  if (sandbox.event === undefined) sandbox.boot()
  const events: Event[] = []
  const done = (async () => {
    const out = await answer
    for await (const event of out.EventStream ?? []) events.push(event)
  })()
  return {
    sandbox,
    events,
    span: call.span,
    requestId: call.requestId,
    abort,
    chunks: () => events.map(({ PayloadChunk }) => text(PayloadChunk?.Payload ?? utf8(''))).join(''),
    complete: () => events.at(-1)?.InvokeComplete,
    done,
  }
}

test('InvokeWithResponseStream gives each part as it comes, and its end when the runtime asks for more', async () => {
  const fake = await world()
  const call = await called(fake, { LogType: 'Tail' })
  fake.clock.advance(10)
  const stream = streaming(call.sandbox)
  await stream.write('one')
  assert.deepEqual(call.events, [{ PayloadChunk: { Payload: utf8('one') } }])
  fake.clock.advance(20)
  await stream.write('two')
  await stream.end()
  assert.equal(stream.reply?.status, 202)
  assert.equal(call.complete(), undefined)
  fake.clock.advance(5)
  call.sandbox.next()
  await call.done
  assert.equal(call.chunks(), 'onetwo')
  const tail = text(fromBase64(call.complete()?.LogResult ?? '') ?? utf8(''))
  assert.match(tail, /Duration: 35\.00 ms/)
  assert.equal(call.complete()?.ErrorCode, undefined)
  const [span] = call.span.opened
  assert.equal(span?.attributes['firstByteMs'], 10)
  assert.equal(span?.outcome, 'ok')
})

test('a function that does not stream gives one chunk; its error is told in the end too', async () => {
  const fake = await world()
  const whole = await called(fake)
  whole.sandbox.work('{"ok":true}')
  await whole.done
  assert.deepEqual(whole.events, [{ PayloadChunk: { Payload: utf8('{"ok":true}') } }, { InvokeComplete: {} }])
  const failing = await called(fake)
  failing.sandbox.fail('{"errorType":"TypeError","errorMessage":"x"}')
  failing.sandbox.next()
  await failing.done
  assert.equal(failing.complete()?.ErrorCode, 'TypeError')
  assert.equal(failing.complete()?.ErrorDetails, '{"errorType":"TypeError","errorMessage":"x"}')
})

test('an error within the response comes from its trailers', async () => {
  const fake = await world()
  const call = await called(fake)
  const stream = streaming(call.sandbox)
  await stream.write('part')
  const body = '{"errorType":"TypeError","errorMessage":"mid"}'
  await stream.end({
    'lambda-runtime-function-error-type': 'TypeError',
    'lambda-runtime-function-error-body': base64(utf8(body)),
  })
  call.sandbox.next()
  await call.done
  assert.equal(call.chunks(), 'part')
  assert.deepEqual(call.complete(), { ErrorCode: 'TypeError', ErrorDetails: body })
})

test('a timeout and a crash within the response end the stream with their error', async () => {
  const fake = await world({ timeout: 3 })
  const late = await called(fake)
  await streaming(late.sandbox).write('part')
  fake.clock.advance(3_000)
  await late.done
  assert.equal(late.chunks(), 'part')
  assert.equal(late.complete()?.ErrorCode, 'Sandbox.Timedout')

  const other = await world()
  const crashing = await called(other)
  const stream = streaming(crashing.sandbox)
  await stream.write('part')
  await stream.break()
  assert.equal(crashing.complete(), undefined)
  crashing.sandbox.exit({ code: 3 })
  await crashing.done
  assert.equal(crashing.complete()?.ErrorCode, 'Runtime.ExitError')
})

test('a response that breaks off while its runtime goes on is told as truncated', async () => {
  const fake = await world()
  const call = await called(fake)
  const stream = streaming(call.sandbox)
  await stream.write('part')
  await stream.break()
  call.sandbox.next()
  await call.done
  assert.equal(call.complete()?.ErrorCode, 'Runtime.TruncatedResponse')
  assert.deepEqual(
    lambdaEnvironments(fake.state).map(({ state }) => state),
    ['idle'],
  )
})

test('beyond six megabytes the response is paced, and what is beyond is billed', async () => {
  const fake = await world({ timeout: 60 })
  const call = await called(fake)
  const stream = streaming(call.sandbox)
  for (let i = 0; i < 10; i++) await stream.write(new Uint8Array(MB))
  const seen = (): number => call.events.length
  assert.equal(seen(), 6)
  fake.clock.advance(499)
  await turns()
  assert.equal(seen(), 6)
  fake.clock.advance(1)
  await turns()
  assert.equal(seen(), 7)
  assert.ok(stream.left > 0, 'the runtime waits')
  for (let i = 0; i < 3; i++) {
    fake.clock.advance(500)
    await turns()
  }
  assert.equal(seen(), 10)
  await stream.end()
  call.sandbox.next()
  await call.done
  const billed = fake.usage.filter(({ dimension }) => dimension === 'responseStreaming')
  assert.deepEqual(
    billed.map(({ quantity, unit }) => [quantity, unit]),
    [[4 * MB, 'bytes']],
  )
})

test('a response beyond 200 MB ends with an error, and the runtime is told', async () => {
  const fake = await world({ timeout: 900 })
  const call = await called(fake)
  call.abort.abort() // nobody reads, so nothing is paced
  const stream = streaming(call.sandbox)
  for (let i = 0; i < 201; i++) await stream.write(new Uint8Array(MB))
  assert.equal(stream.reply?.status, 413)
  call.sandbox.next()
  await call.done
  assert.equal(call.complete()?.ErrorCode, 'Function.ResponseSizeTooLarge')
})

test('a caller that goes away does not hold the function up', async () => {
  const fake = await world({ timeout: 60 })
  const call = await called(fake)
  const stream = streaming(call.sandbox)
  await stream.write('part')
  call.abort.abort()
  for (let i = 0; i < 20; i++) await stream.write(new Uint8Array(MB))
  assert.equal(stream.left, 0)
  await stream.end()
  call.sandbox.next()
  await call.done
  assert.equal(call.span.opened[0]?.attributes['streamedBytes'], 20 * MB + 4)
})

test('Invoke of a function that streams answers all of it, or that it is too large', async () => {
  const fake = await world()
  const first = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  const stream = streaming(sandbox)
  await stream.write('{"a":')
  await stream.write('1}')
  await stream.end()
  sandbox.next()
  assert.equal((await first.answer).payload, '{"a":1}')
  const second = invoke(fake)
  await turns()
  const large = streaming(sandbox)
  for (let i = 0; i < 7; i++) await large.write(new Uint8Array(MB))
  assert.equal(large.reply?.status, 413)
  sandbox.next()
  assert.match((await second.answer).payload, /Function.ResponseSizeTooLarge/)
  assert.equal(
    fake.usage.some(({ dimension }) => dimension === 'responseStreaming'),
    false,
  )
})

test('a second response while one streams is refused', async () => {
  const fake = await world()
  const call = await called(fake)
  const stream = streaming(call.sandbox)
  call.sandbox.respond('2')
  assert.equal(call.sandbox.lastReply().status, 403)
  assert.match(call.sandbox.lastReply().body, /from InvocationResponse to InvocationResponse/)
  await stream.end()
  call.sandbox.next()
  await call.done
})

test('DryRun runs nothing; a throttled call is refused before the stream', async () => {
  const fake = await world({ settings: { accountConcurrency: 0 } })
  const dry = await InvokeWithResponseStream(
    { FunctionName: 'f', InvocationType: 'DryRun' },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(dry, { StatusCode: 204 })
  assert.equal(fake.sandboxes.started.length, 0)
  const fault = await faultOf(InvokeWithResponseStream({ FunctionName: 'f' }, fake.state, fakeCall()))
  assert.equal(fault.code, 'TooManyRequestsException')
})
