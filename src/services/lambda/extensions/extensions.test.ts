/** Extensions through a whole environment: a scripted runtime, scripted extensions, a clock in the test's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeExtension, startedWith } from '#services/lambda/extensions/fake-extension.ts'
import { invoke, logged, world } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, turns } from '#services/lambda/fake-platform.ts'
import type { FakeSandbox } from '#services/lambda/fake-sandboxes.ts'
import { lambda, lambdaEnvironments } from '#services/lambda/index.ts'

const state = (fake: FakeLambda): string | undefined => lambdaEnvironments(fake.state)[0]?.state

/** An invoke whose process tree has started with these extensions. */
async function begun(
  fake: FakeLambda,
  names: readonly string[],
): Promise<{ sandbox: FakeSandbox; extensions: FakeExtension[]; pending: ReturnType<typeof invoke> }> {
  const pending = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  return { sandbox, extensions: startedWith(sandbox, names), pending }
}

/** All ready, the runtime too: the invoke is under way. */
async function running(
  fake: FakeLambda,
  names: readonly string[] = ['one'],
): Promise<Awaited<ReturnType<typeof begun>> & { one: FakeExtension }> {
  const all = await begun(fake, names)
  for (const each of all.extensions) each.boot()
  all.sandbox.next()
  return { ...all, one: all.extensions[0] ?? assert.fail('there is one') }
}

test('the runtime begins when all extensions have registered; init is over when all wait', async () => {
  const fake = await world()
  const { sandbox, extensions, pending } = await begun(fake, ['one', 'two'])
  const [one, two] = extensions
  one?.register()
  assert.equal(sandbox.calls.includes('begin'), false)
  two?.register(['INVOKE'])
  assert.equal(sandbox.calls.filter((call) => call === 'begin').length, 1)
  fake.clock.advance(50)
  sandbox.next()
  one?.next()
  assert.equal(state(fake), 'initializing')
  fake.clock.advance(30)
  two?.next()
  assert.equal(state(fake), 'invoking')
  assert.equal(one?.events[0]?.['eventType'], 'INVOKE')
  assert.equal(two?.events[0]?.['requestId'], sandbox.requestId)
  assert.equal(one?.events[0]?.['invokedFunctionArn'], 'arn:aws:lambda:us-east-1:000000000000:function:f')
  sandbox.work('1')
  one?.next()
  two?.next()
  assert.equal((await pending.answer).payload, '1')
  assert.equal(pending.span.attributes['initMs'], 80)
  const log = await logged(fake)
  assert.match(log, /EXTENSION\tName: one\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]\n/)
  assert.match(log, /EXTENSION\tName: two\tState: Ready\tEvents: \[INVOKE\]\nSTART/)
})

test('the caller is answered by the runtime; duration and freezing wait for the extensions', async () => {
  const fake = await world()
  const { sandbox, one, pending } = await running(fake)
  fake.clock.advance(20)
  sandbox.work('"done"')
  fake.clock.advance(10)
  assert.equal((await pending.answer).payload, '"done"')
  fake.clock.advance(90)
  assert.equal(state(fake), 'invoking')
  assert.equal(sandbox.calls.includes('freeze'), false)
  one.next()
  assert.equal(state(fake), 'idle')
  assert.match(await logged(fake), /Duration: 120\.00 ms/)
  assert.equal(pending.span.attributes['postRuntimeExtensionsMs'], 100)
  fake.clock.advance(10)
  assert.equal(sandbox.calls.at(-1), 'freeze')
})

test('the timeout covers the runtime and its extensions', async () => {
  const fake = await world({ timeout: 3 })
  const { sandbox, one, pending } = await running(fake)
  sandbox.work('1')
  fake.clock.advance(3_000)
  assert.equal((await pending.answer).payload, '1')
  assert.match(await logged(fake), /Duration: 3000\.00 ms.*Status: timeout/)
  assert.deepEqual(one.events.length, 1)
})

