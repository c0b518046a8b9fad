/** Events on the page: what became of them, and how long they took from event to end of processing. */
import { formatCompletion, formatCount, formatSignificant } from '#lab/figures.ts'
import { P95_MIN, P99_MIN, P999_MIN } from '#lab/latency.ts'
import { type Cell, section, sortableTable } from '#lab/page/markup.ts'
import type { CompletionReport, FlightReport, RouteReport } from '#lab/report.ts'
import { asCompleted } from '#lab/verdict.ts'

const TITLES = [
  'to completion',
  'events',
  'finished',
  'unfinished',
  'dead-lettered',
  'dropped',
  'filtered',
  'p50',
  'p90',
  'p95',
  'p99',
  'p99.9',
  'max',
  'cold',
  'batch mean',
  'batch max',
  'invocations per event',
  'most waiting',
]

/** Empty where all work was done when its answer came. */
export function completionSection(report: FlightReport): string {
  const rows = (report.routes.length > 1 ? [...report.routes, report.overall] : report.routes).flatMap(
    ({ name, completion }) => (completion === undefined ? [] : [cellsOf(name, completion)]),
  )
  if (rows.length === 0) return ''
  const caption =
    'From when an event was due until its last receiver was done with it. Percentiles take events without an end as slower than all others.'
  return section('completion', 'Time to completion', sortableTable(caption, TITLES, rows))
}

function cellsOf(name: string, completion: CompletionReport): Cell[] {
  const count = (value: number, meaning?: string): Cell => ({
    text: formatCount(value),
    value,
    ...(value > 0 && meaning !== undefined ? { meaning } : {}),
  })
  const time = (ms: number | null, least: number): Cell => ({
    text: formatCompletion(completion, ms, least),
    value: ms ?? '',
  })
  const share = (value: number | null): Cell => ({
    text: value === null ? '-' : formatSignificant(value, 3),
    value: value ?? '',
  })
  return [
    { text: name },
    count(completion.events),
    count(completion.finished),
    count(completion.unfinished, 'error'),
    count(completion.deadLettered, 'error'),
    count(completion.dropped, 'error'),
    count(completion.filtered),
    time(completion.p50Ms, 1),
    time(completion.p90Ms, 10),
    time(completion.p95Ms, P95_MIN),
    time(completion.p99Ms, P99_MIN),
    time(completion.p999Ms, P999_MIN),
    time(completion.maxMs, 1),
    count(completion.cold, 'cold'),
    share(completion.batchSizeMean),
    share(completion.batchSizeMax),
    share(completion.invocationsPerEvent),
    count(completion.backlogMax),
  ]
}

/** What distributions are drawn of: each route, and of events their whole way before the call that sent them. */
export function drawnRoutes(report: FlightReport): RouteReport[] {
  return report.routes.flatMap((route) =>
    route.completion === undefined
      ? [route]
      : [
          { ...asCompleted(route), name: `${route.name}: from event to end of processing` },
          { ...route, name: `${route.name}: the call alone` },
        ],
  )
}
