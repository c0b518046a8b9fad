/**
 * A reader of zip archives: the central directory, then each entry's bytes, stored or deflated. It trusts no number of
 * the archive: names are checked before, sizes while they are unpacked. Zip64, multi-volume archives and encryption
 * are refused. Writing files is `stage.ts`.
 */
import { crc32, createInflateRaw } from 'node:zlib'

export interface ZipEntry {
  /** Relative, with `/`; a folder's ends in `/`. */
  readonly name: string
  readonly method: number
  readonly compressed: Uint8Array
  /** Of the unpacked bytes. */
  readonly crc32: number
  /** Unix mode bits, or 0 where the archive gives none. */
  readonly mode: number
  readonly isFolder: boolean
}

export type ZipRefusal = {
  readonly kind: 'refused'
  readonly reason: 'not-a-zip' | 'unsafe-name' | 'link' | 'encrypted'
  readonly detail: string
}

export type ZipDirectory = { readonly kind: 'entries'; readonly entries: readonly ZipEntry[] } | ZipRefusal

const END_SIGNATURE = 0x06054b50
const CENTRAL_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_SIZE = 22
const CENTRAL_SIZE = 46
const LOCAL_SIZE = 30
const STORED = 0
const DEFLATED = 8
/** More entries than AWS's 250 MB could hold in any real package. */
const ENTRIES_MAX = 200_000

const notAZip = (detail: string): ZipRefusal => ({ kind: 'refused', reason: 'not-a-zip', detail })

/** The entries, or why the archive is not taken. Source of the format: PKWARE APPNOTE 6.3. */
export function readZip(bytes: Uint8Array): ZipDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = endOf(view)
  if (end === undefined) return notAZip('no end of central directory record')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  if (count > ENTRIES_MAX || at > end) return notAZip('the central directory lies outside of the archive')
  const entries: ZipEntry[] = []
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_SIZE > end || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      return notAZip(`entry ${index} of the central directory is broken`)
    }
    const nameLength = view.getUint16(at + 28, true)
    const next =
      at + CENTRAL_SIZE + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    const entry = entryAt(bytes, view, at, nameLength)
    if (entry.kind === 'refused') return entry
    entries.push(entry.entry)
    at = next
  }
  return { kind: 'entries', entries }
}

/** The end record lies at the end, behind it only a comment. */
function endOf(view: DataView): number | undefined {
  const least = Math.max(0, view.byteLength - END_SIZE - 65_535)
  for (let at = view.byteLength - END_SIZE; at >= least; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at
  }
  return undefined
}

function entryAt(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  nameLength: number,
): { readonly kind: 'entry'; readonly entry: ZipEntry } | ZipRefusal {
  if (at + CENTRAL_SIZE + nameLength > bytes.length) return notAZip('a name lies outside of the archive')
  const name = new TextDecoder().decode(bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength))
  const madeBy = view.getUint8(at + 5)
  const flags = view.getUint16(at + 8, true)
  const method = view.getUint16(at + 10, true)
  const compressedSize = view.getUint32(at + 20, true)
  const mode = madeBy === 3 ? view.getUint32(at + 38, true) >>> 16 : 0
  const local = view.getUint32(at + 42, true)
  if ((flags & 1) !== 0) return { kind: 'refused', reason: 'encrypted', detail: name }
  const unsafe = unsafeName(name)
  if (unsafe) return { kind: 'refused', reason: 'unsafe-name', detail: name }
  const kind = mode & 0o170000
  if (kind === 0o120000) return { kind: 'refused', reason: 'link', detail: name }
  if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000) {
    return { kind: 'refused', reason: 'unsafe-name', detail: `${name} is a device, pipe or socket` }
  }
  if (method !== STORED && method !== DEFLATED) return notAZip(`${name} is compressed by method ${method}`)
  if (local + LOCAL_SIZE > bytes.length || view.getUint32(local, true) !== LOCAL_SIGNATURE) {
    return notAZip(`${name} has no local header`)
  }
  const start = local + LOCAL_SIZE + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
  if (start + compressedSize > bytes.length) return notAZip(`${name} lies outside of the archive`)
  return {
    kind: 'entry',
    entry: {
      name,
      method,
      compressed: bytes.subarray(start, start + compressedSize),
      crc32: view.getUint32(at + 16, true),
      mode: mode & 0o777,
      isFolder: name.endsWith('/'),
    },
  }
}

/** Absolute, upward, with a drive or a NUL, or with backslashes that some unzip programs take as folders. */
function unsafeName(name: string): boolean {
  if (name === '' || name.startsWith('/') || name.includes('\0') || name.includes('\\')) return true
  if (/^[A-Za-z]:/.test(name)) return true
  return name.split('/').includes('..')
}

/** Data that is not what its header says. */
export class BrokenEntry extends Error {}

/** The entry's bytes, or undefined when they are more than `max`. Faults: BrokenEntry, or zlib's own error. */
export async function unpacked(entry: ZipEntry, max: number): Promise<Uint8Array | undefined> {
  const bytes = entry.method === STORED ? entry.compressed : await inflated(entry.compressed, max)
  if (bytes === undefined || bytes.length > max) return undefined
  if (crc32(bytes) !== entry.crc32) throw new BrokenEntry(`the checksum of ${entry.name} is wrong`)
  return bytes
}

async function inflated(compressed: Uint8Array, max: number): Promise<Uint8Array | undefined> {
  const inflate = createInflateRaw()
  const parts: Uint8Array[] = []
  let size = 0
  inflate.end(compressed)
  for await (const part of inflate) {
    if (!(part instanceof Uint8Array)) continue
    size += part.length
    if (size > max) {
      inflate.destroy()
      return undefined
    }
    parts.push(part)
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts)
}
