/**
 * What Lambda itself writes into a function's log, byte for byte, as text or as JSON. Function output is not here.
 * Source: Lambda developer guide, Logging and Telemetry API; recorded AWS log events for tabs and line ends.
 */
import { type Instant, type Ms, isoMs } from '#base/time.ts'

/** What ended an init or an invoke that did not succeed. */
export type Ending = { readonly kind: 'timeout' } | { readonly kind: 'error'; readonly errorType: string }

/** The figures of one invoke as REPORT prints them. */
export interface Report {
  readonly requestId: string
  readonly durationMs: Ms
  readonly billedMs: number
  readonly memoryMb: number
  readonly maxMemoryMb: number
  /** Only the first invoke of an environment whose init ran outside of it. */
  readonly initMs?: Ms | undefined
  readonly ending?: Ending | undefined
  /** Only when tracing is active. */
  readonly trace?: { readonly traceId: string; readonly segmentId: string } | undefined
}

/** A part of an invoke, as the runtime's end tells it. Source: Lambda developer guide, Telemetry API, Span. */
export interface RuntimeSpan {
  readonly name: 'responseLatency' | 'responseDuration' | 'runtimeOverhead'
  readonly start: Instant
  readonly durationMs: Ms
}

export type Phase = 'init' | 'invoke'
export type SystemLine =
  | {
      readonly kind: 'init-start'
      readonly phase: Phase
      readonly version: string
      readonly versionArn: string
    }
  /** JSON only. */
  | {
      readonly kind: 'init-runtime-done'
      readonly phase: Phase
      readonly ending: Ending | undefined
    }
  /** As text only when it did not end well, or when nobody waited for it (provisioned concurrency). */
  | {
      readonly kind: 'init-report'
      readonly phase: Phase
      readonly initMs: Ms
      readonly ending: Ending | undefined
    }
  /** An extension at the end of init. */
  | {
      readonly kind: 'extension'
      readonly name: string
      readonly state: string
      readonly events: readonly string[]
    }
  /** An extension has subscribed to telemetry or logs. */
  | {
      readonly kind: 'subscription'
      readonly api: 'telemetry' | 'logs'
      readonly name: string
      readonly types: readonly string[]
    }
  | { readonly kind: 'start'; readonly requestId: string; readonly version: string }
  | { readonly kind: 'end'; readonly requestId: string }
  /** JSON only. */
  | {
      readonly kind: 'runtime-done'
      readonly requestId: string
      readonly durationMs: Ms
      readonly producedBytes: number
      readonly ending: Ending | undefined
      readonly spans?: readonly RuntimeSpan[] | undefined
    }
  | { readonly kind: 'report'; readonly report: Report }

const two = (ms: Ms): string => ms.toFixed(2)

/** Ends the line: after a status no tab follows, unlike after every figure. Source: recorded AWS log events. */
const suffix = (ending: Ending | undefined): string => {
  if (ending === undefined) return ''
  return ending.kind === 'timeout' ? 'Status: timeout' : `Status: error\tError Type: ${ending.errorType}`
}

/** How an environment came to be: constant for its life. Source: Lambda developer guide, Environment variables. */
export type InitializationType = 'on-demand' | 'provisioned-concurrency'

