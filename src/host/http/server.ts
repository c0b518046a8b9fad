/**
 * The one port: node:http turned into `HttpRequest` and back. Nothing here knows AWS. Bodies are read at most once,
 * bounded by whoever collects them; a client that stops reading or sending is cut off by the timeouts below.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { assert } from '#base/assert.ts'
import { lentOf } from '#base/bytes.ts'
import { Trouble } from '#base/trouble.ts'
import { ONE_WRITE_MAX, bytesAsText, collected, drained, lengthOf } from '#host/http/answer.ts'
import { CONNECTIONS_MAX, Crowd } from '#host/http/crowd.ts'
import { DirectConnections } from '#host/http/direct.ts'
import { IncomingRequest } from '#host/http/request.ts'
import type { Caller, HttpRequest, HttpResponse } from '#ports/http.ts'

/** Longest header block. AWS refuses beyond 10,240 bytes at gateways; services vary, so this is the outer bound. */
const HEADER_BYTES_MAX = 64 * 1024
/** A request must arrive whole within this time: long polls are answered later, not received later. */
const RECEIVE_TIMEOUT_MS = 300_000
/** Idle connections are kept as long as API Gateway keeps them. Source: API Gateway quotas, idle connection timeout 310 s. */
const KEEP_ALIVE_MS = 310_000
/** Beyond this the kernel refuses; 5,000 parked polls and a burst fit. */
const BACKLOG = 8_192

export type Handle = (request: HttpRequest, caller: Caller, reply: (response: HttpResponse) => void) => void

export interface HttpServer {
  readonly port: number
  readonly address: string
  /** Stops accepting, ends idle connections, and cuts the rest after the grace. */
  close(graceMs: number): Promise<void>
}

export async function listen(options: {
  port: number
  address: string
  handle: Handle
  /** For tests: instead of `RECEIVE_TIMEOUT_MS`. */
  receiveTimeoutMs?: number
  /** For tests: instead of `CONNECTIONS_MAX`. */
  connectionsMax?: number
}): Promise<HttpServer> {
  const receiveTimeoutMs = options.receiveTimeoutMs ?? RECEIVE_TIMEOUT_MS
  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout: receiveTimeoutMs,
    headersTimeout: receiveTimeoutMs,
    connectionsCheckingInterval: Math.min(30_000, receiveTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
  })
  const [byNode] = server.listeners('connection')
  assert(byNode !== undefined, "node's server listens to its own connections")
  server.removeAllListeners('connection')
  const direct = new DirectConnections({
    handle: options.handle,
    used: (socket) => crowd.used(socket),
    giveOver: (socket) => void Reflect.apply(byNode, server, [socket]),
    late: (socket) => refuse(socket, 'ERR_HTTP_REQUEST_TIMEOUT'),
    receiveTimeoutMs,
    keepAliveMs: KEEP_ALIVE_MS,
  })
  const crowd = new Crowd(options.connectionsMax ?? CONNECTIONS_MAX, () => {
    server.closeIdleConnections()
    direct.closeIdle()
  })
  server.on('connection', (socket: Socket) => {
    crowd.enter(socket)
    direct.accept(socket)
  })
  server.on('request', (request, response) => {
    crowd.used(request.socket)
    serve(request, response, options.handle)
  })
  // S3 clients wait for the go-ahead; sending it at once keeps the path equal for both kinds of client.
  server.on('checkContinue', (request, response) => {
    response.writeContinue()
    serve(request, response, options.handle)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, error.code))
  await started(server, options)
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object', 'a server that listens on a port has an address')
  return { port: bound.port, address: bound.address, close: (graceMs) => close(server, direct, graceMs) }
}

function started(server: Server, options: { port: number; address: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const thing = `${options.address}:${options.port}`
      if (error.code === 'EADDRINUSE') {
        reject(
          new Trouble(
            'The port is in use by another program.',
            thing,
            'Stop that program, or choose another port with --port N.',
          ),
        )
      } else
        reject(
          new Trouble(
            `The port cannot be opened: ${error.message}`,
            thing,
            'Choose another port with --port N.',
          ),
        )
    })
    server.listen({ port: options.port, host: options.address, backlog: BACKLOG }, resolve)
  })
}

