/** The spans of a flight, found by trace, by parent and by what links to them. */
import type { Span } from '#ports/spans.ts'

const NONE: readonly Span[] = []

function add(map: Map<string, Span[]>, key: string, span: Span): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [span])
  else known.push(span)
}

export class SpanIndex {
  readonly #byTrace = new Map<string, Span[]>()
  readonly #byParent = new Map<string, Span[]>()
  /** By `trace/span`, and by the trace alone where a link names no span. */
  readonly #byLink = new Map<string, Span[]>()
  /** Traces that link to a trace. */
  readonly #followers = new Map<string, Set<string>>()
  readonly #byId = new Map<string, Span>()

  constructor(spans: readonly Span[]) {
    for (const span of spans) {
      add(this.#byTrace, span.traceId, span)
      this.#byId.set(span.id, span)
      if (span.parentId !== undefined) add(this.#byParent, span.parentId, span)
      for (const link of span.links ?? []) this.#addLink(link.traceId, link.id, span)
    }
  }

  #addLink(traceId: string, id: string | undefined, span: Span): void {
    const key = `${traceId}/${id ?? ''}`
    // A batch may hold two messages of one span: it is listed once.
    if (this.#byLink.get(key)?.at(-1) !== span) add(this.#byLink, key, span)
    const followers = this.#followers.get(traceId)
    if (followers === undefined) this.#followers.set(traceId, new Set([span.traceId]))
    else followers.add(span.traceId)
  }

  get(id: string): Span | undefined {
    return this.#byId.get(id)
  }

  ofTrace(traceId: string): readonly Span[] {
    return this.#byTrace.get(traceId) ?? NONE
  }

  /** Direct children and spans that link to it: what came of it. */
  *after(span: Span): Generator<Span> {
    yield* this.#byParent.get(span.id) ?? NONE
    yield* this.#byLink.get(`${span.traceId}/${span.id}`) ?? NONE
  }

  /** What links to a trace without saying to which of its spans. */
  linkedToTrace(traceId: string): readonly Span[] {
    return this.#byLink.get(`${traceId}/`) ?? NONE
  }

  /** The spans of a trace and all that came of them in other traces, each once. */
  reach(traceId: string): readonly Span[] {
    const own = this.ofTrace(traceId)
    if (!this.#followers.has(traceId)) return own
    const seen = new Set<Span>(own)
    const add = (span: Span): void => void seen.add(span)
    for (const span of this.linkedToTrace(traceId)) add(span)
    // A set walks over what is added while it is walked.
    for (const span of seen) for (const next of this.after(span)) add(next)
    return [...seen]
  }
}
