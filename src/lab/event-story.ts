/**
 * What became of the event of one request: who took it, in how many attempts, and when the last of its receivers was
 * done. Read from spans alone: those of the request's trace, and those that link to it, because a batch has a trace of
 * its own and one link for each of its messages.
 */
import { numberAt, valueAt } from '#base/json.ts'
import type { Span } from '#ports/spans.ts'
import { endOf, type HandOver, handOver, isDeadLetter, isInvoke, lostDeliveries } from '#lab/hand-over.ts'
import type { SpanIndex } from '#lab/span-index.ts'

export type EventFate =
  /** Every receiver was done with it. */
  | 'finished'
  /** Not when the flight was read. */
  | 'unfinished'
  /** A receiver gave it up, and a dead-letter queue has it. */
  | 'dead-lettered'
  /** A receiver gave it up, and nothing has it. */
  | 'dropped'
  /** No receiver wanted it. */
  | 'filtered'

export interface EventStory {
  readonly fate: EventFate
  /** Wall time: done, given up, or filtered. Undefined while unfinished. */
  readonly endedAt: number | undefined
  /** Invocations that worked on it, failed ones too, by their start; none that its sender waited for. */
  readonly attempts: readonly Span[]
  /** The invocation that finished it. */
  readonly last: Span | undefined
  /** True when something was handed over, whoever sent it. */
  readonly handedOver: boolean
}

/** How a hand-over went on. */
interface Followed {
  readonly attempts: readonly Span[]
  /** A receiver that is no function took it from the queue. */
  readonly taken: readonly Span[]
  readonly filtered: readonly Span[]
  readonly deadLetters: readonly Span[]
}

/** Walks from a hand-over to the invocations that came of it, and not beyond: what a function sends is its own. */
function follow(from: Span, index: SpanIndex): Followed {
  const attempts: Span[] = []
  const taken: Span[] = []
  const filtered: Span[] = []
  const deadLetters: Span[] = []
  const seen = new Set<Span>([from])
  const walk = (span: Span): void => {
    if (seen.has(span)) return
    seen.add(span)
    if (isInvoke(span)) attempts.push(span)
    else if (isDeadLetter(span)) deadLetters.push(span)
    else {
      if (span.service === 'sqs' && span.operation === 'ReceiveMessage') taken.push(span)
      if (isFiltering(span)) filtered.push(span)
      for (const next of index.after(span)) walk(next)
    }
  }
  for (const next of index.after(from)) walk(next)
  for (const next of index.linkedToTrace(from.traceId)) walk(next)
  // Those of an attempt: its event's own trace begins at the hand-over, so they are siblings or children.
  for (const attempt of attempts)
    for (const next of index.after(attempt)) if (isDeadLetter(next)) deadLetters.push(next)
  attempts.sort((a, b) => a.start - b.start)
  return { attempts, taken, filtered, deadLetters }
}

/** Filter policies, event patterns and filter criteria that kept everything back. */
const isFiltering = (span: Span): boolean =>
  (numberAt(span.attributes, 'filteredOut') ?? 0) > 0 || valueAt(span.attributes, 'matched') === 0

/** The poll that an invocation belongs to, where it is a mapping's. */
function pollOf(span: Span, index: SpanIndex): Span | undefined {
  const parent = span.parentId === undefined ? undefined : index.get(span.parentId)
  return parent?.service === 'lambda' && parent.operation === 'poll' ? parent : undefined
}

/** Messages in the batch that an invocation got; 1 where it was no batch. */
export function batchSizeOf(span: Span, index: SpanIndex): number {
  const poll = pollOf(span, index)
  const told = poll === undefined ? undefined : numberAt(poll.attributes, 'batchSize')
  return Math.max(1, told ?? (poll ?? span).links?.length ?? 1)
}

/**
 * The invocations that worked. Of a batch that was given back in part nobody tells which messages were: it counts for a
 * message when no other invocation came after it.
 */
function successesOf(attempts: readonly Span[], index: SpanIndex): readonly Span[] {
  return attempts.filter((span, i) => {
    if (span.outcome !== 'ok') return false
    const poll = pollOf(span, index)
    const failed = poll === undefined ? 0 : (numberAt(poll.attributes, 'failed') ?? 0)
    return failed === 0 || (failed < batchSizeOf(span, index) && i === attempts.length - 1)
  })
}

export interface Request {
  /** Wall time. */
  readonly answeredAt: number
  /** True when the request was made to hand over an event. */
  readonly isEvent: boolean
}

interface Ended {
  readonly fate: EventFate
  readonly at: number | undefined
  readonly by: Span | undefined
}

const UNFINISHED: Ended = { fate: 'unfinished', at: undefined, by: undefined }

/** Reads the stories of a flight; which queues functions take from is known from all of it. */
export class Stories {
  readonly #index: SpanIndex
  readonly #followed = new Map<Span, Followed>()
  readonly #worked = new Set<string>()
  readonly #taken = new Set<string>()

