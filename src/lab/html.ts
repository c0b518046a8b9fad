/**
 * The report as one HTML file that needs no network: opens from disk, prints on A4, works with the keyboard. The plot
 * library's text comes from the caller. With an earlier flight both are drawn over each other, with intervals beside
 * each difference.
 */
import { formatChange, formatCompared, isNothing, metricName, type CompareReport } from '#lab/compare.ts'
import { formatCount, formatSpan } from '#lab/figures.ts'
import { completionSection, drawnRoutes } from '#lab/page/completion.ts'
import { histogramAxis } from '#lab/page/distribution.ts'
import { PATTERNS, scriptJson, section, sortableTable, escapeHtml } from '#lab/page/markup.ts'
import { PAGE_SCRIPT } from '#lab/page/script.ts'
import {
  billSection,
  distributionSection,
  environmentSection,
  functionSection,
  measuredSection,
  routeSection,
  slowestSection,
  timeSection,
  verdictSection,
} from '#lab/page/sections.ts'
import { PAGE_STYLE } from '#lab/page/style.ts'
import type { FlightReport, RouteReport } from '#lab/report.ts'
import { perWhat } from '#lab/verdict.ts'

export interface PlotLibrary {
  /** Text of uPlot's `uPlot.iife.min.js`. */
  readonly script: string
  /** Text of its `uPlot.min.css`. */
  readonly style: string
}

/** An earlier flight, to draw this one over. */
export interface Earlier {
  readonly report: FlightReport
  readonly compared: CompareReport
}

/** Text that stands inside a script element must not end it. */
const inScript = (script: string): string => script.replace(/<\/(script)/gi, '<\\/$1')

export function htmlOf(report: FlightReport, library: PlotLibrary, earlier?: Earlier): string {
  const title = `${report.name}, ${report.design}`
  const { html: lanes, resolutionMs } = environmentSection(report)
  const content = [
    verdictSection(report),
    earlier === undefined ? '' : compareSection(earlier.compared),
    routeSection(report),
    completionSection(report),
    distributionSection(report, earlier?.report),
    timeSection(report),
    functionSection(report),
    lanes,
    slowestSection(report),
    billSection(report.bill, perWhat(report)),
    measuredSection(report, resolutionMs),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}: Windtunnel flight report</title>
<style>${library.style}${PAGE_STYLE}</style>
</head>
<body>
${PATTERNS}
<header><h1>${escapeHtml(title)}: ${formatSpan(report.durationMs)}, ${formatCount(report.load.sent)} requests, ${escapeHtml(report.profile)} profile, ${report.startedAt.slice(0, 19)}Z</h1></header>
<main>
${content.filter((part) => part !== '').join('\n')}
</main>
<script type="application/json" id="data">${scriptJson(pageData(report, earlier?.report))}</script>
<script>${inScript(library.script)}</script>
<script>${inScript(PAGE_SCRIPT)}</script>
</body>
</html>
`
}

function compareSection(compared: CompareReport): string {
  const rows = compared.rows
    .filter((row) => !isNothing(row))
    .map((row) => [
      { text: `${row.route} ${metricName(row.metric)}` },
      { text: formatCompared(row, row.before), value: row.before ?? '' },
      { text: formatCompared(row, row.after), value: row.after ?? '' },
      { text: formatChange(row), value: row.difference ?? '' },
      { text: row.outcome, ...(row.outcome === 'worse' ? { meaning: 'error' } : {}) },
    ])
  const labels = [compared.before, compared.after].map(
    ({ name, design, requests }) => `${name}, ${design}, ${formatCount(requests)} requests`,
  )
  return section(
    'compared',
    'Compared with the earlier flight',
    [
      ...compared.verdict.map((sentence) => `<p>${escapeHtml(sentence)}</p>`),
      ...compared.warnings.map((warning) => `<p class="warning">${escapeHtml(warning)}</p>`),
      sortableTable(
        `Before: ${labels[0]}. After: ${labels[1]}. Changes with bootstrap 95 % intervals.`,
        ['figure', 'before', 'after', 'change (95 %)', ''],
        rows,
      ),
    ].join('\n'),
  )
}

/** What the page's script needs, and no more. */
function pageData(report: FlightReport, before: FlightReport | undefined): unknown {
  const routes = drawnRoutes(report)
  const earlier = before === undefined ? [] : drawnRoutes(before)
  const ids = routes.flatMap((route) => route.distribution.flatMap((bin) => bin.traceIds))
  const tracePrefix = commonPrefix(ids)
  const other = (route: RouteReport): RouteReport | undefined =>
    earlier.find(({ name }) => name === route.name)
  return {
    tracePrefix,
    shown: report.slowest.map((trace) => [trace.traceId, trace.completionMs ?? trace.latencyMs]),
    routes: routes.map((route) => ({
      axis: histogramAxis(route, other(route)),
      bins: route.distribution
        .filter((bin) => bin.warm + bin.cold > 0)
        .map((bin) => [
          bin.fromMs,
          bin.toMs,
          bin.warm,
          bin.cold,
          bin.traceIds.map((id) => id.slice(tracePrefix.length)),
        ]),
    })),
    time: timeData(report, before),
    bill: {
      requests: report.bill.requests,
      lines: report.bill.lines.map((line) => ({
        name: `${line.service}/${line.dimension}`,
        label: line.label,
        quantity: Number(line.quantity),
        tiers: line.tiers.map(({ upTo, usd }) => [upTo === null ? null : Number(upTo), Number(usd)]),
      })),
    },
  }
}

function timeData(report: FlightReport, before: FlightReport | undefined): Record<string, unknown> {
  const round = (value: number | null): number | null =>
    value === null ? null : Number(value.toPrecision(4))
  const { seconds } = report
  // Both flights on one axis: the earlier one's columns are those at the same second.
  const earlier = new Map(before?.seconds.map((second) => [second.atS, second]))
  return {
    x: seconds.map((second) => second.atS),
    p50: seconds.map((second) => round(second.p50Ms)),
    p99: seconds.map((second) => round(second.p99Ms)),
    arrivals: seconds.map((second) => second.arrivals),
    answers: seconds.map((second) => second.answers),
    errors: seconds.map((second) => second.errors),
    cold: seconds.map((second) => second.cold),
    throttles: seconds.map((second) => second.throttles),
    concurrency: seconds.map((second) => second.concurrencyMax),
    inFlight: seconds.map((second) => second.inFlightMax),
    ...(seconds.some(({ backlogMax }) => backlogMax !== undefined)
      ? {
          backlog: seconds.map((second) => second.backlogMax ?? 0),
          completions: seconds.map((second) => second.completions ?? 0),
        }
      : {}),
    ...(before === undefined
      ? {}
      : {
          beforeP50: seconds.map((second) => round(earlier.get(second.atS)?.p50Ms ?? null)),
          beforeP99: seconds.map((second) => round(earlier.get(second.atS)?.p99Ms ?? null)),
          beforeBacklog: seconds.map((second) => earlier.get(second.atS)?.backlogMax ?? null),
        }),
  }
}

function commonPrefix(texts: readonly string[]): string {
  let prefix = texts[0] ?? ''
  for (const text of texts) while (!text.startsWith(prefix)) prefix = prefix.slice(0, -1)
  return prefix
}
