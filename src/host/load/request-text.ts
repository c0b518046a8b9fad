/** Requests as text, made once a target: only the trace id differs from one to the next. */
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
    const lines = [
      `${target.method} ${url.pathname}${url.search} HTTP/1.1`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(length > 0 || !/^(GET|HEAD|DELETE|OPTIONS)$/.test(target.method)
        ? [`Content-Length: ${length}`]
        : []),
    ]
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
    }
  })
}
