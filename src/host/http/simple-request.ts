/**
 * Reads the requests that clients of AWS send all day: a plain head and a short body of announced length, whole in one
 * piece. It is strict instead of complete: whatever is not exactly of this kind is nobody's to guess about here, and
 * goes to node's own parser (`direct.ts`). Pure. Source of the grammar: RFC 9112, sections 3 and 5; RFC 9110, 5.6.2.
 */
import type { Buffer } from 'node:buffer'
import { lowerName } from '#host/http/names.ts'

/** Longest head. */
const HEAD_BYTES_MAX = 8 * 1_024
/** Longest body. */
const BODY_BYTES_MAX = 64 * 1_024
const HEADERS_MAX = 64

export interface SimpleRequest {
  readonly method: string
  /** In origin form, with the query. */
  readonly target: string
  /** Names and values as they came, one after the other. */
  readonly rawHeaders: readonly string[]
  /** The announced length, if there was one. */
  readonly length: number | undefined
  /** Where head and body end. */
  readonly headEnd: number
  readonly end: number
}

const REQUEST_LINE = /^(GET|HEAD|PUT|POST|DELETE|PATCH|OPTIONS) (\/[!-~]*) HTTP\/1\.1$/
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const LENGTH = /^\d{1,9}$/

/** Headers that change how a message is read or a connection used. */
const MEANINGFUL: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The request that the bytes begin with; `partial` when its body is not whole yet; undefined: for another parser. */
export function simpleRequest(bytes: Buffer): SimpleRequest | 'partial' | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1 || headEnd > HEAD_BYTES_MAX) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const lineEnd = head.indexOf('\r\n')
  const line = REQUEST_LINE.exec(lineEnd === -1 ? head : head.slice(0, lineEnd))
  if (line === null || lineEnd === -1) return undefined
  const rawHeaders = headersOf(head, lineEnd + 2)
  const framing = rawHeaders === undefined ? undefined : framingOf(rawHeaders)
  if (rawHeaders === undefined || framing === undefined) return undefined
  const { length } = framing
  const end = headEnd + 4 + (length ?? 0)
  if (end > bytes.length) return 'partial'
  const [, method = '', target = ''] = line
  return { method, target, rawHeaders, length, headEnd: headEnd + 4, end }
}

/** Undefined when a line is malformed, folded, or there are too many. */
function headersOf(head: string, from: number): string[] | undefined {
  const raw: string[] = []
  for (let start = from; start <= head.length;) {
    const found = head.indexOf('\r\n', start)
    const end = found === -1 ? head.length : found
    const colon = head.indexOf(':', start)
    if (colon === -1 || colon > end || raw.length >= 2 * HEADERS_MAX) return undefined
    const name = head.slice(start, colon)
    const value = trimmed(head, colon + 1, end)
    if (!NAME.test(name) || NOT_IN_VALUE.test(value)) return undefined
    raw.push(name, value)
    start = end + 2
  }
  return raw
}

/** Without blanks and tabs at its ends. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (start < end && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Undefined when the length is in doubt, there is no one host, or the message is of another kind. */
function framingOf(raw: readonly string[]): { readonly length: number | undefined } | undefined {
  let length: string | undefined
  let host: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value = ''] = [lowerName(raw[i] ?? ''), raw[i + 1]]
    if (name === 'content-length') {
      if (length !== undefined || !LENGTH.test(value)) return undefined
      length = value
    } else if (name === 'host') {
      if (host !== undefined) return undefined
      host = value
    } else if (MEANINGFUL.has(name) && !(name === 'connection' && value.toLowerCase() === 'keep-alive'))
      return undefined
  }
  if (host === undefined || Number(length ?? 0) > BODY_BYTES_MAX) return undefined
  return { length: length === undefined ? undefined : Number(length) }
}
