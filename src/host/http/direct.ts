/**
 * Connections without node's server: simple requests (`simple-request.ts`) are read from the socket and answered on it,
 * a short answer in one write, which takes half of what a request costs otherwise. The first bytes that are anything else
 * give the connection over to node's server for good, and these bytes with it: hostile, slow, huge and rare requests
 * meet the parser and the bounds that are made for them. Not here: limits on how many connections stand (`crowd.ts`).
 */
import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { assert } from '#base/assert.ts'
import { WholeBody, lentOf } from '#base/bytes.ts'
import { ONE_WRITE_MAX, bytesAsText, collected, drained, lengthOf } from '#host/http/answer.ts'
import { flat, hostOf, lowerName, pairs } from '#host/http/names.ts'
import { type SimpleRequest, simpleRequest } from '#host/http/simple-request.ts'
import type { Body, ByteStream, Caller, HttpRequest, HttpResponse } from '#ports/http.ts'

export interface DirectRules {
  handle(request: HttpRequest, caller: Caller, reply: (response: HttpResponse) => void): void
  /** A connection's first request has come. */
  used(socket: Socket): void
  /** The connection is node's from here on; what was read of it will be read again. */
  giveOver(socket: Socket): void
  /** Nothing whole came within `receiveTimeoutMs`. */
  late(socket: Socket): void
  readonly receiveTimeoutMs: number
  readonly keepAliveMs: number
}

/** A body that has not come with its head is waited for when so little has come: clients that write twice write a head first. */
const WAIT_BYTES_MAX = 8 * 1_024

export class DirectConnections {
  readonly rules: DirectRules
  readonly #open = new Set<DirectConnection>()
  /** Lines of a head that say how long a connection stands. */
  readonly keepAlive: string
  #closing = false

