/**
 * Bytes that a function wrote, cut into log events as Lambda cuts them: a line is an event and keeps its line end;
 * what is longer than an event may be is cut. Pure; when a part without line end is an event says the caller.
 */
import { type Bytes, EMPTY, concat, text } from '#base/bytes.ts'
import { LOG_EVENT_BYTES } from '#services/lambda/limits.ts'

const NEWLINE = 0x0a

export class OutputLines {
  #rest: Bytes = EMPTY
  readonly #max: number

  constructor(max: number = LOG_EVENT_BYTES) {
    this.#max = max
  }

  /** The events that this chunk completes. */
  push(chunk: Bytes): string[] {
    const bytes = this.#rest.length === 0 ? chunk : concat([this.#rest, chunk])
    const events: string[] = []
    let from = 0
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
      this.#cut(bytes.subarray(from, at + 1), events)
      from = at + 1
    }
    let rest = bytes.subarray(from)
    while (rest.length > this.#max) {
      const end = boundary(rest, this.#max)
      events.push(text(rest.subarray(0, end)))
      rest = rest.subarray(end)
    }
    this.#rest = rest.length === 0 ? EMPTY : rest.slice()
    return events
  }

  /** What is left without a line end, as an event of its own. */
  flush(): string[] {
    if (this.#rest.length === 0) return []
    const events: string[] = []
    this.#cut(this.#rest, events)
    this.#rest = EMPTY
    return events
  }

  #cut(line: Bytes, events: string[]): void {
    let rest = line
    while (rest.length > this.#max) {
      const end = boundary(rest, this.#max)
      events.push(text(rest.subarray(0, end)))
      rest = rest.subarray(end)
    }
    events.push(text(rest))
  }
}

/** The last place at or before `max` that does not cut a UTF-8 character in two. */
function boundary(bytes: Bytes, max: number): number {
  let at = max
  while (at > max - 4 && at > 1 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return ((bytes[at] ?? 0) & 0xc0) === 0x80 ? max : at
}
