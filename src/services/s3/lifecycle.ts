/**
 * What lifecycle rules mean for one key at a moment: which versions go, which move to another class, which uploads end,
 * and what answers say of it beforehand. Pure. Source: S3 user guide, Managing the lifecycle of objects.
 */
import { httpDate, type Instant, instant } from '#base/time.ts'
import {
  COLDNESS,
  DAY_MS,
  type Lifecycle,
  type LifecycleRule,
  scopeOf,
} from '#services/s3/lifecycle-rules.ts'
import { TRANSITION_BYTES_MIN } from '#services/s3/limits.ts'
import type { BucketRecord, ObjectRecord, UploadRecord, VersionRecord } from '#services/s3/records.ts'

export type Verdict =
  /** As a DeleteObject that names no version. */
  | { readonly kind: 'expire' }
  /** For good. */
  | { readonly kind: 'remove'; readonly record: VersionRecord }
  | { readonly kind: 'move'; readonly record: ObjectRecord; readonly storageClass: string }

/** Days are counted from a moment and rounded up to the next midnight UTC. Source: S3 user guide, Lifecycle rules based on an object's age. */
export const dueAt = (from: Instant, days: number): Instant =>
  instant((Math.floor((from + days * DAY_MS) / DAY_MS) + 1) * DAY_MS)

export const nextMidnight = (now: Instant): Instant => dueAt(now, 0)

const enabled = ({ rules }: Lifecycle): readonly LifecycleRule[] =>
  rules.filter(({ Status }) => Status === 'Enabled')

/** Whether the rule is for that object. */
function concerns(rule: LifecycleRule, record: ObjectRecord): boolean {
  const { prefix, tags, above, below } = scopeOf(rule)
  if (!record.key.startsWith(prefix)) return false
  if (above !== undefined && record.sizeBytes <= above) return false
  if (below !== undefined && record.sizeBytes >= below) return false
  return tags.every(({ Key, Value }) => record.tags?.some((tag) => tag.Key === Key && tag.Value === Value))
}

/** Whether the rule is for a delete marker, which has neither tags nor size. */
function concernsMarker(rule: LifecycleRule, key: string): boolean {
  const { prefix, tags, above, below } = scopeOf(rule)
  return key.startsWith(prefix) && tags.length === 0 && above === undefined && below === undefined
}

const concernsVersion = (rule: LifecycleRule, record: VersionRecord): boolean =>
  record.kind === 'object' ? concerns(rule, record) : concernsMarker(rule, record.key)

interface Expiry {
  readonly at: Instant
  readonly ruleId: string
}

/** The earliest of all rules. Source: S3 user guide, Conflicting lifecycle actions. */
function earliest(all: readonly Expiry[]): Expiry | undefined {
  return all.reduce<Expiry | undefined>(
    (first, one) => (first === undefined || one.at < first.at ? one : first),
    undefined,
  )
}

/** When the object, as its key's newest version, expires. */
export function expiryOf(lifecycle: Lifecycle | undefined, record: ObjectRecord): Expiry | undefined {
  if (lifecycle === undefined) return undefined
  return earliest(
    enabled(lifecycle).flatMap((rule): readonly Expiry[] => {
      const { Date: date, Days: days } = rule.Expiration ?? {}
      const at = date ?? (days === undefined ? undefined : dueAt(record.lastModified, days))
      return at === undefined || !concerns(rule, record) ? [] : [{ at, ruleId: rule.ID }]
    }),
  )
}

/** `x-amz-expiration` of answers about a newest version. Source: S3 API, GetObject; recorded AWS answers. */
export function expirationHeader(bucket: BucketRecord, record: ObjectRecord): string | undefined {
  const expiry = expiryOf(bucket.lifecycle, record)
  return expiry && `expiry-date="${httpDate(expiry.at)}", rule-id="${encodeURIComponent(expiry.ruleId)}"`
}

/** When an upload that is not completed ends. */
export function abortOf(lifecycle: Lifecycle | undefined, upload: UploadRecord): Expiry | undefined {
  if (lifecycle === undefined) return undefined
  return earliest(
    enabled(lifecycle).flatMap((rule): readonly Expiry[] => {
      const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
      if (days === undefined || !upload.key.startsWith(scopeOf(rule).prefix)) return []
      return [{ at: dueAt(upload.initiatedAt, days), ruleId: rule.ID }]
    }),
  )
}

