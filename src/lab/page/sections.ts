/** The sections of the page, top to bottom as a reader needs them; each is empty when it has nothing to say. */
import {
  formatCount,
  formatMs,
  formatPercent,
  formatPercentile,
  formatSpan,
  formatUsd,
  formatUsdPerMillion,
} from '#lab/figures.ts'
import { coldSentences } from '#lab/cold-starts.ts'
import { type Cell, escapeHtml, section, sortableTable } from '#lab/page/markup.ts'
import { drawnRoutes } from '#lab/page/completion.ts'
import { distributionPlot } from '#lab/page/distribution.ts'
import { lanesPlot } from '#lab/page/lanes.ts'
import { waterfallPlot } from '#lab/page/waterfall.ts'
import type { BillReport, FlightReport, PhaseName, RouteReport, TailReport } from '#lab/report.ts'

const count = (value: number, meaning?: string): Cell => ({
  text: formatCount(value),
  value,
  ...(value > 0 && meaning !== undefined ? { meaning } : {}),
})
const latency = (ms: number | null, n: number): Cell => ({ text: formatPercentile(ms, n), value: ms ?? '' })
const span = (ms: number | null): Cell => ({ text: ms === null ? '-' : formatMs(ms), value: ms ?? '' })
const money = (usd: string | null): Cell => ({
  text: usd === null ? '-' : formatUsdPerMillion(usd),
  value: usd ?? '',
  meaning: 'money',
})

export function verdictSection(report: FlightReport): string {
  const sentences = report.verdict.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join('\n')
  const partial = report.partial ? '<p class="warning">Partial: this flight was stopped early.</p>' : ''
  const budgets = report.budgets.map((budget) => {
    const kind = budget.outcome === 'ok' ? 'ok' : budget.outcome === 'broken' ? 'broken' : 'undecided'
    return `<li class="${kind}"><code>${escapeHtml(budget.text)}</code> ${escapeHtml(budget.answer)}</li>`
  })
  const list = budgets.length === 0 ? '' : `<ul class="budgets" aria-label="Budgets">${budgets.join('')}</ul>`
  return `<div class="verdict" id="verdict">${sentences}</div>${partial}${list}`
}

export function routeSection(report: FlightReport): string {
  const rows = report.routes.length > 1 ? [...report.routes, report.overall] : report.routes
  const titles = [
    'route',
    'n',
    'errors',
    'throttled',
    'p50',
    'p90',
    'p95',
    'p99',
    'p99.9',
    'max',
    'cold',
    'CPU-throttled',
    '$ per million',
  ]
  const cells = rows.map((route): Cell[] => [
    { text: route.name },
    count(route.requests),
    count(route.errors, 'error'),
    count(route.throttles),
    latency(route.p50Ms, route.n),
    latency(route.p90Ms, route.n),
    latency(route.p95Ms, route.n),
    latency(route.p99Ms, route.n),
    latency(route.p999Ms, route.n),
    latency(route.maxMs, route.n),
    count(route.cold, 'cold'),
    span(route.cpuThrottledMs),
    money(route.usdPerMillion),
  ])
  const caption = `Latency from when a request was due until its last byte; ${report.profile} profile. Cold and warm together: the distributions below tell them apart.`
  return section('routes', 'Routes', sortableTable(caption, titles, cells))
}

const LEGEND_ITEM = (kind: string, text: string): string => `<span><i class="${kind}"></i>${text}</span>`

export function distributionSection(report: FlightReport, before: FlightReport | undefined): string {
  const legend = `<p class="legend">${LEGEND_ITEM('warm', 'warm')}${LEGEND_ITEM('cold', 'cold start')}${before === undefined ? '' : '<span>dashed line: the earlier flight</span>'}<span class="no-print">Drag a mark, or focus it and press the arrow keys; Home puts it back.</span><span>Heights grow with the square root of the requests.</span></p>`
  const earlier = before === undefined ? [] : drawnRoutes(before)
  const routes = drawnRoutes(report).map((route, i) => {
    const other = earlier.find(({ name }) => name === route.name)
    return `<h3>${escapeHtml(route.name)}</h3>\n${distributionPlot(route, i, other)}\n<p class="traces" id="traces-${i}" aria-live="polite"></p>\n${tailList(route)}`
  })
  return section('distribution', 'Distribution', [legend, ...routes].join('\n'))
}

const PHASE_KIND: Readonly<Record<PhaseName, string>> = {
  load: 'waiting',
  client: 'waiting',
  gateway: 'warm',
  authorizer: 'downstream',
  'event-queue': 'waiting',
  queue: 'waiting',
  start: 'cold',
  init: 'cold',
  handler: 'warm',
  downstream: 'downstream',
  'cpu-throttled': 'waiting',
  overhead: 'warm',
}

