/**
 * Paths and query strings as they came. Nothing here normalises: keys hold `..`, `//`, `+` and `%2F`. Each segment and
 * pair is decoded by itself; a broken escape answers undefined.
 */
export type Pair = readonly [key: string, value: string]

/** Percent-decoding of UTF-8; undefined for a broken escape. `+` stays. */
export function decodePart(raw: string): string | undefined {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

/** Pairs of a query string or form, in order. `+` is a blank. Undefined when an escape is broken. */
export function pairsOf(query: string): readonly Pair[] | undefined {
  const pairs: Pair[] = []
  if (query === '') return pairs
  for (const part of query.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const key = decodeForm(at === -1 ? part : part.slice(0, at))
    const value = decodeForm(at === -1 ? '' : part.slice(at + 1))
    if (key === undefined || value === undefined) return undefined
    pairs.push([key, value])
  }
  return pairs
}

const decodeForm = (raw: string): string | undefined =>
  decodePart(raw.includes('+') ? raw.replaceAll('+', ' ') : raw)

/** The first value of a key, or undefined. */
export function valueOf(pairs: readonly Pair[], key: string): string | undefined {
  return pairs.find(([name]) => name === key)?.[1]
}

/** The raw path of a request target: absolute-form targets lose scheme and authority. */
export function pathOf(target: string): string {
  const absolute = /^https?:\/\/[^/?]*/i.exec(target)
  const path = absolute === null ? target : target.slice(absolute[0].length)
  return path.startsWith('/') ? path : `/${path}`
}