/** `x-amz-abort-date` and `x-amz-abort-rule-id`. Source: S3 API, CreateMultipartUpload. */
export function abortMembers(
  bucket: BucketRecord,
  upload: UploadRecord,
): { readonly AbortDate?: Instant; readonly AbortRuleId?: string } {
  const abort = abortOf(bucket.lifecycle, upload)
  return abort === undefined ? {} : { AbortDate: abort.at, AbortRuleId: abort.ruleId }
}

/** What is due for all versions of one key, the newest first. Expiration comes before a change of class. */
export function verdicts(
  group: readonly VersionRecord[],
  lifecycle: Lifecycle,
  now: Instant,
): readonly Verdict[] {
  const rules = enabled(lifecycle)
  return group.flatMap((record, i): readonly Verdict[] => {
    const before = group[i - 1]
    if (before === undefined)
      return newestVerdict(record, { lifecycle, rules, now, alone: group.length === 1 })
    const since = before.lastModified
    return olderVerdict(record, { lifecycle, rules, now, since, newer: i - 1 })
  })
}

interface Circumstances {
  readonly lifecycle: Lifecycle
  readonly rules: readonly LifecycleRule[]
  readonly now: Instant
}

function newestVerdict(
  record: VersionRecord,
  so: Circumstances & { readonly alone: boolean },
): readonly Verdict[] {
  const { rules, now } = so
  if (record.kind === 'marker') {
    const isDue = rules.some(({ Expiration: asked, ...rule }) => {
      if (asked === undefined || !concernsMarker(rule, record.key)) return false
      const { Days: days, ExpiredObjectDeleteMarker: marker } = asked
      return marker === true || (days !== undefined && dueAt(record.lastModified, days) <= now)
    })
    return so.alone && isDue ? [{ kind: 'remove', record }] : []
  }
  const expiry = expiryOf(so.lifecycle, record)
  if (expiry !== undefined && expiry.at <= now) return [{ kind: 'expire' }]
  return moved(record, so, (rule) =>
    (rule.Transitions ?? []).flatMap(({ Date: date, Days: days, StorageClass: to = '' }) =>
      (date ?? dueAt(record.lastModified, days ?? 0)) <= now ? [to] : [],
    ),
  )
}

/** `since`: when it became noncurrent; `newer`: how many noncurrent versions are newer than it. */
function olderVerdict(
  record: VersionRecord,
  so: Circumstances & { readonly since: Instant; readonly newer: number },
): readonly Verdict[] {
  const { rules, now, since, newer } = so
  const isDue = (days: number | undefined, kept: number | undefined): boolean =>
    days !== undefined && dueAt(since, days) <= now && newer >= (kept ?? 0)
  const isExpired = rules.some((rule) => {
    const { NoncurrentDays: days, NewerNoncurrentVersions: kept } = rule.NoncurrentVersionExpiration ?? {}
    return isDue(days, kept) && concernsVersion(rule, record)
  })
  if (isExpired) return [{ kind: 'remove', record }]
  if (record.kind === 'marker') return []
  return moved(record, so, (rule) =>
    (rule.NoncurrentVersionTransitions ?? []).flatMap((step) =>
      isDue(step.NoncurrentDays, step.NewerNoncurrentVersions) ? [step.StorageClass ?? ''] : [],
    ),
  )
}

/** To the coldest class that is due, if that is colder than where it is. */
function moved(
  record: ObjectRecord,
  { lifecycle, rules }: Circumstances,
  due: (rule: LifecycleRule) => readonly string[],
): readonly Verdict[] {
  const classes = rules
    .filter((rule) => concerns(rule, record))
    .flatMap((rule) => due(rule).filter((to) => isLargeEnough(record, to, { rule, lifecycle })))
  const coldest = Math.max(-1, ...classes.map((to) => COLDNESS.indexOf(to)))
  const storageClass = COLDNESS[coldest]
  if (storageClass === undefined || coldest <= Math.max(0, COLDNESS.indexOf(record.storageClass))) return []
  return [{ kind: 'move', record, storageClass }]
}

/** A size in the rule's filter decides alone. Source: S3 user guide, Constraints for transitions, minimum object size. */
function isLargeEnough(
  record: ObjectRecord,
  to: string,
  { rule, lifecycle }: { readonly rule: LifecycleRule; readonly lifecycle: Lifecycle },
): boolean {
  const { above, below } = scopeOf(rule)
  if (above !== undefined || below !== undefined || record.sizeBytes >= TRANSITION_BYTES_MIN) return true
  return lifecycle.minimumSize === 'varies_by_storage_class' && (to === 'GLACIER' || to === 'DEEP_ARCHIVE')
}
