/** Logical ids with a digest of what they stand for: new content, new resource. */
import { createHash } from 'node:crypto'
import { isDict, type Value } from '#engines/templates/value.ts'

/** JSON with sorted keys and no blanks, and every character beyond ASCII escaped: what SAM digests. */
export function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isDict(value)) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${quote(name)}:${canonical(value[name] ?? null)}`)
    return `{${members.join(',')}}`
  }
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}

const quote = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Lower-case hex of SHA-1 over the text itself or over the canonical JSON. Source: SAM, generated resources. */
export function digest(data: Value, length = 10): string {
  const source = typeof data === 'string' ? data : canonical(data)
  return createHash('sha1').update(source).digest('hex').slice(0, length)
}

/** `prefix` and the digest; only the prefix when there is nothing to digest. */
export function hashedId(prefix: string, data: Value | undefined, ready?: string): string {
  if (ready !== undefined && ready !== '') return prefix + ready.slice(0, 10)
  const empty =
    data === undefined ||
    data === null ||
    data === '' ||
    (Array.isArray(data) && data.length === 0) ||
    (isDict(data) && Object.keys(data).length === 0)
  return empty ? prefix : prefix + digest(data)
}

export const isAlphanumeric = (text: string): boolean => /^[A-Za-z0-9]+$/.test(text)
