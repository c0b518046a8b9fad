/**
 * Object Lock: what a bucket and an object may be told, and which version is locked at a moment. Pure; time comes with
 * the question. Who may bypass governance is IAM's to say, so everybody may. Event holds are refused.
 */
import { civil, type Instant, instant, later, utcParts } from '#base/time.ts'
import type { S3 } from '#model/s3.ts'
import {
  bucketNotLocked,
  bypassNotApplicable,
  lockPairIncomplete,
  objectLocked,
} from '#services/s3/archive-faults.ts'
import { invalidArgument, malformedXml, unsupported } from '#services/s3/faults.ts'
import { LOCK_DAYS_MAX, LOCK_YEARS_MAX } from '#services/s3/limits.ts'

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE'
export type LegalHold = 'ON' | 'OFF'

export interface Retention {
  readonly mode: LockMode
  readonly until: Instant
}

/** Of a bucket that locks; present as soon as Object Lock is enabled, and never taken away. */
export interface BucketLock {
  readonly mode?: LockMode | undefined
  /** With `mode`: one of the two. */
  readonly days?: number | undefined
  readonly years?: number | undefined
}

/** What of a version locks it. */
export interface VersionLock {
  readonly retention?: Retention | undefined
  readonly legalHold?: LegalHold | undefined
}

const modeOf = (name: string | undefined): LockMode | undefined =>
  name === 'GOVERNANCE' || name === 'COMPLIANCE' ? name : undefined

const holdOf = (name: string | undefined): LegalHold | undefined =>
  name === 'ON' || name === 'OFF' ? name : undefined

export interface LockMembers {
  readonly ObjectLockMode?: string | undefined
  readonly ObjectLockRetainUntilDate?: Instant | undefined
  readonly ObjectLockLegalHoldStatus?: string | undefined
}

/** What the headers of a new object ask. Faults InvalidRequest, InvalidArgument. Source: recorded AWS answers; the text for a legal hold that is none is inferred. */
export function lockAsked(input: LockMembers, bucketLock: BucketLock | undefined, now: Instant): VersionLock {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input
  if (mode === undefined && until === undefined && hold === undefined) return {}
  if (bucketLock === undefined) throw bucketNotLocked()
  const legalHold = holdOf(hold)
  if (hold !== undefined && legalHold === undefined)
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", 'x-amz-object-lock-legal-hold', hold)
  return {
    ...(legalHold === undefined ? {} : { legalHold }),
    ...(mode === undefined && until === undefined ? {} : { retention: retentionAsked(mode, until, now) }),
  }
}

function retentionAsked(mode: string | undefined, until: Instant | undefined, now: Instant): Retention {
  if (until === undefined) throw lockPairIncomplete('x-amz-object-lock-retain-until-date')
  if (mode === undefined) throw lockPairIncomplete('x-amz-object-lock-mode')
  const known = modeOf(mode)
  if (known === undefined)
    throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode)
  if (until <= now)
    throw invalidArgument(
      'The retain until date must be in the future!',
      'x-amz-object-lock-retain-until-date',
    )
  return { mode: known, until }
}

/** The bucket's default for a version made at that time. Source: S3 user guide, Locking objects, Default retention periods. */
export function defaultRetention(lock: BucketLock | undefined, madeAt: Instant): Retention | undefined {
  if (lock?.mode === undefined) return undefined
  const until =
    lock.years === undefined ? later(madeAt, (lock.days ?? 0) * DAY_MS) : yearsLater(madeAt, lock.years)
  return { mode: lock.mode, until }
}

const DAY_MS = 86_400_000

/** The same day and time so many years on; 29 February becomes 1 March (inferred). */
function yearsLater(at: Instant, years: number): Instant {
  const parts = utcParts(at)
  const year = parts.year + years
  return civil({ ...parts, year }) ?? civil({ ...parts, year, month: 3, day: 1 }) ?? instant(at)
}

/** Whether that version may not be deleted now. `bypass`: the caller overrides governance. */
export const isLocked = (lock: VersionLock, now: Instant, bypass: boolean): boolean =>
  lock.legalHold === 'ON' ||
  (lock.retention !== undefined &&
    lock.retention.until > now &&
    !(bypass && lock.retention.mode === 'GOVERNANCE'))

