/** Contents of messages: the recently written and read ones in memory up to a bound, the others from the store. */
import type { Read } from '#ports/store.ts'
import { CONTENT_CACHE_BYTES } from '#services/sqs/limits.ts'
import type { Content, Message } from '#services/sqs/message.ts'
import { type MessageKeys, decodeContent, decodeInline, isContentApart } from '#services/sqs/rows.ts'

interface Cached {
  readonly message: Message
  readonly bytes: number
}

/** What an entry costs beside its text. */
const ENTRY_BYTES = 512
const CUT = 1_024

export class Contents {
  #entries: (Cached | undefined)[] = []
  #head = 0
  #bytes = 0
  readonly #limit: number

  constructor(limitBytes = CONTENT_CACHE_BYTES) {
    this.#limit = limitBytes
  }

  /** The oldest entries leave when there is no more room. */
  keep(message: Message, content: Content): void {
    const bytes = ENTRY_BYTES + content.body.length * 2
    if (bytes > this.#limit / 8 || message.state === 'gone') return
    message.content = content
    this.#entries.push({ message, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#limit) this.#evict()
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
    this.#bytes = 0
  }

  #evict(): void {
    const entry = this.#entries[this.#head]
    this.#entries[this.#head++] = undefined
    if (entry !== undefined) {
      entry.message.content = undefined
      this.#bytes -= entry.bytes
    }
    if (this.#head < CUT || this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}

/** Undefined when the row is gone: the message was deleted, moved or purged meanwhile. */
export function readContent(
  from: Read,
  keys: MessageKeys,
  message: Message,
): Content | undefined | Promise<Content | undefined> {
  if (message.content !== undefined) return message.content
  const row = from.get(keys.of('message', message.seq))
  if (row instanceof Promise) return row.then((found) => contentOf(found, from, keys, message.seq))
  return contentOf(row, from, keys, message.seq)
}

function contentOf(
  row: Uint8Array | undefined,
  from: Read,
  keys: MessageKeys,
  seq: number,
): Content | undefined | Promise<Content | undefined> {
  if (row === undefined) return undefined
  if (!isContentApart(row)) return decodeInline(row)
  const apart = from.get(keys.of('content', seq))
  if (apart instanceof Promise)
    return apart.then((found) => (found === undefined ? undefined : decodeContent(found)))
  return apart === undefined ? undefined : decodeContent(apart)
}
