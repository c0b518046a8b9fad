/**
 * One function flown at several memory sizes: a table of latency and cost, and which size is the cheapest, the fastest
 * and the best of both. A size counts as slower than the fastest only when a bootstrap interval shows it.
 */
import { assert } from '#base/assert.ts'
import { seeded } from '#base/random.ts'
import { changeOf, type Statistic } from '#engines/statistics/bootstrap.ts'
import { formatMs, formatUsdPerMillion } from '#lab/figures.ts'
import { P95_MIN, P99_MIN } from '#lab/latency.ts'
import type { FlightReport, LatencyReport, ProvisionedReport, RouteReport } from '#lab/report.ts'

export interface TuneFlight {
  readonly memoryMb: number
  readonly report: FlightReport
}

export interface TuneRow extends LatencyReport {
  readonly memoryMb: number
  readonly errors: number
  readonly cold: number
  readonly coldP50Ms: number | null
  readonly billedMeanMs: number | null
  readonly cpuThrottledMs: number
  readonly usdPerMillion: string | null
  readonly provisioned: ProvisionedReport | null
}

export interface TuneReport {
  readonly format: 'windtunnel-tune/1'
  readonly functionName: string
  /** The percentile that the choices go by: the highest that every size has samples for. */
  readonly by: 'p50' | 'p95' | 'p99'
  readonly rows: readonly TuneRow[]
  readonly cheapestMb: number
  /** The cheapest of the sizes that are not shown to be slower than the fastest one. */
  readonly fastestMb: number
  /** Least product of cost and latency. */
  readonly balancedMb: number
  readonly verdict: string
  readonly warnings: readonly string[]
}

const SEED = 1

/** Undefined when no size was flown with success. */
export function tuneReport(functionName: string, flights: readonly TuneFlight[]): TuneReport | undefined {
  const sorted = [...flights].sort((a, b) => a.memoryMb - b.memoryMb)
  const rows = sorted.map((flight) => rowOf(flight, functionName))
  const usable = sorted.filter(({ report }) => report.overall.n > 0 && report.overall.usdPerMillion !== null)
  if (usable.length === 0) return undefined
  const least = Math.min(...usable.map(({ report }) => report.overall.n))
  const by = least >= P99_MIN ? 'p99' : least >= P95_MIN ? 'p95' : 'p50'
  const latency = (route: RouteReport): number =>
    (by === 'p99' ? route.p99Ms : by === 'p95' ? route.p95Ms : route.p50Ms) ?? 0
  const cost = ({ report }: TuneFlight): number => Number(report.overall.usdPerMillion)
  const cheapest = leastBy(usable, cost)
  const quickest = leastBy(usable, ({ report }) => latency(report.overall))
  const statistic: Statistic = { kind: 'percentile', percent: by === 'p99' ? 99 : by === 'p95' ? 95 : 50 }
  const asFast = usable.filter(({ report }) => !isSlower(quickest.report.overall, report.overall, statistic))
  const fastest = leastBy(asFast, cost)
  const balanced = leastBy(usable, (flight) => cost(flight) * latency(flight.report.overall))
  const words = (flight: TuneFlight): string =>
    `${flight.memoryMb} MB (${by} ${formatMs(latency(flight.report.overall))}, $${formatUsdPerMillion(cost(flight))} per million)`
  return {
    format: 'windtunnel-tune/1',
    functionName,
    by,
    rows,
    cheapestMb: cheapest.memoryMb,
    fastestMb: fastest.memoryMb,
    balancedMb: balanced.memoryMb,
    verdict: sentence(functionName, { cheapest, fastest, balanced }, words),
    warnings: sorted.flatMap(({ memoryMb, report }) => {
      const self = report.overall.self.measurable
        ? []
        : [`At ${memoryMb} MB the tunnel measured itself: its tail is not the function's.`]
      return report.overall.errors > 0
        ? [...self, `At ${memoryMb} MB ${report.overall.errors} requests failed.`]
        : self
    }),
  }
}

interface Choices {
  readonly cheapest: TuneFlight
  readonly fastest: TuneFlight
  readonly balanced: TuneFlight
}

function sentence(
  name: string,
  { cheapest, fastest, balanced }: Choices,
  words: (flight: TuneFlight) => string,
): string {
  if (cheapest === fastest)
    return `${name}: ${words(cheapest)} is the cheapest, and no size is shown to be faster.`
  const middle =
    balanced === cheapest || balanced === fastest ? '' : `, the balanced choice ${words(balanced)}`
  const also = balanced === cheapest ? ' and the balanced choice' : ''
  const fast = balanced === fastest ? ' and the balanced choice' : ''
  return `${name}: ${words(cheapest)} is the cheapest${also}, ${words(fastest)} the fastest${fast}${middle}.`
}

function leastBy(flights: readonly TuneFlight[], figure: (flight: TuneFlight) => number): TuneFlight {
  const [least] = [...flights].sort((a, b) => figure(a) - figure(b) || a.memoryMb - b.memoryMb)
  assert(least !== undefined, 'a choice is made among at least one size')
  return least
}

function isSlower(fast: RouteReport, other: RouteReport, statistic: Statistic): boolean {
  const change = changeOf(fast.latenciesMs, other.latenciesMs, statistic, seeded(SEED))
  return change !== undefined && change.difference95.low > 0
}

function rowOf({ memoryMb, report }: TuneFlight, functionName: string): TuneRow {
  const { overall } = report
  const own = report.functions.find((one) => one.name === functionName)
  const { n, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs, meanMs } = overall
  return {
    memoryMb,
    n,
    p50Ms,
    p90Ms,
    p95Ms,
    p99Ms,
    p999Ms,
    maxMs,
    meanMs,
    errors: overall.errors,
    cold: overall.cold,
    coldP50Ms: overall.coldLatency.p50Ms,
    billedMeanMs: own?.billedMeanMs ?? null,
    cpuThrottledMs: overall.cpuThrottledMs,
    usdPerMillion: overall.usdPerMillion,
    provisioned: own?.provisioned ?? null,
  }
}
