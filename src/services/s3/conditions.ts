/**
 * The conditional headers of reads, copies and writes, and the order in which AWS weighs them. Pure: an outcome
 * comes out, the operation makes it a Fault. Times compare in whole seconds, as the headers carry them.
 */
import type { Instant } from '#base/time.ts'
import { matchesEtag } from '#services/s3/etag.ts'

export interface ReadConditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  readonly ifModifiedSince?: Instant | undefined
  readonly ifUnmodifiedSince?: Instant | undefined
}

export interface Subject {
  /** Without quotes. */
  readonly etag: string
  readonly lastModified: Instant
}

export type ReadOutcome =
  | { readonly kind: 'go' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'failed'; readonly condition: string }

const inSeconds = (at: Instant): number => Math.floor(at / 1_000)

/**
 * If-Match true wins over If-Unmodified-Since false; If-None-Match false wins over If-Modified-Since true.
 * Source: S3 API, GetObject, Conditional requests.
 */
export function readOutcome(conditions: ReadConditions, subject: Subject): ReadOutcome {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  const modifiedAt = inSeconds(subject.lastModified)
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, subject.etag)) return { kind: 'failed', condition: 'If-Match' }
  } else if (ifUnmodifiedSince !== undefined && modifiedAt > inSeconds(ifUnmodifiedSince)) {
    return { kind: 'failed', condition: 'If-Unmodified-Since' }
  }
  if (ifNoneMatch !== undefined) {
    if (matchesEtag(ifNoneMatch, subject.etag)) return { kind: 'not-modified' }
  } else if (ifModifiedSince !== undefined && modifiedAt <= inSeconds(ifModifiedSince)) {
    return { kind: 'not-modified' }
  }
  return { kind: 'go' }
}

/** The same for the source of a copy, where nothing is "not modified": the name of the header that failed. Source: S3 API, CopyObject. */
export function failedCopyCondition(conditions: ReadConditions, subject: Subject): string | undefined {
  const outcome = readOutcome(conditions, subject)
  switch (outcome.kind) {
    case 'go':
      return undefined
    case 'failed':
      return `x-amz-copy-source-${outcome.condition}`
    case 'not-modified':
      return conditions.ifNoneMatch === undefined
        ? 'x-amz-copy-source-If-Modified-Since'
        : 'x-amz-copy-source-If-None-Match'
    default:
      return outcome satisfies never
  }
}

export interface WriteConditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  /** Order of the upload that is completed: what was written since is in conflict with it. */
  readonly since?: number | undefined
}

export type WriteOutcome =
  | { readonly kind: 'go' }
  | { readonly kind: 'failed'; readonly condition: 'If-Match' | 'If-None-Match' }
  /** If-Match, and there is no object. */
  | { readonly kind: 'absent' }

/** Against the current version; `undefined` when there is none or it is a delete marker. Source: S3 user guide, Conditional writes. */
export function writeOutcome(conditions: WriteConditions, current: Subject | undefined): WriteOutcome {
  if (conditions.ifNoneMatch !== undefined && current !== undefined)
    return { kind: 'failed', condition: 'If-None-Match' }
  if (conditions.ifMatch !== undefined) {
    if (current === undefined) return { kind: 'absent' }
    if (!matchesEtag(conditions.ifMatch, current.etag)) return { kind: 'failed', condition: 'If-Match' }
  }
  return { kind: 'go' }
}
