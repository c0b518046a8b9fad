/**
 * What ended an environment's process tree before its time: the runtime or an extension, and how that is told in the
 * log, in REPORT and to the caller. Pure. Source: recorded AWS answers for the runtime; error types of
 * aws-lambda-runtime-interface-emulator and texts as AWS's log shows them for extensions.
 */
import { utf8 } from '#base/bytes.ts'
import type { SandboxExit } from '#ports/sandboxes.ts'
import type { ShownExtension } from '#services/lambda/extensions/extensions.ts'
import * as invocations from '#services/lambda/invocation.ts'
import type { Outcome } from '#services/lambda/invocation.ts'

export interface ProcessFailure {
  readonly errorType: string
  /** What stands in the log between START and END. */
  readonly logText: (requestId: string) => string | undefined
  readonly outcome: (requestId: string) => Outcome
}

/** The runtime has ended; `initError` is what it said before. */
export const runtimeFailure = (
  exit: SandboxExit,
  initError: { readonly errorType: string; readonly body: Uint8Array } | undefined,
): ProcessFailure => ({
  errorType: initError?.errorType ?? invocations.exitType(exit),
  logText: (requestId) => (initError === undefined ? invocations.exitLogText(requestId, exit) : undefined),
  outcome: (requestId) =>
    initError === undefined
      ? invocations.exited(requestId, exit)
      : { payload: initError.body, functionError: 'Unhandled' },
})

/** An extension has ended, after it said why or without a word. */
export function extensionFailure(exit: SandboxExit, extension: ShownExtension): ProcessFailure {
  const errorType = typeOf(exit, extension)
  const text = exit.code === 0 ? 'exit code 0' : invocations.exitText(exit).replace(/^.*error: /, '')
  const message = (requestId: string): string => `RequestId: ${requestId} Error: ${text}`
  return {
    errorType,
    logText: (requestId) => `${message(requestId)}\n${errorType}\n`,
    outcome: (requestId) => ({
      payload: utf8(JSON.stringify({ errorType, errorMessage: message(requestId) })),
      functionError: 'Unhandled',
    }),
  }
}

/** Statuses by which shells say that a program could not be run. */
const NOT_RUN = new Set<number | null>([126, 127])

function typeOf(exit: SandboxExit, { state }: ShownExtension): string {
  if (state === 'InitError') return 'Extension.InitError'
  if (state === 'ExitError') return 'Extension.ExitError'
  return state === 'Started' && NOT_RUN.has(exit.code) ? 'Extension.LaunchError' : 'Extension.Crash'
}
