/**
 * The one model of a report, as its JSON form: every renderer (terminal, HTML, markdown, JUnit) and `compare` read
 * this and nothing else. Names are stable and end in their unit; money is exact decimals in strings; null stands for
 * a figure that the samples are too few for. `result.ts` builds it.
 */
import type { Span } from '#ports/spans.ts'

export const REPORT_FORMAT = 'windtunnel-report/1'

/** What a request's time went into, in the order it happens. */
export const PHASE_NAMES = [
  /** The generator sent it late: ours, not the application's. */
  'load',
  /** Between generator and platform: connection, parsing, the way back. */
  'client',
  /** The API's own time around the function. */
  'gateway',
  /** Whether the caller may: an authorizer's function, a look at a token. */
  'authorizer',
  /** The event waiting to be taken: in its queue, between retries, for its batch to fill. */
  'event-queue',
  /** Waiting for an environment. */
  'queue',
  /** Starting an environment, up to its first breath. */
  'start',
  /** Code outside the handler. */
  'init',
  /** The handler's own time. */
  'handler',
  /** The handler waiting for the platform's other services. */
  'downstream',
  /** The handler standing still because its CPU share was used up. */
  'cpu-throttled',
  /** The Runtime API's and the service's own time around the handler. */
  'overhead',
] as const
export type PhaseName = (typeof PHASE_NAMES)[number]

export interface LatencyReport {
  /** Requests with a latency: answered, or timed out. */
  readonly n: number
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  /** Null below 200 requests. */
  readonly p95Ms: number | null
  /** Null below 1,000 requests. */
  readonly p99Ms: number | null
  /** Null below 10,000 requests. */
  readonly p999Ms: number | null
  readonly maxMs: number | null
  readonly meanMs: number | null
}

export interface TailReport {
  /** `p99` when there are samples for it, else the slowest hundredth, at least one request. */
  readonly of: 'p99' | 'slowest'
  /** The fastest request of the tail. */
  readonly fromMs: number
  readonly requests: number
  /** How many of them were cold. */
  readonly cold: number
  readonly meanMs: number
  /** Mean of each phase over the tail's traced requests; only phases above 0, in order. */
  readonly phases: readonly { readonly name: PhaseName; readonly meanMs: number }[]
  /** Tail requests whose spans were not found. */
  readonly untraced: number
}

export interface DistributionBin {
  readonly fromMs: number
  readonly toMs: number
  readonly warm: number
  readonly cold: number
  /** Warm or cold requests of this bin that were errors. */
  readonly errors: number
  /** Some of its traces. */
  readonly traceIds: readonly string[]
}

/** How much of a tail is the tunnel's own doing. */
export interface SelfReport {
  /** Of the tail's mean: load lateness, the server's event-loop delay and run-queue delay together. */
  readonly tailShare: number
  readonly lateMs: number
  readonly eventLoopDelayMs: number
  readonly runQueueMs: number
  /** False beyond 10 %: latency budgets are then not judged. */
  readonly measurable: boolean
  /** Requests per second of the whole flight below which it would be measurable; null when unknown or already so. */
  readonly measurableRatePerS: number | null
}

/**
 * From when an event was due until its last receiver was done with it. Percentiles count the unfinished ones as longer
 * than all others, so a figure that falls among them is null; `n` is finished and unfinished together.
 */
export interface CompletionReport extends LatencyReport {
  /** Events that were taken: requests without those that were refused. */
  readonly events: number
  readonly finished: number
  /** Neither finished nor given up when the flight was read. */
  readonly unfinished: number
  /** Each of them had waited at least so long; null without any. */
  readonly unfinishedFromMs: number | null
  /** Given up by a receiver, and in a dead-letter queue. */
  readonly deadLettered: number
  /** Given up by a receiver without one. */
  readonly dropped: number
  /** No receiver wanted it. */
  readonly filtered: number
  /** Finished by a cold invocation. */
  readonly cold: number
  readonly warmLatency: LatencyReport
  readonly coldLatency: LatencyReport
  readonly tail: TailReport | null
  readonly self: SelfReport
  readonly distribution: readonly DistributionBin[]
  /** As [ms at three significant digits, events], ascending; finished ones only. */
  readonly completionsMs: readonly (readonly [ms: number, events: number])[]
  /** Most events sent and not yet done with, at one moment. */
  readonly backlogMax: number
  /** Invocations, failed ones too; one of a batch counts as the event's part of it. Null when none worked on any. */
  readonly invocationsPerEvent: number | null
  /** Messages of an invocation, over the invocations; null when none worked on any. */
  readonly batchSizeMean: number | null
  readonly batchSizeMax: number | null
}

