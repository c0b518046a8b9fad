/**
 * One page of a listing: a walk over the store in key order that rolls keys up at the delimiter and leaps over what
 * it need not read (the rest of a common prefix, older versions). What a page becomes in XML is the operations'.
 */
import { type Bytes, compareBytes } from '#base/bytes.ts'
import { type KeyPart, keysBeginning, keysBelow } from '#base/key.ts'
import type { Records } from '#base/records.ts'
import type { Read } from '#ports/store.ts'
import { invalidArgument } from '#services/s3/faults.ts'
import { PAGE_MAX, SCAN_BATCH } from '#services/s3/limits.ts'

export type ListEntry<T> =
  | { readonly kind: 'record'; readonly record: T }
  | { readonly kind: 'prefix'; readonly prefix: string }

export interface ListPage<T> {
  readonly entries: readonly ListEntry<T>[]
  readonly truncated: boolean
}

export interface Walk<T> {
  readonly records: Records<T>
  /** Account and region. */
  readonly scope: readonly KeyPart[]
  /** The bucket: the part of the store key before the object's. */
  readonly folder: string
  readonly prefix: string
  /** Empty: none. */
  readonly delimiter: string
  /** Store key at which the page begins, included; see `afterKey`. */
  readonly from?: Bytes | undefined
  readonly limit: number
  /** `newest`: one record a key, the first; `each`: all. */
  readonly depth: 'newest' | 'each'
  /** What a listing shows; a record it does not show still hides older ones of its key. */
  shown(record: T): boolean
}

/** The common prefix that a key rolls up to, or undefined when it stands for itself. */
export function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : key.slice(0, at + delimiter.length)
}

/**
 * Where a listing goes on after a marker: behind all records of that key, or behind the whole common prefix that the
 * marker lies in. Source: recorded AWS answers of ListObjects with a delimiter and a marker.
 */
export function afterKey(
  walk: { readonly records: { readonly kind: string } } & Pick<
    Walk<never>,
    'scope' | 'folder' | 'prefix' | 'delimiter'
  >,
  marker: string,
): Bytes {
  const group = groupOf(marker, walk.prefix, walk.delimiter)
  const parts = [...walk.scope, walk.records.kind, walk.folder]
  return group === undefined ? keysBelow(...parts, marker).to : keysBeginning(...parts, group).to
}

export async function listPage<T extends { readonly key: string }>(
  read: Read,
  walk: Walk<T>,
): Promise<ListPage<T>> {
  const scope = [...walk.scope, walk.records.kind, walk.folder]
  const bounds = keysBeginning(...scope, walk.prefix)
  let from = later(bounds.from, walk.from)
  const entries: ListEntry<T>[] = []
  if (walk.limit === 0) return { entries, truncated: false }
  for (;;) {
    if (compareBytes(from, bounds.to) >= 0) return { entries, truncated: false }
    const limit = Math.min(SCAN_BATCH, walk.limit - entries.length + 1)
    const batch = await read.range({ from, to: bounds.to, limit })
    for (const [key, value] of batch) {
      if (compareBytes(key, from) < 0) continue
      const record = walk.records.decode(value)
      const group = groupOf(record.key, walk.prefix, walk.delimiter)
      from = walk.depth === 'newest' ? keysBelow(...scope, record.key).to : successor(key)
      if (!walk.shown(record)) continue
      if (entries.length === walk.limit) return { entries, truncated: true }
      if (group === undefined) entries.push({ kind: 'record', record })
      else {
        entries.push({ kind: 'prefix', prefix: group })
        from = keysBeginning(...scope, group).to
      }
    }
    if (batch.length < limit) return { entries, truncated: false }
  }
}

const later = (a: Bytes, b: Bytes | undefined): Bytes => (b !== undefined && compareBytes(b, a) > 0 ? b : a)

/** The least key behind this one. */
export function successor(key: Bytes): Bytes {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

/** At most 1,000; 0 is a page without entries. Fault InvalidArgument. Source: S3 API, ListObjectsV2; recorded AWS answer. */
export function pageLimit(asked: number | undefined, name: string): number {
  if (asked === undefined) return PAGE_MAX
  if (asked < 0)
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, asked)
  return Math.min(asked, PAGE_MAX)
}

/**
 * Keys in answers when encoding-type is url: percent-encoding with slashes kept. Fault InvalidArgument for another
 * type. Source: recorded AWS answers.
 */
export function encoderOf(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined || encodingType === '') return (text) => text
  if (encodingType !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType)
  return (text) =>
    encodeURIComponent(text)
      .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
}
