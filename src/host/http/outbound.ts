/** HTTP to the outside. Nothing is followed, retried or decoded: what a webhook answers is its caller's to judge. */
import { type IncomingMessage, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Outbound, OutboundOutcome, OutboundRequest } from '#ports/outbound.ts'

/** Connections kept for the next request; beyond it they are closed after use. */
const IDLE_SOCKETS_MAX = 64
const SOCKETS_PER_HOST = 256

export interface HostOutbound extends Outbound {
  close(): void
}

export function hostOutbound(): HostOutbound {
  const options = { keepAlive: true, maxSockets: SOCKETS_PER_HOST, maxFreeSockets: IDLE_SOCKETS_MAX }
  const plain = new HttpAgent(options)
  const secure = new HttpsAgent(options)
  return {
    request: async (request) => {
      const url = parsed(request.url)
      if (url === undefined) return { kind: 'unreachable', reason: 'EINVAL' }
      return await exchange(request, url, url.protocol === 'https:' ? secure : plain)
    },
    close: () => {
      plain.destroy()
      secure.destroy()
    },
  }
}

function parsed(text: string): URL | undefined {
  const url = URL.parse(text)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined
}

function exchange(request: OutboundRequest, url: URL, agent: HttpAgent): Promise<OutboundOutcome> {
  return new Promise((resolve) => {
    const { method, headers, body, timeoutMs, signal } = request
    const begin = url.protocol === 'https:' ? httpsRequest : httpRequest
    const sent = begin(url, {
      method,
      headers: { ...headers },
      agent,
      ...(signal === undefined ? {} : { signal }),
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      sent.destroy()
    }, timeoutMs)
    const settle = (outcome: OutboundOutcome): void => {
      clearTimeout(timer)
      resolve(outcome)
    }
    const failed = (error: NodeJS.ErrnoException): void =>
      settle(late ? { kind: 'timed-out' } : { kind: 'unreachable', reason: error.code ?? error.message })
    sent.on('error', failed)
    sent.on('response', (answer) => {
      answer.on('error', failed)
      collected(answer, request.answerBytesMax).then((read) => {
        settle({ kind: 'answered', status: answer.statusCode ?? 0, headers: headersOf(answer), body: read })
      }, failed)
    })
    sent.end(body)
  })
}

/** What fits; the rest is read and dropped, so that the connection can be used again. */
async function collected(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let room = bytesMax
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (room > 0) parts.push(chunk.subarray(0, room))
    room -= chunk.length
  }
  return Buffer.concat(parts)
}

function headersOf(answer: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  return headers
}