export interface RouteReport extends LatencyReport {
  readonly name: string
  readonly requests: number
  readonly errors: number
  readonly errorKinds: Readonly<Record<string, number>>
  readonly cold: number
  readonly throttles: number
  readonly cpuThrottledMs: number
  readonly usdPerMillion: string | null
  readonly warmLatency: LatencyReport
  readonly coldLatency: LatencyReport
  readonly tail: TailReport | null
  readonly self: SelfReport
  readonly distribution: readonly DistributionBin[]
  /** Latencies as [ms at three significant digits, requests], ascending: what `compare` resamples. */
  readonly latenciesMs: readonly (readonly [ms: number, requests: number])[]
  /** Cost per request as [dollars at three significant digits, requests], ascending; empty when usage carried no traces. */
  readonly costsUsd: readonly (readonly [usd: number, requests: number])[]
  /** Absent where all work is done when the answer comes. */
  readonly completion?: CompletionReport | undefined
}

export interface FunctionReport extends LatencyReport {
  readonly name: string
  readonly invocations: number
  readonly errors: number
  readonly throttles: number
  readonly cold: number
  readonly initP50Ms: number | null
  readonly initMaxMs: number | null
  readonly billedMeanMs: number | null
  readonly memoryMb: number | null
  readonly maxMemoryMb: number | null
  readonly cpuThrottledMs: number
  readonly runQueueMs: number
  readonly environments: number
  readonly concurrencyMax: number
  /** Null where it cannot be priced; absent in reports of earlier versions. */
  readonly provisioned?: ProvisionedReport | null | undefined
}

/** Provisioned concurrency at the load of a flight: as many environments as were busy at once, kept for its length. */
export interface ProvisionedReport {
  readonly concurrency: number
  /** Share of their time in which they would have worked. */
  readonly utilisation: number
  /** The share from which they cost less than environments on demand. */
  readonly breakEven: number
  /** In a million invocations; negative when provisioned costs less. */
  readonly usdPerMillionChange: string
}

/** What cold starts did to those who waited for a function, and what a shorter init would change. */
export interface ColdStartReport {
  readonly functionName: string
  /** Timed requests that waited for it. */
  readonly requests: number
  readonly cold: number
  /** Waiting for an environment, its start and its init, of cold requests: share of the time of the slowest hundredth. */
  readonly tailShare: number
  /** Null below 1,000 requests, like the two below. */
  readonly p99Ms: number | null
  /** Had no request waited for a cold start. */
  readonly p99WithoutMs: number | null
  /** Had each init taken half of its time. */
  readonly p99HalfInitMs: number | null
}

/** One column of the plot over time. */
export interface SecondReport {
  readonly atS: number
  readonly arrivals: number
  readonly answers: number
  readonly errors: number
  readonly throttles: number
  readonly cold: number
  readonly p50Ms: number | null
  /** The 99th of a hundred: the slowest where the column has fewer requests than a percentile needs. */
  readonly p99Ms: number | null
  /** Most requests under way at once, as the generator saw it. */
  readonly inFlightMax: number
  /** Most invocations at once. */
  readonly concurrencyMax: number
  /** Most events sent and not yet done with; absent where no work goes on after the answer. */
  readonly backlogMax?: number | undefined
  /** Events that were done with. */
  readonly completions?: number | undefined
}

export interface EnvironmentLane {
  readonly id: string
  readonly functionName: string
  readonly segments: readonly EnvironmentSegment[]
}

export interface EnvironmentSegment {
  readonly kind: 'start' | 'init' | 'invoke' | 'frozen' | 'gone'
  readonly fromS: number
  readonly toS: number
}

