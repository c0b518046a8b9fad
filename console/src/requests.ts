// The last minute's requests, kept from spans: roots are requests, and a span below says whether an environment started.
import type { Span } from './platform.ts'

export const WINDOW_MS = 60_000

export interface Request {
  readonly span: Span
  readonly name: string
  readonly cold: boolean
  /** What went wrong; undefined where nothing did. A function's error is one although Invoke answers 200. */
  readonly failure: string | undefined
  /** Of the application: a route of its API or an invocation, not a call that manages something. */
  readonly traffic: boolean
}

export class LastMinute {
  readonly #spans = new Map<string, Span>()

  take(spans: readonly Span[]): void {
    for (const span of spans) this.#spans.set(span.id, span)
  }

  forgetBefore(time: number): void {
    for (const [id, span] of this.#spans) if (span.start < time) this.#spans.delete(id)
  }

  /** Oldest first. */
  requests(): Request[] {
    const coldTraces = new Set<string>()
    const names = new Map<string, string>()
    for (const { traceId, attributes } of this.#spans.values()) {
      if (attributes['cold'] === true) coldTraces.add(traceId)
      if (attributes['functionName'] !== undefined) names.set(traceId, String(attributes['functionName']))
    }
    return [...this.#spans.values()]
      .filter((span) => span.parentId === undefined || span.attributes['route'] !== undefined)
      .map((span) => {
        const route = span.attributes['route']
        const invoked = span.service === 'lambda' && span.operation === 'Invoke'
        const name =
          route !== undefined
            ? `${String(route)}${names.has(span.traceId) ? ` to ${names.get(span.traceId)}` : ''}`
            : `${span.service} ${span.operation}${invoked ? ` ${names.get(span.traceId) ?? ''}` : ''}`
        const functionError = span.attributes['functionError'] === undefined ? undefined : 'function error'
        const failure = span.outcome === 'ok' ? functionError : span.outcome
        return { span, name, failure, cold: coldTraces.has(span.traceId), traffic: invoked || route !== undefined }
      })
      .sort((a, b) => a.span.start - b.span.start)
  }
}
