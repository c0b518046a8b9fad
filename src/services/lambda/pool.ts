/**
 * Which environment serves which invoke: the pure core of one account in one region. It decides reuse (newest idle
 * first), starts, throttles and retirements from its state and now; it starts nothing itself (`fleet.ts` does).
 *
 * An invoke is not bound to the environment that was started for it: whichever is free first takes the oldest
 * waiter (inferred: AWS says only that environments may be made ahead of a request).
 * Source of the laws: Lambda developer guide, Scaling behaviour and Reserved concurrency.
 */
import { type Instant, type Ms, later } from '#base/time.ts'
import { present } from '#base/assert.ts'
import type { ThrottleReason } from '#services/lambda/faults.ts'
import {
  type LambdaSettings,
  REQUESTS_PER_CONCURRENCY,
  SCALE_BURST,
  SCALE_PER_SECOND,
} from '#services/lambda/limits.ts'

/** One invoke that wants an environment. */
export type Ticket = number
/** The pool's own number of an environment, never used twice. */
export type Slot = number

/** Both times of a step: limits on idle time and age follow `now`, rates follow `elapsed`, which nothing moves. */
export interface Moment {
  readonly now: Instant
  readonly elapsed: Ms
}

interface Bucket {
  level: number
  at: Ms
}

interface Environment {
  readonly of: FunctionPool
  readonly generation: number
  readonly createdAt: Instant
  state: 'starting' | 'idle' | 'busy'
  idleSince: Instant
}

interface FunctionPool {
  readonly name: string
  generation: number
  reserved: number | undefined
  removed: boolean
  /** Newest last. */
  readonly idle: Slot[]
  readonly waiting: Ticket[]
  starting: number
  busy: number
  readonly scale: Bucket
  readonly rate: Bucket
}

export interface Pool {
  readonly settings: LambdaSettings
  readonly functions: Map<string, FunctionPool>
  readonly environments: Map<Slot, Environment>
  readonly rate: Bucket
  nextSlot: Slot
  reservedTotal: number
  /** Invokes under way or waiting, of functions without a reservation. */
  unreservedInUse: number
  wakeAt: Instant | undefined
}

export type PoolCommand =
  /** New code or configuration (another generation), or another reservation. */
  | {
      readonly kind: 'configure'
      readonly name: string
      readonly generation: number
      readonly reserved: number | undefined
    }
  /** Another reservation, also of a function that has not run yet. */
  | { readonly kind: 'reserve'; readonly name: string; readonly reserved: number | undefined }
  | { readonly kind: 'remove'; readonly name: string }
  /** `paced` invokes count against the request rate: synchronous ones. */
  | { readonly kind: 'arrive'; readonly name: string; readonly ticket: Ticket; readonly paced: boolean }
  /** Init or invoke is over; the environment takes work. */
  | { readonly kind: 'ready'; readonly slot: Slot }
  /** It has ended without being asked to. */
  | { readonly kind: 'gone'; readonly slot: Slot }
  | { readonly kind: 'tick' }

export type PoolEffect =
  | { readonly kind: 'dispatch'; readonly ticket: Ticket; readonly slot: Slot }
  | { readonly kind: 'start'; readonly name: string; readonly slot: Slot }
  | { readonly kind: 'throttle'; readonly ticket: Ticket; readonly reason: ThrottleReason }
  /** No environment will come for it: the start failed, or the function is gone. */
  | { readonly kind: 'fail'; readonly ticket: Ticket; readonly because: 'start' | 'removed' }
  | { readonly kind: 'retire'; readonly slot: Slot }
  /** Tick no later than this. */
  | { readonly kind: 'wakeAt'; readonly at: Instant }

export function newPool(settings: LambdaSettings): Pool {
  return {
    settings,
    functions: new Map(),
    environments: new Map(),
    rate: { level: Number.POSITIVE_INFINITY, at: 0 },
    nextSlot: 1,
    reservedTotal: 0,
    unreservedInUse: 0,
    wakeAt: undefined,
  }
}

/** Concurrency that functions without a reservation share. */
export const unreservedLimit = (pool: Pool): number => pool.settings.accountConcurrency - pool.reservedTotal

/** One turn of the pool. */
export function step(pool: Pool, command: PoolCommand, at: Moment): PoolEffect[] {
  const effects: PoolEffect[] = []
  switch (command.kind) {
    case 'arrive':
      arrive(pool, command, at, effects)
      break
    case 'ready':
      ready(pool, command.slot, at, effects)
      break
    case 'gone':
      gone(pool, command.slot, effects)
      break
    case 'configure':
      configure(pool, command, effects)
      break
    case 'reserve': {
      const generation = pool.functions.get(command.name)?.generation ?? 0
      configure(pool, { ...command, kind: 'configure', generation }, effects)
      break
    }
    case 'remove':
      remove(pool, command.name, effects)
      break
    case 'tick':
      tick(pool, at, effects)
      break
    default:
      command satisfies never
  }
  return effects
}

