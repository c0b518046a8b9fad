/**
 * Delivery to whatever an ARN names: how services meet without knowing each other. One attempt, no memory: a hand-over
 * that must survive a crash or be repeated is a row of the service's `Outbox` (src/outbox) whose attempt calls this.
 */
import type { AccountId, Region } from '#base/ids.ts'
import type { SpanScope } from '#ports/spans.ts'

/** As SQS and SNS spell a message's attributes. */
export interface DeliveryAttribute {
  /** `String`, `Number`, `Binary`, or one of these with a custom label. */
  readonly dataType: string
  readonly stringValue?: string | undefined
  readonly binaryValue?: Uint8Array | undefined
}

/** What queues and topics take beside the body; receivers of other kinds ignore it. */
export interface DeliveryMessage {
  readonly groupId?: string | undefined
  readonly deduplicationId?: string | undefined
  readonly subject?: string | undefined
  readonly attributes?: Readonly<Record<string, DeliveryAttribute>> | undefined
}

export interface Delivery {
  readonly arn: string
  /** Of a bus: the JSON of one PutEvents entry. Of everything else: the body. */
  readonly payload: Uint8Array
  /** `wait` for an answer (a gateway calling a function) or `hand-over` (an event). */
  readonly mode: 'wait' | 'hand-over'
  /** The service on whose behalf, such as `apigateway.amazonaws.com`. */
  readonly principal: string
  /** ARN of the bucket, topic or rule on whose behalf. */
  readonly sourceArn?: string | undefined
  readonly message?: DeliveryMessage | undefined
  readonly account: AccountId
  readonly region: Region
  /** What the receiver does hangs below it; its `header()` goes on with a message. */
  readonly span: SpanScope
  /** Longest wait of the caller, in ms of real time. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly payload: Uint8Array; readonly functionError: string | undefined }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'throttled'; readonly message: string }
  /** The receiver refused: missing, forbidden, malformed. `code` is AWS's error code. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'timed-out' }

export interface Targets {
  deliver(delivery: Delivery): Promise<DeliveryOutcome>
}

/** What a service offers to `Targets`: the platform asks the service whose name the ARN carries. */
export type Accept = (delivery: Delivery) => Promise<DeliveryOutcome>
