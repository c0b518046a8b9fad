/**
 * Zip archives from bytes in memory: deflate where it helps, no timestamps, entries in the given order, so that the
 * same content makes the same package. Reading archives is the host's (it writes files as it goes).
 * Source of the format: PKWARE APPNOTE 6.3.
 */
import { crc32, deflateRawSync } from 'node:zlib'
import { type Bytes, concat, utf8 } from '#base/bytes.ts'

export interface ZipEntry {
  /** With forward slashes, relative. */
  readonly name: string
  readonly bytes: Bytes
  readonly executable?: boolean
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const UTF8_NAMES = 0x0800
const UNIX = 3 << 8
/** 1980-01-01, the least date the format can say. */
const DOS_DATE = 0x21

interface Packed {
  readonly name: Bytes
  readonly method: 0 | 8
  readonly data: Bytes
  readonly crc: number
  readonly size: number
  readonly mode: number
}

function pack(entry: ZipEntry): Packed {
  const deflated = deflateRawSync(entry.bytes, { level: 6 })
  const smaller = deflated.length < entry.bytes.length
  return {
    name: utf8(entry.name),
    method: smaller ? 8 : 0,
    data: smaller ? deflated : entry.bytes,
    crc: crc32(entry.bytes),
    size: entry.bytes.length,
    mode: entry.executable === true ? 0o100755 : 0o100644,
  }
}

/** Little-endian fields of 2 or 4 bytes, written in a row. */
function fields(...list: readonly (readonly [bytes: 2 | 4, value: number])[]): Bytes {
  const out = new Uint8Array(list.reduce((sum, [bytes]) => sum + bytes, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const [bytes, value] of list) {
    if (bytes === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += bytes
  }
  return out
}

function common(p: Packed): (readonly [2 | 4, number])[] {
  return [
    [2, UTF8_NAMES],
    [2, p.method],
    [2, 0],
    [2, DOS_DATE],
    [4, p.crc],
    [4, p.data.length],
    [4, p.size],
    [2, p.name.length],
    [2, 0],
  ]
}

export function zipOf(entries: readonly ZipEntry[]): Bytes {
  const parts: Bytes[] = []
  const directory: Bytes[] = []
  let offset = 0
  for (const entry of entries) {
    const p = pack(entry)
    const head = fields([4, LOCAL], [2, 20], ...common(p))
    parts.push(head, p.name, p.data)
    const attributes = (p.mode << 16) >>> 0
    directory.push(
      fields(
        [4, CENTRAL],
        [2, UNIX | 20],
        [2, 20],
        ...common(p),
        [2, 0],
        [2, 0],
        [2, 0],
        [4, attributes],
        [4, offset],
      ),
      p.name,
    )
    offset += head.length + p.name.length + p.data.length
  }
  const directoryBytes = concat([...directory, new Uint8Array(0)])
  const count = entries.length
  const end = fields(
    [4, END],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directoryBytes.length],
    [4, offset],
    [2, 0],
  )
  return concat([...parts, directoryBytes, end])
}
