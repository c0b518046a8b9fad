/**
 * What a flight is, as data: an application, a load, targets and budgets. Reading it from YAML is `read-flight.ts`;
 * making requests of it is `plan.ts`. Nothing here knows a file or a socket.
 */
import type { LoadPhase } from '#engines/arrivals/arrivals.ts'
import type { Ms } from '#base/time.ts'

/** A schedule of the engine, or one recorded in a file that the caller reads. */
export type FlightPhase =
  | Exclude<LoadPhase, { kind: 'recorded' }>
  | { readonly kind: 'recorded'; readonly offsetsMs: readonly Ms[] }
  | { readonly kind: 'recorded-file'; readonly file: string }

interface TargetCommon {
  /** The route's name in the report; unique in a flight. */
  readonly name: string
  readonly weight: number
  readonly headers: Readonly<Record<string, string>>
  /** As it is sent. */
  readonly body: string
  /** Statuses that are no error; empty for everything below 400. */
  readonly expect: readonly number[]
}

export type FlightTarget =
  /** A route of an API that the template makes. `api` is a logical id or API id where there are several. */
  | (TargetCommon & {
      readonly kind: 'route'
      readonly method: string
      readonly path: string
      readonly api: string | undefined
    })
  | (TargetCommon & { readonly kind: 'url'; readonly method: string; readonly url: string })
  /** Through the Invoke API; `functionName` is a logical id, a name or an ARN. `event` for InvocationType Event. */
  | (TargetCommon & {
      readonly kind: 'function'
      readonly functionName: string
      readonly event?: boolean | undefined
    })
  | EventTarget

/** Each request makes one event. A logical id, a name, and what AWS addresses such a thing by. */
export type EventTarget = QueueTarget | TopicTarget | BusTarget | BucketTarget

/** What queues and topics take beside the body. Texts become String attributes, numbers Number ones. */
interface MessageFields {
  readonly groupId: string | undefined
  readonly deduplicationId: string | undefined
  readonly attributes: Readonly<Record<string, string | number>>
}

export interface QueueTarget extends TargetCommon, MessageFields {
  readonly kind: 'queue'
  readonly queue: string
  readonly delayMs: Ms
}

/** The body is the message. */
export interface TopicTarget extends TargetCommon, MessageFields {
  readonly kind: 'topic'
  readonly topic: string
  readonly subject: string | undefined
}

/** The body is the detail, as JSON text. */
export interface BusTarget extends TargetCommon {
  readonly kind: 'bus'
  readonly bus: string
  readonly source: string
  readonly detailType: string
}

export interface BucketTarget extends TargetCommon {
  readonly kind: 'bucket'
  readonly bucket: string
  readonly key: string
}

export type Metric =
  | 'p50'
  | 'p90'
  | 'p95'
  | 'p99'
  | 'p99.9'
  | 'max'
  | 'mean'
  | 'errors'
  | 'throttles'
  | 'cold_starts'
  | 'usd_per_million'
  | 'completion_p50'
  | 'completion_p95'
  | 'completion_p99'
  | 'completion_max'
  | 'unfinished'
  | 'backlog_max'

export interface Budget {
  /** As it was written, for the report. */
  readonly text: string
  /** Undefined for all requests of the flight together. */
  readonly route: string | undefined
  readonly metric: Metric
  readonly comparison: '<' | '<='
  readonly limit: number
  readonly unit: 'ms' | '%' | 'requests' | 'events' | '$'
}

export interface Flight {
  readonly name: string
  /** Path of the template, as written; undefined to fly against what is already deployed. */
  readonly template: string | undefined
  /** What is compared with what: shown beside the name in reports. */
  readonly design: string
  readonly parameters: Readonly<Record<string, string>>
  readonly seed: number
  readonly timeoutMs: Ms
  /** Requests due earlier than this are sent but not counted. */
  readonly warmUpMs: Ms
  readonly inFlightMax: number
  /** How long events may take after the last answer before they count as unfinished; 30 s without it. */
  readonly drainMs?: Ms | undefined
  readonly phases: readonly FlightPhase[]
  readonly targets: readonly FlightTarget[]
  readonly budgets: readonly Budget[]
}

/** Requests of one flight. A plan beyond it is refused with the line of its load. */
export const REQUESTS_MAX = 2_000_000
export const DEFAULT_TIMEOUT_MS: Ms = 30_000
export const DEFAULT_IN_FLIGHT_MAX = 2_000
export const DEFAULT_DRAIN_MS: Ms = 30_000

/** Whether each request of the target makes an event: its answer says that it was taken, not that it was worked on. */
export const isEvent = (target: FlightTarget): boolean =>
  target.kind === 'function' ? target.event === true : target.kind !== 'route' && target.kind !== 'url'
