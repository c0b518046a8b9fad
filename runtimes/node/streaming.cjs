/**
 * Response streaming: the stream that a streaming handler writes, as one chunked post to the Runtime API, and errors
 * of the handler as its trailers. Loaded only for handlers that stream.
 * Source of the behaviour: Lambda developer guide (Response streaming) and AWS's public Node.js interface client.
 */
'use strict'
const { Writable } = require('node:stream')

const errors = () => require('./errors.cjs')

const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type'
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body'
const HTTP_TYPE = 'application/vnd.awslambda.http-integration-response'
const DELIMITER = Buffer.alloc(8)

/** The answer of an HTTP function: status, headers and cookies as JSON before the body, parted by eight zero bytes. */
exports.HttpResponseStream = {
  from(stream, prelude) {
    stream.setContentType(HTTP_TYPE)
    const metadata = JSON.stringify(prelude)
    stream._onBeforeFirstWrite = (write) => {
      write(metadata)
      write(DELIMITER)
    }
    return stream
  },
}

/** What the handler writes. `sent` resolves when the platform has taken all of it. */
exports.ResponseStream = class ResponseStream extends Writable {
  #api
  #path
  #type = 'application/octet-stream'
  #post
  #isSent
  #isFailed = false
  sent = new Promise((resolve) => (this.#isSent = resolve))

  constructor(api, path, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark })
    this.#api = api
    this.#path = path
  }

  get isOpen() {
    return this.#post !== undefined
  }

  setContentType(type) {
    if (this.isOpen) throw new (errors().InvalidStreamingOperation)('Cannot set content-type, too late.')
    this.#type = type
  }

  write(chunk, encoding, callback) {
    const isRaw = typeof chunk === 'string' || chunk instanceof Uint8Array
    return super.write(isRaw ? chunk : JSON.stringify(chunk), encoding, callback)
  }

  end(chunk, encoding, callback) {
    if (chunk === undefined || chunk === null || typeof chunk === 'function')
      return super.end(chunk, encoding, callback)
    const isRaw = typeof chunk === 'string' || chunk instanceof Uint8Array
    return super.end(isRaw ? chunk : JSON.stringify(chunk), encoding, callback)
  }

  _write(chunk, _encoding, callback) {
    if (this.#isFailed) callback()
    else this.#opened().write(chunk, () => callback())
  }

  _final(callback) {
    if (!this.#isFailed) this.#opened().end('')
    callback()
  }

  /** Ends the response with an error, whatever has been written; what the handler still writes goes nowhere. */
  fail(error) {
    if (this.#isFailed || this.writableFinished) return
    this.#isFailed = true
    const payload = errors().toPayload(error)
    const type = payload.errorType.replace(/[^\x20-\x7e]/g, '')
    const body = Buffer.from(JSON.stringify(payload)).toString('base64')
    this.#opened().end(`${ERROR_TYPE}: ${type}\r\n${ERROR_BODY}: ${body}\r\n`)
  }

  #opened() {
    if (this.#post !== undefined) return this.#post
    const head = `Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: ${ERROR_TYPE}, ${ERROR_BODY}\r\nContent-Type: ${this.#type}\r\n`
    const post = this.#api.open(this.#path, head, () => this.#isSent())
    this.#post = post
    if (typeof this._onBeforeFirstWrite === 'function' && !this.#isFailed)
      this._onBeforeFirstWrite((part) => post.write(Buffer.from(part)))
    return post
  }
}
