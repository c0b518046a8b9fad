/**
 * The one port: node:http turned into `HttpRequest` and back. Nothing here knows AWS. Bodies are read at most once,
 * bounded by whoever collects them; a client that stops reading or sending is cut off by the timeouts below.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { assert } from '#base/assert.ts'
import { Trouble } from '#base/trouble.ts'
import { HELD_BYTES_MAX, HeldBodies } from '#host/http/held.ts'
import type { Body, HttpRequest, HttpResponse } from '#ports/http.ts'

/** Longest header block. AWS refuses beyond 10,240 bytes at gateways; services vary, so this is the outer bound. */
const HEADER_BYTES_MAX = 64 * 1024
/** A request must arrive whole within this time: long polls are answered later, not received later. */
const RECEIVE_TIMEOUT_MS = 300_000
/** Idle connections are kept as long as API Gateway keeps them. Source: API Gateway quotas, idle connection timeout 310 s. */
const KEEP_ALIVE_MS = 310_000
/** Beyond this the kernel refuses; 5,000 parked polls and a burst fit. */
const BACKLOG = 8_192

export type Handle = (
  request: HttpRequest,
  signal: AbortSignal,
  reply: (response: HttpResponse) => void,
) => void

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
}): Promise<HttpServer> {
  const receiveTimeoutMs = options.receiveTimeoutMs ?? RECEIVE_TIMEOUT_MS
  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout: receiveTimeoutMs,
    headersTimeout: receiveTimeoutMs,
    connectionsCheckingInterval: Math.min(30_000, receiveTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
  })
  server.on('request', (request, response) => serve(request, response, options.handle))
  // S3 clients wait for the go-ahead; sending it at once keeps the path equal for both kinds of client.
  server.on('checkContinue', (request, response) => {
    response.writeContinue()
    serve(request, response, options.handle)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, error.code))
  await started(server, options)
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object', 'a server that listens on a port has an address')
  return { port: bound.port, address: bound.address, close: (graceMs) => close(server, graceMs) }
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

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
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
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  handle(requestOf(incoming), gone.signal, (response) => {
    void send(incoming, outgoing, response)
  })
}

/** Splits the target by hand: `new URL` would fold `..` and decode what must stay encoded. */
function requestOf(incoming: IncomingMessage): HttpRequest {
  const target = originForm(incoming.url ?? '/')
  const mark = target.indexOf('?')
  const hostPort = incoming.headers.host ?? ''
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers: flat(incoming),
    get rawHeaders() {
      return pairs(incoming.rawHeaders)
    },
    host: hostPort.replace(/:\d+$/, '').toLowerCase(),
    hostPort,
    body: bodyOf(incoming),
    remote: { address: incoming.socket.remoteAddress ?? '', port: incoming.socket.remotePort ?? 0 },
  }
}

/** Some clients send the absolute form to what they think is a proxy. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(target)
  const rest = found === null ? target : target.slice(found[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function flat(incoming: IncomingMessage): Record<string, string> {
  const out: Record<string, string> = {}
  const raw = incoming.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (name === '__proto__') continue
    const value = raw[i + 1] ?? ''
    out[name] = Object.hasOwn(out, name) ? `${out[name]}${name === 'cookie' ? '; ' : ', '}${value}` : value
  }
  return out
}

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? ''])
  return out
}

function bodyOf(incoming: IncomingMessage): Body {
  const announced = incoming.headers['content-length']
  const length = announced === undefined ? undefined : Number(announced)
  return {
    length: announced === undefined && incoming.headers['transfer-encoding'] === undefined ? 0 : length,
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
  if (outgoing.destroyed) return
  const rest = drain(incoming)
  const headers: string[] = []
  for (const [name, value] of response.headers) headers.push(name, value)
  const body = response.body
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    const bodiless = incoming.method === 'HEAD' || response.status === 204 || response.status === 304
    const announced = response.headers.some(([name]) => name.toLowerCase() === 'content-length')
    if (!announced && response.status !== 204 && response.status !== 304) {
      headers.push('Content-Length', String(body === undefined ? 0 : Buffer.byteLength(body)))
    }
    outgoing.writeHead(response.status, headers)
    if (rest !== undefined) {
      outgoing.flushHeaders()
      if (!bodiless && body !== undefined && body.length > 0) outgoing.write(body)
      await rest
      outgoing.end()
    } else outgoing.end(bodiless ? undefined : body)
    return
  }
  outgoing.writeHead(response.status, headers)
  try {
    for await (const part of body) {
      if (outgoing.destroyed) return
      if (!outgoing.write(part)) await drained(outgoing)
    }
    outgoing.end()
  } catch {
    // The answer's head is gone: cutting the connection is the only way left to say that the body is not whole.
    outgoing.destroy()
  }
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

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done)
      outgoing.off('close', done)
      resolve()
    }
    outgoing.on('drain', done)
    outgoing.on('close', done)
  })
}
