/** Writes a store-only ZIP file: the package of a function whose code stands in the template. No compression, no dates. */
import { crc32 } from 'node:zlib'
import { type Bytes, concat, utf8 } from '#base/bytes.ts'

export interface ZipEntry {
  readonly name: string
  readonly content: Bytes
}

const fields = (...parts: readonly (readonly [size: 2 | 4, value: number])[]): Bytes => {
  const out = new Uint8Array(parts.reduce((sum, [size]) => sum + size, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const [size, value] of parts) {
    if (size === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += size
  }
  return out
}

/** 1980-01-01 in MS-DOS form, the format's zero: equal content gives equal bytes, so an unchanged function stays unchanged. */
const DATE = 0x21

/** Source: PKWARE APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16; names are UTF-8 (flag bit 11), files are 0644. */
export function zipOf(entries: readonly ZipEntry[]): Bytes {
  const parts: Bytes[] = []
  const directory: Bytes[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const nameBytes = utf8(name)
    const common = fields(
      [2, 0x800],
      [2, 0],
      [2, 0],
      [2, DATE],
      [4, crc32(content)],
      [4, content.length],
      [4, content.length],
      [2, nameBytes.length],
      [2, 0],
    )
    const local = concat([fields([4, 0x04034b50], [2, 20]), common, nameBytes, content])
    directory.push(
      fields([4, 0x02014b50], [2, 0x0314], [2, 20]),
      common,
      fields([2, 0], [2, 0], [2, 0], [4, 0o100644 * 65_536], [4, offset]),
      nameBytes,
    )
    parts.push(local)
    offset += local.length
  }
  const central = concat(directory)
  const count = entries.length
  const end = fields(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, central.length],
    [4, offset],
    [2, 0],
  )
  return concat([...parts, central, end])
}