test('register() refuses in AWS’s words', async () => {
  const fake = await world()
  const { sandbox, extensions } = await begun(fake, ['one'])
  const one = extensions[0] ?? assert.fail()
  assert.deepEqual(new FakeExtension(sandbox, '').register().said(), [403, 'Extension.InvalidExtensionName'])
  assert.deepEqual(one.register(['SNOOZE']).said(), [403, 'Extension.InvalidEventType'])
  assert.deepEqual(new FakeExtension(sandbox, 'x').next().said(), [
    403,
    'Extension.MissingExtensionIdentifier',
  ])
  const stranger = new FakeExtension(sandbox, 'x')
  stranger.id = 'no-uuid'
  assert.deepEqual(stranger.next().said(), [403, 'Extension.InvalidExtensionIdentifier'])
  stranger.id = '00000000-0000-4000-8000-000000000000'
  assert.deepEqual(stranger.next().said(), [403, 'Extension.UnknownExtensionIdentifier'])
  assert.equal(one.register().said()[0], 200)
  assert.deepEqual(one.register().said(), [403, 'Extension.InvalidExtensionState'])
  assert.deepEqual(new FakeExtension(sandbox, 'in').register().said(), [403, 'Extension.InvalidEventType'])
  one.next()
  assert.deepEqual(one.next().said(), [403, 'Extension.InvalidExtensionState'])
})

test('internal extensions register from the runtime until init is over, ten in all', async () => {
  const fake = await world()
  const { sandbox, extensions } = await begun(fake, ['one'])
  extensions[0]?.boot()
  const inner = Array.from({ length: 9 }, (_, i) => new FakeExtension(sandbox, `in${i}`))
  for (const each of inner) assert.equal(each.register(['INVOKE']).said()[0], 200)
  const more = new FakeExtension(sandbox, 'more')
  assert.deepEqual(more.register(['INVOKE']).said(), [403, 'Extension.TooManyExtensions'])
  sandbox.next()
  assert.equal(state(fake), 'initializing')
  for (const each of inner) each.next()
  assert.equal(state(fake), 'invoking')
  assert.deepEqual(new FakeExtension(sandbox, 'late').register([]).said(), [
    403,
    'Extension.RegistrationClosed',
  ])
  assert.equal(inner[3]?.events.length, 1)
})

test('an extension learns of its function, and of the account when it asks', async () => {
  const fake = await world()
  const { extensions } = await begun(fake, ['one'])
  const one = extensions[0] ?? assert.fail()
  one.register(['INVOKE'], { 'lambda-extension-accept-feature': 'accountId' })
  assert.deepEqual(JSON.parse(String(one.last?.body)), {
    functionVersion: '$LATEST',
    functionName: 'f',
    handler: 'index.handler',
    accountId: '000000000000',
  })
})

test('an extension that crashes in an invoke fails it, and the next invoke starts all of it again', async () => {
  const fake = await world()
  const { sandbox, one, pending } = await running(fake)
  one.exit({ code: 1 })
  assert.deepEqual(JSON.parse((await pending.answer).payload), {
    errorType: 'Extension.Crash',
    errorMessage: `RequestId: ${pending.requestId} Error: exit status 1`,
  })
  assert.match(await logged(fake), /Status: error\tError Type: Extension.Crash/)
  sandbox.exit({ signal: 'SIGKILL' })
  const again = invoke(fake)
  await turns()
  assert.equal(sandbox.calls.at(-1), 'restart')
  const [other] = startedWith(sandbox, ['one'])
  other?.boot()
  sandbox.next()
  sandbox.work('2')
  other?.next()
  assert.equal((await again.answer).payload, '2')
})

test('an extension that crashes in init fails it with its line; what it said names the error', async () => {
  const fake = await world()
  const { sandbox, extensions } = await begun(fake, ['one'])
  extensions[0]?.register().fail('init')
  extensions[0]?.exit({ code: 1 })
  assert.equal(state(fake), 'invoking')
  assert.match(
    await logged(fake),
    /INIT_REPORT .*Phase: init\tStatus: error\tError Type: Extension.InitError/,
  )
  assert.ok(sandbox.calls.includes('kill'))
})

