/**
 * The Runtime API's server side: HTTP/1.1 over a unix socket or an address of the environment's own, parsed by hand
 * because few clients with few routes speak it and every microsecond is in each invoke. Requests of one connection are
 * handed on in order, one at a time. No route is known here: that is `services/lambda`.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { RuntimeReply, RuntimeRequest } from '#ports/sandboxes.ts'

/** Longest body that is kept; beyond it the rest is read, dropped and told. Lambda's limit is 6 MB and 100 bytes, plus room to see it broken. */
export const BODY_MAX = 6_291_556 + 65_536
/** Source: Lambda quotas, request line and header values: 1 MB. */
const HEAD_MAX = 1_048_576
const HEAD_END = '\r\n\r\n'
const EMPTY = Buffer.alloc(0)

export type OnRequest = (request: RuntimeRequest, reply: (reply: RuntimeReply) => void) => void

export interface RuntimeServerOptions {
  /** Whether to listen to this peer; asked once for each connection. */
  admit(socket: Socket): boolean | Promise<boolean>
  onConnection(): void
  onRequest: OnRequest
}

/** Of one environment at once: each may hold a body. Runtimes use one or two, further ones are closed at once. */
const CONNECTIONS_MAX = 16

/** A server for one environment; the caller lets it listen. */
export function runtimeServer(options: RuntimeServerOptions): Server {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy()) // a client that went away
    const admitted = options.admit(socket)
    if (admitted === true) {
      serve(socket, options)
      return
    }
    socket.pause()
    void Promise.resolve(admitted).then((welcome) => {
      if (welcome) serve(socket, options)
      else socket.destroy()
    })
  })
  server.maxConnections = CONNECTIONS_MAX
  return server
}

function serve(socket: Socket, options: RuntimeServerOptions): void {
  options.onConnection()
  const connection = new Connection(socket, options.onRequest)
  socket.on('data', (chunk: Buffer) => connection.read(chunk))
  socket.resume()
}

interface Head {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
}

class Connection {
  #socket: Socket
  #onRequest: OnRequest
  #parts: Buffer[] = []
  #size = 0
  #head: Head | undefined
  #body: Body | undefined
  #busy = false

  constructor(socket: Socket, onRequest: OnRequest) {
    this.#socket = socket
    this.#onRequest = onRequest
  }

  read(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
    this.#advance()
  }

  #advance(): void {
    while (!this.#busy && this.#size > 0) {
      if (this.#head === undefined && !this.#readHead()) return
      const body = this.#body
      if (body === undefined) return
      const rest = body.take(this.#taken())
      if (rest === undefined) return
      this.#give(rest)
      this.#finish(body)
    }
  }

  #taken(): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] ?? EMPTY) : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    return all
  }

  #give(rest: Buffer): void {
    if (rest.length === 0) return
    this.#parts = [rest]
    this.#size = rest.length
  }

  #readHead(): boolean {
    const all = this.#taken()
    const end = all.indexOf(HEAD_END)
    if (end === -1) {
      this.#give(all)
      if (all.length > HEAD_MAX) this.#refuse(431)
      return false
    }
    const head = headOf(all.toString('latin1', 0, end))
    if (head === undefined) {
      this.#refuse(400)
      return false
    }
    this.#head = head
    this.#body = bodyOf(head.headers)
    if (head.headers['expect'] === '100-continue') this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    const rest = all.subarray(end + HEAD_END.length)
    if (this.#body.isEmpty) {
      this.#give(rest)
      this.#finish(this.#body)
      return false
    }
    this.#give(rest)
    return rest.length > 0
  }

  #finish(body: Body): void {
    const head = this.#head
    if (head === undefined) return
    this.#head = undefined
    this.#body = undefined
    this.#busy = true
    let replied = false
    this.#onRequest({ ...head, body: body.bytes(), truncated: body.truncated }, (reply) => {
      if (replied) return
      replied = true
      this.#busy = false
      this.#write(reply, head.headers['connection'] === 'close')
      this.#advance()
    })
  }

  #write(reply: RuntimeReply, closes: boolean): void {
    if (this.#socket.destroyed) return
    const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.length
    let head = `HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? 'OK'}\r\n`
    for (const [name, value] of Object.entries(reply.headers)) head += `${name}: ${value}\r\n`
    head += `Content-Length: ${length}\r\n${closes ? 'Connection: close\r\n' : ''}\r\n`
    if (typeof reply.body === 'string') this.#socket.write(head + reply.body)
    else {
      this.#socket.cork()
      this.#socket.write(head)
      this.#socket.write(reply.body)
      this.#socket.uncork()
    }
    if (closes) this.#socket.end()
  }

  #refuse(status: number): void {
    this.#write({ status, headers: {}, body: '' }, true)
  }
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
}

/** Method, path and headers; undefined when it is no HTTP/1 request. */
function headOf(text: string): Head | undefined {
  const lines = text.split('\r\n')
  const [method = '', path = '', version = ''] = (lines[0] ?? '').split(' ')
  if (!version.startsWith('HTTP/1.') || !path.startsWith('/')) return undefined
  const headers: Record<string, string> = {}
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const colon = line.indexOf(':')
    if (colon <= 0) return undefined
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { method, path, headers }
}

/** Collects a body up to the limit. `take` answers what follows the body, or undefined while it goes on. */
interface Body {
  readonly isEmpty: boolean
  readonly truncated: boolean
  take(bytes: Buffer): Buffer | undefined
  bytes(): Buffer
}

class Collected {
  truncated = false
  #parts: Buffer[] = []
  #size = 0

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    const room = BODY_MAX - this.#size
    if (bytes.length > room) this.truncated = true
    if (room <= 0) return
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes
    this.#parts.push(kept)
    this.#size += kept.length
  }

  bytes(): Buffer {
    return this.#parts.length === 1 ? (this.#parts[0] ?? EMPTY) : Buffer.concat(this.#parts)
  }
}

function bodyOf(headers: Readonly<Record<string, string>>): Body {
  if (/\bchunked\b/i.test(headers['transfer-encoding'] ?? '')) return new ChunkedBody()
  const length = Number(headers['content-length'] ?? 0)
  return new SizedBody(Number.isSafeInteger(length) && length > 0 ? length : 0)
}

class SizedBody extends Collected implements Body {
  #left: number

  constructor(length: number) {
    super()
    this.#left = length
  }

  get isEmpty(): boolean {
    return this.#left === 0
  }

  take(bytes: Buffer): Buffer | undefined {
    const mine = bytes.subarray(0, this.#left)
    this.#left -= mine.length
    this.add(mine)
    return this.#left === 0 ? bytes.subarray(mine.length) : undefined
  }
}

/** Chunked transfer coding; trailers are read and dropped. */
class ChunkedBody extends Collected implements Body {
  readonly isEmpty = false
  #held: Buffer = EMPTY
  #left = -1
  #inTrailers = false

  take(bytes: Buffer): Buffer | undefined {
    let at = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = EMPTY
    for (;;) {
      if (this.#left > 0) {
        const mine = at.subarray(0, this.#left)
        this.#left -= mine.length
        this.add(mine)
        at = at.subarray(mine.length)
        if (this.#left > 0) return undefined
      }
      const end = at.indexOf('\r\n')
      if (end === -1) {
        this.#held = at
        return undefined
      }
      const line = at.toString('latin1', 0, end)
      at = at.subarray(end + 2)
      if (this.#inTrailers) {
        if (line === '') return at
      } else if (line !== '') {
        this.#left = parseInt(line, 16)
        if (this.#left === 0 || Number.isNaN(this.#left)) this.#inTrailers = true
      }
    }
  }
}
