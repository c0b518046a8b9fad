/** Provisioned concurrency through the service: its life in AWS's words, its bill, its environments, its refusals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { minutes } from '#base/time.ts'
import { logged, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, turns } from '#services/lambda/fake-platform.ts'
import { createLambda, lambda, resumeLambda } from '#services/lambda/index.ts'

const { operations } = lambda
const NAME = { FunctionName: 'f' }
const LIVE = { ...NAME, Qualifier: 'live' }

async function publish(fake: FakeLambda, code?: string): Promise<void> {
  if (code !== undefined)
    await operations.UpdateFunctionCode({ ...NAME, ZipFile: utf8(code) }, fake.state, fakeCall())
  await turns()
  await operations.PublishVersion(NAME, fake.state, fakeCall())
  await turns()
}

/** A function with version 1 and the alias `live` of it. */
async function published(): Promise<FakeLambda> {
  const fake = await withFunction({ MemorySize: 1_024 })
  await publish(fake)
  await operations.CreateAlias({ ...NAME, Name: 'live', FunctionVersion: '1' }, fake.state, fakeCall())
  return fake
}

async function provide(fake: FakeLambda, count: number, Qualifier = 'live'): Promise<string> {
  const input = { ...NAME, Qualifier, ProvisionedConcurrentExecutions: count }
  const answer = await operations.PutProvisionedConcurrencyConfig(input, fake.state, fakeCall())
  await turns()
  return state(answer)
}

const state = (answer: {
  Status?: string | undefined
  AllocatedProvisionedConcurrentExecutions?: number | undefined
  AvailableProvisionedConcurrentExecutions?: number | undefined
}): string =>
  `${answer.Status} ${answer.AllocatedProvisionedConcurrentExecutions} ${answer.AvailableProvisionedConcurrentExecutions}`

const now = async (fake: FakeLambda, Qualifier = 'live'): Promise<string> =>
  state(await operations.GetProvisionedConcurrencyConfig({ ...NAME, Qualifier }, fake.state, fakeCall()))

const billed = (fake: FakeLambda, dimension: string): number[] =>
  fake.usage.filter((line) => line.dimension === dimension).map((line) => line.quantity)

test('environments are started beforehand and say so, and invokes by the alias find them', async () => {
  const fake = await published()
  assert.equal(await provide(fake, 2), 'IN_PROGRESS 0 0')
  const [first, second] = fake.sandboxes.started
  assert.equal(first?.spec.environment['AWS_LAMBDA_INITIALIZATION_TYPE'], 'provisioned-concurrency')
  assert.equal(first?.spec.environment['AWS_LAMBDA_FUNCTION_VERSION'], '1')
  first?.started()
  fake.clock.advance(30_000)
  first?.next()
  assert.equal(await now(fake), 'IN_PROGRESS 1 0', 'init may take longer than ten seconds')
  second?.boot()
  assert.equal(await now(fake), 'READY 2 2')
  const call = fakeCall()
  const answer = operations.Invoke(LIVE, fake.state, call)
  await turns()
  fake.clock.advance(7)
  fake.sandboxes.started.find((each) => each.event !== undefined)?.work('1')
  assert.equal((await answer).ExecutedVersion, '1')
  assert.equal(fake.sandboxes.started.length, 2)
  assert.deepEqual(
    [call.span.attributes['cold'], call.span.attributes['initializationType']],
    [false, 'provisioned-concurrency'],
  )
  const log = await logged(fake)
  assert.match(log, /INIT_REPORT Init Duration: 30000\.00 ms\t\n/)
  assert.match(log, /Billed Duration: 7 ms/)
})

test('the bill is in portions of five minutes from enabling to disabling, and for inits and work at its own price', async () => {
  const fake = await published()
  await provide(fake, 1)
  const portion = 1_024 * minutes(5)
  assert.deepEqual(billed(fake, 'provisionedConcurrencyX86'), [portion])
  const [only] = fake.sandboxes.started
  only?.started()
  fake.clock.advance(40)
  only?.next()
  assert.deepEqual(billed(fake, 'provisionedDurationX86'), [1_024 * 40])
  await provide(fake, 3)
  assert.deepEqual(billed(fake, 'provisionedConcurrencyX86'), [portion, 2 * portion])
  fake.clock.advance(minutes(5))
  assert.deepEqual(billed(fake, 'provisionedConcurrencyX86'), [portion, 2 * portion, 3 * portion])
  await operations.DeleteProvisionedConcurrencyConfig(LIVE, fake.state, fakeCall())
  fake.clock.advance(minutes(20))
  assert.equal(billed(fake, 'provisionedConcurrencyX86').length, 3)
  assert.deepEqual(billed(fake, 'durationX86'), [])
  await turns()
  assert.ok(only?.calls.includes('destroy'))
  assert.match(
    await refusal(operations.GetProvisionedConcurrencyConfig(LIVE, fake.state, fakeCall())),
    /^404 ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found for this function$/,
  )
})

