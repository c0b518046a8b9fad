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

export type Phase = 'init' | 'invoke'
export type SystemLine =
  | {
      readonly kind: 'init-start'
      readonly phase: Phase
      readonly version: string
      readonly versionArn: string
    }
  | { readonly kind: 'init-report'; readonly phase: Phase; readonly initMs: Ms; readonly ending: Ending }
  | { readonly kind: 'start'; readonly requestId: string }
  | { readonly kind: 'end'; readonly requestId: string }
  | { readonly kind: 'report'; readonly report: Report }

const two = (ms: Ms): string => ms.toFixed(2)

/** Ends the line: after a status no tab follows, unlike after every figure. Source: recorded AWS log events. */
const suffix = (ending: Ending | undefined): string => {
  if (ending === undefined) return ''
  return ending.kind === 'timeout' ? 'Status: timeout' : `Status: error\tError Type: ${ending.errorType}`
}

/** The line with its line end. `INIT_START` and `INIT_REPORT` never stand in the log tail. */
export function systemText(line: SystemLine): string {
  switch (line.kind) {
    case 'init-start':
      return `INIT_START Runtime Version: ${line.version}\tRuntime Version ARN: ${line.versionArn}\n`
    case 'init-report':
      return `INIT_REPORT Init Duration: ${two(line.initMs)} ms\tPhase: ${line.phase}\t${suffix(line.ending)}\n`
    case 'start':
      return `START RequestId: ${line.requestId} Version: $LATEST\n`
    case 'end':
      return `END RequestId: ${line.requestId}\n`
    case 'report':
      return reportText(line.report)
    default:
      return line satisfies never
  }
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
export function systemJson(line: SystemLine, at: Instant): string | undefined {
  const event = jsonOf(line)
  if (event === undefined) return undefined
  return `${JSON.stringify({ time: isoMs(at), type: event.type, record: event.record })}\n`
}

const INITIALIZATION = { initializationType: 'on-demand' } as const

function jsonOf(line: SystemLine): { type: string; record: object } | undefined {
  switch (line.kind) {
    case 'init-start':
      return {
        type: 'platform.initStart',
        record: {
          ...INITIALIZATION,
          phase: line.phase,
          runtimeVersion: line.version,
          runtimeVersionArn: line.versionArn,
        },
      }
    case 'init-report':
      return {
        type: 'platform.initReport',
        record: {
          ...INITIALIZATION,
          phase: line.phase,
          ...status(line.ending),
          metrics: { durationMs: rounded(line.initMs) },
        },
      }
    case 'start':
      return { type: 'platform.start', record: { requestId: line.requestId, version: '$LATEST' } }
    case 'end':
      return undefined
    case 'report':
      return { type: 'platform.report', record: reportRecord(line.report) }
    default:
      return line satisfies never
  }
}

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

/** True for what SystemLogLevel WARN still writes: inits and invokes that did not end well. */
export const isWarning = (line: SystemLine): boolean =>
  line.kind === 'init-report' || (line.kind === 'report' && line.report.ending !== undefined)
