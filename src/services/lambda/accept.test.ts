/** Deliveries to functions: what a gateway or a queue hears of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import type { Delivery, DeliveryOutcome } from '#ports/targets.ts'
import { world } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, FakeSpan, fakeCall, turns } from '#services/lambda/fake-platform.ts'
import { acceptLambda, lambda } from '#services/lambda/index.ts'

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'

function deliver(fake: FakeLambda, more: Partial<Delivery> = {}): Promise<DeliveryOutcome> {
  return acceptLambda(fake.state)({
    arn: ARN,
    payload: utf8('{}'),
    mode: 'wait',
    principal: 'apigateway.amazonaws.com',
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    span: new FakeSpan(),
    ...more,
  })
}

test('acceptLambda() waits for the answer on an Invoke span of its own', async () => {
  const fake = await world()
  const span = new FakeSpan()
  const outcome = deliver(fake, { span })
  await turns()
  fake.sandboxes.last().boot()
  fake.sandboxes.last().fail('{"e":1}')
  fake.sandboxes.last().next()
  const delivered = await outcome
  assert.ok(delivered.kind === 'delivered')
  assert.equal(text(delivered.payload), '{"e":1}')
  assert.equal(delivered.functionError, 'Unhandled')
  assert.deepEqual(
    span.opened.map((each) => [each.outcome, each.attributes['functionName']]),
    [['error', 'f']],
  )
})

test('acceptLambda() hands an event over without waiting', async () => {
  const fake = await world()
  assert.deepEqual(await deliver(fake, { mode: 'hand-over' }), { kind: 'accepted' })
  assert.equal(fake.state.events.pending, 1)
})

test('acceptLambda() gives up waiting when the caller does, and the function goes on', async () => {
  const fake = await world({ timeout: 60 })
  const outcome = deliver(fake, { timeoutMs: 29_000 })
  await turns()
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  fake.clock.advance(29_000)
  assert.deepEqual(await outcome, { kind: 'timed-out' })
  assert.ok(!sandbox.calls.includes('kill'))
  sandbox.work()
  await turns()
  assert.equal(fake.usage.length, 2)
})

test('acceptLambda() tells throttles and refusals apart', async () => {
  const fake = await world()
  await lambda.operations.PutFunctionConcurrency(
    { FunctionName: 'f', ReservedConcurrentExecutions: 0 },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(await deliver(fake), { kind: 'throttled', message: 'Rate Exceeded.' })
  assert.deepEqual(await deliver(fake, { arn: `${ARN}x` }), {
    kind: 'refused',
    code: 'ResourceNotFoundException',
    message: `Function not found: ${ARN}x:$LATEST`,
  })
  const noFunction = await deliver(fake, { arn: 'arn:aws:lambda:us-east-1:000000000000:layer:l' })
  assert.equal(noFunction.kind, 'refused')
})

test('acceptLambda() takes from a service what a statement of the policy lets it invoke', async () => {
  const fake = await world()
  const topic = 'arn:aws:sns:us-east-1:000000000000:t'
  const from = { mode: 'hand-over', principal: 'sns.amazonaws.com', sourceArn: topic } as const
  const refused = await deliver(fake, from)
  assert.deepEqual(refused, {
    kind: 'refused',
    code: 'AccessDeniedException',
    message: `User: sns.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: ${ARN} because no resource-based policy allows the lambda:InvokeFunction action`,
  })
  const permission = {
    FunctionName: 'f',
    StatementId: 's',
    Action: 'lambda:InvokeFunction',
    Principal: 'sns.amazonaws.com',
    SourceArn: 'arn:aws:sns:us-east-1:000000000000:*',
  }
  await lambda.operations.AddPermission(permission, fake.state, fakeCall())
  assert.deepEqual(await deliver(fake, from), { kind: 'accepted' })
  for (const other of [
    { ...from, principal: 's3.amazonaws.com' },
    { ...from, sourceArn: topic.replace('us-east-1', 'eu-west-1') },
  ])
    assert.equal((await deliver(fake, other)).kind, 'refused')
  assert.deepEqual(
    await deliver(fake, { ...from, principal: 'lambda.amazonaws.com', sourceArn: `${ARN}:$LATEST` }),
    { kind: 'accepted' },
    'destinations go by the role of the function that tells',
  )
})

test('acceptLambda() looks at the policy of the version or alias that is meant', async () => {
  const fake = await world()
  const call = fakeCall()
  await lambda.operations.PublishVersion({ FunctionName: 'f' }, fake.state, call)
  await lambda.operations.CreateAlias(
    { FunctionName: 'f', Name: 'live', FunctionVersion: '1' },
    fake.state,
    call,
  )
  const permission = {
    FunctionName: 'f',
    StatementId: 's',
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    SourceAccount: '000000000000',
  }
  const { Statement: added } = await lambda.operations.AddPermission(
    { ...permission, Qualifier: 'live' },
    fake.state,
    call,
  )
  assert.match(added ?? '', /"Resource":"arn:aws:lambda:us-east-1:000000000000:function:f:live"/)
  const rule = 'arn:aws:events:us-east-1:000000000000:rule/r'
  const from = { mode: 'hand-over', principal: 'events.amazonaws.com', sourceArn: rule } as const
  const kinds = await Promise.all(
    [ARN, `${ARN}:1`, `${ARN}:live`].map(async (arn) => (await deliver(fake, { ...from, arn })).kind),
  )
  assert.deepEqual(kinds, ['refused', 'refused', 'accepted'])
  await lambda.operations.RemovePermission(
    { FunctionName: 'f', Qualifier: 'live', StatementId: 's' },
    fake.state,
    call,
  )
  assert.equal((await deliver(fake, { ...from, arn: `${ARN}:live` })).kind, 'refused')
})
