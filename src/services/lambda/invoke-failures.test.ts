/** Invokes that end badly: timeouts, crashes, inits that fail, refusals; and what the next invoke finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INIT_START, cold, invoke, logged, warm, world } from '#services/lambda/fake-invoke.ts'
import { fakeCall, faultOf, turns } from '#services/lambda/fake-platform.ts'
import { CLEAN_EXIT } from '#services/lambda/fake-sandboxes.ts'
import { lambda, lambdaEnvironments, stopLambda } from '#services/lambda/index.ts'

const { operations } = lambda

test('a timeout answers Sandbox.Timedout, and the next invoke runs init inside itself', async () => {
  const fake = await world({ timeout: 1 })
  const { answer, sandbox, requestId } = await cold(fake)
  fake.clock.advance(1_000)
  const { payload, tail } = await answer
  assert.equal(
    payload,
    `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ${requestId} Error: Task timed out after 1.00 seconds"}`,
  )
  assert.match(tail, /\tDuration: 1000\.00 ms\tBilled Duration: 1040 ms\t.*Status: timeout\n$/)
  const second = invoke(fake, { LogType: 'Tail' })
  await turns()
  assert.equal(sandbox.calls.at(-1), 'kill')
  sandbox.exit({ signal: 'SIGKILL' })
  assert.equal(sandbox.calls.at(-1), 'restart')
  fake.clock.advance(3)
  sandbox.started()
  fake.clock.advance(30)
  sandbox.next()
  fake.clock.advance(7)
  sandbox.work('"again"')
  const again = await second.answer
  assert.equal(again.payload, '"again"')
  assert.equal(second.span.attributes['cold'], true)
  assert.match(again.tail, /^START .*\tDuration: 40\.00 ms\tBilled Duration: 40 ms\t.*MB\t\n$/s)
  assert.equal(fake.sandboxes.started.length, 1)
})

test('the process that ends in an invoke is told by its exit, in payload and log', async () => {
  const cases = [
    [CLEAN_EXIT, 'Runtime.ExitError', 'Runtime exited without providing a reason'],
    [{ ...CLEAN_EXIT, code: 1 }, 'Runtime.ExitError', 'Runtime exited with error: exit status 1'],
    [
      { ...CLEAN_EXIT, code: null, signal: 'SIGSEGV' },
      'Runtime.ExitError',
      'Runtime exited with error: signal: segmentation fault',
    ],
    [
      { code: null, signal: 'SIGKILL', oomKilled: true },
      'Runtime.OutOfMemory',
      'Runtime exited with error: signal: killed',
    ],
  ] as const
  for (const [exit, type, why] of cases) {
    const fake = await world()
    const { answer, sandbox, requestId } = await cold(fake)
    sandbox.exit(exit)
    const { payload, tail } = await answer
    const message = `RequestId: ${requestId} Error: ${why}`
    assert.equal(payload, JSON.stringify({ errorType: type, errorMessage: message }))
    assert.match(tail, new RegExp(`\n${message}\n${type}\nEND `))
    assert.match(tail, new RegExp(`Status: error\tError Type: ${type}\n$`))
    if (exit.oomKilled) assert.match(tail, /Max Memory Used: 128 MB/)
  }
})

test('an init that fails is run again in the invoke, and its error is the answer', async () => {
  const fake = await world()
  const { answer } = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.started()
  fake.clock.advance(20)
  sandbox.initError(
    '{"errorType":"Runtime.ImportModuleError","errorMessage":"m"}',
    'Runtime.ImportModuleError',
  )
  sandbox.exit({ code: 1 })
  assert.equal(sandbox.calls.at(-1), 'restart')
  sandbox.started()
  fake.clock.advance(30)
  sandbox.initError(
    '{"errorType":"Runtime.ImportModuleError","errorMessage":"m"}',
    'Runtime.ImportModuleError',
  )
  sandbox.exit({ code: 1 })
  const { payload, error } = await answer
  assert.equal(payload, '{"errorType":"Runtime.ImportModuleError","errorMessage":"m"}')
  assert.equal(error, 'Unhandled')
  const lines = (await logged(fake)).split('\n')
  assert.deepEqual(
    lines.map((line) =>
      line.replace(/RequestId: \S+/, 'RequestId: x').replace(/runtime:[0-9a-f]{64}/, 'runtime:x'),
    ),
    [
      `${INIT_START}x`,
      'INIT_REPORT Init Duration: 20.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError',
      `${INIT_START}x`,
      'INIT_REPORT Init Duration: 30.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError',
      'START RequestId: x Version: $LATEST',
      'END RequestId: x',
      'REPORT RequestId: x\tDuration: 30.00 ms\tBilled Duration: 30 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tStatus: error\tError Type: Runtime.ImportModuleError',
      '',
    ],
  )
})

test('a runtime that posts an init error and stays is ended', async () => {
  const fake = await world()
  void invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.started()
  sandbox.initError('{}', 'Runtime.X')
  fake.clock.advance(200)
  assert.equal(sandbox.calls.at(-1), 'kill')
})

test('an init beyond ten seconds starts again under the timeout of the function', async () => {
  const fake = await world({ timeout: 4 })
  const { answer, requestId } = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.started()
  fake.clock.advance(10_000)
  assert.deepEqual(sandbox.calls.slice(-2), ['kill', 'cpu proportional'])
  sandbox.exit({ signal: 'SIGKILL' })
  assert.equal(sandbox.calls.at(-1), 'restart')
  sandbox.started()
  fake.clock.advance(4_000)
  assert.equal(
    (await answer).payload,
    `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ${requestId} Error: Task timed out after 4.00 seconds"}`,
  )
  assert.match(
    await logged(fake),
    /INIT_REPORT Init Duration: 10000\.00 ms\tPhase: init\tStatus: timeout\n.*INIT_REPORT Init Duration: 4000\.00 ms\tPhase: invoke\tStatus: timeout\nSTART /s,
  )
})

test('an init that timed out took no less than the limit, though the timer was early', async () => {
  const fake = await world()
  void invoke(fake)
  await turns()
  fake.clock.earlyMs = 0.16
  fake.sandboxes.last().started()
  fake.clock.advance(9_999.9)
  assert.match(await logged(fake), /INIT_REPORT Init Duration: 10000\.00 ms\tPhase: init\tStatus: timeout\n/)
})

test('an init error of the user\u2019s own class is Runtime.Unknown, in INIT_REPORT and in REPORT', async () => {
  const fake = await world()
  void invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  for (const initMs of [20, 998.15]) {
    sandbox.started()
    fake.clock.advance(initMs)
    sandbox.initError('{"errorType":"ReferenceError","errorMessage":"m"}', 'ReferenceError')
    sandbox.exit({ code: 129 })
  }
  const log = await logged(fake)
  assert.match(
    log,
    /INIT_REPORT Init Duration: 998\.15 ms\tPhase: invoke\tStatus: error\tError Type: Runtime\.Unknown\n/,
  )
  assert.match(
    log,
    /REPORT RequestId: .*\tMax Memory Used: 40 MB\tStatus: error\tError Type: Runtime\.Unknown\n$/,
  )
})

test('an answer beyond the limit is Function.ResponseSizeTooLarge', async () => {
  const fake = await world()
  const { answer, sandbox } = await cold(fake)
  sandbox.respond(new Uint8Array(6_291_557))
  assert.equal(sandbox.lastReply().status, 413)
  sandbox.next()
  assert.equal(
    (await answer).payload,
    '{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}',
  )
})

test('the caller is answered soon after the response, though the runtime does not ask for more', async () => {
  const fake = await world()
  const first = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  sandbox.respond('1')
  fake.clock.advance(10)
  assert.equal((await first.answer).payload, '1')
  fake.clock.advance(3_000)
  assert.match(await logged(fake), /Duration: 3000\.00 ms.*Status: timeout/)
})

test('a start that the machine refuses is answered with its words, once', async () => {
  const fake = await world()
  const call = fakeCall()
  const answer = operations.Invoke({ FunctionName: 'f' }, fake.state, call)
  await turns()
  fake.sandboxes.last().exit({ trouble: 'no bwrap' })
  const fault = await faultOf(answer)
  assert.equal(fault.code, 'ServiceException')
  assert.equal(fault.message, 'no bwrap')
  assert.deepEqual(lambdaEnvironments(fake.state), [])
})

test('a process that ends while idle is made again by the next invoke', async () => {
  const fake = await world()
  const sandbox = await warm(fake)
  fake.clock.advance(10)
  sandbox.exit({ code: 1 })
  const { answer } = invoke(fake)
  await turns()
  assert.equal(sandbox.calls.at(-1), 'restart')
  sandbox.boot()
  sandbox.work('2')
  assert.equal((await answer).payload, '2')
})

test('reserved concurrency refuses with AWS\u2019s reason, and zero refuses everything', async () => {
  const fake = await world()
  const put = (count: number): unknown =>
    operations.PutFunctionConcurrency(
      { FunctionName: 'f', ReservedConcurrentExecutions: count },
      fake.state,
      fakeCall(),
    )
  await put(1)
  const first = await cold(fake)
  const call = fakeCall()
  const refused = await faultOf(operations.Invoke({ FunctionName: 'f' }, fake.state, call))
  assert.deepEqual(
    [refused.code, refused.message, refused.status, refused.members['Reason'], refused.members['Type']],
    [
      'TooManyRequestsException',
      'Rate Exceeded.',
      429,
      'ReservedFunctionConcurrentInvocationLimitExceeded',
      'User',
    ],
  )
  assert.equal(call.span.attributes['throttleReason'], 'ReservedFunctionConcurrentInvocationLimitExceeded')
  first.sandbox.work()
  await first.answer
  await put(0)
  assert.equal((await faultOf(operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall()))).status, 429)
})

test('stopLambda() answers waiting and running callers and leaves nothing', async () => {
  const fake = await world()
  const running = await cold(fake)
  const waiting = invoke(fake)
  const answers = Promise.allSettled([running.answer, waiting.answer])
  await turns()
  await stopLambda(fake.state)
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.ok(fake.sandboxes.started.every((sandbox) => sandbox.calls.includes('destroy')))
})
