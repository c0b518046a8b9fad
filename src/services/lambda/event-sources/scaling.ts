/**
 * How many polls and batches one mapping has under way: the scaling law as a machine, `step(state, command, now)`. A slot
 * is a poll that waits or a batch that its messages became; a poll begins when a slot is free. Pure; the shell polls, runs
 * and tells what came of it.
 */
import { assert } from '#base/assert.ts'
import { type Instant, type Ms, later } from '#base/time.ts'
import { QUIET_MS, THROTTLE_HOLD_MS, TROUBLE_RETRY_MS } from '#services/lambda/event-sources/limits.ts'

export interface Scale {
  /** Pollers at the start and whenever messages come. */
  readonly start: number
  /** Pollers after a quiet minute. */
  readonly fewest: number
  readonly most: number
  /** Batches at once for each poller. */
  readonly invokesPerPoller: number
  /** Batches and polls at once, whatever the pollers. */
  readonly invokesMax: number
  /** So many more pollers for each such time of backlog. */
  readonly grow: number
  readonly growMs: Ms
  /** Of each poller; undefined is without a bound. */
  readonly pollsPerSecond: number | undefined
  readonly bytesPerSecond: number | undefined
  /** False when the function reports failures itself. */
  readonly backsOff: boolean
}

export type PollId = number

export interface Scaling {
  scale: Scale
  running: boolean
  pollers: number
  /** Polls under way by id, oldest first, with their beginning. */
  readonly polls: Map<PollId, Instant>
  batches: number
  /** Further polls of batches that are not full yet, by the id of their first, oldest first. */
  readonly gathers: Map<PollId, Instant>
  nextPoll: PollId
  /** When messages came last. */
  messagesAt: Instant
  /** Pollers were given up because nothing came. */
  quiet: boolean
  /** When it is looked at again whether there is backlog. */
  growAt: Instant | undefined
  /** No growth before. */
  heldUntil: Instant
  /** No polls before: they failed, or the function is gone. */
  pausedUntil: Instant
  troubles: number
  /** What provisioned pollers may still do at `allowedAt`. */
  pollsAllowed: number
  bytesAllowed: number
  allowedAt: Instant
  /** The alarm that was asked for. */
  wokenAt: Instant | undefined
}

export type BatchEnd = 'done' | 'failed'

export type ScalingCommand =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'configure'; readonly scale: Scale }
  /** The poll brought messages: it is a batch from now on. */
  | { readonly kind: 'received'; readonly poll: PollId; readonly bytes: number }
  /** The poll brought messages, and the filter kept none. */
  | { readonly kind: 'filtered'; readonly poll: PollId; readonly bytes: number }
  | { readonly kind: 'empty'; readonly poll: PollId }
  /** It was cut off by the shell. */
  | { readonly kind: 'ended'; readonly poll: PollId }
  /** It could not be asked, or must not. */
  | { readonly kind: 'trouble'; readonly poll: PollId }
  /** A batch polls for more, and has done so. */
  | { readonly kind: 'gather'; readonly batch: PollId }
  | { readonly kind: 'gathered'; readonly batch: PollId; readonly bytes: number }
  /** The function has no environment for a batch now. */
  | { readonly kind: 'throttled' }
  | { readonly kind: 'released'; readonly end: BatchEnd }
  /** `crowded`: batches of all mappings hold so much memory that there must not be more of them. */
  | { readonly kind: 'tick'; readonly crowded: boolean }

export type ScalingEffect =
  | { readonly kind: 'poll'; readonly poll: PollId }
  /** All polls under way. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'wakeAt'; readonly at: Instant }

export function newScaling(scale: Scale, now: Instant): Scaling {
  return {
    scale,
    running: false,
    pollers: scale.start,
    polls: new Map(),
    batches: 0,
    gathers: new Map(),
    nextPoll: 1,
    messagesAt: now,
    quiet: false,
    growAt: undefined,
    heldUntil: now,
    pausedUntil: now,
    troubles: 0,
    pollsAllowed: 0,
    bytesAllowed: 0,
    allowedAt: later(now, -1_000),
    wokenAt: undefined,
  }
}

/** Slots that are taken. */
export const inUse = (state: Scaling): number => state.polls.size + state.batches

export const slots = ({ scale, pollers }: Scaling): number =>
  Math.min(pollers * scale.invokesPerPoller, scale.invokesMax)

export function step(state: Scaling, command: ScalingCommand, now: Instant): ScalingEffect[] {
  const effects: ScalingEffect[] = []
  switch (command.kind) {
    case 'start':
      state.quiet = false
      state.running = true
      state.pollers = state.scale.start
      state.messagesAt = now
      break
    case 'stop':
      state.running = false
      effects.push({ kind: 'abort' })
      break
    case 'configure':
      state.scale = command.scale
      state.pollers = command.scale.start
      state.troubles = 0
      state.pausedUntil = now
      effects.push({ kind: 'abort' })
      break
    case 'gather':
      state.pollsAllowed--
      state.gathers.set(command.batch, now)
      break
    case 'gathered':
      state.gathers.delete(command.batch)
      if (command.bytes > 0) messagesCame(state, command.bytes, now)
      break
    case 'throttled':
      state.pollers = atLeastOne(state.pollers - 1)
      state.heldUntil = later(now, THROTTLE_HOLD_MS)
      break
    case 'released':
      assert(state.batches > 0, 'a batch is released once')
      state.batches--
      if (command.end === 'failed' && state.scale.backsOff) backOff(state)
      break
    case 'tick':
      state.wokenAt = undefined
      if (state.growAt !== undefined && state.growAt <= now) grow(state, now, command.crowded)
      break
    case 'received':
    case 'filtered':
    case 'empty':
    case 'ended':
    case 'trouble':
      pollOver(state, command, now)
      break
    default:
      command satisfies never
  }
  fill(state, effects, now)
  return effects
}