/** The line with its line end, or undefined for what has no text. `INIT_START` and `INIT_REPORT` never stand in the log tail. */
export function systemText(line: SystemLine, type: InitializationType): string | undefined {
  switch (line.kind) {
    case 'init-start':
      return `INIT_START Runtime Version: ${line.version}\tRuntime Version ARN: ${line.versionArn}\n`
    case 'init-report':
      return initReportText(line, type)
    case 'extension':
      return `EXTENSION\tName: ${line.name}\tState: ${line.state}\tEvents: [${line.events.join(', ')}]\n`
    case 'subscription':
      return `${line.api.toUpperCase()}\tName: ${line.name}\tState: Subscribed\tTypes: [${line.types.map(capital).join(', ')}]\n`
    case 'start':
      return `START RequestId: ${line.requestId} Version: ${line.version}\n`
    case 'end':
      return `END RequestId: ${line.requestId}\n`
    case 'init-runtime-done':
    case 'runtime-done':
      return undefined
    case 'report':
      return reportText(line.report)
    default:
      return line satisfies never
  }
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** Source: recorded AWS log events; a success has the duration alone. */
function initReportText(
  line: SystemLine & { kind: 'init-report' },
  type: InitializationType,
): string | undefined {
  const head = `INIT_REPORT Init Duration: ${two(line.initMs)} ms\t`
  if (line.ending !== undefined) return `${head}Phase: ${line.phase}\t${suffix(line.ending)}\n`
  return type === 'on-demand' ? undefined : `${head}\n`
}

function reportText(r: Report): string {
  const init = r.initMs === undefined ? '' : `Init Duration: ${two(r.initMs)} ms\t`
  return `REPORT RequestId: ${r.requestId}\tDuration: ${two(r.durationMs)} ms\tBilled Duration: ${r.billedMs} ms\tMemory Size: ${r.memoryMb} MB\tMax Memory Used: ${r.maxMemoryMb} MB\t${init}${suffix(r.ending)}\n${traceText(r)}`
}

const traceText = (r: Report): string =>
  r.trace === undefined
    ? ''
    : `XRAY TraceId: ${r.trace.traceId}\tSegmentId: ${r.trace.segmentId}\tSampled: true\t\n`

const status = (ending: Ending | undefined): object => {
  if (ending === undefined) return { status: 'success' }
  return ending.kind === 'timeout' ? { status: 'timeout' } : { status: 'error', errorType: ending.errorType }
}

const rounded = (ms: Ms): number => Math.round(ms * 1_000) / 1_000

/** The same as an event of the JSON log format; undefined for `end`, which has no JSON form. */
export function systemJson(line: SystemLine, at: Instant, type: InitializationType): string | undefined {
  const event = line.kind === 'end' ? undefined : systemEvent(line, type)
  if (event === undefined) return undefined
  return `${JSON.stringify({ time: isoMs(at), type: event.type, record: event.record })}\n`
}

/** Type and record as JSON logs and telemetry have them; `end` is an event of the Logs API only. */
export function systemEvent(
  line: SystemLine,
  initializationType: InitializationType,
): { type: string; record: object } | undefined {
  switch (line.kind) {
    case 'init-start':
      return {
        type: 'platform.initStart',
        record: {
          initializationType,
          phase: line.phase,
          runtimeVersion: line.version,
          runtimeVersionArn: line.versionArn,
        },
      }
    case 'init-report':
      return {
        type: 'platform.initReport',
        record: {
          initializationType,
          phase: line.phase,
          ...status(line.ending),
          metrics: { durationMs: rounded(line.initMs) },
        },
      }
    case 'start':
      return { type: 'platform.start', record: { requestId: line.requestId, version: line.version } }
    case 'extension':
      return {
        type: 'platform.extension',
        record: { name: line.name, state: line.state, events: line.events },
      }
    case 'subscription':
      return {
        type: `platform.${line.api}Subscription`,
        record: { name: line.name, state: 'Subscribed', types: line.types },
      }
    case 'init-runtime-done':
      return {
        type: 'platform.initRuntimeDone',
        record: { initializationType, phase: line.phase, ...status(line.ending) },
      }
    case 'end':
      return { type: 'platform.end', record: { requestId: line.requestId } }
    case 'runtime-done':
      return {
        type: 'platform.runtimeDone',
        record: {
          requestId: line.requestId,
          ...status(line.ending),
          metrics: { durationMs: rounded(line.durationMs), producedBytes: line.producedBytes },
          ...(line.spans === undefined || line.spans.length === 0
            ? {}
            : { spans: line.spans.map(shownSpan) }),
        },
      }
    case 'report':
      return { type: 'platform.report', record: reportRecord(line.report) }
    default:
      return line satisfies never
  }
}

const shownSpan = ({ name, start, durationMs }: RuntimeSpan): object => ({
  name,
  start: isoMs(start),
  durationMs: rounded(durationMs),
})

const reportRecord = (r: Report): object => ({
  requestId: r.requestId,
  metrics: {
    durationMs: rounded(r.durationMs),
    billedDurationMs: r.billedMs,
    memorySizeMB: r.memoryMb,
    maxMemoryUsedMB: r.maxMemoryMb,
    ...(r.initMs === undefined ? {} : { initDurationMs: rounded(r.initMs) }),
  },
  ...status(r.ending),
  ...(r.trace === undefined
    ? {}
    : {
        tracing: {
          spanId: r.trace.segmentId,
          type: 'X-Amzn-Trace-Id',
          value: `Root=${r.trace.traceId};Parent=${r.trace.segmentId};Sampled=1`,
        },
      }),
})

export type SystemLevel = 'DEBUG' | 'INFO' | 'WARN'

/** The level of an event: what did not end well is a warning. Source: Lambda developer guide, System log level event mapping. */
export function levelOf(line: SystemLine, type: InitializationType): SystemLevel {
  switch (line.kind) {
    case 'init-start':
    case 'extension':
    case 'subscription':
    case 'start':
      return 'INFO'
    case 'end':
      return 'DEBUG'
    case 'init-runtime-done':
    case 'runtime-done':
      return line.ending === undefined ? 'DEBUG' : 'WARN'
    case 'init-report':
      if (line.ending !== undefined) return 'WARN'
      return type === 'on-demand' ? 'DEBUG' : 'INFO'
    case 'report':
      return line.report.ending === undefined ? 'INFO' : 'WARN'
    default:
      return line satisfies never
  }
}
