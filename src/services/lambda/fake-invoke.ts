/** Invokes against the fakes: one function `f`, calls and what they answer. For Lambda's own tests. */
import { fromBase64, text, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { CreateFunctionRequest, InvocationRequest } from '#model/lambda.ts'
import {
  type FakeLambda,
  type FakeSpan,
  fakeCall,
  fakeLambda,
  faultOf,
  turns,
} from '#services/lambda/fake-platform.ts'
import type { FakeSandbox } from '#services/lambda/fake-sandboxes.ts'
import { lambda } from '#services/lambda/index.ts'
import type { LambdaSettings } from '#services/lambda/limits.ts'

export const ROLE = 'arn:aws:iam::000000000000:role/r'
const { operations } = lambda

export interface Options {
  readonly settings?: Partial<LambdaSettings>
  readonly timeout?: number
  readonly memory?: number
}

export async function world(options: Options = {}): Promise<FakeLambda> {
  const fake = fakeLambda(memoryStores(), options.settings)
  await operations.CreateFunction(
    {
      FunctionName: 'f',
      Role: ROLE,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: utf8('zip') },
      Timeout: options.timeout ?? 3,
      MemorySize: options.memory ?? 128,
    },
    fake.state,
    fakeCall(),
  )
  await turns()
  return fake
}

export interface Pending {
  readonly answer: ReturnType<typeof settle>
  readonly span: FakeSpan
  readonly requestId: string
}

async function settle(
  answer: unknown,
): Promise<{ payload: string; error: string | undefined; tail: string }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const out = (await answer) as { Payload?: Uint8Array; FunctionError?: string; LogResult?: string }
  return {
    payload: text(out.Payload ?? new Uint8Array(0)),
    error: out.FunctionError,
    tail: text(fromBase64(out.LogResult ?? '') ?? new Uint8Array(0)),
  }
}

export function invoke(fake: FakeLambda, input: Partial<InvocationRequest> = {}): Pending {
  const call = fakeCall()
  const answer = settle(operations.Invoke({ FunctionName: 'f', ...input }, fake.state, call))
  return { answer, span: call.span, requestId: call.requestId }
}

/** An invoke that came to a sandbox: started, initialised in `initMs`, and handed over. */
export async function cold(fake: FakeLambda, initMs = 40): Promise<Pending & { sandbox: FakeSandbox }> {
  const pending = invoke(fake, { LogType: 'Tail' })
  await turns()
  const sandbox = fake.sandboxes.last()
  fake.clock.advance(5)
  sandbox.started()
  fake.clock.advance(initMs)
  sandbox.next()
  return { ...pending, sandbox }
}

export async function warm(fake: FakeLambda): Promise<FakeSandbox> {
  const first = await cold(fake)
  fake.clock.advance(2)
  first.sandbox.work()
  await first.answer
  return first.sandbox
}

/** Everything that was written to the function's log, as one text. */
export async function logged(fake: FakeLambda): Promise<string> {
  fake.clock.advance(25)
  await turns(60)
  return (
    fake.calls
      .filter(({ name }) => name === 'logs:PutLogEvents')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      .flatMap(({ input }) => (input as { logEvents: { message: string }[] }).logEvents)
      .map(({ message }) => message)
      .join('')
  )
}

/** How the log of `fakeLambda`'s Node function begins, up to the hash. */
export const INIT_START =
  'INIT_START Runtime Version: nodejs22.x:v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:'

export const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'

export const input = (more: Partial<CreateFunctionRequest> = {}): CreateFunctionRequest => ({
  FunctionName: 'f',
  Role: ROLE,
  Runtime: 'nodejs22.x',
  Handler: 'index.handler',
  Code: { ZipFile: utf8('zip') },
  ...more,
})

export const create = (fake: FakeLambda, more: Partial<CreateFunctionRequest> = {}): unknown =>
  operations.CreateFunction(input(more), fake.state, fakeCall())

export async function withFunction(more: Partial<CreateFunctionRequest> = {}): Promise<FakeLambda> {
  const fake = fakeLambda(memoryStores())
  await create(fake, more)
  await turns()
  return fake
}

/** A refused call in one line: status, code and text. */
export async function refusal(answer: unknown): Promise<string> {
  const { code, message, status } = await faultOf(answer)
  return `${status} ${code}: ${message}`
}
