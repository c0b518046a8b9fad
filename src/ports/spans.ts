/** What happened, when, below what. One span an operation, an environment's phase, a gateway's hop. */
import type { Instant, Ms } from '#base/time.ts'

export type Outcome = 'ok' | 'error' | 'fault' | 'throttle'
export type AttributeValue = string | number | boolean

/** Another trace's span that this one goes on from: a batch has one for each message. */
export interface SpanLink {
  readonly traceId: string
  /** Sixteen hex digits; absent when only the trace is known. */
  readonly id?: string | undefined
}

export interface Span {
  readonly traceId: string
  /** Sixteen hex digits. */
  readonly id: string
  readonly parentId?: string | undefined
  /** Such as `lambda`, `apigateway`, `s3`; `function` for what a user's code did inside an environment. */
  readonly service: string
  /** Such as `Invoke`, or a phase: `queue`, `start`, `init`, `invoke`, `overhead`. */
  readonly operation: string
  /** ARN or name of what it worked on. */
  readonly resource?: string | undefined
  readonly account: string
  readonly region: string
  /** Real wall time from the monotonic clock. */
  readonly start: Instant
  readonly durationMs: Ms
  readonly outcome: Outcome
  readonly status?: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly links?: readonly SpanLink[] | undefined
}

/** A span that is still open. */
export interface SpanScope {
  readonly traceId: string
  readonly id: string
  /** The value of X-Amzn-Trace-Id to pass on below this span. */
  header(): string
  set(name: string, value: AttributeValue): void
  link(to: SpanLink): void
  /** A finished child whose times were measured elsewhere. */
  child(service: string, operation: string, time: SpanTime, more?: SpanDetails): string
  /** An open child; the opener ends it. */
  open(service: string, operation: string, resource?: string): SpanScope
  end(outcome: Outcome, more?: SpanDetails): void
}

export interface SpanTime {
  /** `Clock.wall()` at its beginning. */
  readonly start: Instant
  readonly durationMs: Ms
}

export interface SpanDetails {
  readonly resource?: string | undefined
  readonly outcome?: Outcome
  readonly status?: number | undefined
  readonly bytesIn?: number
  readonly bytesOut?: number
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** Begins spans for work that no request waits for: a poll, a retry, a schedule. */
export interface Tracer {
  /** Goes on with the trace of an X-Amzn-Trace-Id header when there is one, else a new trace begins. */
  begin(what: BackgroundWork, header?: string): SpanScope
}

export interface BackgroundWork {
  readonly account: string
  readonly region: string
  readonly service: string
  readonly operation: string
  readonly resource?: string | undefined
}

export interface SpanQuery {
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly traceId?: string | undefined
  readonly limit: number
}

export interface Spans {
  record(span: Span): void
  /** Ordered by start. Reads what is sealed and what is still in memory. */
  read(query: SpanQuery): Promise<readonly Span[]>
}
