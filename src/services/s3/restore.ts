/**
 * Restoring archived objects: how long it takes, until when the copy stays, and whether an object can be read at a
 * moment. Pure: time comes with the question, nothing waits. Select jobs and faster tiers for a restore that is under
 * way are not here.
 */
import { hours, httpDate, type Instant, later, minutes, type Ms } from '#base/time.ts'
import type { S3 } from '#model/s3.ts'
import { restoreInProgress, restoreNotAllowed } from '#services/s3/archive-faults.ts'
import { invalidArgument, malformedXml, unsupported } from '#services/s3/faults.ts'
import { dueAt } from '#services/s3/lifecycle.ts'
import type { ObjectRecord } from '#services/s3/records.ts'

export interface Restore {
  readonly readyAt: Instant
  /** The copy goes then. */
  readonly expiresAt: Instant
}

type Request = NonNullable<S3['RestoreObject']['in']['RestoreRequest']>

/** The longest that each tier takes. Source: S3 user guide, Archive retrieval options. */
const TAKES_MS: Readonly<Record<string, Readonly<Record<string, Ms>>>> = {
  GLACIER: { Expedited: minutes(5), Standard: hours(5), Bulk: hours(12) },
  DEEP_ARCHIVE: { Standard: hours(12), Bulk: hours(48) },
}

/** Reading needs a restore first. Source: S3 user guide, Archived objects. */
const isArchived = ({ storageClass }: ObjectRecord): boolean => TAKES_MS[storageClass] !== undefined

/** Whether its bytes can be had now. */
export const isReadable = (record: ObjectRecord, now: Instant): boolean =>
  !isArchived(record) || isRestored(record, now)

const isRestored = ({ restore }: ObjectRecord, now: Instant): boolean =>
  restore !== undefined && restore.readyAt <= now && restore.expiresAt > now

/** `x-amz-restore`. Source: S3 API, HeadObject. */
export function restoreHeader(record: ObjectRecord, now: Instant): string | undefined {
  const { restore } = record
  if (restore === undefined || restore.expiresAt <= now) return undefined
  if (restore.readyAt > now) return 'ongoing-request="true"'
  return `ongoing-request="false", expiry-date="${httpDate(restore.expiresAt)}"`
}

export interface Restoring {
  readonly restore: Restore
  /** False: a copy was there, and stays longer. */
  readonly begins: boolean
}

/** Faults InvalidObjectState, RestoreAlreadyInProgress, MalformedXML, InvalidArgument (texts of the last inferred). Source: S3 API, RestoreObject. */
export function restoringOf(record: ObjectRecord, request: Request | undefined, now: Instant): Restoring {
  if (request === undefined) throw malformedXml()
  if (request.Type !== undefined || request.SelectParameters !== undefined) throw unsupported('Type SELECT')
  if (request.OutputLocation !== undefined) throw unsupported('OutputLocation')
  const tiers = TAKES_MS[record.storageClass]
  if (tiers === undefined) throw restoreNotAllowed(record.storageClass)
  const { Days: days } = request
  if (days === undefined) throw malformedXml()
  if (days < 1) throw invalidArgument('The number of days must be positive', 'Days', days)
  const tier = request.GlacierJobParameters?.Tier ?? request.Tier ?? 'Standard'
  const takesMs = tiers[tier]
  if (takesMs === undefined)
    throw invalidArgument('Retrieval option is not supported by this storage class', 'Tier', tier)
  if (isRestored(record, now))
    return {
      restore: { readyAt: record.restore?.readyAt ?? now, expiresAt: dueAt(now, days) },
      begins: false,
    }
  if (record.restore !== undefined && record.restore.readyAt > now) throw restoreInProgress()
  const readyAt = later(now, takesMs)
  return { restore: { readyAt, expiresAt: dueAt(readyAt, days) }, begins: true }
}
