/**
 * Moves that all environments of a pool have in common: buckets of rates, places on the machine, starts, ends, wake-ups.
 * Who is served when is `pool.ts` and `pool-provisioned.ts`.
 */
import type { Instant, Ms } from '#base/time.ts'
import type {
  Bucket,
  Moment,
  Pool,
  PoolEffect,
  PooledEnvironment,
  ProvisionedPool,
  Slot,
  VersionPool,
} from '#services/lambda/pool-state.ts'

/** Takes one, when there is one: the bucket fills up evenly to its capacity. */
export function take(bucket: Bucket, capacity: number, perSecond: number, elapsed: Ms): boolean {
  bucket.level = Math.min(capacity, bucket.level + ((elapsed - bucket.at) * perSecond) / 1_000)
  bucket.at = elapsed
  if (bucket.level < 1) return false
  bucket.level -= 1
  return true
}

/** Sums anew what functions hold and use. */
export function recount(pool: Pool): void {
  pool.reservedTotal = 0
  pool.unreservedInUse = 0
  pool.provisionedTotal = 0
  for (const each of pool.functions.values()) {
    if (each.reserved === undefined) {
      pool.unreservedInUse += each.inUse
      pool.provisionedTotal += each.provisioned
    } else pool.reservedTotal += each.reserved
  }
}

/** It gets no more work and is ended. */
export function retire(pool: Pool, slot: Slot, effects: PoolEffect[]): void {
  pool.environments.delete(slot)
  effects.push({ kind: 'retire', slot })
}

export function tooOld(pool: Pool, environment: PooledEnvironment, now: Instant): boolean {
  return now - environment.createdAt >= pool.settings.ageMs
}

/** A place on the machine: another environment must go when there is none. False when none can. */
export const hasPlace = (pool: Pool, effects: PoolEffect[]): boolean =>
  pool.environments.size < pool.settings.environmentsMax || evictLongestIdle(pool, effects)

/** Notes an environment that is being started, and has it started. */
export function begin(
  pool: Pool,
  of: { readonly version: VersionPool; readonly provisioned: ProvisionedPool | undefined },
  at: Moment,
  effects: PoolEffect[],
): void {
  const slot = pool.nextSlot++
  const { version, provisioned } = of
  pool.environments.set(slot, {
    of: version,
    generation: version.generation,
    createdAt: at.now,
    provisioned,
    state: 'starting',
    idleSince: at.now,
  })
  effects.push({
    kind: 'start',
    key: version.key,
    slot,
    ...(provisioned === undefined ? {} : { provisioned: true }),
  })
}

function evictLongestIdle(pool: Pool, effects: PoolEffect[]): boolean {
  let found: { of: VersionPool; slot: Slot; since: Instant } | undefined
  for (const of of pool.versions.values()) {
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

/** Sees to a tick no later than that. */
export function wake(pool: Pool, at: Instant, effects: PoolEffect[]): void {
  if (pool.wakeAt !== undefined && pool.wakeAt <= at) return
  pool.wakeAt = at
  effects.push({ kind: 'wakeAt', at })
}
