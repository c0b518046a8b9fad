/**
 * The life cycle of one execution environment as a table: what is not in it is refused. Pure; who causes the
 * events is `environment-shell.ts`. Source: Lambda developer guide, Execution environment life cycle.
 *
 * When you add a state or an event, the matrix in the README and in `environment.test.ts` change with it.
 */
export type EnvironmentState =
  /** The sandbox is being made; no process yet. */
  | 'provisioning'
  /** The process runs the runtime's and the function's init. */
  | 'initializing'
  /** Waits for an invoke; frozen after a moment. */
  | 'idle'
  | 'invoking'
  /** The process has ended or is being ended; `/tmp` stays, and the next invoke runs init again inside itself. */
  | 'resetting'
  | 'shutting-down'
  | 'gone'

export type EnvironmentEvent =
  /** The process exists. */
  | 'started'
  /** The runtime asks for work: init is over, or the invoke is. */
  | 'ready'
  /** An invoke is handed to it. */
  | 'dispatched'
  /** Init or invoke broke: reported error, crash, timeout, out of memory. */
  | 'failed'
  /** The pool wants to be rid of it. */
  | 'retired'
  /** Nothing is left of it. */
  | 'removed'

export const ENVIRONMENT_STATES: readonly EnvironmentState[] = [
  'provisioning',
  'initializing',
  'idle',
  'invoking',
  'resetting',
  'shutting-down',
  'gone',
]
export const ENVIRONMENT_EVENTS: readonly EnvironmentEvent[] = [
  'started',
  'ready',
  'dispatched',
  'failed',
  'retired',
  'removed',
]

const TABLE = {
  provisioning: { started: 'initializing', failed: 'shutting-down', retired: 'shutting-down' },
  initializing: { ready: 'idle', failed: 'resetting', retired: 'shutting-down' },
  idle: { dispatched: 'invoking', failed: 'resetting', retired: 'shutting-down' },
  invoking: { ready: 'idle', failed: 'resetting', retired: 'shutting-down' },
  resetting: { dispatched: 'invoking', failed: 'resetting', retired: 'shutting-down' },
  'shutting-down': { removed: 'gone' },
  gone: {},
} as const satisfies Record<EnvironmentState, Partial<Record<EnvironmentEvent, EnvironmentState>>>

/** The next state, or undefined when that event is refused in this state. */
export function nextState(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState | undefined {
  const row: Partial<Record<EnvironmentEvent, EnvironmentState>> = TABLE[state]
  return row[event]
}

/** True when an invoke may be handed to an environment in this state. */
export const isAvailable = (state: EnvironmentState): boolean => nextState(state, 'dispatched') !== undefined
