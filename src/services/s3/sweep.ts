/**
 * The sweep at start: a crash between the write of a body and the commit that names it, or between a commit and the
 * deletion of what it replaced, leaves a blob without a name. Run before the first request: a body that is being
 * received has no name either.
 */
import type { Read } from '#ports/store.ts'
import { type Content, manifests, parts, versions } from '#services/s3/records.ts'
import { allBelow, allBuckets } from '#services/s3/scan.ts'
import type { S3State } from '#services/s3/state.ts'

/** Before the first request: bodies that nothing names go, and events that were not handed over are read. */
export async function startS3(state: S3State, blobs: AsyncIterable<string>): Promise<void> {
  await sweepS3(state, blobs)
  const left = await state.events.load()
  if (left > 0) state.log.info('s3.events.left', { events: left })
}

/** Deletes each of the blobs (all that S3's blobs port holds) that no object or part names. Answers how many. */
export async function sweepS3(state: S3State, blobs: AsyncIterable<string>): Promise<number> {
  const named = await namedBlobs(state.store.read)
  let swept = 0
  for await (const id of blobs) {
    if (named.has(id)) continue
    await state.blobs.delete(id)
    swept++
  }
  if (swept > 0) state.log.info('s3.bodies.swept', { blobs: swept })
  return swept
}

/** The ids of all blobs that some record names. */
export async function namedBlobs(read: Read): Promise<Set<string>> {
  const named = new Set<string>()
  const note = (content: Content): void => {
    if (content.kind === 'blob') named.add(content.id)
  }
  for await (const bucket of allBuckets(read)) {
    for await (const [, value] of allBelow(read, bucket, versions.kind)) {
      const record = versions.decode(value)
      if (record.kind === 'object') note(record.content)
    }
    for await (const [, value] of allBelow(read, bucket, parts.kind)) note(parts.decode(value).content)
    for await (const [, value] of allBelow(read, bucket, manifests.kind))
      for (const piece of manifests.decode(value).pieces) note(piece.content)
  }
  return named
}
