/**
 * Which environment serves which invoke: the pure core of one account in one region. It decides reuse (newest idle
 * first), starts, throttles and retirements from its state and now; it starts nothing itself (`fleet.ts` does).
 *
 * An invoke is not bound to the environment that was started for it: whichever is free first takes the oldest
 * waiter (inferred: AWS says only that environments may be made ahead of a request).
 * Source of the laws: Lambda developer guide, Scaling behaviour and Reserved concurrency.
 */
import { type Instant, later } from '#base/time.ts'
import { present } from '#base/assert.ts'
import type { ThrottleReason } from '#services/lambda/faults.ts'
import { REQUESTS_PER_CONCURRENCY, SCALE_BURST, SCALE_PER_SECOND } from '#services/lambda/limits.ts'
import { begin, hasPlace, recount, retire, take, tooOld, wake } from '#services/lambda/pool-moves.ts'
import {
  provision,
  provisionedDied,
  provisionedGone,
  provisionedReady,
  provisionedTakes,
  provisionedTick,
  removeProvisioned,
} from '#services/lambda/pool-provisioned.ts'
import {
  type FunctionPool,
  type Moment,
  type Pool,
  type PoolCommand,
  type PoolEffect,
  type PooledEnvironment,
  type Slot,
  type Ticket,
  type VersionPool,
  fullBucket,
  unreservedLimit,
  versionKey,
} from '#services/lambda/pool-state.ts'

/** One turn of the pool. */
export function step(pool: Pool, command: PoolCommand, at: Moment): PoolEffect[] {
  const effects: PoolEffect[] = []
  switch (command.kind) {
    case 'arrive':
      arrive(pool, command, at, effects)
      break
    case 'provision': {
      const key = versionKey(command.name, command.version)
      const version = present(pool.versions.get(key), 'a version is configured before it is provisioned')
      provision(pool, { ...command, version }, { at, effects })
      break
    }
    case 'unprovision': {
      const group = pool.provisioned.get(versionKey(command.name, command.qualifier))
      if (group !== undefined) removeProvisioned(pool, group, effects)
      break
    }
    case 'ready': {
      const group = pool.environments.get(command.slot)?.provisioned
      if (group === undefined) ready(pool, command.slot, at, effects)
      else provisionedReady(pool, group, command, { at, effects })
      break
    }
    case 'died': {
      const group = pool.environments.get(command.slot)?.provisioned
      if (group !== undefined) provisionedDied(pool, group, command.slot, { at, effects })
      break
    }
    case 'gone': {
      const group = pool.environments.get(command.slot)?.provisioned
      if (group === undefined) gone(pool, command.slot, effects)
      else provisionedGone(pool, group, command.slot, { at, effects })
      break
    }
    case 'configure':
      configure(pool, command, effects)
      break
    case 'reserve':
      functionOf(pool, command.name).reserved = command.reserved
      recount(pool)
      break
    case 'remove':
      remove(pool, command.name, effects)
      break
    case 'removeVersion':
      removeVersion(pool, versionKey(command.name, command.version), effects)
      break
    case 'recycle':
      for (const slot of command.slots) {
        const environment = pool.environments.get(slot)
        if (environment !== undefined) environment.createdAt = later(at.now, -pool.settings.ageMs)
      }
      tick(pool, at, effects)
      break
    case 'tick':
      tick(pool, at, effects)
      break
    default:
      command satisfies never
  }
  return effects
}

function functionOf(pool: Pool, name: string): FunctionPool {
  const known = pool.functions.get(name)
  if (known !== undefined) return known
  const made: FunctionPool = {
    name,
    reserved: undefined,
    removed: false,
    inUse: 0,
    provisioned: 0,
    scale: fullBucket(),
    rate: fullBucket(),
  }
  pool.functions.set(name, made)
  return made
}

