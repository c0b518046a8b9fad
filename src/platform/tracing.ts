/**
 * Open spans. A request's span is the root below which operations hang their phases; each is recorded when it ends,
 * never sampled away. The trace id comes from the caller's X-Amzn-Trace-Id, else it is new.
 */
import { hexId, traceIdAt } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import { type TraceHeader, parseTraceHeader, printTraceHeader } from '#base/trace.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import type {
  AttributeValue,
  BackgroundWork,
  Outcome,
  Span,
  SpanDetails,
  SpanLink,
  SpanScope,
  SpanTime,
  Spans,
  Tracer,
} from '#ports/spans.ts'

export interface Tracing {
  readonly clock: Clock
  readonly random: Random
  readonly spans: Spans
}

export interface SpanOwner {
  readonly account: string
  readonly region: string
}

export class OpenSpan implements SpanScope {
  readonly traceId: string
  readonly id: string
  readonly #tracing: Tracing
  readonly #incoming: TraceHeader
  readonly #parentId: string | undefined
  readonly #start: Instant
  readonly #attributes: Record<string, AttributeValue> = {}
  #links: SpanLink[] | undefined
  #owner: SpanOwner
  #service: string
  #operation: string
  #resource: string | undefined
  #ended = false

  constructor(
    tracing: Tracing,
    owner: SpanOwner,
    incoming: TraceHeader,
    names: { service: string; operation: string; resource?: string | undefined },
  ) {
    this.#tracing = tracing
    this.#owner = owner
    this.#incoming = incoming
    this.#parentId = incoming.parent
    this.#service = names.service
    this.#operation = names.operation
    this.#resource = names.resource
    this.#start = tracing.clock.wall()
    this.traceId = incoming.root
    this.id = hexId(tracing.random, 8)
  }

  /** What the request turned out to be, once it is identified. */
  name(service: string, operation: string, owner: SpanOwner): void {
    this.#service = service
    this.#operation = operation
    this.#owner = owner
  }

  header(): string {
    return printTraceHeader({ ...this.#incoming, parent: this.id, sampled: '1' })
  }

  set(name: string, value: AttributeValue): void {
    this.#attributes[name] = value
  }

  link(to: SpanLink): void {
    this.#links ??= []
    this.#links.push(to)
  }

  child(service: string, operation: string, time: SpanTime, more: SpanDetails = {}): string {
    const id = hexId(this.#tracing.random, 8)
    this.#tracing.spans.record(this.#finished({ id, parentId: this.id, service, operation, ...time }, more))
    return id
  }

  open(service: string, operation: string, resource?: string): OpenSpan {
    const below = { ...this.#incoming, parent: this.id }
    return new OpenSpan(this.#tracing, this.#owner, below, { service, operation, resource })
  }

  end(outcome: Outcome, more: SpanDetails = {}): void {
    if (this.#ended) return
    this.#ended = true
    const { attributes } = more
    // One literal: this is made for every request.
    this.#tracing.spans.record({
      id: this.id,
      parentId: this.#parentId,
      service: this.#service,
      operation: this.#operation,
      start: this.#start,
      durationMs: this.#tracing.clock.wall() - this.#start,
      traceId: this.traceId,
      resource: more.resource ?? this.#resource,
      account: this.#owner.account,
      region: this.#owner.region,
      outcome,
      status: more.status,
      bytesIn: more.bytesIn ?? 0,
      bytesOut: more.bytesOut ?? 0,
      attributes: attributes === undefined ? this.#attributes : { ...this.#attributes, ...attributes },
      links: this.#links,
    })
  }

  #finished(
    own: Pick<Span, 'id' | 'parentId' | 'service' | 'operation' | 'start' | 'durationMs'>,
    more: SpanDetails,
  ): Span {
    return {
      ...own,
      traceId: this.traceId,
      resource: more.resource,
      account: this.#owner.account,
      region: this.#owner.region,
      outcome: more.outcome ?? 'ok',
      status: more.status,
      bytesIn: more.bytesIn ?? 0,
      bytesOut: more.bytesOut ?? 0,
      attributes: more.attributes ?? {},
    }
  }
}

/** The span of a request from outside. */
export function openRequest(tracing: Tracing, header: string | undefined, owner: SpanOwner): OpenSpan {
  const incoming = parseTraceHeader(header) ?? newTrace(tracing)
  return new OpenSpan(tracing, owner, incoming, { service: 'platform', operation: 'request' })
}

export class PlatformTracer implements Tracer {
  readonly #tracing: Tracing

  constructor(tracing: Tracing) {
    this.#tracing = tracing
  }

  begin(what: BackgroundWork, header?: string): SpanScope {
    const { account, region, service, operation, resource } = what
    const incoming = parseTraceHeader(header) ?? newTrace(this.#tracing)
    return new OpenSpan(this.#tracing, { account, region }, incoming, { service, operation, resource })
  }
}

const newTrace = (tracing: Tracing): TraceHeader => ({
  root: traceIdAt(tracing.clock.wall(), tracing.random),
})