  constructor(spans: readonly Span[], index: SpanIndex) {
    this.#index = index
    for (const span of spans) {
      const handed = handOver(span)
      if (handed?.to !== 'queue') continue
      const { attempts, taken, filtered } = this.#follow(span)
      if (attempts.length + filtered.length > 0) this.#worked.add(handed.queue)
      if (taken.length > 0) this.#taken.add(handed.queue)
    }
  }

  #follow(span: Span): Followed {
    const known = this.#followed.get(span) ?? follow(span, this.#index)
    this.#followed.set(span, known)
    return known
  }

  of(traceId: string, { answeredAt, isEvent }: Request): EventStory {
    const spans = this.#index.reach(traceId)
    const all = spans.flatMap((span) => handOver(span) ?? [])
    // A queue that nobody takes from is where an event ends, unless it is all there is.
    const owed = all.filter(
      ({ to, queue }) => to !== 'queue' || this.#worked.has(queue) || this.#taken.has(queue),
    )
    const handed = owed.length > 0 ? owed : all
    const attempts = handed.flatMap(({ span }) => this.#follow(span).attempts)
    const story = {
      attempts: [...new Set(attempts)].sort((a, b) => a.start - b.start),
      handedOver: all.length > 0,
    }
    const ends = [...handed.map((each) => this.#endOf(each)), ...this.#lost(spans, handed)]
    const ended = ends.length === 0 ? withoutHandOver(spans, { answeredAt, isEvent }) : worst(ends)
    return { ...story, fate: ended.fate, endedAt: ended.at, last: ended.by }
  }

  /** Receivers that were tried and did not take it: a dead letter tells that nobody tries again. */
  #lost(spans: readonly Span[], handed: readonly HandOver[]): Ended[] {
    const lost = lostDeliveries(spans)
    if (lost.length === 0) return []
    const told = new Set(handed.flatMap(({ span }) => this.#follow(span).deadLetters))
    const dead = spans.find((span) => isDeadLetter(span) && !told.has(span))
    return lost.map(({ span, isFinal }) => {
      if (dead !== undefined) return { fate: 'dead-lettered', at: endOf(dead), by: undefined }
      return isFinal ? { fate: 'dropped', at: endOf(span), by: undefined } : UNFINISHED
    })
  }

  #endOf({ span, to, count, queue }: HandOver): Ended {
    if (to === 'end') return { fate: 'finished', at: endOf(span), by: undefined }
    const { attempts, taken, filtered, deadLetters } = this.#follow(span)
    const isWorked = to === 'function' || this.#worked.has(queue)
    const done = [...(isWorked ? successesOf(attempts, this.#index) : taken)].sort(
      (a, b) => endOf(a) - endOf(b),
    )
    const by = done[count - 1]
    if (by !== undefined) return { fate: 'finished', at: endOf(by), by: isWorked ? by : undefined }
    const [dead] = deadLetters
    if (dead !== undefined) return { fate: 'dead-lettered', at: endOf(dead), by: undefined }
    const dropped = attempts.find(
      (attempt) => valueAt(attempt.attributes, 'asyncEventsDropped') !== undefined,
    )
    if (dropped !== undefined) return { fate: 'dropped', at: endOf(dropped), by: undefined }
    const [kept] = filtered
    if (kept !== undefined && attempts.length === 0)
      return { fate: 'filtered', at: endOf(kept), by: undefined }
    return UNFINISHED
  }
}

/** Work that was done before the answer, or an event that nobody was given. */
function withoutHandOver(spans: readonly Span[], { answeredAt, isEvent }: Request): Ended {
  const worked = spans.filter((span) => isInvoke(span) && span.outcome === 'ok')
  if (!isEvent || worked.length > 0) {
    const by = worked.reduce<Span | undefined>(
      (last, span) => (last === undefined || endOf(span) > endOf(last) ? span : last),
      undefined,
    )
    return { fate: 'finished', at: by === undefined ? answeredAt : endOf(by), by }
  }
  const filtering = spans.find(isFiltering)
  return filtering === undefined ? UNFINISHED : { fate: 'filtered', at: answeredAt, by: undefined }
}

/** From what decides for all receivers to what does not. */
const ORDER: readonly EventFate[] = ['unfinished', 'dead-lettered', 'dropped', 'finished', 'filtered']

/** One fate for all receivers, at the moment of the last of those that share it. */
function worst(ends: readonly Ended[]): Ended {
  const fate = ORDER.find((each) => ends.some((end) => end.fate === each)) ?? 'unfinished'
  return ends
    .filter((end) => end.fate === fate)
    .reduce((last, end) => ((end.at ?? 0) > (last.at ?? 0) ? end : last), { ...UNFINISHED, fate })
}
