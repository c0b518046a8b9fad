/**
 * Requests as text, made once a target: only the trace id differs from one to the next, and what a target's numbers
 * are filled into.
 */
import { Buffer } from 'node:buffer'
import { Trouble } from '#base/trouble.ts'
import type { LoadTarget } from '#ports/load.ts'

export interface RequestText {
  readonly origin: string
  readonly method: string
  /** Up to the trace id. */
  readonly before: string
  /** From there to the body's end. */
  readonly after: string
  /** The whole text of one request, for targets whose numbers differ; the rest pays nothing for them. */
  readonly filled: ((index: number, traceId: string) => string) | undefined
}

/** Headers that are the generator's own. */
const OWN: ReadonlySet<string> = new Set([
  'content-length',
  'connection',
  'transfer-encoding',
  'x-amzn-trace-id',
])

/** Throws Trouble for a target that cannot be sent. */
export function requestTexts(targets: readonly LoadTarget[]): RequestText[] {
  return targets.map((target) => {
    const url = URL.parse(target.url)
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new Trouble(
        `"${target.url}" is no address that can be loaded`,
        target.name,
        'use http:// or https://',
      )
    }
    const given = Object.entries(target.headers).filter(([name]) => !OWN.has(name.toLowerCase()))
    const hasHost = given.some(([name]) => name.toLowerCase() === 'host')
    const headers = [...(hasHost ? [] : [['Host', url.host] as const]), ...given]
    const length = Buffer.byteLength(target.body)
    const path = `${url.pathname}${url.search}`
    const first = [
      `${target.method} ${target.numbered === true ? path.replace(ENCODED_PLACES, '{$1}') : path} HTTP/1.1`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ]
    const hasLength = length > 0 || !/^(GET|HEAD|DELETE|OPTIONS)$/.test(target.method)
    const lines = [...first, ...(hasLength ? [`Content-Length: ${length}`] : [])]
    if (lines.some((line) => /[\r\n\0]/.test(line))) {
      throw new Trouble(
        'a header or method holds a line break',
        target.name,
        'take it out of the headers of the target',
      )
    }
    return {
      origin: url.origin,
      method: target.method,
      before: `${lines.join('\r\n')}\r\nX-Amzn-Trace-Id: Root=`,
      after: `\r\n\r\n${target.body}`,
      filled: target.numbered === true ? filling(first.join('\r\n'), target.body, hasLength) : undefined,
    }
  })
}

/** What a URL makes of the places in a path. */
const ENCODED_PLACES = /%7B(n(?:%\d+)?|id)%7D/g
const PLACES = /\{(n(?:%\d+)?|id)\}/

type Filled = (index: number, traceId: string) => string

/** Both texts are cut once; a request joins the pieces. What is filled in is ASCII, so that lengths add up. */
function filling(head: string, body: string, hasLength: boolean): Filled {
  const headOf = filler(head)
  const bodyOf = filler(body)
  const fixedBytes = Buffer.byteLength(body) - body.length
  return (index, traceId) => {
    const filledBody = bodyOf(index, traceId)
    const length = hasLength ? `\r\nContent-Length: ${fixedBytes + filledBody.length}` : ''
    return `${headOf(index, traceId)}${length}\r\nX-Amzn-Trace-Id: Root=${traceId}\r\n\r\n${filledBody}`
  }
}

function filler(text: string): Filled {
  const parts = text.split(PLACES).map((part, i): string | Filled => (i % 2 === 0 ? part : valueOf(part)))
  return (index, traceId) => {
    let filled = ''
    for (const part of parts) filled += typeof part === 'string' ? part : part(index, traceId)
    return filled
  }
}

/** The trace id is unlike any other request's: without its hyphens it is a deduplication id. */
function valueOf(place: string): Filled {
  if (place === 'n') return (index) => String(index)
  if (place === 'id') return (_, traceId) => traceId.replaceAll('-', '')
  const divisor = Math.max(1, Number(place.slice(2)))
  return (index) => String(index % divisor)
}
