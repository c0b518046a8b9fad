/**
 * Reads one HTTP/1.1 answer after another off a connection, without keeping any of it: the load needs the status, the
 * moment of the first and the last byte, and the size. Not a general client: no upgrades, no pipelining.
 */
const HEAD_MAX = 65_536

/** `broken` for what is no HTTP/1.1 answer. */
export type Reading = 'more' | 'done' | 'broken'

type State = 'head' | 'counted' | 'chunk-size' | 'chunk' | 'trailer' | 'until-close' | 'done'

export class AnswerReader {
  /** 0 until the head has been read. */
  status = 0
  /** Bytes of the body, without chunk headers. */
  bodyBytes = 0
  /** Whether the connection serves another request after this. */
  keepAlive = true
  #state: State = 'head'
  #head = ''
  #left = 0
  #bodiless = false

  /** Before each request. */
  reset(method: string): void {
    this.status = 0
    this.bodyBytes = 0
    this.keepAlive = true
    this.#state = 'head'
    this.#head = ''
    this.#left = 0
    this.#bodiless = method === 'HEAD'
  }

  feed(chunk: Buffer): Reading {
    let at = 0
    while (at < chunk.length) {
      const before = this.#state
      if (before === 'done') return 'broken'
      if (before === 'head') {
        at = this.#readHead(chunk, at)
      } else if (before === 'counted' || before === 'chunk') {
        at = this.#readBody(chunk, at)
      } else if (before === 'until-close') {
        this.bodyBytes += chunk.length - at
        at = chunk.length
      } else {
        at = this.#readLine(chunk, at)
      }
      if (at < 0) return 'broken'
    }
    return this.#state === 'done' ? 'done' : 'more'
  }

  /** The connection has ended: the end of an answer that had no length, or a broken one. */
  close(): Reading {
    return this.#state === 'until-close' || this.#state === 'done' ? 'done' : 'broken'
  }

  #readHead(chunk: Buffer, at: number): number {
    const known = this.#head.length
    this.#head += chunk.toString('latin1', at)
    const end = this.#head.indexOf('\r\n\r\n', Math.max(0, known - 3))
    if (end === -1) return this.#head.length > HEAD_MAX ? -1 : chunk.length
    const head = this.#head.slice(0, end)
    const next = at + end + 4 - known
    this.#head = ''
    const match = /^HTTP\/1\.([01]) (\d{3})/.exec(head)
    if (match === null) return -1
    const status = Number(match[2])
    // 100 and 103 come before the answer proper.
    if (status < 200 && status !== 101) return next
    this.status = status
    return this.#readFraming(head, match[1] === '0') ? next : -1
  }

  #readFraming(head: string, http10: boolean): boolean {
    const connection = headerOf(head, 'connection')
    this.keepAlive = http10 ? connection === 'keep-alive' : connection !== 'close'
    if (this.#bodiless || this.status === 204 || this.status === 304) {
      this.#state = 'done'
      return true
    }
    if (headerOf(head, 'transfer-encoding')?.endsWith('chunked') === true) {
      this.#state = 'chunk-size'
      return true
    }
    const length = headerOf(head, 'content-length')
    if (length === undefined) {
      this.keepAlive = false
      this.#state = 'until-close'
      return true
    }
    this.#left = Number(length)
    this.#state = this.#left === 0 ? 'done' : 'counted'
    return Number.isSafeInteger(this.#left) && this.#left >= 0
  }

  #readBody(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at)
    this.#left -= taken
    // A chunk ends with a line break that is no part of the body: `#left` counts it.
    this.bodyBytes += taken
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.bodyBytes -= 2
      this.#state = this.#state === 'chunk' ? 'chunk-size' : 'done'
    }
    return at + taken
  }

  #readLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(10, at)
    this.#head += chunk.toString('latin1', at, end === -1 ? chunk.length : end)
    if (this.#head.length > HEAD_MAX) return -1
    if (end === -1) return chunk.length
    const line = this.#head.trimEnd()
    this.#head = ''
    if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done'
      return end + 1
    }
    const size = /^[0-9a-f]+/i.exec(line)
    if (size === null) return -1
    const bytes = Number.parseInt(size[0], 16)
    this.#state = bytes === 0 ? 'trailer' : 'chunk'
    this.#left = bytes + 2
    return end + 1
  }
}

/** The value in lower case; undefined when there is no such header. */
function headerOf(head: string, name: string): string | undefined {
  for (let at = head.indexOf('\r\n'); at !== -1; at = head.indexOf('\r\n', at + 2)) {
    const from = at + 2
    if (head.charCodeAt(from + name.length) !== 58) continue
    if (head.slice(from, from + name.length).toLowerCase() !== name) continue
    const end = head.indexOf('\r\n', from)
    return head
      .slice(from + name.length + 1, end === -1 ? undefined : end)
      .trim()
      .toLowerCase()
  }
  return undefined
}
