/**
 * Lambda's internal queue of asynchronous events, as a machine: which event is tried when, and what follows an attempt.
 * Pure; bodies are on disk and unknown here, an event is a few numbers. Running and writing is `shell.ts`.
 *
 * A lane is one function. It hands on what is due, oldest first, but lets few events wait for an environment at once, and
 * after a throttle no more run than ran then; once a second it tries a few more. So a backlog is not throttled event by
 * event, and an event that was throttled does not wait for minutes among others that were not.
 * Source of retries and times: Lambda developer guide, Asynchronous invocation; the lanes' pace is ours (AWS says only
 * that it reads more slowly then).
 */
import { present } from '#base/assert.ts'
import { Heap } from '#base/heap.ts'
import { type Instant, type Ms, later } from '#base/time.ts'
import {
  EVENT_BYTES_RUNNING_MAX,
  EVENT_HANDED_MAX,
  EVENT_PAUSE_MS,
  EVENT_RETRY_MS,
  EVENT_ROOM_GROWTH,
  EVENT_THROTTLE_MS,
} from '#services/lambda/limits.ts'

/** One event; what it carries is found by its sequence number. */
export interface QueuedEvent {
  readonly sequence: number
  /** The key of its function. */
  readonly lane: string
  readonly sizeBytes: number
  /** When it was accepted: its age counts from here. */
  readonly firstAt: Instant
  nextAt: Instant
  /** Runs that ended in a function error. */
  failures: number
  /** Throttles and system errors since the last run: they take no retry. */
  throttles: number
}

export type AttemptOutcome =
  | 'success'
  | 'function-error'
  | 'throttled'
  /** A system error: the platform's, or a function that cannot run now. */
  | 'trouble'
  /** It was too old before it was tried. */
  | 'expired'
  | 'zero-reserved'
  | 'recursive'
  /** Its function is not there any more. */
  | 'gone'

/** How an event ended, in the words of its invocation record. `RecursiveInvocation` is inferred; `Gone` is told to nobody. */
export type Condition =
  | 'Success'
  | 'RetriesExhausted'
  | 'EventAgeExceeded'
  | 'ZeroReservedConcurrency'
  | 'RecursiveInvocation'
  | 'Gone'

/** What the function's configuration says at the time of the attempt. */
export interface EventRules {
  readonly retriesMax: number
  readonly ageMaxMs: Ms
}

interface Lane {
  readonly name: string
  readonly waiting: Heap<QueuedEvent>
  /** Handed to the function's environments and not begun in one. */
  handed: number
  /** Handed or begun. */
  active: number
  /** How many may be active; without a bound until a throttle shows one. */
  room: number
  /** When more room may be tried. */
  growAt: Instant | undefined
  /** Nothing is handed on before. */
  resumeAt: Instant | undefined
}

interface Attempt {
  readonly event: QueuedEvent
  begun: boolean
}

export interface EventQueue {
  readonly lanes: Map<string, Lane>
  readonly running: Map<number, Attempt>
  /** Lanes that wait for bytes. */
  readonly starved: Set<Lane>
  runningBytes: number
  /** Events that wait or run, and their bytes. */
  size: number
  bytes: number
  wakeAt: Instant | undefined
}

export type EventCommand =
  /** It is on disk. */
  | { readonly kind: 'add'; readonly event: QueuedEvent }
  /** An environment has it. */
  | { readonly kind: 'begun'; readonly sequence: number }
  | {
      readonly kind: 'ended'
      readonly sequence: number
      readonly outcome: AttemptOutcome
      readonly rules: EventRules
    }
  | { readonly kind: 'tick' }

export type EventEffect =
  | { readonly kind: 'attempt'; readonly event: QueuedEvent }
  /** Its run failed and another follows: that must outlive a crash. */
  | { readonly kind: 'keep'; readonly event: QueuedEvent }
  /** It is over: told to its destination, and forgotten. */
  | { readonly kind: 'finish'; readonly event: QueuedEvent; readonly condition: Condition }
  | { readonly kind: 'wakeAt'; readonly at: Instant }

export const newEventQueue = (): EventQueue => ({
  lanes: new Map(),
  running: new Map(),
  starved: new Set(),
  runningBytes: 0,
  size: 0,
  bytes: 0,
  wakeAt: undefined,
})

/** One turn of the queue. */
export function step(queue: EventQueue, command: EventCommand, now: Instant): EventEffect[] {
  const effects: EventEffect[] = []
  switch (command.kind) {
    case 'add': {
      const lane = laneOf(queue, command.event.lane)
      lane.waiting.push(command.event)
      queue.size++
      queue.bytes += command.event.sizeBytes
      serve(queue, lane, now, effects)
      break
    }
    case 'begun': {
      const attempt = queue.running.get(command.sequence)
      if (attempt === undefined || attempt.begun) break
      attempt.begun = true
      const lane = laneOf(queue, attempt.event.lane)
      lane.handed--
      serve(queue, lane, now, effects)
      break
    }
    case 'ended':
      ended(queue, command, now, effects)
      break
    case 'tick':
      queue.wakeAt = undefined
      for (const lane of queue.lanes.values()) serve(queue, lane, now, effects)
      break
    default:
      command satisfies never
  }
  return effects
}

