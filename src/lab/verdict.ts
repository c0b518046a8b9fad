/**
 * The sentences a report begins with. Order of what is said first: that the tunnel measured itself, that requests
 * failed or were throttled, then what the widest tail is made of.
 */
import { formatCount, formatFactor, formatMs, formatPercent, plural } from '#lab/figures.ts'
import { P99_MIN } from '#lab/latency.ts'
import type { FlightReport, PhaseName, RouteReport } from '#lab/report.ts'

/** A tail narrower than this many medians is nothing to explain. */
const STEADY_FACTOR = 3
/** An error share from which it is said before the tail. */
const ERRORS_WORTH_SAYING = 0.001

const PHASE_WORDS: Readonly<Record<PhaseName, string>> = {
  load: 'the load generator being late',
  client: 'connection and transport',
  gateway: 'the gateway',
  authorizer: 'the authorizer',
  'event-queue': 'waiting to be taken',
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
  // Where work goes on after the answer, its end is what the reader waits for.
  const events = timed.filter((route) => route.completion !== undefined)
  const answered = timed.filter((route) => route.completion === undefined)
  return [
    ...selfSentences(timed.map(asCompleted)),
    ...errorSentences(routes),
    ...events.flatMap(leftSentences),
    ...(events.length === 0 ? [] : [completionSentence(events)]),
    ...(answered.length === 0 ? [] : [tailSentence(answered)]),
  ]
}

/** What was not finished is said before how long the rest took. */
function leftSentences({ name, completion }: RouteReport): string[] {
  if (completion === undefined) return []
  const { events, unfinished, deadLettered, dropped, finished } = completion
  if (events === 0) return []
  const of = `of its ${plural(events, 'event')}`
  if (finished === 0 && unfinished === events)
    return [`${name}: none ${of} was finished when the flight ended: nothing took them, or all of it failed.`]
  const said = [
    ...(unfinished > 0
      ? [`${formatCount(unfinished)} ${were(unfinished)} not finished when the flight ended`]
      : []),
    ...(deadLettered > 0 ? [`${formatCount(deadLettered)} ended in a dead-letter queue`] : []),
    ...(dropped > 0 ? [`${formatCount(dropped)} ${were(dropped)} given up`] : []),
  ]
  return said.length === 0 ? [] : [`${name}: ${of} ${said.join(', ')}.`]
}

const were = (count: number): string => (count === 1 ? 'was' : 'were')

/** A route as its events see it: the same sentences and pictures tell of the way from event to end of processing. */
export function asCompleted(route: RouteReport): RouteReport {
  const { completion } = route
  return completion === undefined ? route : { ...route, ...completion, requests: completion.events }
}

function completionSentence(events: readonly RouteReport[]): string {
  const [widest] = events
    .map(asCompleted)
    .filter(({ n }) => n > 0)
    .sort((a, b) => widthOf(b) - widthOf(a))
  if (widest === undefined) return 'No event was worked on.'
  const { p50Ms, n } = widest
  const figure = completionFigure(widest)
  if (figure === undefined || p50Ms === null)
    return `${widest.name}: too many events were not finished to tell how long they take.`
  const times = figure.ms / Math.max(p50Ms, 1e-6)
  const count = n < P99_MIN ? ` (n ${formatCount(n)} is too small for a p99)` : ''
  const head = `${widest.name}: from event to end of processing ${figure.words} is ${formatMs(figure.ms)}, ${formatFactor(times)} the median${count}.`
  return times < STEADY_FACTOR ? head : `${head} ${explanation(widest, 'events')}`
}

/** The slowest of those that were finished is no tail figure while others are not. */
function completionFigure({ p99Ms, maxMs, p95Ms }: RouteReport): { ms: number; words: string } | undefined {
  if (p99Ms !== null) return { ms: p99Ms, words: 'p99' }
  if (maxMs !== null) return { ms: maxMs, words: 'the slowest' }
  return p95Ms === null ? undefined : { ms: p95Ms, words: 'p95' }
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

function explanation(route: RouteReport, of: 'requests' | 'events' = 'requests'): string {
  const { tail } = route
  if (tail === null) return 'No trace tells why.'
  const one = of === 'events' ? 'event' : 'request'
  const coldOnes = `${formatCount(route.cold)} of its ${plural(route.n, one)} ${were(route.cold)} cold`
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

/** What figures per million are about. */
export const perWhat = ({ routes }: Pick<FlightReport, 'routes'>): 'requests' | 'events' =>
  routes.length > 0 && routes.every(({ completion }) => completion !== undefined) ? 'events' : 'requests'
