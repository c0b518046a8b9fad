/**
 * What the pool of one account in one region knows, and the words it is spoken to and answers in. A function has what
 * its versions share (reservation, rates); a version has environments of its own, and so has each provisioned concurrency
 * of a version or an alias. No decision is made here (`pool.ts`).
 */
import type { Instant, Ms } from '#base/time.ts'
import type { ThrottleReason } from '#services/lambda/faults.ts'
import type { LambdaSettings } from '#services/lambda/limits.ts'

/** One invoke that wants an environment. */
export type Ticket = number
/** The pool's own number of an environment, never used twice. */
export type Slot = number

/** Both times of a step: limits on idle time and age follow `now`, rates follow `elapsed`, which nothing moves. */
export interface Moment {
  readonly now: Instant
  readonly elapsed: Ms
}

export interface Bucket {
  level: number
  at: Ms
}

/** What is full at first: nothing has been taken from it. */
export const fullBucket = (): Bucket => ({ level: Number.POSITIVE_INFINITY, at: 0 })

export interface PooledEnvironment {
  readonly of: VersionPool
  readonly generation: number
  /** Its age counts from here; one that is to be replaced is made as old as it may get. */
  createdAt: Instant
  /** Whose it is when it was started beforehand. */
  readonly provisioned: ProvisionedPool | undefined
  state: 'starting' | 'idle' | 'busy'
  idleSince: Instant
}

/** What all versions of a function share. Source: Lambda developer guide, Scaling behaviour and Reserved concurrency. */
export interface FunctionPool {
  readonly name: string
  reserved: number | undefined
  removed: boolean
  /** Invokes under way or waiting that are not on provisioned concurrency. */
  inUse: number
  /** All that its provisioned concurrencies ask for, used or not. */
  provisioned: number
  readonly scale: Bucket
  readonly rate: Bucket
}

/** `$LATEST` or a published version: what environments are of. */
export interface VersionPool {
  /** `name:version`. */
  readonly key: string
  readonly of: FunctionPool
  generation: number
  removed: boolean
  /** Newest last. */
  readonly idle: Slot[]
  readonly waiting: Ticket[]
  starting: number
  busy: number
}

/** Environments that are started beforehand for invokes by one qualifier. */
export interface ProvisionedPool {
  /** `name:qualifier`. */
  readonly key: string
  readonly of: FunctionPool
  /** What its environments run. */
  readonly version: VersionPool
  requested: number
  /** All that was asked for was there once: since then those that are there take work. */
  usable: boolean
  /** Why it was given up; empty while it was not. */
  failure: '' | 'init' | 'start'
  removed: boolean
  /** Oldest first; the newest is taken first. */
  readonly idle: Slot[]
  starting: number
  busy: number
  /** Environments older than they should be, which stay until others have replaced them. */
  old: number
  /** After a failed start: no other before. */
  retryAt: Instant | undefined
  readonly rate: Bucket
}

export interface Pool {
  readonly settings: LambdaSettings
  readonly functions: Map<string, FunctionPool>
  /** By key. */
  readonly versions: Map<string, VersionPool>
  /** By key. */
  readonly provisioned: Map<string, ProvisionedPool>
  readonly environments: Map<Slot, PooledEnvironment>
  readonly rate: Bucket
  nextSlot: Slot
  reservedTotal: number
  /** Provisioned concurrency of functions without a reservation: taken from what they share. */
  provisionedTotal: number
  /** Invokes under way or waiting, of functions without a reservation. */
  unreservedInUse: number
  wakeAt: Instant | undefined
}

export type PoolCommand =
  /** New code or configuration of a version: another generation. */
  | {
      readonly kind: 'configure'
      readonly name: string
      readonly version: string
      readonly generation: number
    }
  /** Another reservation, also of a function that has not run yet. */
  | { readonly kind: 'reserve'; readonly name: string; readonly reserved: number | undefined }
  /** The function with all its versions. */
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'removeVersion'; readonly name: string; readonly version: string }
  /** `paced` invokes count against the request rate: synchronous ones. */
  | {
      readonly kind: 'arrive'
      readonly name: string
      readonly version: string
      /** As it was asked for; undefined without one. */
      readonly qualifier?: string | undefined
      readonly ticket: Ticket
      readonly paced: boolean
    }
  /** So many environments of the version, one at least, for invokes by that qualifier. */
  | {
      readonly kind: 'provision'
      readonly name: string
      readonly version: string
      readonly qualifier: string
      readonly count: number
    }
  /** None any more. */
  | { readonly kind: 'unprovision'; readonly name: string; readonly qualifier: string }
  /** Init or invoke is over; the environment takes work. `broken`: its process is gone, and it will init again. */
  | { readonly kind: 'ready'; readonly slot: Slot; readonly broken?: boolean | undefined }
  /** Its process has ended while it had nothing to do. */
  | { readonly kind: 'died'; readonly slot: Slot }
  /** These are as old as they may get: idle ones end now, others after their work. */
  | { readonly kind: 'recycle'; readonly slots: readonly Slot[] }
  /** It has ended without being asked to. */
  | { readonly kind: 'gone'; readonly slot: Slot }
  | { readonly kind: 'tick' }

export type PoolEffect =
  | { readonly kind: 'dispatch'; readonly ticket: Ticket; readonly slot: Slot }
  /** `key` says of which version. */
  | {
      readonly kind: 'start'
      readonly key: string
      readonly slot: Slot
      readonly provisioned?: true
    }
  /** There is provisioned concurrency for it, all of it in use: it goes on like others. */
  | { readonly kind: 'spill'; readonly ticket: Ticket }
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
    versions: new Map(),
    provisioned: new Map(),
    environments: new Map(),
    rate: fullBucket(),
    nextSlot: 1,
    reservedTotal: 0,
    provisionedTotal: 0,
    unreservedInUse: 0,
    wakeAt: undefined,
  }
}

/** Key of a version's pool, and of what it runs. */
export const versionKey = (name: string, version: string): string => `${name}:${version}`

/** Concurrency that functions without a reservation share. */
export const unreservedLimit = (pool: Pool): number =>
  pool.settings.accountConcurrency - pool.reservedTotal - pool.provisionedTotal
