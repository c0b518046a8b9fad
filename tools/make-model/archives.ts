/** Readers for the two archive forms of package registries: wheels (zip) and npm tarballs. Only what these use. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync, inflateRawSync } from 'node:zlib'

export type Archive = ReadonlyMap<string, Buffer>

export const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Entries of a zip whose name passes the test. Source: PKWARE APPNOTE 4.3, central directory. */
export function readZip(file: string, wanted: (name: string) => boolean): Archive {
  const bytes = readFileSync(file)
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end === -1) throw new Error(`${file} is no zip`)
  const entries = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset))
    const name = bytes.toString('utf8', at + 46, at + 46 + (nameSize ?? 0))
    if (wanted(name)) entries.set(name, zipEntry(bytes, at))
    at += 46 + (nameSize ?? 0) + (extraSize ?? 0) + (commentSize ?? 0)
  }
  return entries
}

function zipEntry(bytes: Buffer, central: number): Buffer {
  const local = bytes.readUInt32LE(central + 42)
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const raw = bytes.subarray(from, from + bytes.readUInt32LE(central + 20))
  return bytes.readUInt16LE(central + 10) === 0 ? raw : inflateRawSync(raw)
}

/** Entries of an npm tarball whose name passes the test; the leading `package/` is taken off. */
export function readTarball(file: string, wanted: (name: string) => boolean): Archive {
  const bytes = gunzipSync(readFileSync(file))
  const entries = new Map<string, Buffer>()
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const field = (from: number, size: number): string =>
      bytes.toString('utf8', at + from, at + from + size).split('\0')[0] ?? ''
    const size = Number.parseInt(field(124, 12), 8)
    const prefix = field(345, 155)
    const name = `${prefix === '' ? '' : `${prefix}/`}${field(0, 100)}`.replace(/^package\//, '')
    if (wanted(name)) entries.set(name, bytes.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return entries
}
