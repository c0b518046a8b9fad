/**
 * Lifecycle rules as they are put: what S3 accepts. Pure. What they do to objects is `lifecycle.ts`, when is
 * `lifecycle-sweep.ts`.
 */
import { type RandomBytes, uuid } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import type { S3 } from '#model/s3.ts'
import { invalidArgument, invalidRequest, malformedXml } from '#services/s3/faults.ts'
import { LIFECYCLE_ID_MAX, LIFECYCLE_RULES_MAX, NEWER_VERSIONS_MAX } from '#services/s3/limits.ts'

type Input = S3['PutBucketLifecycleConfiguration']['in']
type RawRule = NonNullable<Input['LifecycleConfiguration']>['Rules'][number]

/** As it was put, with the id that S3 gave it where it had none. */
export interface LifecycleRule extends RawRule {
  readonly ID: string
}

const MINIMUM_SIZES = ['all_storage_classes_128K', 'varies_by_storage_class'] as const
type MinimumSize = (typeof MINIMUM_SIZES)[number]

export interface Lifecycle {
  readonly rules: readonly LifecycleRule[]
  /** Below which size objects are not moved to another class. */
  readonly minimumSize: MinimumSize
}

export const DAY_MS = 86_400_000

/** From the least cold to the coldest: rules only move objects to the right. Source: S3 user guide, Transitioning objects, Supported transitions. */
export const COLDNESS: readonly string[] = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
]
const IA_DAYS_MIN = 30