function tailList(route: RouteReport): string {
  const { tail } = route
  if (tail === null || tail.phases.length === 0) return ''
  const rows = [...tail.phases]
    .sort((a, b) => b.meanMs - a.meanMs)
    .map(
      ({ name, meanMs }) =>
        `<span>${name}</span><span>${formatMs(meanMs)}</span><i class="${PHASE_KIND[name]}" style="width:${((meanMs / tail.meanMs) * 100).toFixed(1)}%"></i>`,
    )
  return `<p>${tailTitle(tail)}</p><div class="tail">${rows.join('\n')}</div>`
}

function tailTitle(tail: TailReport): string {
  const what =
    tail.of === 'p99'
      ? 'What the p99 is made of'
      : `What the slowest ${formatCount(tail.requests)} are made of`
  const untraced = tail.untraced === 0 ? '' : `; ${tail.untraced} without spans`
  return `${what}: mean of the ${formatCount(tail.requests)} requests from ${formatMs(tail.fromMs)} up, ${formatCount(tail.cold)} of them cold${untraced}.`
}

export function timeSection(report: FlightReport): string {
  const column = report.secondsPerColumn === 1 ? 'second' : `${report.secondsPerColumn} seconds`
  const plots = [
    [
      'latency',
      `p50 and p99 of each ${column}, by when requests were due (the slowest, where it has fewer than 100)`,
    ],
    ['requests', `arrivals, answers, errors and cold starts in each ${column}`],
    ['concurrency', `most at once in each ${column}, and throttled requests`],
    ...(report.seconds.some(({ backlogMax }) => backlogMax !== undefined)
      ? [
          [
            'backlog',
            `events sent and not yet done with, the most in each ${column}, and those that were done with`,
          ],
        ]
      : []),
  ].map(
    ([kind = '', label = '']) =>
      `<p class="faint">${label}</p><div class="plot" data-plot="${kind}" role="img" aria-label="${escapeHtml(label)}"></div>`,
  )
  return section(
    'time',
    'Over time',
    `${plots.join('\n')}\n<p class="faint">Orange ticks on the axis: cold starts.</p>`,
  )
}

export function functionSection(report: FlightReport): string {
  if (report.functions.length === 0) return ''
  const titles = [
    'function',
    'memory',
    'used',
    'n',
    'errors',
    'throttled',
    'cold',
    'init p50',
    'init max',
    'handler p50',
    'p95',
    'p99',
    'max',
    'billed mean',
    'CPU-throttled',
    'run queue',
    'environments',
    'at once',
  ]
  const cells = report.functions.map((f): Cell[] => [
    { text: f.name },
    { text: f.memoryMb === null ? '-' : `${f.memoryMb} MB`, value: f.memoryMb ?? '' },
    { text: f.maxMemoryMb === null ? '-' : `${f.maxMemoryMb} MB`, value: f.maxMemoryMb ?? '' },
    count(f.invocations),
    count(f.errors, 'error'),
    count(f.throttles),
    count(f.cold, 'cold'),
    span(f.initP50Ms),
    span(f.initMaxMs),
    latency(f.p50Ms, f.n),
    latency(f.p95Ms, f.n),
    latency(f.p99Ms, f.n),
    latency(f.maxMs, f.n),
    span(f.billedMeanMs),
    span(f.cpuThrottledMs),
    span(f.runQueueMs),
    count(f.environments),
    count(f.concurrencyMax),
  ])
  const cold = coldSentences(report).map((sentence) => `<p>${escapeHtml(sentence)}</p>`)
  const functions = sortableTable('The handler alone; init apart.', titles, cells)
  return section('functions', 'Functions', [functions, ...cold].join('\n'))
}

export function environmentSection(report: FlightReport): { html: string; resolutionMs: number | undefined } {
  if (report.environments.length === 0) return { html: '', resolutionMs: undefined }
  const { html, resolutionMs } = lanesPlot(report.environments, report.durationMs)
  const legend = `<p class="legend">${LEGEND_ITEM('lane-start', 'start')}${LEGEND_ITEM('lane-init', 'init')}${LEGEND_ITEM('lane-invoke', 'invoke')}${LEGEND_ITEM('lane-frozen', 'frozen (thin line)')}${LEGEND_ITEM('lane-gone', 'gone')}</p>`
  const rest =
    report.environmentsLeftOut === 0
      ? ''
      : `<p class="faint">${formatCount(report.environmentsLeftOut)} more environments are not drawn.</p>`
  return {
    html: section('environments', 'Environments', `${legend}${html}${rest}`),
    resolutionMs,
  }
}

export function slowestSection(report: FlightReport): string {
  const traces = report.slowest.map((trace, i) => {
    const cold = trace.cold ? '<em class="cold-word">, cold</em>' : ''
    const cost = trace.usd === null ? '' : `, ${formatUsd(trace.usd)}`
    const outcome = trace.outcome === 'ok' ? `status ${trace.status}` : trace.outcome
    const way =
      trace.completionMs === undefined ? '' : ` to completion, the call ${formatMs(trace.latencyMs)};`
    const summary = `<b>${formatMs(trace.completionMs ?? trace.latencyMs)}</b>${way} <span>${escapeHtml(trace.route)}${cold}, ${escapeHtml(outcome)}${cost}</span>`
    const inside = trace.spans.length === 0 ? '<p>Its spans were not found.</p>' : waterfallPlot(trace)
    return `<details id="trace-${escapeHtml(trace.traceId)}"${i === 0 ? ' open' : ''}><summary>${summary} <code>${escapeHtml(trace.traceId)}</code></summary>${inside}</details>`
  })
  return section('slowest', 'Slowest requests', traces.join('\n'))
}

