/** Walks over everything, a batch at a time: the sweep at start and lifecycle rules. */
import { type KeyPart, keysBelow } from '#base/key.ts'
import type { Entry, Read } from '#ports/store.ts'
import { BUCKETS_MAX, SCAN_BATCH } from '#services/s3/limits.ts'
import { successor } from '#services/s3/listing.ts'
import { type BucketRecord, buckets, GLOBAL, ownerOf } from '#services/s3/records.ts'

/** Every bucket of every account. */
export async function* allBuckets(read: Read): AsyncGenerator<BucketRecord> {
  let last: string | undefined
  for (;;) {
    const after = last === undefined ? undefined : [last]
    const batch = await buckets.list(read, GLOBAL, [], { limit: BUCKETS_MAX, after })
    yield* batch
    last = batch.at(-1)?.name
    if (batch.length < BUCKETS_MAX) return
  }
}

/** All rows of a kind in the bucket, or of one key of it, in key order. */
export async function* allBelow(
  read: Read,
  bucket: BucketRecord,
  kind: string,
  ...below: readonly KeyPart[]
): AsyncGenerator<Entry> {
  const { from: first, to } = keysBelow(...ownerOf(bucket), kind, bucket.name, ...below)
  let from = first
  for (;;) {
    const batch = await read.range({ from, to, limit: SCAN_BATCH })
    yield* batch
    const last = batch.at(-1)?.[0]
    if (last === undefined || batch.length < SCAN_BATCH) return
    from = successor(last)
  }
}
