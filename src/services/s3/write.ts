/**
 * The commit of an object: conditions, slot, record and body's place in one transaction; before it the bytes are
 * written, after it what was replaced is deleted. Put, copy and completion of an upload all end here.
 */
import type { Tx } from '#ports/store.ts'
import type { Fresh, Retired } from '#services/s3/bodies.ts'
import { type WriteConditions, writeOutcome } from '#services/s3/conditions.ts'
import { headerNotImplemented, noSuchKey, preconditionFailed } from '#services/s3/faults.ts'
import type { BucketRecord, Content, ObjectRecord, VersionRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'
import { bucketOf, isObject, newestOf, putVersion, slotFor, wholeSeconds } from '#services/s3/versions.ts'

/** What is known of the object before its slot is. */
export type ObjectDraft = Omit<ObjectRecord, 'order' | 'versionId' | 'lastModified' | 'content'>

export interface Written {
  readonly bucket: BucketRecord
  readonly record: ObjectRecord
}

/** Fault NotImplemented for conditions that S3 does not take. Source: S3 user guide, Conditional writes; recorded AWS answers. */
export function checkWriteConditions(conditions: WriteConditions): void {
  if (conditions.ifNoneMatch !== undefined && conditions.ifNoneMatch !== '*')
    throw headerNotImplemented(
      'If-None-Match',
      "We don't accept the provided value of If-None-Match header for this API",
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
      return
    case 'failed':
      throw preconditionFailed(outcome.condition)
    case 'absent':
      throw noSuchKey(key)
    default:
      outcome satisfies never
  }
}

/** Writes the object with a body that was received; a body that finds no place is deleted. */
export async function writeObject(
  state: S3State,
  bucketName: string,
  write: { readonly draft: ObjectDraft; readonly fresh: Fresh; readonly conditions: WriteConditions },
): Promise<Written> {
  const { draft, fresh, conditions } = write
  let retired: readonly Retired[]
  let written: Written
  try {
    ;[written, retired] = await state.store.tx(async (tx) => {
      const bucket = await bucketOf(tx, bucketName)
      const place = (): Content => state.bodies.place(tx, bucket, fresh)
      return putObjectRecord(state, tx, { bucket, draft, conditions, place })
    })
  } catch (fault) {
    await state.bodies.discard(fresh)
    throw fault
  }
  await state.bodies.retire(retired)
  return written
}

export interface RecordWrite {
  readonly bucket: BucketRecord
  readonly draft: ObjectDraft
  readonly conditions: WriteConditions
  readonly place: () => Content
}

/** The part of the commit inside the transaction. Retire what comes out after it. */
export async function putObjectRecord(
  state: S3State,
  tx: Tx,
  write: RecordWrite,
): Promise<[Written, readonly Retired[]]> {
  const { bucket, draft } = write
  const newest = await newestOf(tx, bucket, draft.key)
  holdConditions(write.conditions, draft.key, newest)
  const slot = await slotFor(tx, bucket, draft.key, {
    newest,
    order: state.nextOrder(),
    random: state.random,
  })
  const retired = isObject(slot.replaced) ? await state.bodies.unplace(tx, bucket, slot.replaced.content) : []
  const record: ObjectRecord = {
    ...draft,
    order: slot.order,
    versionId: slot.versionId,
    lastModified: wholeSeconds(state.clock.now()),
    content: write.place(),
  }
  putVersion(tx, bucket, record, slot)
  return [{ bucket, record }, retired]
}