  constructor(rules: DirectRules) {
    this.rules = rules
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(rules.keepAliveMs / 1_000)}\r\n`
  }

  get closing(): boolean {
    return this.#closing
  }

  accept(socket: Socket): void {
    this.#open.add(new DirectConnection(this, socket))
  }

  left(connection: DirectConnection): void {
    this.#open.delete(connection)
  }

  /** Ends those that are between two requests. */
  closeIdle(): void {
    for (const connection of this.#open) if (connection.isUsed && !connection.isBusy) connection.destroy()
  }

  /** Ends those that nobody waits at, now; the others after their answer. */
  close(): void {
    this.#closing = true
    for (const connection of this.#open) if (!connection.isBusy) connection.destroy()
  }

  closeAll(): void {
    for (const connection of this.#open) connection.destroy()
  }
}

class DirectConnection {
  readonly #all: DirectConnections
  readonly #socket: Socket
  /** What came and was not read yet. */
  #pending: Buffer | undefined
  #isWaiting = false
  #isUsed = false
  #caller: DirectCaller | undefined

  constructor(all: DirectConnections, socket: Socket) {
    this.#all = all
    this.#socket = socket
    socket.setTimeout(all.rules.receiveTimeoutMs)
    socket.on('data', this.#onData)
    socket.on('timeout', this.#onTimeout)
    socket.on('end', this.#onEnd)
    socket.on('error', ignored)
    socket.on('close', this.#onClose)
  }

  get isUsed(): boolean {
    return this.#isUsed
  }

  /** A request is being read or answered. */
  get isBusy(): boolean {
    return this.#caller !== undefined || this.#isWaiting
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk])
    if (this.#caller === undefined) this.#read(bytes)
    else {
      // Sent before its answer: it is read after that, and no more of it meanwhile.
      this.#pending = bytes
      this.#socket.pause()
    }
  }

  readonly #onTimeout = (): void => {
    if (this.#caller !== undefined) return
    if (!this.#isUsed || this.#isWaiting) this.#all.rules.late(this.#socket)
    this.#socket.destroySoon()
  }

  /** Whoever says that no more will come does not wait for an answer either: node's server reads it so. */
  readonly #onEnd = (): void => {
    this.#socket.end()
  }

  readonly #onClose = (): void => {
    this.#all.left(this)
    this.#caller?.left()
    this.#caller = undefined
  }

  #read(bytes: Buffer): void {
    const simple = simpleRequest(bytes)
    if (simple === 'partial' && !this.#isWaiting && bytes.length <= WAIT_BYTES_MAX) {
      this.#pending = bytes
      this.#isWaiting = true
      return
    }
    if (simple === undefined || simple === 'partial') {
      this.#giveOver(bytes)
      return
    }
    this.#isWaiting = false
    this.#pending = bytes.length > simple.end ? bytes.subarray(simple.end) : undefined
    if (!this.#isUsed) {
      this.#isUsed = true
      this.#socket.setTimeout(this.#all.rules.keepAliveMs)
      this.#all.rules.used(this.#socket)
    }
    const request = new DirectRequest(this.#socket, simple, bytes)
    const caller = new DirectCaller()
    this.#caller = caller
    this.#all.rules.handle(request, caller, (response) => {
      void this.#reply(request.method, response)
    })
  }

  #giveOver(bytes: Buffer): void {
    const socket = this.#socket
    this.#all.left(this)
    socket.off('data', this.#onData)
    socket.off('timeout', this.#onTimeout)
    socket.off('end', this.#onEnd)
    socket.off('error', ignored)
    socket.off('close', this.#onClose)
    socket.setTimeout(0)
    socket.pause()
    socket.unshift(bytes)
    this.#all.rules.giveOver(socket)
    process.nextTick(() => socket.resume())
  }

  async #reply(method: string, response: HttpResponse): Promise<void> {
    const { body } = response
    if (!this.#socket.writable) {
      if (isStream(body)) await body[Symbol.asyncIterator]().return?.()
      return
    }
    if (isStream(body)) await this.#stream(method, { ...response, body })
    else this.#write(method, { ...response, body })
    this.#next(response)
  }

  #write(method: string, response: Whole): void {
    const { body = '', status } = response
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const isAnnounced = isBodiless(status) || lengthOf(response) !== undefined
    const head = this.#head(response, isAnnounced ? '' : `Content-Length: ${size}\r\n`)
    if (size === 0 || method === 'HEAD' || isBodiless(status)) this.#socket.write(head, 'latin1')
    else if (size > ONE_WRITE_MAX || (typeof body === 'string' && size !== body.length))
      this.#writeParts([Buffer.from(head, 'latin1'), body])
    else this.#socket.write(head + (typeof body === 'string' ? body : bytesAsText(body)), 'latin1')
  }

  #head(response: HttpResponse, framing: string): string {
    return headOf(response, framing, this.#all.keepAlive)
  }

  /** Together, as far as they go. False when the socket has enough. */
  #writeParts(parts: readonly (string | Uint8Array)[]): boolean {
    const socket = this.#socket
    let hasRoom = true
    socket.cork()
    for (const part of parts) hasRoom = socket.write(part) && hasRoom
    socket.uncork()
    return hasRoom
  }

  async #stream(method: string, response: HttpResponse & { readonly body: ByteStream }): Promise<void> {
    const { body, status } = response
    const length = lengthOf(response)
    try {
      if (length !== undefined && length <= ONE_WRITE_MAX) {
        this.#write(method, { ...response, body: await collected(body) })
        return
      }
      const hasBody = method !== 'HEAD' && !isBodiless(status)
      const isChunked = length === undefined && !isBodiless(status)
      let head = [
        Buffer.from(this.#head(response, isChunked ? 'Transfer-Encoding: chunked\r\n' : ''), 'latin1'),
      ]
      // Lent parts are written over when the next one is asked for: by then, `drained` has seen them leave.
      for await (const part of lentOf(body)) {
        if (!this.#socket.writable) return
        if (!hasBody || part.length === 0) continue
        const parts = isChunked ? [`${part.length.toString(16)}\r\n`, part, '\r\n'] : [part]
        if (!this.#writeParts([...head, ...parts])) await drained(this.#socket)
        head = []
      }
      const end = isChunked && hasBody ? ['0\r\n\r\n'] : []
      this.#writeParts([...head, ...end])
    } catch {
      // The answer's head is gone: cutting the connection is the only way left to say that the body is not whole.
      this.#socket.destroy()
    }
  }

  /** The answer is on its way: the next request, which may be here already. */
  #next(response: HttpResponse): void {
    if (this.#caller === undefined) return
    this.#caller = undefined
    const bytes = this.#pending
    this.#pending = undefined
    if (this.#all.closing || saysClose(response)) this.#socket.destroySoon()
    else if (bytes !== undefined) process.nextTick(() => this.#again(bytes))
  }

  #again(bytes: Buffer): void {
    if (this.#socket.destroyed) return
    this.#read(bytes)
    // Reading goes on unless more was asked already; what was given over is resumed by itself.
    if (this.#pending === undefined || this.#isWaiting) this.#socket.resume()
  }
}

const ignored = (): void => undefined

const isStream = (body: HttpResponse['body']): body is ByteStream =>
  typeof body === 'object' && !(body instanceof Uint8Array)

interface Whole extends HttpResponse {
  readonly body: string | Uint8Array | undefined
}

/** Source: RFC 9110, 6.4.1. */
const isBodiless = (status: number): boolean => status === 204 || status === 304

const saysClose = ({ headers }: HttpResponse): boolean =>
  headers.some(([name, value]) => lowerName(name) === 'connection' && value.toLowerCase() === 'close')

const NAME = /^[\w!#$%&'*+.^`|~-]+$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Status line and headers, those of the connection and the blank line among them. */
function headOf({ status, headers }: HttpResponse, framing: string, keepAlive: string): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  let hasDate = false
  let hasConnection = false
  for (const [name, value] of headers) {
    // As node's server does: a line that breaks would be somebody else's header.
    assert(NAME.test(name) && !NOT_IN_VALUE.test(value), 'names and values of headers are fit to be sent')
    head += `${name}: ${value}\r\n`
    if (name.length === 4 && lowerName(name) === 'date') hasDate = true
    else if (name.length === 10 && lowerName(name) === 'connection') hasConnection = true
  }
  const date = hasDate ? '' : `Date: ${dateNow()}\r\n`
  return `${head}${framing}${date}${hasConnection ? '' : keepAlive}\r\n`
}