function take(bucket: Bucket, capacity: number, perSecond: number, elapsed: Ms): boolean {
  bucket.level = Math.min(capacity, bucket.level + ((elapsed - bucket.at) * perSecond) / 1_000)
  bucket.at = elapsed
  if (bucket.level < 1) return false
  bucket.level -= 1
  return true
}

function configure(
  pool: Pool,
  command: PoolCommand & { readonly kind: 'configure' },
  effects: PoolEffect[],
): void {
  const known = pool.functions.get(command.name)
  if (known === undefined) {
    pool.functions.set(command.name, {
      name: command.name,
      generation: command.generation,
      reserved: command.reserved,
      removed: false,
      idle: [],
      waiting: [],
      starting: 0,
      busy: 0,
      scale: { level: Number.POSITIVE_INFINITY, at: 0 },
      rate: { level: Number.POSITIVE_INFINITY, at: 0 },
    })
  } else {
    known.reserved = command.reserved
    if (known.generation !== command.generation) {
      known.generation = command.generation
      retireIdle(pool, known, effects)
    }
  }
  recount(pool)
}

function recount(pool: Pool): void {
  pool.reservedTotal = 0
  pool.unreservedInUse = 0
  for (const each of pool.functions.values()) {
    if (each.reserved === undefined) pool.unreservedInUse += each.busy + each.waiting.length
    else pool.reservedTotal += each.reserved
  }
}

function retireIdle(pool: Pool, of: FunctionPool, effects: PoolEffect[]): void {
  for (const slot of of.idle) retire(pool, slot, effects)
  of.idle.length = 0
}

function retire(pool: Pool, slot: Slot, effects: PoolEffect[]): void {
  pool.environments.delete(slot)
  effects.push({ kind: 'retire', slot })
}

function remove(pool: Pool, name: string, effects: PoolEffect[]): void {
  const of = pool.functions.get(name)
  if (of === undefined) return
  retireIdle(pool, of, effects)
  for (const ticket of of.waiting) effects.push({ kind: 'fail', ticket, because: 'removed' })
  of.waiting.length = 0
  of.removed = true
  pool.functions.delete(name)
  recount(pool)
}

function arrive(
  pool: Pool,
  command: PoolCommand & { readonly kind: 'arrive' },
  at: Moment,
  effects: PoolEffect[],
): void {
  const of = present(pool.functions.get(command.name), 'a function is configured before it is invoked')
  const { ticket } = command
  const refusal = refusalOf(pool, of, command.paced, at)
  if (refusal !== undefined) {
    effects.push({ kind: 'throttle', ticket, reason: refusal })
    return
  }
  const slot = newestIdle(pool, of, at, effects)
  if (slot !== undefined) {
    occupy(pool, slot, ticket, effects)
    count(pool, of, 1)
    return
  }
  // Tried: a start for each request that finds none free. Sixteen callers in a closed loop are faster than a runtime asks for
  // its next work, so nearly each of them started one: hundreds of environments, and 121 invokes a second instead of 6,700.
  if (of.starting <= of.waiting.length && !startOne(pool, of, at, effects)) {
    effects.push({ kind: 'throttle', ticket, reason: 'ConcurrentInvocationLimitExceeded' })
    return
  }
  of.waiting.push(ticket)
  count(pool, of, 1)
}

function refusalOf(pool: Pool, of: FunctionPool, paced: boolean, at: Moment): ThrottleReason | undefined {
  if (of.reserved !== undefined) {
    if (of.busy + of.waiting.length >= of.reserved) return 'ReservedFunctionConcurrentInvocationLimitExceeded'
    const rate = of.reserved * REQUESTS_PER_CONCURRENCY
    return paced && !take(of.rate, rate, rate, at.elapsed)
      ? 'ReservedFunctionInvocationRateLimitExceeded'
      : undefined
  }
  const limit = unreservedLimit(pool)
  if (pool.unreservedInUse >= limit) return 'ConcurrentInvocationLimitExceeded'
  const rate = limit * REQUESTS_PER_CONCURRENCY
  return paced && !take(pool.rate, rate, rate, at.elapsed) ? 'FunctionInvocationRateLimitExceeded' : undefined
}

function count(pool: Pool, of: FunctionPool, by: number): void {
  if (of.reserved === undefined && !of.removed) pool.unreservedInUse += by
}

function tooOld(pool: Pool, environment: Environment, now: Instant): boolean {
  return now - environment.createdAt >= pool.settings.ageMs
}

function newestIdle(pool: Pool, of: FunctionPool, at: Moment, effects: PoolEffect[]): Slot | undefined {
  for (let slot = of.idle.pop(); slot !== undefined; slot = of.idle.pop()) {
    const environment = present(pool.environments.get(slot), 'an idle environment exists')
    if (!tooOld(pool, environment, at.now)) return slot
    retire(pool, slot, effects)
  }
  return undefined
}