function laneOf(queue: EventQueue, name: string): Lane {
  const known = queue.lanes.get(name)
  if (known !== undefined) return known
  const made: Lane = {
    name,
    waiting: new Heap<QueuedEvent>((a, b) => a.nextAt - b.nextAt || a.sequence - b.sequence),
    handed: 0,
    active: 0,
    room: Number.POSITIVE_INFINITY,
    growAt: undefined,
    resumeAt: undefined,
  }
  queue.lanes.set(name, made)
  return made
}

/** Hands on what is due, as much as the lane and the memory allow. */
function serve(queue: EventQueue, lane: Lane, now: Instant, effects: EventEffect[]): void {
  queue.starved.delete(lane)
  for (let event = lane.waiting.peek(); event !== undefined; event = lane.waiting.peek()) {
    const from = lane.resumeAt === undefined || event.nextAt > lane.resumeAt ? event.nextAt : lane.resumeAt
    if (from > now) {
      wake(queue, from, effects)
      return
    }
    lane.resumeAt = undefined
    if (lane.handed >= EVENT_HANDED_MAX || lane.active + 1 > lane.room) return
    if (queue.runningBytes > 0 && queue.runningBytes + event.sizeBytes > EVENT_BYTES_RUNNING_MAX) {
      queue.starved.add(lane)
      return
    }
    lane.waiting.pop()
    lane.handed++
    lane.active++
    queue.runningBytes += event.sizeBytes
    queue.running.set(event.sequence, { event, begun: false })
    effects.push({ kind: 'attempt', event })
  }
  // Drained: a lane that comes back later begins anew.
  if (lane.active === 0) queue.lanes.delete(lane.name)
}

function wake(queue: EventQueue, at: Instant, effects: EventEffect[]): void {
  if (queue.wakeAt !== undefined && queue.wakeAt <= at) return
  queue.wakeAt = at
  effects.push({ kind: 'wakeAt', at })
}

function ended(
  queue: EventQueue,
  command: EventCommand & { readonly kind: 'ended' },
  now: Instant,
  effects: EventEffect[],
): void {
  const { event, begun } = present(queue.running.get(command.sequence), 'an attempt ends once')
  queue.running.delete(command.sequence)
  const lane = laneOf(queue, event.lane)
  lane.active--
  if (!begun) lane.handed--
  queue.runningBytes -= event.sizeBytes
  pace(lane, command.outcome, now)
  if (command.outcome === 'function-error') event.failures++
  const next = follows(event, command.outcome, command.rules, now)
  if (next.kind === 'finish') {
    queue.size--
    queue.bytes -= event.sizeBytes
    effects.push({ kind: 'finish', event, condition: next.condition })
  } else {
    Object.assign(event, next.progress)
    if (command.outcome === 'function-error') effects.push({ kind: 'keep', event })
    lane.waiting.push(event)
  }
  serve(queue, lane, now, effects)
  const starved = [...queue.starved]
  queue.starved.clear()
  for (const each of starved) serve(queue, each, now, effects)
}

function pace(lane: Lane, outcome: AttemptOutcome, now: Instant): void {
  if (outcome === 'throttled' || outcome === 'trouble') {
    lane.room = Math.max(1, lane.active)
    lane.growAt = later(now, EVENT_PAUSE_MS)
    if (lane.active === 0) lane.resumeAt = lane.growAt
  } else if (lane.growAt !== undefined && now >= lane.growAt && lane.active + 1 >= lane.room) {
    lane.room += Math.max(1, Math.floor(lane.room * EVENT_ROOM_GROWTH))
    lane.growAt = later(now, EVENT_PAUSE_MS)
  }
}

export type Next =
  | { readonly kind: 'finish'; readonly condition: Condition }
  | { readonly kind: 'again'; readonly progress: Pick<QueuedEvent, 'nextAt' | 'throttles'> }

const finish = (condition: Condition): Next => ({ kind: 'finish', condition })

/**
 * What follows an attempt that ended so; a function error is among the event's failures already. A retry that would come when the event is too old is not waited for.
 * Source: Lambda developer guide, Asynchronous invocation; recorded AWS answers for a maximum age of 60 and 90 s.
 */
export function follows(event: QueuedEvent, outcome: AttemptOutcome, rules: EventRules, now: Instant): Next {
  const expiresAt = later(event.firstAt, rules.ageMaxMs)
  switch (outcome) {
    case 'success':
      return finish('Success')
    case 'gone':
      return finish('Gone')
    case 'expired':
      return finish('EventAgeExceeded')
    case 'zero-reserved':
      return finish('ZeroReservedConcurrency')
    case 'recursive':
      return finish('RecursiveInvocation')
    case 'function-error': {
      const waitMs = EVENT_RETRY_MS[event.failures - 1]
      if (event.failures > rules.retriesMax || waitMs === undefined) return finish('RetriesExhausted')
      const nextAt = later(now, waitMs)
      return nextAt >= expiresAt
        ? finish('EventAgeExceeded')
        : { kind: 'again', progress: { nextAt, throttles: 0 } }
    }
    case 'throttled':
    case 'trouble': {
      if (now >= expiresAt) return finish('EventAgeExceeded')
      const { first, last } = EVENT_THROTTLE_MS
      const nextAt = later(now, Math.min(last, first * 2 ** Math.min(20, event.throttles)))
      return {
        kind: 'again',
        progress: { nextAt: nextAt < expiresAt ? nextAt : expiresAt, throttles: event.throttles + 1 },
      }
    }
    default:
      return outcome satisfies never
  }
}