export function billSection(bill: BillReport, per: 'requests' | 'events'): string {
  const most = Math.max(1e-30, ...bill.lines.map((line) => Number(line.usd)))
  const rows = [...bill.lines]
    .sort((a, b) => Number(b.usd) - Number(a.usd))
    .map((line) => {
      const width = ((Number(line.usd) / most) * 100).toFixed(1)
      const sure = line.confidence === 'high' ? '' : ` (${line.confidence} confidence)`
      const million = line.usdPerMillion === null ? '-' : formatUsdPerMillion(line.usdPerMillion)
      return `<tr><th scope="row" title="${escapeHtml(line.source)}">${escapeHtml(line.label)}${sure}</th><td>${escapeHtml(formatQuantity(line.quantity))} ${escapeHtml(line.unit)}</td><td>${formatUsd(line.usd)}</td><td class="money">${million}</td><td class="bar-cell"><span class="bar" style="width:${width}%"></span></td></tr>`
    })
  const unpriced = bill.unpriced.map((used) => `${used.service}/${used.dimension}`)
  const million =
    bill.usdPerMillion === null ? '' : `, $${formatUsdPerMillion(bill.usdPerMillion)} per million ${per}`
  return section(
    'bill',
    'Bill',
    [
      `<p>This flight ${formatUsd(bill.totalUsd)}${million}. Prices of ${escapeHtml(bill.region)}, without the free tier, which would take off ${formatUsd(bill.freeTierUsd)} if nothing else used it.</p>`,
      `<div class="wide"><table><thead><tr><th scope="col">dimension</th><th scope="col">quantity</th><th scope="col">this flight</th><th scope="col">$ per million</th><th scope="col"></th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`,
      unpriced.length === 0
        ? ''
        : `<p class="warning">Not in the price book, so not in the sum: ${escapeHtml(unpriced.join(', '))}.</p>`,
      `<p class="monthly"><label for="monthly">${per === 'events' ? 'Events' : 'Requests'} a month</label> <input id="monthly" inputmode="numeric" value="10000000"> <output id="monthly-usd" for="monthly"></output></p>`,
    ].join('\n'),
  )
}

function formatQuantity(quantity: string): string {
  const value = Number(quantity)
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(6)))
}

export function measuredSection(report: FlightReport, laneResolutionMs: number | undefined): string {
  const { load, machine, measurement, overall } = report
  const ms = (value: number | null): string => (value === null ? 'not known' : formatMs(value))
  const rows: [string, string][] = [
    [
      'load',
      `${load.description}; seed ${load.seed}; ${formatCount(load.sent)} of ${formatCount(load.planned)} requests sent, ${load.ratePerS} requests/s${load.warmUpRequests === 0 ? '' : `; the first ${formatCount(load.warmUpRequests)} not counted`}`,
    ],
    ['profile', report.profile],
    ['machine', `${machine.platform}, ${machine.cores} cores`],
    [
      'modes',
      `isolation ${machine.isolation}, CPU ${machine.cpu}, memory ${machine.memory}, freeze ${machine.freeze}, /tmp ${machine.tmp}`,
    ],
    ['versions', machine.versions.join(', ')],
    [
      'the tunnel itself',
      `load late p50 ${ms(measurement.lateP50Ms)}, p99 ${ms(measurement.lateP99Ms)}, max ${ms(measurement.lateMaxMs)}; event-loop delay p99 ${ms(measurement.eventLoopDelayP99Ms)}, max ${ms(measurement.eventLoopDelayMaxMs)}; run queue p99 ${ms(measurement.runQueueP99Ms)}; ${formatPercent(overall.self.tailShare * 100)} of the tail`,
    ],
    ['percentiles', 'nearest rank; p95 from 200 requests, p99 from 1,000, p99.9 from 10,000'],
    [
      'quantised',
      `distributions in 20 bins a decade; one column ${report.secondsPerColumn} s${laneResolutionMs === undefined ? '' : `; lanes to ${formatSpan(laneResolutionMs)}`}`,
    ],
    ['traces', `spans found for ${formatPercent(measurement.tracedShare * 100)} of the answered requests`],
  ]
  const list = rows.map(([name, text]) => `<dt>${name}</dt><dd>${escapeHtml(text)}</dd>`).join('\n')
  const notes = [...report.warnings, ...machine.notes].map(
    (note) => `<p class="warning">${escapeHtml(note)}</p>`,
  )
  return section('measured', 'How it was measured', `<dl>${list}</dl>\n${notes.join('\n')}`)
}
