/**
 * One extension's life as a table: what is not in it is refused. Pure; who causes the moves is `extensions.ts`.
 * Source: Lambda developer guide, Extensions API; states and their names of aws-lambda-runtime-interface-emulator.
 */
export type ExtensionState =
  /** Launched, or about to register. */
  | 'Started'
  | 'Registered'
  /** Has asked for its next event. */
  | 'Ready'
  /** Works on an event. */
  | 'Running'
  | 'InitError'
  | 'ExitError'

export type ExtensionMove = 'register' | 'next' | 'given' | 'init-error' | 'exit-error'

const TABLE = {
  Started: { register: 'Registered' },
  Registered: { next: 'Ready', 'init-error': 'InitError', 'exit-error': 'ExitError' },
  Ready: { given: 'Running', 'exit-error': 'ExitError' },
  Running: { next: 'Ready', 'exit-error': 'ExitError' },
  InitError: { 'init-error': 'InitError' },
  ExitError: { 'exit-error': 'ExitError' },
} as const satisfies Record<ExtensionState, Partial<Record<ExtensionMove, ExtensionState>>>

/** The next state, or undefined when that move is refused in this state. */
export function nextExtensionState(state: ExtensionState, move: ExtensionMove): ExtensionState | undefined {
  const row: Partial<Record<ExtensionMove, ExtensionState>> = TABLE[state]
  return row[move]
}

export type ExtensionEventType = 'INVOKE' | 'SHUTDOWN'

/** The events that it may ask for; internal ones are not told of the end. */
export function refusedEvent(event: unknown, external: boolean): string | undefined {
  if (event === 'INVOKE') return undefined
  if (event !== 'SHUTDOWN') return 'ErrorInvalidEventType'
  return external ? undefined : 'ShutdownEventNotSupportedForInternalExtension'
}