export interface TraceReport {
  readonly traceId: string
  readonly route: string
  readonly latencyMs: number
  /** Until its event was done with; absent where the answer was the end. */
  readonly completionMs?: number | undefined
  readonly status: number
  readonly outcome: string
  readonly cold: boolean
  readonly phases: readonly { readonly name: PhaseName; readonly ms: number }[]
  readonly spans: readonly TraceSpan[]
  /** What this one request costs, where usage carried its trace. */
  readonly usd: string | null
}

export interface TraceSpan {
  readonly id: string
  readonly parentId: string | null
  readonly service: string
  readonly operation: string
  readonly resource: string
  readonly startMs: number
  readonly durationMs: number
  readonly outcome: Span['outcome']
  readonly usd: string | null
}

export interface BillLineReport {
  readonly service: string
  readonly dimension: string
  readonly phase: string
  /** As people call it, such as `GB-seconds`. */
  readonly label: string
  readonly quantity: string
  readonly unit: string
  readonly usd: string
  readonly usdPerMillion: string | null
  /** `high`, `medium` or `low`: how sure the price is. */
  readonly confidence: string
  readonly source: string
  readonly tiers: readonly { readonly upTo: string | null; readonly usd: string }[]
}

export interface BillReport {
  readonly region: string
  /** Requests that the per-million figures divide by: all that were sent, the warm-up too. */
  readonly requests: number
  readonly totalUsd: string
  readonly usdPerMillion: string | null
  /** What the monthly free quantities would take off this bill; not taken off. */
  readonly freeTierUsd: string
  readonly lines: readonly BillLineReport[]
  readonly unpriced: readonly {
    readonly service: string
    readonly dimension: string
    readonly quantity: string
    readonly unit: string
  }[]
}

export interface BudgetResult {
  readonly text: string
  readonly route: string | null
  readonly metric: string
  readonly limit: number
  readonly unit: string
  readonly outcome: 'ok' | 'broken' | 'undecided' | 'not-measurable'
  readonly measured: number | null
  /** The outcome in words, with the measured figure. */
  readonly answer: string
}

export interface MeasurementReport {
  readonly lateP50Ms: number | null
  readonly lateP99Ms: number | null
  readonly lateMaxMs: number | null
  readonly eventLoopDelayP99Ms: number | null
  readonly eventLoopDelayMaxMs: number | null
  readonly runQueueP99Ms: number | null
  /** Requests whose spans were found, of those that were answered. */
  readonly tracedShare: number
}

/** Where it was measured: from the platform's health answer. */
export interface MachineReport {
  readonly isolation: string
  readonly cpu: string
  readonly memory: string
  readonly freeze: string
  readonly tmp: string
  readonly cores: number
  readonly platform: string
  /** Names and versions, such as `windtunnel 0.1.0`, `node v24.1.0`. */
  readonly versions: readonly string[]
  readonly notes: readonly string[]
}

export interface FlightReport {
  readonly format: typeof REPORT_FORMAT
  readonly name: string
  readonly design: string
  readonly profile: string
  readonly startedAt: string
  /** Until the last answer, or the end of the last event. */
  readonly durationMs: number
  readonly partial: boolean
  /** Sentences; the first is the one to read if only one is read. */
  readonly verdict: readonly string[]
  readonly load: {
    readonly description: string
    readonly seed: number
    readonly planned: number
    readonly sent: number
    readonly warmUpRequests: number
    readonly ratePerS: number
  }
  readonly overall: RouteReport
  readonly routes: readonly RouteReport[]
  readonly functions: readonly FunctionReport[]
  /** Functions that were cold at least once; absent in reports of earlier versions. */
  readonly coldStarts?: readonly ColdStartReport[] | undefined
  /** Width of a column over time. */
  readonly secondsPerColumn: number
  readonly seconds: readonly SecondReport[]
  readonly environments: readonly EnvironmentLane[]
  /** Lanes beyond the bound. */
  readonly environmentsLeftOut: number
  readonly slowest: readonly TraceReport[]
  readonly bill: BillReport
  readonly budgets: readonly BudgetResult[]
  /** `broken` when one is broken, else `undecided` when one could not be judged. */
  readonly budgetsOutcome: 'ok' | 'broken' | 'undecided' | 'none'
  readonly measurement: MeasurementReport
  readonly machine: MachineReport
  readonly warnings: readonly string[]
}
