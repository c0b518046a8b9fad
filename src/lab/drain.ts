/**
 * Waiting for events that were sent and not yet done with: which they are, and from when on spans must be read again
 * to see their end. Reading and waiting are the caller's.
 */
import type { LoadResult } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import { hasHandOver } from '#lab/hand-over.ts'
import { isTaken } from '#lab/join.ts'
import { joined, type MeasuredTarget } from '#lab/result.ts'
import { SpanIndex } from '#lab/span-index.ts'

export interface Draining {
  readonly events: number
  readonly unfinished: number
  /** No end of an unfinished event lies before it: wall time. */
  readonly from: number
}

/** Collects what was read, each span once however often it was read. */
export class Drain {
  readonly #spans = new Map<string, Span>()
  readonly #result: LoadResult
  readonly #targets: readonly MeasuredTarget[]

  constructor(result: LoadResult, targets: readonly MeasuredTarget[]) {
    this.#result = result
    this.#targets = targets
  }

  add(spans: readonly Span[]): Draining {
    for (const span of spans) this.#spans.set(span.id, span)
    const all = [...this.#spans.values()]
    if (!this.#targets.some(({ isEvent }) => isEvent === true) && !hasHandOver(all))
      return { events: 0, unfinished: 0, from: Number.POSITIVE_INFINITY }
    const requests = joined({ result: this.#result, targets: this.#targets, spans: all }, new SpanIndex(all))
    const events = requests.filter(
      (request) =>
        isTaken(request) && (this.#isEvent(request.sample.target) || request.story?.handedOver === true),
    )
    const left = events.filter(({ story }) => story?.fate === 'unfinished')
    return {
      events: events.length,
      unfinished: left.length,
      from: left.reduce((least, { sample }) => Math.min(least, sample.dueAt), Number.POSITIVE_INFINITY),
    }
  }

  #isEvent(target: number): boolean {
    return this.#targets[target]?.isEvent === true
  }
}
