/** Load on a port from the driver's process (`load-worker.ts`), and requests as clients of AWS write them. */
import { numberAt, valueAt } from '#base/json.ts'
import { Child } from './child.ts'

export interface Loaded {
  readonly count: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Wall clock, ms, of the first connection. */
  readonly startedAt: number
  /** Whole answers with their heads, when asked for. */
  readonly answers: readonly string[]
}

export interface Load {
  readonly port: number
  readonly request: string
  readonly connections: number
  /** Length of the run; or `most` requests a connection. */
  readonly ms?: number
  readonly most?: number
  readonly keepAnswers?: boolean
}

export class Driver {
  readonly #child = new Child('load-worker.ts')

  /** Faults: Error when any request failed, because a figure over failures says nothing. */
  async run(load: Load): Promise<Loaded> {
    const answer = await this.#child.ask({ ...load, bodies: load.keepAnswers === true ? 1 : 0 })
    const number = (name: string): number => numberAt(answer, name) ?? Number.NaN
    const bodies = valueAt(answer, 'bodies')
    const loaded = {
      count: number('count'),
      failed: number('failed'),
      perSecond: number('perSecond'),
      p50Ms: number('p50Ms'),
      p99Ms: number('p99Ms'),
      maxMs: number('maxMs'),
      startedAt: number('startedAt'),
      answers: Array.isArray(bodies) ? bodies.map(String) : [],
    }
    if (loaded.failed > 0 || loaded.count === 0)
      throw new Error(`${loaded.failed} of ${loaded.count} requests failed: ${load.request.split('\r\n')[0]}`)
    return loaded
  }

  async end(): Promise<void> {
    await this.#child.end()
  }
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly service: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Account 000000000000, us-east-1; the signature is made up, as any local cloud accepts it. */
export function headersOf(service: string): Record<string, string> {
  const scope = `000000000000/20260101/us-east-1/${service}/aws4_request`
  return {
    Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
  }
}

/** The bytes of a request, for the driver. */
export function requestText(call: Call, port: number): string {
  const body = call.body ?? ''
  const headers = {
    Host: `127.0.0.1:${port}`,
    ...headersOf(call.service),
    ...call.headers,
    'Content-Length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${call.method} ${call.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

export const invocation = (name: string, body = '{}', headers: Record<string, string> = {}): Call => ({
  method: 'POST',
  path: `/2015-03-31/functions/${name}/invocations`,
  service: 'lambda',
  body,
  headers: { 'Content-Type': 'application/json', ...headers },
})
