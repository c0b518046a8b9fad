/** One delivery of one event to one target: the words for it. What it does is `deliver.ts`'s. */
import type { Target } from '#model/events.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { PromisedEvent } from '#services/events/promised.ts'

export interface Addressed {
  readonly item: PromisedEvent
  /** Name of the rule. */
  readonly rule: string
  readonly ruleArn: string
  readonly target: Target
}

/** What a delivery came to; codes are those of dead-letter queues. `refused`: trying again would not help. */
export type Delivered =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly code: string; readonly why: string; readonly notBefore?: number }
  /** Not tried: its turn comes then. */
  | { readonly kind: 'wait'; readonly notBefore: number }
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }

/** What a delivery works with. */
export interface Handed {
  readonly to: Addressed
  /** What the target receives. */
  readonly payload: string
  readonly span: SpanScope
}
