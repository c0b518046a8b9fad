// The page at /_windtunnel/: what runs, how it is isolated, and the last minute's latency, cold and warm apart.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { P95_SAMPLES, P99_SAMPLES, ms, percentile, tail } from './figures.ts'
import { type Environment, type Health, type Span, environments, health, spansSince } from './platform.ts'

const WINDOW_MS = 60_000
const SPANS_MAX = 50_000
const POLL_MS = 1_000

const spans = new Map<string, Span>()
let newest = Date.now() - WINDOW_MS

function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  made.className = className
  made.append(...children)
  return made
}

const app = document.querySelector('#app') ?? document.body
const status = element('p', 'status', 'connecting ...')
const plotBox = element('div', 'plot')
const routes = element('section', 'routes')
const lanes = element('section', 'environments')
const recent = element('section', 'recent')
app.append(element('h1', '', 'Windtunnel'), status, element('h2', '', 'Last minute'), plotBox, routes, element('h2', '', 'Environments'), lanes, element('h2', '', 'Slowest of the last minute'), recent)

const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#c8ccd4' : '#333'
const axis = { stroke: ink, grid: { stroke: dark ? '#333842' : '#e3e3e3' } }
const plot = new uPlot(
  {
    width: 800,
    height: 220,
    scales: { y: { distr: 3 } },
    axes: [axis, { ...axis, label: 'ms', values: (_u, ticks) => ticks.map((tick) => (tick === null ? '' : String(tick))) }],
    series: [
      {},
      { label: 'warm', stroke: '#0072b2', paths: () => null, points: { show: true, size: 4, fill: '#0072b2' } },
      { label: 'cold', stroke: '#e69f00', paths: () => null, points: { show: true, size: 7, fill: '#e69f00' } },
    ],
  },
  [[], [], []],
  plotBox,
)

function table(head: readonly string[], rows: readonly (readonly string[])[]): HTMLTableElement {
  const made = element('table', '')
  const headRow = element('tr', '', ...head.map((text) => element('th', '', text)))
  made.append(element('thead', '', headRow), element('tbody', '', ...rows.map((row) => element('tr', '', ...row.map((text) => element('td', '', text))))))
  return made
}

/** The requests of the window: roots, with whether a cold start was below them. */
function requests(): { span: Span; cold: boolean }[] {
  const coldTraces = new Set<string>()
  for (const span of spans.values()) if (span.attributes['cold'] === true) coldTraces.add(span.traceId)
  return [...spans.values()]
    .filter((span) => span.attributes['route'] !== undefined || (span.service === 'lambda' && span.operation === 'Invoke' && span.parentId === undefined))
    .map((span) => ({ span, cold: coldTraces.has(span.traceId) }))
}

const nameOf = (span: Span): string => String(span.attributes['route'] ?? span.attributes['functionName'] ?? span.operation)

function draw(): void {
  const seen = requests().sort((a, b) => a.span.start - b.span.start)
  plot.setSize({ width: Math.min(1_200, plotBox.clientWidth || 800), height: 220 })
  plot.setData([
    seen.map(({ span }) => span.start / 1_000),
    seen.map(({ span, cold }) => (cold ? null : span.durationMs)),
    seen.map(({ span, cold }) => (cold ? span.durationMs : null)),
  ])
  const groups = Map.groupBy(seen, ({ span }) => nameOf(span))
  const rows = [...groups].map(([name, group]) => {
    const sorted = group.map(({ span }) => span.durationMs).sort((a, b) => a - b)
    const errors = group.filter(({ span }) => span.outcome !== 'ok').length
    const cold = group.filter((request) => request.cold).length
    return [name, String(group.length), String(errors), String(cold), ms(percentile(sorted, 0.5)), tail(sorted, 0.95, P95_SAMPLES), tail(sorted, 0.99, P99_SAMPLES), ms(sorted.at(-1) ?? 0)]
  })
  routes.replaceChildren(rows.length === 0 ? element('p', 'empty', 'No traffic in the last minute. windtunnel load sends some.') : table(['route', 'n', 'errors', 'cold', 'p50', 'p95', 'p99', 'max'], rows))
  const slowest = seen.toSorted((a, b) => b.span.durationMs - a.span.durationMs).slice(0, 10)
  recent.replaceChildren(table(['route', 'latency', 'cold', 'outcome', 'trace'], slowest.map(({ span, cold }) => [nameOf(span), ms(span.durationMs), cold ? 'cold' : 'warm', span.outcome, span.traceId])))
}

function drawEnvironments(list: readonly Environment[]): void {
  const groups = [...Map.groupBy(list, (environment) => environment.functionArn.replace(/^.*:function:/, ''))]
  const rows = groups.map(([name, group]) => [name, String(group.length), [...Map.groupBy(group, (environment) => (environment.frozen ? 'frozen' : environment.state))].map(([state, of]) => `${of.length} ${state}`).join(', ')])
  lanes.replaceChildren(rows.length === 0 ? element('p', 'empty', 'No execution environment is alive.') : table(['function', 'environments', 'states'], rows))
}

function drawStatus(of: Health): void {
  const modes = ['isolation', 'cpu', 'memory', 'freeze', 'tmp'].map((name) => `${name} ${String(of.modes[name] ?? 'unknown')}`).join(', ')
  status.textContent = `${of.version}   ${of.profile} profile   ${modes}`
}

async function poll(): Promise<void> {
  try {
    const [state, alive, fresh] = await Promise.all([health(), environments(), spansSince(newest - 2_000, SPANS_MAX)])
    for (const span of fresh) spans.set(span.id, span)
    newest = Date.now()
    for (const [id, span] of spans) if (span.start < newest - WINDOW_MS) spans.delete(id)
    drawStatus(state)
    drawEnvironments(alive)
    draw()
  } catch {
    status.textContent = 'The platform does not answer. Start it with: windtunnel up'
  }
  setTimeout(() => void poll(), POLL_MS)
}

void poll()
