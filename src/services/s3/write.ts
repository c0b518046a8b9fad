/**
 * The commit of an object: conditions, slot, record and body's place in one transaction; before it the bytes are
 * written, after it what was replaced is deleted. Put, copy and completion of an upload all end here.
 */
import type { Added } from '#outbox/outbox.ts'
import type { Call } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import type { Fresh, Retired } from '#services/s3/bodies.ts'
import { type WriteConditions, writeOutcome } from '#services/s3/conditions.ts'
import type { EventName } from '#services/s3/event-records.ts'
import {
  conditionalConflict,
  headerNotImplemented,
  noSuchKey,
  preconditionFailed,
} from '#services/s3/faults.ts'
import { defaultRetention } from '#services/s3/object-lock.ts'
import { promptly } from '#services/s3/promptly.ts'
import type { BucketRecord, Content, ObjectRecord, VersionRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import {
  bucketOf,
  isObject,
  newestOf,
  putVersion,
  shownVersionId,
  type Slot,
  slotFor,
  wholeSeconds,
} from '#services/s3/versions.ts'

/** What is known of the object before its slot is. */
export type ObjectDraft = Omit<ObjectRecord, 'order' | 'versionId' | 'lastModified' | 'content'>

export interface Written {
  readonly bucket: BucketRecord
  readonly record: ObjectRecord
}

/** How the object came to be, for who is to be told of it. */
export interface Making {
  readonly event: EventName
  readonly call: Call
}

/** Fault NotImplemented for conditions that S3 does not take. Source: S3 user guide, Conditional writes; recorded AWS answers. */
export function checkWriteConditions(conditions: WriteConditions): void {
  if (conditions.ifNoneMatch !== undefined && conditions.ifNoneMatch !== '*')
    throw headerNotImplemented(
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
    )
  if (conditions.ifMatch === '*')
    throw headerNotImplemented(
      'If-Match',
      "We don't accept the provided value of If-Match header for this API",
    )
  if (conditions.ifMatch !== undefined && conditions.ifNoneMatch !== undefined)
    throw headerNotImplemented(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    )
}

/** Faults PreconditionFailed, NoSuchKey. */
export function holdConditions(
  conditions: WriteConditions,
  key: string,
  newest: VersionRecord | undefined,
): void {
  const outcome = writeOutcome(conditions, isObject(newest) ? newest : undefined)
  switch (outcome.kind) {
    case 'go':
      holdNoConflict(conditions, key, newest)
      return
    case 'failed':
      throw preconditionFailed(outcome.condition)
    case 'absent':
      throw noSuchKey(key)
    default:
      outcome satisfies never
  }
}

/** Fault ConditionalRequestConflict: another write or marker came between an upload's beginning and its completion. Source: recorded AWS answers (of deletions in buckets without versioning nothing is known here). */
function holdNoConflict(conditions: WriteConditions, key: string, newest: VersionRecord | undefined): void {
  const condition =
    conditions.ifMatch === undefined
      ? conditions.ifNoneMatch === undefined
        ? undefined
        : 'If-None-Match'
      : 'If-Match'
  if (condition === undefined || conditions.since === undefined || newest === undefined) return
  const written = newest.order === 0 && isObject(newest) ? (newest.written ?? 0) : -newest.order
  if (written > conditions.since) throw conditionalConflict(condition, key)
}

/** Writes the object with a body that was received; a body that finds no place is deleted. */
export async function writeObject(
  state: S3State,
  bucketName: string,
  write: {
    readonly draft: ObjectDraft
    readonly fresh: Fresh
    readonly conditions: WriteConditions
    readonly making: Making
  },
): Promise<Written> {
  const { draft, fresh, conditions, making } = write
  let committed: Committed
  try {
    committed = await state.store.tx((tx) =>
      promptly(bucketOf(tx, bucketName), (bucket) => {
        const place = (): Content => state.bodies.placeOfObject(tx, bucket, fresh)
        return putObjectRecord(state, tx, { bucket, draft, conditions, place, making })
      }),
    )
  } catch (fault) {
    await state.bodies.discard(fresh)
    throw fault
  }
  if (committed.retired.length > 0 || committed.told.length > 0) await settle(state, committed)
  return committed.written
}

/** What a transaction leaves to be done after it. */
export interface Aftermath {
  readonly retired: readonly Retired[]
  readonly told: readonly Added[]
}

export interface Committed extends Aftermath {
  readonly written: Written
}

/** After the commit: who is to be told is told, what was replaced is deleted. */
export async function settle(state: S3State, { retired, told }: Aftermath): Promise<void> {
  state.events.release(told)
  await state.bodies.retire(retired)
}

export interface RecordWrite {
  readonly bucket: BucketRecord
  readonly draft: ObjectDraft
  readonly conditions: WriteConditions
  readonly place: () => Content
  readonly making: Making
}

/** The part of the commit inside the transaction. `settle` what comes out after it. */
export function putObjectRecord(state: S3State, tx: Tx, write: RecordWrite): Committed | Promise<Committed> {
  const { bucket, draft } = write
  return promptly(newestOf(tx, bucket, draft.key), (newest) => {
    holdConditions(write.conditions, draft.key, newest)
    const making = { newest, order: state.nextOrder(), random: state.random }
    return promptly(slotFor(tx, bucket, draft.key, making), (slot) => {
      const retired = isObject(slot.replaced) ? state.bodies.unplace(tx, bucket, slot.replaced.content) : []
      return promptly(retired, (all) =>
        fillSlot(state, tx, { ...write, slot, retired: all, written: making.order }),
      )
    })
  })
}

function fillSlot(
  state: S3State,
  tx: Tx,
  write: RecordWrite & {
    readonly slot: Slot
    readonly retired: readonly Retired[]
    readonly written: number
  },
): Committed {
  const { bucket, draft, making, slot, retired } = write
  const lastModified = wholeSeconds(state.clock.now())
  const record: ObjectRecord = {
    ...draft,
    retention: draft.retention ?? defaultRetention(bucket.objectLock, lastModified),
    order: slot.order,
    ...(slot.order === 0 ? { written: write.written } : {}),
    versionId: slot.versionId,
    lastModified,
    content: write.place(),
  }
  putVersion(tx, bucket, record, slot)
  const { key, sizeBytes, etag } = record
  const happening = { name: making.event, key, sizeBytes, etag, versionId: shownVersionId(bucket, record) }
  const told = state.events.tell(tx, bucket, happening, making.call)
  return { written: { bucket, record }, retired, told }
}
