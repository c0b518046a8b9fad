/**
 * Provisioned concurrency in the pool: environments that are started before an invoke wants them, for one qualifier. None
 * takes work until all are there; then each that dies or grows old is replaced. What finds none free goes on like other
 * invokes (`pool.ts`). Source: Lambda developer guide, Provisioned concurrency; how many start at once is ours.
 */
import { type Instant, later } from '#base/time.ts'
import { present } from '#base/assert.ts'
import {
  PROVISIONED_RETRY_MS,
  PROVISIONED_STARTS,
  REQUESTS_PER_CONCURRENCY,
} from '#services/lambda/limits.ts'
import { begin, hasPlace, recount, retire, take, tooOld, wake } from '#services/lambda/pool-moves.ts'
import {
  type Moment,
  type Pool,
  type PoolCommand,
  type PoolEffect,
  type ProvisionedPool,
  type Slot,
  type VersionPool,
  fullBucket,
  versionKey,
} from '#services/lambda/pool-state.ts'

/** When, and what comes of it. */
export interface Turn {
  readonly at: Moment
  readonly effects: PoolEffect[]
}

interface Wish {
  readonly name: string
  readonly qualifier: string
  readonly count: number
  readonly version: VersionPool
}

/** Asks for another number, or of another version: then all are started anew. */
export function provision(pool: Pool, wish: Wish, turn: Turn): void {
  const { effects } = turn
  const { version, count } = wish
  const key = versionKey(wish.name, wish.qualifier)
  const known = pool.provisioned.get(key)
  const keeps = known !== undefined && known.version === version && known.failure === ''
  if (known !== undefined && !keeps) removeProvisioned(pool, known, effects)
  const group = keeps ? known : newGroup(key, version)
  pool.provisioned.set(key, group)
  group.of.provisioned += count - group.requested
  group.requested = count
  recount(pool)
  retireSurplus(pool, group, effects)
  fill(pool, group, turn)
  settle(group)
}

const newGroup = (key: string, version: VersionPool): ProvisionedPool => ({
  key,
  of: version.of,
  version,
  requested: 0,
  usable: false,
  failure: '',
  removed: false,
  idle: [],
  starting: 0,
  busy: 0,
  old: 0,
  retryAt: undefined,
  rate: fullBucket(),
})

/** What is busy ends after its work. */
export function removeProvisioned(pool: Pool, group: ProvisionedPool, effects: PoolEffect[]): void {
  if (group.removed) return
  group.removed = true
  group.usable = false
  for (const slot of group.idle.splice(0)) retire(pool, slot, effects)
  pool.provisioned.delete(group.key)
  group.of.provisioned -= group.requested
  recount(pool)
}

const here = (group: ProvisionedPool): number => group.idle.length + group.busy

/** Starts what is missing, and replacements for what is old, a few at a time. */
function fill(pool: Pool, group: ProvisionedPool, turn: Turn): void {
  const { at, effects } = turn
  if (group.removed || group.failure !== '') return
  if (group.retryAt !== undefined && group.retryAt > at.now) {
    wake(pool, group.retryAt, effects)
    return
  }
  group.retryAt = undefined
  while (here(group) + group.starting < group.requested + group.old && group.starting < PROVISIONED_STARTS) {
    if (!hasPlace(pool, effects)) {
      failed(pool, group, 'start', turn)
      return
    }
    group.starting++
    begin(pool, { version: group.version, provisioned: group }, at, effects)
  }
}

/** Before it was ever complete it is given up; afterwards another start follows a moment later. */
function failed(pool: Pool, group: ProvisionedPool, why: 'init' | 'start', turn: Turn): void {
  if (group.removed) return
  if (group.usable) {
    group.retryAt = later(turn.at.now, PROVISIONED_RETRY_MS)
    wake(pool, group.retryAt, turn.effects)
    return
  }
  group.failure = why
  for (const slot of group.idle.splice(0)) retire(pool, slot, turn.effects)
}

function settle(group: ProvisionedPool): void {
  if (!group.removed && group.failure === '' && here(group) >= group.requested) group.usable = true
}

/** The oldest go first. */
function retireSurplus(pool: Pool, group: ProvisionedPool, effects: PoolEffect[]): void {
  while (here(group) > group.requested && group.idle.length > 0) {
    const createdAt = (slot: Slot): Instant =>
      present(pool.environments.get(slot), 'an idle environment exists').createdAt
    const oldest = group.idle.reduce((a, b) => (createdAt(b) < createdAt(a) ? b : a))
    group.idle.splice(group.idle.indexOf(oldest), 1)
    group.old = Math.max(0, group.old - 1)
    retire(pool, oldest, effects)
  }
}

