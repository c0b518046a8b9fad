/**
 * A response on its way from a runtime to its caller: written part by part, read as an iterable, with little in
 * between. A writer waits while its reader does not keep up; a reader that goes away makes writing free.
 */
import type { Bytes } from '#base/bytes.ts'
import { STREAM_BUFFER_BYTES } from '#services/lambda/limits.ts'

export class ResponseStream {
  /** As the runtime announced it. */
  readonly contentType: string | undefined
  #parts: Bytes[] = []
  #size = 0
  #ended = false
  #abandoned = false
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  constructor(contentType: string | undefined) {
    this.contentType = contentType
  }

  /** Its reader has gone: the rest goes nowhere. */
  get abandoned(): boolean {
    return this.#abandoned
  }

  /** Resolves when there is room for more. */
  async write(bytes: Bytes): Promise<void> {
    if (this.#ended || this.#abandoned) return
    this.#parts.push(bytes)
    this.#size += bytes.length
    this.#woken('reader')
    if (this.#size < STREAM_BUFFER_BYTES) return
    await new Promise<void>((resolve) => (this.#wakeWriter = resolve))
  }

  /** No more comes. Harmless when it has ended. */
  end(): void {
    this.#ended = true
    this.#woken('reader')
    this.#woken('writer')
  }

  /** As a reader that goes away; for callers that never begin to read. */
  abandon(): void {
    this.#abandoned = true
    this.#parts = []
    this.#size = 0
    this.#woken('writer')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes> {
    try {
      for (;;) {
        const part = this.#parts.shift()
        if (part !== undefined) {
          this.#size -= part.length
          if (this.#size < STREAM_BUFFER_BYTES) this.#woken('writer')
          yield part
        } else if (this.#ended) return
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve))
      }
    } finally {
      this.abandon()
    }
  }

  #woken(who: 'reader' | 'writer'): void {
    const wake = who === 'reader' ? this.#wakeReader : this.#wakeWriter
    if (who === 'reader') this.#wakeReader = undefined
    else this.#wakeWriter = undefined
    wake?.()
  }
}
