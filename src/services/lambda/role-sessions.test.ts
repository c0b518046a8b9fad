/** Credentials of functions: a role's session, shared while enough of it is left, and told when it cannot be had. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { hours, minutes } from '#base/time.ts'
import { ROLE, cold, invoke, warm, withFunction, world } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, turns } from '#services/lambda/fake-platform.ts'

const asked = (fake: FakeLambda): unknown[] =>
  fake.calls.filter(({ name }) => name === 'sts:AssumeRole').map(({ input }) => input)

test('a function finds credentials of its role\u2019s session, named after it, in its environment', async () => {
  const fake = await world()
  const { sandbox } = await cold(fake)
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = sandbox.spec.environment
  assert.deepEqual(
    [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN],
    ['ASIAFAKE', 'secret', 'token'],
  )
  // Names of one character are padded: a session's name has two.
  assert.deepEqual(asked(fake), [{ RoleArn: ROLE, RoleSessionName: 'f-', DurationSeconds: 43_200 }])
})

test('a role of another account stands for its namesake in the function\u2019s own', async () => {
  const fake = await withFunction({ FunctionName: 'other', Role: 'arn:aws:iam::123456789012:role/p/r' })
  assert.deepEqual(asked(fake), [
    {
      RoleArn: 'arn:aws:iam::000000000000:role/p/r',
      RoleSessionName: 'other',
      DurationSeconds: 43_200,
    },
  ])
})

test('environments share a session until it would not outlive another one', async () => {
  const fake = await world()
  await warm(fake)
  void invoke(fake)
  void invoke(fake)
  await turns()
  assert.equal(asked(fake).length, 1)
  fake.clock.advance(hours(12) - hours(2) - minutes(16) + 1)
  await cold(fake)
  assert.equal(asked(fake).length, 2)
})

test('no environment outlives its credentials, however old the platform lets them be', async () => {
  const fake = await world({ settings: { ageMs: hours(24), idleMs: hours(24) } })
  const first = await warm(fake)
  fake.clock.advance(hours(11) - minutes(1))
  void invoke(fake)
  await turns()
  first.work()
  assert.equal(fake.sandboxes.started.length, 1)
  fake.clock.advance(minutes(2))
  await cold(fake)
  assert.equal(fake.sandboxes.started.length, 2)
  assert.ok(first.calls.includes('destroy'))
})

test('a role that cannot be assumed is told to the caller, and asked for again by the next', async () => {
  const fake = await world()
  fake.clock.advance(hours(11))
  const granted = fake.answers['sts:AssumeRole'] ?? (() => ({}))
  fake.answers['sts:AssumeRole'] = () => {
    throw new Fault('AccessDenied', 'no')
  }
  const refused = assert.rejects(invoke(fake).answer, /cannot be assumed by Lambda. \(AccessDenied: no\)/)
  await turns()
  await refused
  assert.deepEqual(fake.warnings, ['lambda.environment.not-started'])
  fake.answers['sts:AssumeRole'] = granted
  const { sandbox, answer } = await cold(fake)
  sandbox.work('1')
  assert.equal((await answer).payload, '1')
})