/** Hands the invoke to an environment that is free, within ten a second for each. False when it must go on elsewhere. */
export function provisionedTakes(
  pool: Pool,
  group: ProvisionedPool,
  command: PoolCommand & { readonly kind: 'arrive' },
  turn: Turn,
): boolean {
  const { at, effects } = turn
  const slot = group.idle.at(-1)
  if (slot === undefined) return false
  const rate = group.requested * REQUESTS_PER_CONCURRENCY
  if (command.paced && !take(group.rate, rate, rate, at.elapsed)) return false
  group.idle.pop()
  group.busy++
  present(pool.environments.get(slot), 'an idle environment exists').state = 'busy'
  effects.push({ kind: 'dispatch', ticket: command.ticket, slot })
  return true
}

/** Init or an invoke is over. */
export function provisionedReady(
  pool: Pool,
  group: ProvisionedPool,
  { slot, broken = false }: PoolCommand & { readonly kind: 'ready' },
  turn: Turn,
): void {
  const { at, effects } = turn
  const environment = present(pool.environments.get(slot), 'whose group is known exists')
  const wasStarting = environment.state === 'starting'
  if (wasStarting) group.starting--
  else group.busy--
  if (group.removed || group.failure !== '' || broken) {
    retire(pool, slot, effects)
    if (broken && wasStarting) failed(pool, group, 'init', turn)
    fill(pool, group, turn)
    return
  }
  environment.state = 'idle'
  environment.idleSince = at.now
  group.idle.push(slot)
  retireSurplus(pool, group, effects)
  settle(group)
  fill(pool, group, turn)
  if (wasStarting) wake(pool, later(environment.createdAt, pool.settings.ageMs), effects)
}

/** Its process ended while it was idle. */
export function provisionedDied(pool: Pool, group: ProvisionedPool, slot: Slot, turn: Turn): void {
  const place = group.idle.indexOf(slot)
  if (place === -1) return
  group.idle.splice(place, 1)
  retire(pool, slot, turn.effects)
  fill(pool, group, turn)
}

/** It could not be started. */
export function provisionedGone(pool: Pool, group: ProvisionedPool, slot: Slot, turn: Turn): void {
  const environment = present(pool.environments.get(slot), 'whose group is known exists')
  pool.environments.delete(slot)
  if (environment.state === 'starting') group.starting--
  else if (environment.state === 'busy') group.busy--
  else group.idle.splice(group.idle.indexOf(slot), 1)
  failed(pool, group, 'start', turn)
  fill(pool, group, turn)
}

/** Counts what has grown old, so that it is replaced, and looks again when the next will be. */
export function provisionedTick(pool: Pool, group: ProvisionedPool, turn: Turn): void {
  const { at, effects } = turn
  let old = 0
  let next: Instant | undefined
  for (const slot of group.idle) {
    const environment = present(pool.environments.get(slot), 'an idle environment exists')
    if (tooOld(pool, environment, at.now)) old++
    else {
      const due = later(environment.createdAt, pool.settings.ageMs)
      if (next === undefined || due < next) next = due
    }
  }
  group.old = old
  fill(pool, group, turn)
  if (next !== undefined) wake(pool, next, effects)
}

/** How far a provisioned concurrency has come, in AWS's words. */
export interface ProvisionedView {
  readonly requested: number
  readonly allocated: number
  readonly available: number
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED'
  readonly reason: string | undefined
}

/** Source: Lambda API, GetProvisionedConcurrencyConfig; recorded AWS answers. `trouble` is the machine's, in words. */
export function provisionedView(group: ProvisionedPool, trouble: string): ProvisionedView {
  const { requested, usable, failure } = group
  if (failure !== '')
    return {
      requested,
      allocated: 0,
      available: 0,
      status: 'FAILED',
      reason:
        failure === 'init'
          ? 'FUNCTION_ERROR_INIT_FAILURE'
          : trouble || 'No more environments fit on this machine.',
    }
  const allocated = Math.min(requested, here(group))
  return {
    requested,
    allocated,
    available: usable ? allocated : 0,
    status: usable && allocated >= requested ? 'READY' : 'IN_PROGRESS',
    reason: undefined,
  }
}
