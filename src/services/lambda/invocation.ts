/**
 * One invoke: what it brings, what it becomes, and the payloads that Lambda itself answers when a function ends
 * without an answer. Pure. Source: recorded AWS answers; the emulator's error types where named.
 */
import { type Bytes, utf8 } from '#base/bytes.ts'
import type { Fault } from '#base/fault.ts'
import type { Instant, Ms } from '#base/time.ts'
import type { SandboxExit } from '#ports/sandboxes.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { ThrottleReason } from '#services/lambda/faults.ts'
import type { Received } from '#services/lambda/streaming/receive.ts'
import { RESPONSE_BYTES } from '#services/lambda/limits.ts'
import type { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

export type InvokeResult =
  | {
      readonly kind: 'answered'
      readonly payload: Bytes
      /** AWS answers `Unhandled` for every function error. */
      readonly functionError: 'Unhandled' | undefined
      /** START, output, END and REPORT, the last 4 KB; only when asked for. */
      readonly logTail: string | undefined
      /** Which was run: `$LATEST` or a number. */
      readonly version: string
    }
  | { readonly kind: 'throttled'; readonly reason: ThrottleReason }
  | { readonly kind: 'refused'; readonly fault: Fault }

export interface Invocation {
  readonly requestId: string
  /** As the caller spelled it: with a qualifier only when one was given. */
  readonly invokedArn: string
  readonly payload: Bytes
  /** JSON text. */
  readonly clientContext: string | undefined
  readonly span: SpanScope
  /** `Clock.elapsed()` when it came. */
  readonly arrivedAt: Ms
  /** `Clock.now()` when it came. */
  readonly at: Instant
  readonly tail: boolean
  /** Size of an asynchronous event, for its bill; undefined for synchronous invokes. */
  readonly eventBytes: number | undefined
  /** What the run passes on as X-Amzn-Trace-Id. */
  readonly trace: string
  /** Called when an environment has it. */
  readonly begun?: (() => void) | undefined
  /** Of callers that take a response while it comes: called when one begins to; `answer` follows at its end. */
  readonly streams?: ((stream: ResponseStream) => void) | undefined
  /** Called exactly once. */
  answer(result: InvokeResult): void
}

/** What a function's run came to before it is told to the caller. */
export interface Outcome {
  readonly payload: Bytes
  readonly functionError: 'Unhandled' | undefined
}

const platformError = (errorType: string, errorMessage: string): Outcome => ({
  payload: utf8(JSON.stringify({ errorType, errorMessage })),
  functionError: 'Unhandled',
})

/** Source: recorded AWS answer. The seconds are the configured timeout, also when it was init that took too long. */
export const timedOut = (requestId: string, timeoutMs: Ms): Outcome =>
  platformError(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds`,
  )

/** Source: aws-lambda-runtime-interface-emulator for the type; the text is ours. */
export const truncated = (requestId: string): Outcome =>
  platformError('Runtime.TruncatedResponse', `RequestId: ${requestId} Error: The response was truncated`)

/** Source: recorded AWS answer; here the message stands first. */
export const answerTooLarge = (limitBytes: number = RESPONSE_BYTES): Outcome => ({
  payload: utf8(
    JSON.stringify({
      errorMessage: `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
      errorType: 'Function.ResponseSizeTooLarge',
    }),
  ),
  functionError: 'Unhandled',
})

/** Signals as the Go runtime of Lambda's own supervisor prints them. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
}

/** How the runtime's process ended, in Lambda's words. Source: recorded AWS answers for status 0 and 127. */
export function exitText(exit: SandboxExit): string {
  if (exit.oomKilled) return 'Runtime exited with error: signal: killed'
  if (exit.signal !== null)
    return `Runtime exited with error: signal: ${SIGNALS[exit.signal] ?? exit.signal.toLowerCase()}`
  return exit.code === null || exit.code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${exit.code}`
}

/** Source: the error types of aws-lambda-runtime-interface-emulator. */
export const exitType = (exit: SandboxExit): string =>
  exit.oomKilled ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'

export const exited = (requestId: string, exit: SandboxExit): Outcome =>
  platformError(exitType(exit), `RequestId: ${requestId} Error: ${exitText(exit)}`)

/** What stands in the log between START and END when the process has ended. */
export const exitLogText = (requestId: string, exit: SandboxExit): string =>
  `RequestId: ${requestId} Error: ${exitText(exit)}\n${exitType(exit)}\n`

/** What a response in streaming mode came to; undefined when it broke off. */
export function streamOutcome(received: Received): Outcome | undefined {
  if (received.kind === 'broken') return undefined
  if (received.kind === 'too-large') return answerTooLarge(received.limitBytes)
  const { failure, payload } = received
  return failure === undefined
    ? { payload, functionError: undefined }
    : { payload: failure.body, functionError: 'Unhandled' }
}