function close(server: Server, direct: DirectConnections, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections()
      direct.closeAll()
    }, graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
    direct.close()
  })
}

/** Requests that never became one. Source: RFC 9110, 408; RFC 6585, 431. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function refuse(socket: Duplex, code: string | undefined): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = REFUSALS[code ?? ''] ?? '400 Bad Request'
  const body = `${status.slice(4)}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
}

function serve(incoming: IncomingMessage, outgoing: ServerResponse, handle: Handle): void {
  handle(new IncomingRequest(incoming), new Waiting(outgoing), (response) => {
    void send(incoming, outgoing, response)
  })
}

class Waiting implements Caller {
  readonly #outgoing: ServerResponse
  #controller: AbortController | undefined

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing
  }

  get gone(): boolean {
    return this.#outgoing.destroyed && !this.#outgoing.writableFinished
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.gone) controller.abort()
      else
        this.#outgoing.on('close', () => {
          if (!this.#outgoing.writableFinished) controller.abort()
        })
    }
    return this.#controller.signal
  }
}

/**
 * What is left of a body that nobody read is drained up to this, after its answer: a connection that is closed earlier
 * is reset, and its sender sees the reset instead of the answer.
 */
const DRAIN_BYTES_MAX = 256 * 1024 * 1024
const DRAIN_MS = 30_000

async function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  response: HttpResponse,
): Promise<void> {
  const { body } = response
  if (outgoing.destroyed) {
    if (typeof body === 'object' && !(body instanceof Uint8Array))
      await body[Symbol.asyncIterator]().return?.()
    return
  }
  const rest = drain(incoming)
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    await sendWhole(incoming, outgoing, { ...response, body, rest })
    return
  }
  const headers: string[] = []
  for (const [name, value] of response.headers) headers.push(name, value)
  try {
    const announced = lengthOf(response)
    if (announced !== undefined && announced <= ONE_WRITE_MAX) {
      const whole = await collected(body)
      outgoing.writeHead(response.status, headers)
      outgoing.end(bytesAsText(whole), 'latin1')
      return
    }
    outgoing.writeHead(response.status, headers)
    // Lent parts are written over when the next one is asked for: by then, `drained` has seen them leave.
    for await (const part of lentOf(body)) {
      if (outgoing.destroyed) return
      if (!outgoing.write(part)) await drained(outgoing)
    }
    outgoing.end()
  } catch {
    // The answer's head is gone: cutting the connection is the only way left to say that the body is not whole.
    outgoing.destroy()
  }
}

interface Whole extends HttpResponse {
  readonly body: string | Uint8Array | undefined
  /** Set while the client is still sending. */
  readonly rest: Promise<void> | undefined
}

async function sendWhole(incoming: IncomingMessage, outgoing: ServerResponse, whole: Whole): Promise<void> {
  const { body, rest, status } = whole
  const headers: string[] = []
  for (const [name, value] of whole.headers) headers.push(name, value)
  const bodiless = incoming.method === 'HEAD' || status === 204 || status === 304
  if (status !== 204 && status !== 304 && lengthOf(whole) === undefined) {
    headers.push('Content-Length', String(body === undefined ? 0 : Buffer.byteLength(body)))
  }
  outgoing.writeHead(status, headers)
  if (rest !== undefined) {
    outgoing.flushHeaders()
    if (!bodiless && body !== undefined && body.length > 0) outgoing.write(body)
    await rest
    outgoing.end()
  } else if (bodiless || body === undefined) outgoing.end()
  else if (typeof body === 'string' || body.length > ONE_WRITE_MAX) outgoing.end(body)
  else outgoing.end(bytesAsText(body), 'latin1')
}

/** Undefined when the request is whole, else when it is, or its bounds are reached and the connection is cut. */
function drain(incoming: IncomingMessage): Promise<void> | undefined {
  if (incoming.complete || incoming.destroyed) return undefined
  return new Promise((resolve) => {
    let size = 0
    const cut = setTimeout(() => incoming.destroy(), DRAIN_MS)
    incoming.on('data', (part: Buffer) => {
      size += part.length
      if (size > DRAIN_BYTES_MAX) incoming.destroy()
    })
    for (const event of ['end', 'close']) {
      incoming.on(event, () => {
        clearTimeout(cut)
        resolve()
      })
    }
  })
}
