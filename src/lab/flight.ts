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
  /** Through the Invoke API; `functionName` is a logical id, a name or an ARN. */
  | (TargetCommon & { readonly kind: 'function'; readonly functionName: string })

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

export interface Budget {
  /** As it was written, for the report. */
  readonly text: string
  /** Undefined for all requests of the flight together. */
  readonly route: string | undefined
  readonly metric: Metric
  readonly comparison: '<' | '<='
  readonly limit: number
  readonly unit: 'ms' | '%' | 'requests' | '$'
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
  readonly phases: readonly FlightPhase[]
  readonly targets: readonly FlightTarget[]
  readonly budgets: readonly Budget[]
}

/** Requests of one flight. A plan beyond it is refused with the line of its load. */
export const REQUESTS_MAX = 2_000_000
export const DEFAULT_TIMEOUT_MS: Ms = 30_000
export const DEFAULT_IN_FLIGHT_MAX = 2_000
