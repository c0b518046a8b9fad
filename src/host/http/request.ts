/**
 * A request of node:http as the platform's rooms see it. Its body is read at most once, bounded by whoever collects it
 * and, together with those of all others, by `held.ts`.
 */
import type { IncomingMessage } from 'node:http'
import { HELD_BYTES_MAX, HeldBodies } from '#host/http/held.ts'
import { flat, hostOf, pairs } from '#host/http/names.ts'
import type { Body, HttpRequest } from '#ports/http.ts'

/** The target is split by hand: `new URL` would fold `..` and decode what must stay encoded. */
export class IncomingRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly host: string
  readonly hostPort: string
  readonly body: Body
  readonly #incoming: IncomingMessage

  constructor(incoming: IncomingMessage) {
    const target = originForm(incoming.url ?? '/')
    const mark = target.indexOf('?')
    this.#incoming = incoming
    this.method = incoming.method ?? 'GET'
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? '' : target.slice(mark + 1)
    this.headers = flat(incoming.rawHeaders)
    this.hostPort = this.headers['host'] ?? ''
    this.host = hostOf(this.hostPort)
    this.body = bodyOf(incoming, this.headers)
  }

  get rawHeaders(): readonly (readonly [name: string, value: string])[] {
    return pairs(this.#incoming.rawHeaders)
  }

  get remote(): { readonly address: string; readonly port: number } {
    const { remoteAddress, remotePort } = this.#incoming.socket
    return { address: remoteAddress ?? '', port: remotePort ?? 0 }
  }
}

/** Some clients send the absolute form to what they think is a proxy. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(target)
  const rest = found === null ? target : target.slice(found[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function bodyOf(incoming: IncomingMessage, headers: Readonly<Record<string, string>>): Body {
  const announced = headers['content-length']
  const length = announced === undefined ? undefined : Number(announced)
  return {
    length: announced === undefined && headers['transfer-encoding'] === undefined ? 0 : length,
    collect: (limitBytes) => collect(incoming, limitBytes, length),
    stream: () => incoming,
  }
}

const heldBodies = new HeldBodies(HELD_BYTES_MAX)

function collect(
  incoming: IncomingMessage,
  limitBytes: number,
  length: number | undefined,
): Promise<Uint8Array | 'too-large'> {
  if (length !== undefined && length > limitBytes) {
    incoming.resume()
    return Promise.resolve('too-large')
  }
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    const holding = heldBodies.open(() => incoming.socket.destroy())
    incoming.on('data', (part: Buffer) => {
      size += part.length
      if (size > limitBytes) {
        parts.length = 0
        holding.end()
        resolve('too-large')
      } else {
        parts.push(part)
        holding.add(part.length)
      }
    })
    incoming.on('end', () => {
      holding.end()
      resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts))
    })
    incoming.on('error', reject)
    incoming.on('close', () => {
      holding.end()
      if (!incoming.complete) reject(new Error('the client went away before its request was whole'))
    })
  })
}