/** Fault InvalidArgument: the header stands for nothing elsewhere, not even `false`. Source: recorded AWS answers. */
export function bypassOf(asked: boolean | undefined, lock: BucketLock | undefined): boolean {
  if (asked !== undefined && lock === undefined) throw bypassNotApplicable()
  return asked === true
}

export interface RetentionMembers {
  readonly Mode?: string | undefined
  readonly RetainUntilDate?: Instant | undefined
  readonly EventHold?: unknown
  readonly EventHoldDuration?: unknown
}

/**
 * The retention that PutObjectRetention leaves. Periods only grow, and compliance stays, until they are over; a
 * bypass shortens, changes or ends governance. Faults MalformedXML, InvalidArgument, AccessDenied.
 * Source: S3 user guide, Locking objects; recorded AWS answers.
 */
export function changedRetention(
  old: Retention | undefined,
  asked: RetentionMembers,
  so: { readonly now: Instant; readonly bypass: boolean },
): Retention | undefined {
  if (asked.EventHold !== undefined || asked.EventHoldDuration !== undefined) throw unsupported('EventHold')
  const next = retentionOf(asked, so.now)
  if (old === undefined || old.until <= so.now) return next
  if (old.mode === 'GOVERNANCE' && so.bypass) return next
  const isStronger =
    next !== undefined && next.until >= old.until && (next.mode === old.mode || next.mode === 'COMPLIANCE')
  if (!isStronger) throw objectLocked()
  return next
}

function retentionOf(asked: RetentionMembers, now: Instant): Retention | undefined {
  const { Mode: mode, RetainUntilDate: until } = asked
  if (mode === undefined && until === undefined) return undefined
  const known = modeOf(mode)
  if (known === undefined || until === undefined) throw malformedXml()
  if (until <= now) throw invalidArgument('The retain until date must be in the future!', 'RetainUntilDate')
  return { mode: known, until }
}

/** Fault MalformedXML. */
export function legalHoldOf(asked: { readonly Status?: string | undefined } | undefined): LegalHold {
  const hold = holdOf(asked?.Status)
  if (hold === undefined) throw malformedXml()
  return hold
}

export interface LockConfiguration {
  readonly ObjectLockEnabled?: string | undefined
  readonly Rule?:
    | {
        readonly DefaultRetention?:
          | {
              readonly Mode?: string | undefined
              readonly Days?: number | undefined
              readonly Years?: number | undefined
              readonly DefaultEventHold?: unknown
            }
          | undefined
      }
    | undefined
}

/** Faults MalformedXML (recorded), InvalidArgument for periods out of range (texts inferred). Source: S3 API, DefaultRetention. */
export function bucketLockOf(asked: LockConfiguration | undefined): BucketLock {
  if (asked?.ObjectLockEnabled !== 'Enabled') throw malformedXml()
  if (asked.Rule === undefined) return {}
  const { Mode, Days: days, Years: years, DefaultEventHold: eventHold } = asked.Rule.DefaultRetention ?? {}
  if (eventHold !== undefined) throw unsupported('DefaultEventHold')
  const mode = modeOf(Mode)
  if (mode === undefined || (days === undefined) === (years === undefined)) throw malformedXml()
  const [count, most] = years === undefined ? [days ?? 0, LOCK_DAYS_MAX] : [years, LOCK_YEARS_MAX]
  if (count < 1) throw invalidArgument('Default retention period must be a positive integer value.')
  if (count > most) throw invalidArgument(`Default retention period must be at most ${most}.`)
  return { mode, ...(years === undefined ? { days: count } : { years: count }) }
}

type Printed = NonNullable<S3['GetObjectLockConfiguration']['out']['ObjectLockConfiguration']>

export function printedLock({ mode, days, years }: BucketLock): Printed {
  const rule = mode === undefined ? undefined : { Mode: mode, Days: days, Years: years }
  return { ObjectLockEnabled: 'Enabled', ...(rule === undefined ? {} : { Rule: { DefaultRetention: rule } }) }
}

/** The members of GetObject's and HeadObject's answers. */
export const lockMembers = ({ retention, legalHold }: VersionLock): LockMembers => ({
  ObjectLockMode: retention?.mode,
  ObjectLockRetainUntilDate: retention?.until,
  ObjectLockLegalHoldStatus: legalHold,
})