let lastDate = { second: 0, text: '' }

function dateNow(): string {
  const now = Date.now()
  const second = Math.floor(now / 1_000)
  if (second !== lastDate.second) lastDate = { second, text: new Date(now).toUTCString() }
  return lastDate.text
}

class DirectRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly host: string
  readonly hostPort: string
  readonly body: Body
  readonly #socket: Socket
  readonly #simple: SimpleRequest

  constructor(socket: Socket, simple: SimpleRequest, bytes: Buffer) {
    const { target, rawHeaders, length, headEnd, end } = simple
    const mark = target.indexOf('?')
    this.#socket = socket
    this.#simple = simple
    this.method = simple.method
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? '' : target.slice(mark + 1)
    this.headers = flat(rawHeaders)
    this.hostPort = this.headers['host'] ?? ''
    this.host = hostOf(this.hostPort)
    this.body = new DirectBody(bytes.subarray(headEnd, end), length ?? 0)
  }

  get rawHeaders(): HttpRequest['rawHeaders'] {
    return pairs(this.#simple.rawHeaders)
  }

  get remote(): HttpRequest['remote'] {
    const { remoteAddress, remotePort } = this.#socket
    return { address: remoteAddress ?? '', port: remotePort ?? 0 }
  }
}

class DirectBody implements Body {
  readonly length: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, length: number) {
    this.#bytes = bytes
    this.length = length
  }

  collect(limitBytes: number): Promise<Uint8Array | 'too-large'> {
    return Promise.resolve(this.#bytes.length > limitBytes ? 'too-large' : this.#bytes)
  }

  stream(): ByteStream {
    return new WholeBody(this.#bytes)
  }
}

class DirectCaller implements Caller {
  #controller: AbortController | undefined
  gone = false

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.gone) this.#controller.abort()
    return this.#controller.signal
  }

  /** The connection closed before the answer. */
  left(): void {
    this.gone = true
    this.#controller?.abort()
  }
}