function configure(
  pool: Pool,
  command: PoolCommand & { readonly kind: 'configure' },
  effects: PoolEffect[],
): void {
  const { name, version, generation } = command
  const of = functionOf(pool, name)
  const key = versionKey(name, version)
  const known = pool.versions.get(key)
  if (known === undefined)
    pool.versions.set(key, {
      key,
      of,
      generation,
      removed: false,
      idle: [],
      waiting: [],
      starting: 0,
      busy: 0,
    })
  else if (known.generation !== generation) {
    known.generation = generation
    retireIdle(pool, known, effects)
  }
  recount(pool)
}

function retireIdle(pool: Pool, of: VersionPool, effects: PoolEffect[]): void {
  for (const slot of of.idle) retire(pool, slot, effects)
  of.idle.length = 0
}

function remove(pool: Pool, name: string, effects: PoolEffect[]): void {
  const of = pool.functions.get(name)
  if (of === undefined) return
  for (const each of pool.versions.values()) if (each.of === of) removeVersion(pool, each.key, effects)
  of.removed = true
  pool.functions.delete(name)
  recount(pool)
}

function removeVersion(pool: Pool, key: string, effects: PoolEffect[]): void {
  const of = pool.versions.get(key)
  if (of === undefined) return
  retireIdle(pool, of, effects)
  for (const ticket of of.waiting) effects.push({ kind: 'fail', ticket, because: 'removed' })
  count(pool, of, -of.waiting.length)
  of.waiting.length = 0
  of.removed = true
  pool.versions.delete(key)
  for (const group of pool.provisioned.values())
    if (group.version === of) removeProvisioned(pool, group, effects)
}

function arrive(
  pool: Pool,
  command: PoolCommand & { readonly kind: 'arrive' },
  at: Moment,
  effects: PoolEffect[],
): void {
  const key = versionKey(command.name, command.version)
  const of = present(pool.versions.get(key), 'a version is configured before it is invoked')
  const { ticket } = command
  const group =
    command.qualifier === undefined
      ? undefined
      : pool.provisioned.get(versionKey(command.name, command.qualifier))
  if (group !== undefined && group.usable && group.version === of) {
    if (provisionedTakes(pool, group, command, { at, effects })) return
    effects.push({ kind: 'spill', ticket })
  }
  const refusal = refusalOf(pool, of.of, command.paced, at)
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
    if (of.inUse >= of.reserved - of.provisioned) return 'ReservedFunctionConcurrentInvocationLimitExceeded'
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

function count(pool: Pool, { of }: VersionPool, by: number): void {
  of.inUse += by
  if (of.reserved === undefined && !of.removed) pool.unreservedInUse += by
}

function newestIdle(pool: Pool, of: VersionPool, at: Moment, effects: PoolEffect[]): Slot | undefined {
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
function startOne(pool: Pool, of: VersionPool, at: Moment, effects: PoolEffect[]): boolean {
  if (!take(of.of.scale, SCALE_BURST, SCALE_PER_SECOND, at.elapsed)) return false
  if (!hasPlace(pool, effects)) {
    of.of.scale.level += 1
    return false
  }
  of.starting++
  begin(pool, { version: of, provisioned: undefined }, at, effects)
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
function release(pool: Pool, environment: PooledEnvironment): void {
  if (environment.state === 'starting') environment.of.starting--
  else if (environment.state === 'busy') {
    environment.of.busy--
    count(pool, environment.of, -1)
  }
}

/** A waiter lost the environment it waited for: another is started, or the waiter is told. */
function replace(pool: Pool, of: VersionPool, at: Moment, effects: PoolEffect[]): void {
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

const expiry = (pool: Pool, environment: PooledEnvironment): Instant => {
  const idle = later(environment.idleSince, pool.settings.idleMs)
  const age = later(environment.createdAt, pool.settings.ageMs)
  return idle < age ? idle : age
}

function tick(pool: Pool, at: Moment, effects: PoolEffect[]): void {
  pool.wakeAt = undefined
  let next: Instant | undefined
  for (const of of pool.versions.values()) {
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
  for (const group of pool.provisioned.values()) provisionedTick(pool, group, { at, effects })
}
