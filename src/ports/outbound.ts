/** HTTP to the outside: subscriptions of topics, API destinations, origins. Never to the platform's control pages. */
import type { Ms } from '#base/time.ts'

export interface OutboundRequest {
  readonly method: string
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  /** Of real time, over the whole exchange. */
  readonly timeoutMs: Ms
  /** Longer answers are cut there. */
  readonly answerBytesMax: number
  readonly signal?: AbortSignal | undefined
}

export type OutboundOutcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>
      readonly body: Uint8Array
    }
  | { readonly kind: 'timed-out' }
  /** No connection, or it broke; `reason` is the system's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly reason: string }

export interface Outbound {
  request(request: OutboundRequest): Promise<OutboundOutcome>
}
