/** Asynchronous invokes of the function `f` of `fake-invoke.ts`, for their tests: sent, run, and sent on to receivers. */
import assert from 'node:assert/strict'
import { text, utf8 } from '#base/bytes.ts'
import type { FunctionEventInvokeConfig, PutFunctionEventInvokeConfigRequest } from '#model/lambda.ts'
import { type FakeLambda, FakeSpan, fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import type { FakeSandbox } from '#services/lambda/fake-sandboxes.ts'
import { lambda, resumeLambda } from '#services/lambda/index.ts'

const { operations } = lambda
export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'
export const SETTLED = 200

export async function send(fake: FakeLambda, payload = '{"n":1}', span = new FakeSpan()): Promise<string> {
  const call = { ...fakeCall(), span }
  const answer = await operations.Invoke(
    { FunctionName: 'f', InvocationType: 'Event', Payload: utf8(payload) },
    fake.state,
    call,
  )
  assert.equal(answer.StatusCode, 202)
  await turns(SETTLED)
  return call.requestId
}

export async function configure(
  fake: FakeLambda,
  config: Partial<PutFunctionEventInvokeConfigRequest>,
): Promise<FunctionEventInvokeConfig> {
  return await operations.PutFunctionEventInvokeConfig(
    { FunctionName: 'f', ...config },
    fake.state,
    fakeCall(),
  )
}

export const reserve = (fake: FakeLambda, count: number): unknown =>
  operations.PutFunctionConcurrency(
    { FunctionName: 'f', ReservedConcurrentExecutions: count },
    fake.state,
    fakeCall(),
  )

export async function fail(sandbox: FakeSandbox, message = 'm'): Promise<void> {
  sandbox.fail(JSON.stringify({ errorMessage: message, errorType: 'E' }))
  sandbox.next()
  await turns(SETTLED)
}

export async function work(sandbox: FakeSandbox, answer = '"done"'): Promise<void> {
  sandbox.work(answer)
  await turns(SETTLED)
}

export async function pass(fake: FakeLambda, ms: number): Promise<void> {
  fake.clock.advance(ms)
  await turns(SETTLED)
}

export const told = (fake: FakeLambda, at = 0): unknown =>
  JSON.parse(text(fake.deliveries[at]?.payload ?? new Uint8Array()))

export const bodyOf = (sandbox: FakeSandbox): string => {
  const body = sandbox.event?.body ?? ''
  return typeof body === 'string' ? body : text(body)
}

/** Another process on the same files. */
export async function restarted(fake: FakeLambda): Promise<FakeLambda> {
  const next = fakeLambda(fake.stores)
  for (const folder of fake.sandboxes.folders) next.sandboxes.folders.add(folder)
  await resumeLambda(next.state)
  await turns(SETTLED)
  return next
}
