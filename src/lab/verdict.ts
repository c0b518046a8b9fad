/**
 * The sentences a report begins with. Order of what is said first: that the tunnel measured itself, that requests
 * failed or were throttled, then what the widest tail is made of.
 */
import { formatCount, formatFactor, formatMs, formatPercent, plural } from '#lab/figures.ts'
import { P99_MIN } from '#lab/latency.ts'
import type { PhaseName, RouteReport } from '#lab/report.ts'

/** A tail narrower than this many medians is nothing to explain. */
const STEADY_FACTOR = 3
/** An error share from which it is said before the tail. */
const ERRORS_WORTH_SAYING = 0.001

const PHASE_WORDS: Readonly<Record<PhaseName, string>> = {
  load: 'the load generator being late',
  client: 'connection and transport',
  gateway: 'the gateway',
  queue: 'waiting for an environment',
  start: 'starting environments',
  init: 'init code',
  handler: 'the handler',
  downstream: 'calls the handler waits for',
  'cpu-throttled': 'the CPU share of the memory size',
  overhead: 'the Runtime API',
}

/** The sentences; the first stands alone. */
export function verdictOf(routes: readonly RouteReport[]): string[] {
  const timed = routes.filter((route) => route.n > 0)
  if (timed.length === 0) {
    const failures = routes.flatMap((route) => Object.keys(route.errorKinds))
    return [
      `No request was answered${failures.length === 0 ? '' : `: ${[...new Set(failures)].join(', ')}`}.`,
    ]
  }
  return [...selfSentences(timed), ...errorSentences(routes), tailSentence(timed)]
}

function selfSentences(routes: readonly RouteReport[]): string[] {
  const worst = routes
    .filter((route) => !route.self.measurable)
    .sort((a, b) => b.self.tailShare - a.self.tailShare)[0]
  if (worst === undefined) return []
  const { self } = worst
  const parts = [
    `load lateness ${formatMs(self.lateMs)}`,
    `event-loop delay ${formatMs(self.eventLoopDelayMs)}`,
    `run-queue delay ${formatMs(self.runQueueMs)}`,
  ]
  const rate = self.measurableRatePerS
  const remedy =
    rate === null ? '' : ` Below about ${formatCount(Math.max(1, rate))} requests/s it would not.`
  return [
    `The tunnel measured itself: ${formatPercent(self.tailShare * 100)} of the tail of ${worst.name} is this machine's own doing (${parts.join(', ')}).${remedy}`,
  ]
}

function errorSentences(routes: readonly RouteReport[]): string[] {
  const sentences: string[] = []
  for (const route of [...routes].sort((a, b) => b.errors - a.errors)) {
    if (route.errors === 0 || route.errors < route.requests * ERRORS_WORTH_SAYING) continue
    const other = route.errors - route.throttles
    const kinds = Object.entries(route.errorKinds)
      .filter(([kind]) => kind !== 'throttled')
      .sort((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${kind} ${formatCount(count)}`)
    const said = [
      ...(route.throttles > 0 ? [`${formatCount(route.throttles)} were throttled`] : []),
      ...(other > 0 ? [`${formatCount(other)} failed (${kinds.join(', ')})`] : []),
    ]
    sentences.push(`${route.name}: of its ${plural(route.requests, 'request')} ${said.join(' and ')}.`)
  }
  return sentences
}

/** The tail figure that the samples carry, and what to call it. */
function tailFigure(route: RouteReport): { ms: number; words: string } {
  if (route.p99Ms !== null) return { ms: route.p99Ms, words: 'p99' }
  return { ms: route.maxMs ?? 0, words: 'the slowest request' }
}

const widthOf = (route: RouteReport): number => tailFigure(route).ms / Math.max(route.p50Ms ?? 0, 1e-6)

function tailSentence(routes: readonly RouteReport[]): string {
  const [widest] = [...routes].sort((a, b) => widthOf(b) - widthOf(a))
  if (widest === undefined) return 'No request was answered.'
  const figure = tailFigure(widest)
  const factor = widthOf(widest)
  const count = widest.n < P99_MIN ? ` (n ${formatCount(widest.n)} is too small for a p99)` : ''
  if (factor < STEADY_FACTOR) {
    const who = routes.length === 1 ? widest.name : `Steady: the widest tail is that of ${widest.name}`
    return `${who}: ${figure.words} is ${formatFactor(factor)} the median, ${formatMs(figure.ms)}${count}.`
  }
  return `${widest.name}: ${figure.words} is ${formatFactor(factor)} the median${count}. ${explanation(widest)}`
}

function explanation(route: RouteReport): string {
  const { tail } = route
  if (tail === null) return 'No trace tells why.'
  const were = route.cold === 1 ? 'was' : 'were'
  const coldOnes = `${formatCount(route.cold)} of its ${plural(route.n, 'request')} ${were} cold`
  if (tail.cold > 0 && tail.cold === tail.requests) {
    return `${coldOnes}, and ${route.cold === 1 ? 'explains' : 'explain'} all of it.`
  }
  if (tail.cold > 0) return `${coldOnes}${withoutCold(route)}.`
  const [first, second] = [...tail.phases].sort((a, b) => b.meanMs - a.meanMs)
  if (first === undefined) return 'None of the slowest was cold; their spans were not found.'
  const share = (ms: number): string => `${Math.round((ms / tail.meanMs) * 100)} %`
  const also =
    second === undefined || second.meanMs < tail.meanMs * 0.2
      ? ''
      : `, ${PHASE_WORDS[second.name]} ${share(second.meanMs)}`
  return `None of the slowest was cold; ${PHASE_WORDS[first.name]} is ${share(first.meanMs)} of the tail${also}.`
}

/** What the tail would be of the warm requests alone: how much the cold ones explain. */
function withoutCold(route: RouteReport): string {
  const { warmLatency, p50Ms } = route
  const percentile = route.p99Ms !== null && warmLatency.p99Ms !== null
  const ms = percentile ? warmLatency.p99Ms : warmLatency.maxMs
  if (ms === null || p50Ms === null) return ''
  const without = route.cold === 1 ? 'without it' : 'without them'
  return `; ${without} ${percentile ? 'p99' : 'the slowest'} is ${formatMs(ms)}, ${formatFactor(ms / Math.max(p50Ms, 1e-6))} the median`
}