function occupy(pool: Pool, slot: Slot, ticket: Ticket, effects: PoolEffect[]): void {
  const environment = present(pool.environments.get(slot), 'an environment that takes work exists')
  environment.state = 'busy'
  environment.of.busy++
  effects.push({ kind: 'dispatch', ticket, slot })
}

/** Starts one environment when the scaling law and the machine's bound allow it. */
function startOne(pool: Pool, of: FunctionPool, at: Moment, effects: PoolEffect[]): boolean {
  if (!take(of.scale, SCALE_BURST, SCALE_PER_SECOND, at.elapsed)) return false
  if (pool.environments.size >= pool.settings.environmentsMax && !evictLongestIdle(pool, effects)) {
    of.scale.level += 1
    return false
  }
  const slot = pool.nextSlot++
  pool.environments.set(slot, {
    of,
    generation: of.generation,
    createdAt: at.now,
    state: 'starting',
    idleSince: at.now,
  })
  of.starting++
  effects.push({ kind: 'start', name: of.name, slot })
  return true
}

function evictLongestIdle(pool: Pool, effects: PoolEffect[]): boolean {
  let found: { of: FunctionPool; slot: Slot; since: Instant } | undefined
  for (const of of pool.functions.values()) {
    const slot = of.idle[0]
    const since = slot === undefined ? undefined : pool.environments.get(slot)?.idleSince
    if (slot === undefined || since === undefined) continue
    if (found === undefined || since < found.since) found = { of, slot, since }
  }
  if (found === undefined) return false
  found.of.idle.shift()
  retire(pool, found.slot, effects)
  return true
}

function ready(pool: Pool, slot: Slot, at: Moment, effects: PoolEffect[]): void {
  const environment = pool.environments.get(slot)
  if (environment === undefined) return
  const { of } = environment
  release(pool, environment)
  if (of.removed || environment.generation !== of.generation || tooOld(pool, environment, at.now)) {
    retire(pool, slot, effects)
    if (of.waiting.length > of.starting) replace(pool, of, at, effects)
    return
  }
  const ticket = of.waiting.shift()
  if (ticket !== undefined) {
    occupy(pool, slot, ticket, effects)
    return
  }
  environment.state = 'idle'
  environment.idleSince = at.now
  of.idle.push(slot)
  wake(pool, expiry(pool, environment), effects)
}

/** The environment no longer starts or works; what it was doing is over. */
function release(pool: Pool, environment: Environment): void {
  if (environment.state === 'starting') environment.of.starting--
  else if (environment.state === 'busy') {
    environment.of.busy--
    count(pool, environment.of, -1)
  }
}

/** A waiter lost the environment it waited for: another is started, or the waiter is told. */
function replace(pool: Pool, of: FunctionPool, at: Moment, effects: PoolEffect[]): void {
  if (startOne(pool, of, at, effects)) return
  const ticket = of.waiting.shift()
  if (ticket === undefined) return
  count(pool, of, -1)
  effects.push({ kind: 'throttle', ticket, reason: 'ConcurrentInvocationLimitExceeded' })
}

function gone(pool: Pool, slot: Slot, effects: PoolEffect[]): void {
  const environment = pool.environments.get(slot)
  if (environment === undefined) return
  pool.environments.delete(slot)
  const { of } = environment
  release(pool, environment)
  if (environment.state === 'idle') of.idle.splice(of.idle.indexOf(slot), 1)
  if (of.waiting.length <= of.starting) return
  const ticket = of.waiting.shift()
  if (ticket === undefined) return
  count(pool, of, -1)
  effects.push({ kind: 'fail', ticket, because: 'start' })
}

const expiry = (pool: Pool, environment: Environment): Instant => {
  const idle = later(environment.idleSince, pool.settings.idleMs)
  const age = later(environment.createdAt, pool.settings.ageMs)
  return idle < age ? idle : age
}

function wake(pool: Pool, at: Instant, effects: PoolEffect[]): void {
  if (pool.wakeAt !== undefined && pool.wakeAt <= at) return
  pool.wakeAt = at
  effects.push({ kind: 'wakeAt', at })
}

function tick(pool: Pool, at: Moment, effects: PoolEffect[]): void {
  pool.wakeAt = undefined
  let next: Instant | undefined
  for (const of of pool.functions.values()) {
    const kept = of.idle.filter((slot) => {
      const environment = present(pool.environments.get(slot), 'an idle environment exists')
      const due = expiry(pool, environment)
      if (due > at.now) {
        if (next === undefined || due < next) next = due
        return true
      }
      retire(pool, slot, effects)
      return false
    })
    of.idle.length = 0
    of.idle.push(...kept)
  }
  if (next !== undefined) wake(pool, next, effects)
}