/** Faults MalformedXML, InvalidArgument, InvalidRequest. Source: S3 API, PutBucketLifecycleConfiguration; recorded AWS answers; texts beyond those are inferred or quoted by users of other tools. */
export function lifecycleOf(input: Input, random: RandomBytes): Lifecycle {
  const asked = input.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K'
  const minimumSize = MINIMUM_SIZES.find((one) => one === asked)
  if (minimumSize === undefined)
    throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${asked}`)
  const raw = input.LifecycleConfiguration?.Rules ?? []
  if (raw.length === 0 || raw.length > LIFECYCLE_RULES_MAX) throw malformedXml()
  for (const rule of raw) checkRule(rule)
  const rules = raw.map((rule) => ({
    ...rule,
    ID: rule.ID === undefined || rule.ID === '' ? uuid(random) : rule.ID,
  }))
  if (new Set(rules.map(({ ID }) => ID)).size < rules.length)
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule')
  return { rules, minimumSize }
}

function checkRule(rule: RawRule): void {
  if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml()
  if ((rule.ID?.length ?? 0) > LIFECYCLE_ID_MAX)
    throw invalidArgument(`ID length should not exceed allowed limit of ${LIFECYCLE_ID_MAX}`)
  checkFilter(rule)
  checkExpiration(rule)
  checkNoncurrent(rule)
  checkTransitions(rule)
  checkAbort(rule)
  const actions = [
    rule.Expiration,
    rule.NoncurrentVersionExpiration,
    rule.AbortIncompleteMultipartUpload,
    ...(rule.Transitions ?? []),
    ...(rule.NoncurrentVersionTransitions ?? []),
  ]
  if (actions.every((action) => action === undefined))
    throw invalidRequest('At least one action needs to be specified in a rule')
}

const given = (...members: readonly unknown[]): number => members.filter((one) => one !== undefined).length

function checkFilter({ Prefix, Filter }: RawRule): void {
  if (given(Prefix, Filter) !== 1) throw malformedXml()
  if (Filter === undefined) return
  const { And, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter
  if (given(Filter.Prefix, And, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan) > 1) throw malformedXml()
  const tags = And?.Tags ?? []
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw invalidRequest('Duplicate Tag Keys are not allowed.')
}

/** What a rule is for: all of it must hold. */
export interface Scope {
  readonly prefix: string
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
  /** Exclusive, in bytes. */
  readonly above: number | undefined
  readonly below: number | undefined
}

export function scopeOf({ Prefix, Filter = {} }: RawRule): Scope {
  const { And = {}, Tag } = Filter
  return {
    prefix: Prefix ?? Filter.Prefix ?? And.Prefix ?? '',
    tags: [...(Tag === undefined ? [] : [Tag]), ...(And.Tags ?? [])],
    above: Filter.ObjectSizeGreaterThan ?? And.ObjectSizeGreaterThan,
    below: Filter.ObjectSizeLessThan ?? And.ObjectSizeLessThan,
  }
}

function positive(days: number, member: string, action: string): void {
  if (days < 1) throw invalidArgument(`'${member}' for ${action} action must be a positive integer`)
}

function checkDate(date: Instant | undefined): void {
  if (date !== undefined && date % DAY_MS !== 0)
    throw invalidArgument("'Date' must be at midnight GMT", 'Date')
}

function checkExpiration(rule: RawRule): void {
  if (rule.Expiration === undefined) return
  const { Date: date, Days: days, ExpiredObjectDeleteMarker: marker } = rule.Expiration
  if (given(date, days, marker) !== 1) throw malformedXml()
  if (days !== undefined) positive(days, 'Days', 'Expiration')
  checkDate(date)
  if (marker === true && scopeOf(rule).tags.length > 0)
    throw invalidRequest('ExpiredObjectDeleteMarker cannot be specified with Tags.')
}

function checkNoncurrent({ NoncurrentVersionExpiration: expiration }: RawRule): void {
  if (expiration === undefined) return
  if (expiration.NoncurrentDays === undefined) throw malformedXml()
  positive(expiration.NoncurrentDays, 'NoncurrentDays', 'NoncurrentVersionExpiration')
  checkNewer(expiration.NewerNoncurrentVersions)
}

function checkNewer(newer: number | undefined): void {
  if (newer !== undefined && (newer < 1 || newer > NEWER_VERSIONS_MAX))
    throw invalidArgument(`'NewerNoncurrentVersions' must be between 1 and ${NEWER_VERSIONS_MAX}`)
}

function checkTransitions(rule: RawRule): void {
  const { prefix } = scopeOf(rule)
  const current = rule.Transitions ?? []
  for (const { Date: date, Days: days, StorageClass } of current) {
    if (given(date, days) !== 1) throw malformedXml()
    checkDate(date)
    checkStep({ days, storageClass: StorageClass, member: 'Days', action: 'Transition' })
  }
  const noncurrent = rule.NoncurrentVersionTransitions ?? []
  for (const { NoncurrentDays: days, NewerNoncurrentVersions: newer, StorageClass } of noncurrent) {
    if (days === undefined) throw malformedXml()
    checkNewer(newer)
    checkStep({
      days,
      storageClass: StorageClass,
      member: 'NoncurrentDays',
      action: 'NoncurrentVersionTransition',
    })
  }
  for (const [action, steps] of Object.entries({
    Transition: current,
    NoncurrentVersionTransition: noncurrent,
  }))
    if (new Set(steps.map(({ StorageClass }) => StorageClass)).size < steps.length)
      throw invalidRequest(
        `'StorageClass' must be different for '${action}' actions in same 'Rule' with prefix '${prefix}'`,
      )
  checkOrder(rule, prefix)
}

function checkStep(step: {
  readonly days: number | undefined
  readonly storageClass: string | undefined
  readonly member: string
  readonly action: string
}): void {
  const { days, storageClass = '', member, action } = step
  if (storageClass === 'STANDARD' || !COLDNESS.includes(storageClass)) throw malformedXml()
  if (days === undefined) return
  if (days < 0) throw invalidArgument(`'${member}' in ${action} action must be nonnegative`)
  if (action === 'Transition' && storageClass.endsWith('_IA') && days < IA_DAYS_MIN)
    throw invalidArgument(
      `'${member}' in ${action} action must be greater than or equal to ${IA_DAYS_MIN} for storageClass '${storageClass}'`,
    )
}

function checkOrder({ Expiration: expiration = {}, Transitions: steps = [] }: RawRule, prefix: string): void {
  const isDated = [expiration, ...steps].some(({ Date: date }) => date !== undefined)
  const isCounted = [expiration, ...steps].some(({ Days: days }) => days !== undefined)
  if (isDated && isCounted)
    throw invalidRequest(
      `Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix '${prefix}'`,
    )
  const { Days: last } = expiration
  if (last !== undefined && steps.some(({ Days: days = 0 }) => days >= last))
    throw invalidArgument(
      `'Days' in the Expiration action for prefix '${prefix}' must be greater than 'Days' in the Transition action`,
    )
}

function checkAbort(rule: RawRule): void {
  if (rule.AbortIncompleteMultipartUpload === undefined) return
  const { DaysAfterInitiation: days } = rule.AbortIncompleteMultipartUpload
  if (days === undefined) throw malformedXml()
  positive(days, 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload')
  const { tags, above, below } = scopeOf(rule)
  if (tags.length > 0) throw invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Tags.')
  if (given(above, below) > 0)
    throw invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Object Size.')
}