type PollCommand = Extract<ScalingCommand, { readonly poll: PollId }>

function pollOver(state: Scaling, command: PollCommand, now: Instant): void {
  assert(state.polls.delete(command.poll), 'a poll ends once')
  switch (command.kind) {
    case 'received':
      state.batches++
      messagesCame(state, command.bytes, now)
      break
    case 'filtered':
      messagesCame(state, command.bytes, now)
      break
    case 'empty':
      state.troubles = 0
      shrink(state, now)
      break
    case 'ended':
      break
    case 'trouble': {
      // All polls fail together: one of them counts.
      if (state.pausedUntil > now) break
      const { first, last } = TROUBLE_RETRY_MS
      state.pausedUntil = later(now, Math.min(last, first * 2 ** state.troubles))
      state.troubles = Math.min(state.troubles + 1, 16)
      break
    }
    default:
      command satisfies never
  }
}

function messagesCame(state: Scaling, bytes: number, now: Instant): void {
  const { scale } = state
  state.troubles = 0
  state.messagesAt = now
  // The usual number again.
  if (state.quiet) state.pollers = Math.max(state.pollers, scale.start)
  state.quiet = false
  state.bytesAllowed -= bytes
  state.growAt ??= later(now, scale.growMs)
}

const atLeastOne = (count: number): number => Math.max(1, count)

function backOff(state: Scaling): void {
  state.pollers = atLeastOne(Math.max(Math.min(state.pollers, state.scale.fewest), state.pollers >> 1))
}

/** An empty poll ends a poller: beyond the start at once, below only when it has been quiet. */
function shrink(state: Scaling, now: Instant): void {
  const { scale } = state
  const quiet = now - state.messagesAt >= QUIET_MS
  const floor = quiet ? scale.fewest : scale.start
  if (state.pollers <= floor) return
  state.pollers--
  state.quiet ||= state.pollers < scale.start
}

/** Backlog: every poll of the last while brought messages at once, or there was no slot for one. */
function grow(state: Scaling, now: Instant, crowded: boolean): void {
  const { scale } = state
  state.growAt = undefined
  const isFresh = (polls: ReadonlyMap<PollId, Instant>): boolean => {
    const oldest = polls.values().next().value
    return oldest === undefined || now - oldest < scale.growMs
  }
  if (state.batches === 0 || !isFresh(state.polls) || !isFresh(state.gathers)) return
  state.growAt = later(now, scale.growMs)
  if (crowded || now < state.heldUntil) return
  state.pollers = Math.min(scale.most, state.pollers + scale.grow)
}

/** Begins polls in the slots that are free, as far as the pollers may. */
function fill(state: Scaling, effects: ScalingEffect[], now: Instant): void {
  if (!state.running) return
  if (state.pausedUntil > now) return wake(state, effects, now)
  allow(state, now)
  const { scale } = state
  while (state.polls.size < state.pollers && inUse(state) < slots(state)) {
    if (scale.pollsPerSecond !== undefined && (state.pollsAllowed < 1 || state.bytesAllowed <= 0)) break
    state.pollsAllowed--
    const poll = state.nextPoll++
    state.polls.set(poll, now)
    effects.push({ kind: 'poll', poll })
  }
  wake(state, effects, now)
}

/** Refills what provisioned pollers may do; one second of it at most. */
function allow(state: Scaling, now: Instant): void {
  const { pollsPerSecond, bytesPerSecond } = state.scale
  if (pollsPerSecond === undefined || bytesPerSecond === undefined) return
  const passed = Math.max(0, now - state.allowedAt) / 1_000
  state.allowedAt = now
  const polls = pollsPerSecond * state.pollers
  const bytes = bytesPerSecond * state.pollers
  state.pollsAllowed = Math.min(polls, state.pollsAllowed + passed * polls)
  state.bytesAllowed = Math.min(bytes, state.bytesAllowed + passed * bytes)
}

/** When something is to be done though nothing happens. A quiet mapping needs no alarm. */
function wake(state: Scaling, effects: ScalingEffect[], now: Instant): void {
  const at = nextAt(state, now)
  if (at === undefined || (state.wokenAt !== undefined && state.wokenAt <= at)) return
  state.wokenAt = at
  effects.push({ kind: 'wakeAt', at })
}

function nextAt(state: Scaling, now: Instant): Instant | undefined {
  if (state.pausedUntil > now) return state.pausedUntil
  const isShort = state.polls.size < state.pollers && inUse(state) < slots(state)
  if (!isShort) return state.growAt
  const allowed = allowedAgain(state, now)
  return state.growAt === undefined || allowed < state.growAt ? allowed : state.growAt
}

function allowedAgain(state: Scaling, now: Instant): Instant {
  const { pollsPerSecond = 1, bytesPerSecond = 1 } = state.scale
  const polls = (1 - state.pollsAllowed) / (pollsPerSecond * state.pollers)
  const bytes = (1 - state.bytesAllowed) / (bytesPerSecond * state.pollers)
  return later(now, Math.max(1, Math.ceil(Math.max(polls, bytes) * 1_000)))
}