test('one that cannot be run is a launch error; one that never registers keeps init waiting until its limit', async () => {
  const fake = await world()
  const { extensions } = await begun(fake, ['one'])
  extensions[0]?.exit({ code: 126 })
  assert.match(await logged(fake), /Error Type: Extension.LaunchError/)
  const other = await world({ timeout: 3 })
  const waiting = await begun(other, ['silent'])
  other.clock.advance(10_000)
  assert.equal(waiting.sandbox.calls.includes('begin'), false)
  assert.match(await logged(other), /INIT_REPORT .*Status: timeout/)
  waiting.sandbox.exit({ signal: 'SIGKILL' })
  startedWith(waiting.sandbox, ['silent'])
  other.clock.advance(3_000)
  assert.match((await waiting.pending.answer).payload, /Sandbox.Timedout/)
})

test('the end of the runtime alone fails the invoke, though its extensions live on', async () => {
  const fake = await world()
  const { sandbox, pending } = await running(fake)
  sandbox.spec.extensions?.onRuntimeExit({ code: 3, signal: null, oomKilled: false })
  assert.match((await pending.answer).payload, /Runtime.ExitError.*exit status 3/)
})

test('retire: SIGTERM to the runtime, then SHUTDOWN to who asked for it, then the end', async () => {
  const fake = await world()
  const { sandbox, one, pending } = await running(fake)
  sandbox.work('1')
  one.next()
  await pending.answer
  fake.clock.advance(10)
  assert.equal(sandbox.calls.at(-1), 'freeze')
  await lambda.operations.DeleteFunction({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.deepEqual(sandbox.calls.slice(-3), ['cpu proportional', 'thaw', 'terminate'])
  assert.equal(one.events.length, 1)
  sandbox.spec.extensions?.onRuntimeExit({ code: null, signal: 'SIGTERM', oomKilled: false })
  await turns()
  const shutdown = one.events[1]
  assert.deepEqual([shutdown?.['eventType'], shutdown?.['shutdownReason']], ['SHUTDOWN', 'spindown'])
  assert.equal(sandbox.calls.includes('destroy'), false)
  one.exit()
  await turns()
  assert.equal(sandbox.calls.at(-1), 'destroy')
})

test('retire: an extension that does not end has two seconds, a runtime that does not 600 ms of them', async () => {
  const fake = await world()
  const { sandbox, one, pending } = await running(fake)
  sandbox.work('1')
  one.next()
  await pending.answer
  await lambda.operations.DeleteFunction({ FunctionName: 'f' }, fake.state, fakeCall())
  fake.clock.advance(599)
  await turns()
  assert.equal(one.events.length, 1)
  fake.clock.advance(1)
  await turns()
  assert.equal(one.events[1]?.['eventType'], 'SHUTDOWN')
  fake.clock.advance(1_399)
  await turns()
  assert.equal(sandbox.calls.includes('destroy'), false)
  fake.clock.advance(1)
  await turns()
  assert.equal(sandbox.calls.at(-1), 'destroy')
})

test('a timeout tells extensions why, and the next invoke waits for their end', async () => {
  const fake = await world({ timeout: 3 })
  const { sandbox, one, pending } = await running(fake)
  one.next()
  fake.clock.advance(3_000)
  assert.match((await pending.answer).payload, /Sandbox.Timedout/)
  sandbox.spec.extensions?.onRuntimeExit({ code: null, signal: 'SIGTERM', oomKilled: false })
  await turns()
  assert.equal(one.events[1]?.['shutdownReason'], 'timeout')
  const again = invoke(fake)
  await turns()
  assert.equal(sandbox.calls.includes('restart'), false)
  one.exit()
  await turns()
  assert.equal(sandbox.calls.at(-1), 'kill')
  sandbox.exit({ signal: 'SIGKILL' })
  assert.equal(sandbox.calls.at(-1), 'restart')
  const [fresh] = startedWith(sandbox, ['one'])
  fresh?.boot()
  sandbox.next()
  sandbox.work('3')
  fresh?.next()
  assert.equal((await again.answer).payload, '3')
})
