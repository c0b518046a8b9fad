/** What surrounds a function: concurrency, policy, tags, owners, and restarts of the platform. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import { ARN, create, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { createLambda, lambda, resetLambda, stopLambda, sweepLambda } from '#services/lambda/index.ts'

const { operations } = lambda

test('functions of other accounts and regions are not seen', async () => {
  const fake = await withFunction()
  const { region } = fakeCall()
  const call = fakeCall({ account: '111111111111' as ReturnType<typeof fakeCall>['account'], region })
  assert.deepEqual((await operations.ListFunctions({}, fake.state, call)).Functions, [])
  assert.match(
    await refusal(operations.GetFunction({ FunctionName: 'f' }, fake.state, call)),
    /:111111111111:/,
  )
})

test('concurrency is reserved, shown and given back; a hundred stay unreserved', async () => {
  const fake = await withFunction()
  const call = fakeCall()
  const put = (count: number): unknown =>
    operations.PutFunctionConcurrency(
      { FunctionName: 'f', ReservedConcurrentExecutions: count },
      fake.state,
      call,
    )
  assert.deepEqual(await put(900), { ReservedConcurrentExecutions: 900 })
  assert.equal(
    await refusal(put(901)),
    "400 InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
  )
  const settings = await operations.GetAccountSettings({}, fake.state, call)
  assert.equal(settings.AccountLimit?.UnreservedConcurrentExecutions, 100)
  assert.deepEqual(settings.AccountUsage, { TotalCodeSize: 3, FunctionCount: 1 })
  assert.deepEqual((await operations.GetFunction({ FunctionName: 'f' }, fake.state, call)).Concurrency, {
    ReservedConcurrentExecutions: 900,
  })
  await operations.DeleteFunctionConcurrency({ FunctionName: 'f' }, fake.state, call)
  assert.deepEqual(await operations.GetFunctionConcurrency({ FunctionName: 'f' }, fake.state, call), {})
})

test('permissions become statements of the policy, as AWS writes them', async () => {
  const fake = await withFunction()
  const call = fakeCall()
  const add = (id: string, more: object = {}): unknown =>
    operations.AddPermission(
      {
        FunctionName: 'f',
        StatementId: id,
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        ...more,
      },
      fake.state,
      call,
    )
  assert.match(
    await refusal(operations.GetPolicy({ FunctionName: 'f' }, fake.state, call)),
    /The resource you requested does not exist\.$/,
  )
  const { Statement } = (await add('s3', { SourceArn: 'arn:aws:s3:::b' })) as { Statement: string }
  assert.deepEqual(JSON.parse(Statement), {
    Sid: 's3',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: ARN,
    Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' } },
  })
  assert.match(await refusal(add('s3')), /^409 .*The statement id \(s3\) provided already exists/)
  assert.match(await refusal(add('x', { Principal: 'nobody' })), /The provided principal was invalid/)
  await add('acc', { Principal: '111111111111' })
  const policy = await operations.GetPolicy({ FunctionName: 'f' }, fake.state, call)
  const parsed = JSON.parse(policy.Policy ?? '') as { Id: string; Statement: { Principal: unknown }[] }
  assert.equal(parsed.Id, 'default')
  assert.deepEqual(parsed.Statement[1]?.Principal, { AWS: 'arn:aws:iam::111111111111:root' })
  for (const id of ['s3', 'acc'])
    await operations.RemovePermission({ FunctionName: 'f', StatementId: id }, fake.state, call)
  assert.match(
    await refusal(operations.RemovePermission({ FunctionName: 'f', StatementId: 's3' }, fake.state, call)),
    /No policy is associated/,
  )
})

test('tags are added, removed and limited', async () => {
  const fake = await withFunction({ Tags: { a: '1' } })
  const call = fakeCall()
  await operations.TagResource({ Resource: ARN, Tags: { b: '2' } }, fake.state, call)
  await operations.UntagResource({ Resource: ARN, TagKeys: ['a', 'zz'] }, fake.state, call)
  assert.deepEqual(await operations.ListTags({ Resource: ARN }, fake.state, call), { Tags: { b: '2' } })
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, '']))
  assert.match(
    await refusal(operations.TagResource({ Resource: ARN, Tags: many }, fake.state, call)),
    /Number of tags exceeds resource tag limit\.$/,
  )
  assert.match(
    await refusal(operations.TagResource({ Resource: `${ARN}:1`, Tags: { a: '' } }, fake.state, call)),
    /Tags on function aliases and versions are not supported/,
  )
})

test('after a restart a function runs from the store, its folder made again if it is gone', async () => {
  const fake = await withFunction()
  await stopLambda(fake.state)
  const again = createLambda(fake.state.ports)
  fake.sandboxes.folders.clear()
  const call = fakeCall()
  const answer = operations.Invoke({ FunctionName: 'f' }, again, call)
  await turns(60)
  fake.sandboxes.last().boot()
  fake.sandboxes.last().work('1')
  assert.equal(((await answer) as { StatusCode: number }).StatusCode, 200)
  assert.equal(fake.sandboxes.folders.size, 1)
})

test('a platform that ended while a function was Pending finishes it at the next start', async () => {
  const fake = fakeLambda(memoryStores())
  fake.sandboxes.runtimes = () => new Promise(() => undefined)
  await create(fake)
  const again = createLambda({ ...fake.state.ports, sandboxes: fakeLambda(memoryStores()).sandboxes })
  await operations.GetFunction({ FunctionName: 'f' }, again, fakeCall())
  await turns(60)
  const { Configuration } = await operations.GetFunction({ FunctionName: 'f' }, again, fakeCall())
  assert.equal(Configuration?.State, 'Active')
})

test('sweepLambda() deletes packages that no function names', async () => {
  const fake = await withFunction()
  fake.blobs.held.set('stray', utf8('x'))
  assert.equal(await sweepLambda(fake.state), 1)
  assert.deepEqual([...fake.blobs.held.keys()], ['blob-0'])
})

test('resetLambda() forgets functions once the store is empty', async () => {
  const fake = await withFunction()
  await resetLambda(fake.state)
  await fake.stores.clear()
  assert.match(await refusal(operations.GetFunction({ FunctionName: 'f' }, fake.state, fakeCall())), /^404/)
})

test('a reservation counts before its function has run, also after a restart', async () => {
  const fake = await withFunction()
  await create(fake, { FunctionName: 'g' })
  await turns()
  const call = fakeCall()
  await operations.PutFunctionConcurrency(
    { FunctionName: 'f', ReservedConcurrentExecutions: 900 },
    fake.state,
    call,
  )
  await stopLambda(fake.state)
  const settings = { ...fake.state.ports.settings, accountConcurrency: 901 }
  const again = createLambda({ ...fake.state.ports, settings })
  const first = operations.Invoke({ FunctionName: 'g' }, again, fakeCall())
  await turns(60)
  assert.match(
    await refusal(operations.Invoke({ FunctionName: 'g' }, again, fakeCall())),
    /^429 TooManyRequestsException/,
  )
  fake.sandboxes.last().boot()
  fake.sandboxes.last().work()
  await first
})

test('stopLambda() does not wait for a runtime that is being fetched, nor trips over its end', async () => {
  const fake = fakeLambda(memoryStores())
  let fail: ((error: Error) => void) | undefined
  fake.sandboxes.runtimes = () => new Promise((_resolve, reject) => (fail = reject))
  await create(fake)
  await turns()
  await stopLambda(fake.state)
  fail?.(new Error('the launcher has ended'))
  await turns()
  assert.deepEqual(fake.warnings, [])
})
