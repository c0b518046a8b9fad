/** The Range header of a read. Pure. Several ranges or a range that is none mean the whole object, as AWS answers. */
import type { ByteRange } from '#ports/blobs.ts'

export type RangeOutcome =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeOutcome = { kind: 'whole' }

/** Source: S3 API, GetObject, Range (RFC 9110 section 14; one range only). */
export function rangeOf(header: string | undefined, sizeBytes: number): RangeOutcome {
  if (header === undefined) return WHOLE
  const found = /^bytes=(\d*)-(\d*)$/.exec(header.trim())
  const [first = '', last = ''] = found?.slice(1) ?? []
  if (first === '' && last === '') return WHOLE
  if (first === '') {
    const count = Number(last)
    if (count === 0 || sizeBytes === 0) return { kind: 'unsatisfiable' }
    return { kind: 'part', range: { start: Math.max(0, sizeBytes - count), end: sizeBytes - 1 } }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return WHOLE
  if (start >= sizeBytes) return { kind: 'unsatisfiable' }
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return { kind: 'part', range: { start, end } }
}

/** `bytes 0-9/100` */
export const contentRange = (range: ByteRange, sizeBytes: number): string =>
  `bytes ${range.start}-${range.end}/${sizeBytes}`

/** The range of UploadPartCopy: both ends must be there and lie inside. `malformed` or `outside` otherwise. */
export function copyRangeOf(header: string, sizeBytes: number): ByteRange | 'malformed' | 'outside' {
  const found = /^bytes=(\d+)-(\d+)$/.exec(header.trim())
  if (found === null) return 'malformed'
  const range = { start: Number(found[1]), end: Number(found[2]) }
  if (range.end < range.start) return 'malformed'
  return range.end >= sizeBytes ? 'outside' : range
}
