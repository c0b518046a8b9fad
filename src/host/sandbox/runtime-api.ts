/**
 * The Runtime API's server side: HTTP/1.1 over a unix socket or an address of the environment's own, parsed by hand
 * because few clients with few routes speak it and every microsecond is in each invoke. Requests of one connection are
 * handed on in order, one at a time. No route is known here: that is `services/lambda`.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { RuntimeReply, RuntimeRequest } from '#ports/sandboxes.ts'
import { type BodyReader, bodyReader, Collected, Streamed } from '#host/sandbox/request-body.ts'

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
  socket.on('close', () => connection.closed())
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
  #body: BodyReader | undefined
  /** Of the request under way, when it is kept whole. */
  #kept = new Collected()
  /** Of the request under way, when it is handed on while it comes. */
  #streamed: Streamed | undefined
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

  /** A body that has not come whole by now never will. */
  closed(): void {
    this.#streamed?.broke()
  }

  #advance(): void {
    while (this.#size > 0 && (this.#body !== undefined || !this.#busy)) {
      if (this.#body === undefined && !this.#readHead()) return
      const body = this.#body
      if (body === undefined) return
      const rest = body.take(this.#taken())
      if (rest === undefined) return
      this.#give(rest)
      this.#finish()
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
    if (head.headers['expect'] === '100-continue') this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    const rest = all.subarray(end + HEAD_END.length)
    this.#give(rest)
    if (isStreamed(head)) return this.#openStream(head)
    this.#kept = new Collected()
    this.#body = bodyReader(head.headers, this.#kept)
    if (this.#body.isEmpty) {
      this.#finish()
      return false
    }
    return rest.length > 0
  }

  /** Hands the request on before its body has come. */
  #openStream(head: Head): boolean {
    const stream = new Streamed(this.#socket)
    const body = bodyReader(head.headers, stream)
    if (body.isEmpty) stream.end({})
    else {
      this.#streamed = stream
      this.#body = body
    }
    this.#ask({ ...head, body: EMPTY, truncated: false, stream })
    return this.#body !== undefined && this.#size > 0
  }

  /** The body is whole: one that was kept is handed on now. */
  #finish(): void {
    const head = this.#head
    this.#body = undefined
    const streamed = this.#streamed
    this.#streamed = undefined
    if (head === undefined || streamed !== undefined) return
    this.#ask({ ...head, body: this.#kept.bytes(), truncated: this.#kept.truncated })
  }

  #ask(request: RuntimeRequest): void {
    const { stream } = request
    this.#head = undefined
    this.#busy = true
    let replied = false
    this.#onRequest(request, (reply) => {
      if (replied) return
      replied = true
      this.#busy = false
      if (stream !== undefined) this.#streamed?.drop()
      this.#write(reply, request.headers['connection'] === 'close')
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

/** Source: Lambda developer guide, Response streaming for custom runtimes: the header of a response in streaming mode. */
const isStreamed = ({ method, path, headers }: Head): boolean =>
  method === 'POST' &&
  path.endsWith('/response') &&
  headers['lambda-runtime-function-response-mode']?.toLowerCase() === 'streaming'