test('an init that fails is FAILED with AWS’s reason', async () => {
  const fake = await published()
  await provide(fake, 1)
  const [only] = fake.sandboxes.started
  only?.started()
  only?.initError('{}', 'Runtime.ImportModuleError')
  only?.exit({ code: 1 })
  assert.equal(await now(fake), 'FAILED 0 0')
  const { StatusReason: reason } = await operations.GetProvisionedConcurrencyConfig(
    LIVE,
    fake.state,
    fakeCall(),
  )
  assert.equal(reason, 'FUNCTION_ERROR_INIT_FAILURE')
})

test('an environment whose process ends while it is idle is replaced', async () => {
  const fake = await published()
  await provide(fake, 1)
  fake.sandboxes.last().boot()
  fake.sandboxes.last().exit({ signal: 'SIGKILL' })
  assert.equal(fake.sandboxes.started.length, 2)
  assert.equal(await now(fake), 'IN_PROGRESS 0 0')
  fake.sandboxes.last().boot()
  assert.equal(await now(fake), 'READY 1 1')
})

test('an alias that is moved takes its environments along', async () => {
  const fake = await published()
  await provide(fake, 1)
  fake.sandboxes.last().boot()
  await publish(fake, 'other zip')
  await operations.UpdateAlias({ ...NAME, Name: 'live', FunctionVersion: '2' }, fake.state, fakeCall())
  await turns()
  assert.equal(fake.sandboxes.last().spec.environment['AWS_LAMBDA_FUNCTION_VERSION'], '2')
  assert.equal(await now(fake), 'IN_PROGRESS 0 0')
  fake.sandboxes.last().boot()
  assert.equal(await now(fake), 'READY 1 1')
  await operations.DeleteAlias({ ...NAME, Name: 'live' }, fake.state, fakeCall())
  assert.equal(fake.state.environments().length, 0)
})

test('a version or an alias of it has provisioned concurrency, and never $LATEST', async () => {
  const fake = await published()
  const put = (Qualifier: string, count = 1): Promise<string> => refusal(provide(fake, count, Qualifier))
  assert.match(await put('$LATEST'), /^400 .*cannot be applied to unpublished function versions\.$/)
  assert.match(await put('7'), /^404 ResourceNotFoundException: Function not found: .*:f:7$/)
  assert.match(await put('none'), /^404 ResourceNotFoundException: Cannot find alias arn: .*:f:none$/)
  await provide(fake, 1)
  assert.match(
    await put('1'),
    /^409 ResourceConflictException: Version is pointed by a Provisioned Concurrency alias$/,
  )
  await operations.DeleteProvisionedConcurrencyConfig(LIVE, fake.state, fakeCall())
  await provide(fake, 1, '1')
  assert.match(await put('live'), /^409 .*Alias can't be used for Provisioned Concurrency configuration/)
  const { ProvisionedConcurrencyConfigs: all } = await operations.ListProvisionedConcurrencyConfigs(
    NAME,
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(
    all?.map((each) => each.FunctionArn?.split(':').at(-1)),
    ['1'],
  )
})

test('it is taken from the account’s concurrency, or from the function’s reservation', async () => {
  const fake = await published()
  const put = (count: number): Promise<string> => refusal(provide(fake, count))
  assert.match(await put(1_001), /^400 .*greater than account's unreserved concurrency \[1000\]\.$/)
  assert.match(await put(950), /^400 .*UnreservedConcurrentExecution below its minimum value of \[100\]\.$/)
  const reserve = (ReservedConcurrentExecutions: number): unknown =>
    operations.PutFunctionConcurrency({ ...NAME, ReservedConcurrentExecutions }, fake.state, fakeCall())
  await reserve(2)
  assert.match(
    await put(3),
    /^400 .*should not be greater than the reservedConcurrentExecution for function$/,
  )
  await provide(fake, 2)
  assert.equal(
    await refusal(reserve(1)),
    "400 InvalidParameterValueException:  ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
  )
  assert.match(
    await refusal(operations.Invoke(NAME, fake.state, fakeCall())),
    /^429 TooManyRequestsException/,
    'all of the reservation is provisioned',
  )
})

test('it is enabled again when the platform starts again', async () => {
  const fake = await published()
  await provide(fake, 1)
  const again: FakeLambda = { ...fake, state: createLambda(fake.state.ports) }
  await resumeLambda(again.state)
  await turns(60)
  assert.equal(fake.sandboxes.started.length, 2)
  fake.sandboxes.last().boot()
  assert.equal(await now(again), 'READY 1 1')
})

test('a function that is deleted takes it along', async () => {
  const fake = await published()
  await provide(fake, 1)
  fake.sandboxes.last().boot()
  await operations.DeleteFunction(NAME, fake.state, fakeCall())
  assert.equal(fake.state.environments().length, 0)
  const before = fake.usage.length
  fake.clock.advance(minutes(10))
  assert.equal(fake.usage.length, before)
})
