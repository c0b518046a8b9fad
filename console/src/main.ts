// The page at /_windtunnel/: what runs and how, the last minute's latency with cold and warm apart, the newest requests.
import './style.css'
import { P95_SAMPLES, P99_SAMPLES, ms, percentile, tail } from './figures.ts'
import {
  type Environment,
  type FunctionConfiguration,
  type Health,
  type HttpEndpoint,
  environments,
  functions,
  health,
  httpEndpoints,
  spansSince,
} from './platform.ts'
import { MinutePlot } from './plot.ts'
import { RecentRequests } from './recent.ts'
import { LastMinute, type Request, WINDOW_MS } from './requests.ts'
import { Table, element } from './view.ts'

const SPANS_MAX = 50_000
const POLL_MS = 1_000
/** Spans come when they end: every poll looks back a little, every so many polls over the whole window. */
const LOOK_BACK_MS = 2_000
const POLLS_A_WHOLE_LOOK = 15
/** Lists change rarely, and asking for them costs the platform something while it is measured. */
const POLLS_A_LIST = 5

const minute = new LastMinute()
const plot = new MinutePlot()
const recent = new RecentRequests()
const status = element('p', 'status', 'connecting')
status.setAttribute('role', 'status')
const facts = element('p', 'faint')
const notices = element('div', 'notices')
const routes = new Table(['route', 'n', 'errors', 'cold', 'p50', 'p95', 'p99', 'max'], 'No traffic in the last minute. windtunnel load sends some.')
const functionTable = new Table(['function', 'runtime', 'memory', 'environments'], 'No function yet. windtunnel deploy template.yaml brings some.')
const endpointTable = new Table(['API', 'address'], 'No API yet.')
const serviceTable = new Table(['service', 'written', 'not yet'], 'connecting')

function section(title: string, ...children: Node[]): HTMLElement {
  const made = element('section', '', element('h2', '', title), ...children)
  made.id = title.toLowerCase().replaceAll(' ', '-')
  return made
}

function legend(): HTMLElement {
  return element('p', 'legend', element('span', '', element('i', 'warm'), 'warm'), element('span', '', element('i', 'cold'), 'cold start'))
}

const app = document.querySelector('#app') ?? document.body
app.append(
  element('header', '', element('h1', '', 'Windtunnel'), status, facts, notices),
  element(
    'div',
    'columns',
    element('div', '', section('Last minute', legend(), plot.node, routes.node), section('Recent requests', recent.node)),
    element(
      'aside',
      '',
      section('Functions', functionTable.node),
      section('APIs', endpointTable.node),
      section('Clients', clients()),
      section('Services', serviceTable.node),
    ),
  ),
)

function clients(): HTMLElement {
  const lines = [
    `export AWS_ENDPOINT_URL=${location.origin}`,
    'export AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=x',
    'export AWS_DEFAULT_REGION=us-east-1',
  ]
  return element('pre', '', lines.join('\n'))
}

function drawRoutes(seen: readonly Request[]): void {
  const groups = [...Map.groupBy(seen, ({ name }) => name)]
  routes.show(
    groups.map(([name, group]) => {
      const sorted = group.map(({ span }) => span.durationMs).sort((a, b) => a - b)
      const errors = group.filter(({ failure }) => failure !== undefined).length
      const cold = group.filter((request) => request.cold).length
      return [
        name,
        String(group.length),
        { text: String(errors), meaning: errors > 0 ? 'error-word' : '' },
        { text: String(cold), meaning: cold > 0 ? 'cold-word' : '' },
        ms(percentile(sorted, 0.5)),
        tail(sorted, 0.95, P95_SAMPLES),
        tail(sorted, 0.99, P99_SAMPLES),
        ms(sorted.at(-1) ?? 0),
      ]
    }),
  )
}

/** Functions of the default account and region, and those elsewhere that have environments. */
function drawFunctions(list: readonly FunctionConfiguration[], alive: readonly Environment[]): void {
  const byName = Map.groupBy(alive, ({ functionArn }) => functionArn.split(':')[6] ?? functionArn)
  const known = new Set(list.map(({ FunctionName }) => FunctionName))
  const others = [...byName.keys()].filter((name) => !known.has(name)).map((name) => ({ FunctionName: name }))
  functionTable.show(
    [...list, ...others].map((of: FunctionConfiguration) => [
      of.FunctionName,
      of.Runtime ?? '',
      of.MemorySize === undefined ? '' : `${of.MemorySize} MB`,
      statesOf(byName.get(of.FunctionName) ?? []),
    ]),
  )
}

function statesOf(group: readonly Environment[]): string {
  const states = [...Map.groupBy(group, ({ frozen, state }) => (frozen ? 'frozen' : state))]
  return states.length === 0 ? 'none' : states.map(([state, of]) => `${of.length} ${state}`).join(', ')
}

function drawEndpoints(list: readonly HttpEndpoint[]): void {
  endpointTable.show(
    list.map(({ id, name, kind }) => {
      const href = `${location.protocol}//${id}.execute-api.localhost:${location.port}/`
      return [`${name} (${kind})`, { text: `${id}.execute-api.localhost:${location.port}`, href }]
    }),
  )
}

function drawHealth(of: Health): void {
  status.className = 'status up'
  status.textContent = `running at ${location.host}, ${of.version}, ${of.profile} profile${of.clock?.virtual === true ? ', virtual time' : ''}${of.storage === 'memory' ? ', in memory only' : ''}`
  const modes = ['isolation', 'cpu', 'memory', 'freeze', 'tmp'].map((name) => `${name} ${String(of.modes[name] ?? 'unknown')}`)
  facts.textContent = modes.join(', ')
  notices.replaceChildren(...(of.notices ?? []).map((notice) => element('p', 'warning', notice)))
  const services = Object.entries(of.services)
    .filter(([, { operations }]) => operations > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  serviceTable.show(services.map(([name, { operations, notYet }]) => [name, `${operations} of ${operations + notYet}`, String(notYet)]))
}

let polls = 0
let functionList: readonly FunctionConfiguration[] = []

async function poll(): Promise<void> {
  const now = Date.now()
  const back = polls % POLLS_A_WHOLE_LOOK === 0 ? WINDOW_MS : POLL_MS + LOOK_BACK_MS
  const [state, alive, fresh] = await Promise.all([health(), environments(), spansSince(now - back, SPANS_MAX)])
  if (polls % POLLS_A_LIST === 0) {
    const [list, endpoints] = await Promise.all([functions(), httpEndpoints()])
    functionList = list
    drawEndpoints(endpoints)
  }
  polls++
  minute.take(fresh)
  minute.forgetBefore(now - WINDOW_MS)
  const seen = minute.requests()
  const traffic = seen.filter((request) => request.traffic)
  drawHealth(state)
  drawFunctions(functionList, alive)
  plot.show(traffic, now)
  drawRoutes(traffic)
  recent.show(seen)
}

/** For ever: a platform that ends and starts again is found again. A hidden page asks for nothing. */
async function watch(): Promise<void> {
  try {
    if (!document.hidden) await poll()
  } catch {
    polls = 0
    status.className = 'status down'
    status.textContent = 'The platform does not answer. Start it with: windtunnel up'
  }
  setTimeout(() => void watch(), POLL_MS)
}

void watch()
