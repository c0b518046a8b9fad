/** What a platform owes the targets of rules: the rows of the outbox. Plain JSON. */
import type { BusName } from '#services/events/names.ts'

export interface PromisedEvent {
  readonly bus: BusName
  /** The whole event as JSON. */
  readonly text: string
  /** Epoch ms. */
  readonly ingestedAt: number
  /** X-Amzn-Trace-Id of what published it. */
  readonly trace: string
  /** Rules that matched, by name; all their targets are to have it. */
  readonly rules: readonly string[]
  /** Set where the event has come from another bus: it is not sent on to a third. */
  readonly from?: Hop | undefined
  /** A row of its own for one target that did not take it. */
  readonly one?: OneTarget | undefined
}

/** How the event came from the bus before. */
export type Hop = 'account' | 'region'

export interface OneTarget {
  readonly rule: string
  readonly target: string
  readonly retriesMax: number
  readonly ageMaxMs: number
  /** Not before this instant: the endpoint asked for it, or its turn comes then. */
  readonly notBefore?: number | undefined
  /** Attempts that were none: its turn had not come. */
  readonly waits: number
}
