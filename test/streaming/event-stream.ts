/** InvokeWithResponseStream over a socket, its event stream read by hand: chunks, when they came, and the end. */
import { request } from 'node:http'
import { signature } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

export interface Streamed {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  /** Ms from the request until each chunk. */
  readonly times: readonly number[]
  /** What InvokeComplete says. */
  readonly complete: Readonly<Record<string, string>>
}

interface Message {
  readonly type: string
  readonly payload: Buffer
  readonly rest: Buffer
}

/** Whole messages: a length, headers and a payload each. */
function messages(bytes: Buffer): readonly Message[] {
  const found: Message[] = []
  let rest = bytes
  while (rest.length >= 12 && rest.length >= rest.readUInt32BE(0)) {
    const total = rest.readUInt32BE(0)
    const headers = 12 + rest.readUInt32BE(4)
    const names = rest.toString('latin1', 12, headers)
    const payload = Buffer.from(rest.subarray(headers, total - 4))
    rest = rest.subarray(total)
    found.push({ type: names.includes('PayloadChunk') ? 'chunk' : 'complete', payload, rest })
  }
  return found
}

export function streamed(on: Platform, name: string, event: unknown = {}): Promise<Streamed> {
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Streamed>()
  const url = `${on.url}/2021-11-15/functions/${name}/response-streaming-invocations`
  const options = { method: 'POST', headers: { authorization: signature('lambda') } }
  const sent = request(url, options, (answer) => {
    let held = Buffer.alloc(0)
    const chunks: Buffer[] = []
    const times: number[] = []
    let complete: Record<string, string> = {}
    answer.on('data', (part: Buffer) => {
      held = Buffer.concat([held, part])
      for (const { type, payload, rest } of messages(held)) {
        held = Buffer.from(rest)
        if (type === 'complete') complete = JSON.parse(payload.toString()) as Record<string, string>
        else {
          chunks.push(payload)
          times.push(performance.now() - began)
        }
      }
    })
    answer.on('error', reject)
    answer.on('end', () => {
      const { statusCode = 0, headers } = answer
      const contentType = headers['content-type'] ?? ''
      resolve({ status: statusCode, contentType, body: Buffer.concat(chunks), times, complete })
    })
  })
  sent.on('error', reject)
  sent.end(JSON.stringify(event))
  return promise
}
