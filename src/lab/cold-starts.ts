/**
 * What cold starts do to each function's callers in this flight, and what would change without them or with an init of
 * half the time (a smaller package, fewer imports): computed from the requests' own phases, nothing is modelled beyond.
 */
import type { Ms } from '#base/time.ts'
import { formatCount, formatMs, formatPercent } from '#lab/figures.ts'
import type { FlownRequest } from '#lab/join.ts'
import { latencyOf, P99_MIN } from '#lab/latency.ts'
import { provisionedWords } from '#lab/provisioned.ts'
import type { ColdStartReport, FlightReport, FunctionReport } from '#lab/report.ts'

/** Of a request that was cold: what it would not have waited for in an environment that was there. */
const coldMs = ({ cold, phases }: FlownRequest): Ms =>
  cold && phases !== undefined ? phases.queue + phases.start + phases.init : 0

const initMs = ({ cold, phases }: FlownRequest): Ms => (cold && phases !== undefined ? phases.init : 0)

/** One a function whose answer somebody waited for and that was cold at least once, in the order of the functions. */
export function coldStartReports(
  requests: readonly FlownRequest[],
  functions: readonly FunctionReport[],
): ColdStartReport[] {
  const byFunction = Map.groupBy(
    requests.filter(({ timed, invocations }) => timed && invocations.length > 0),
    ({ invocations }) => invocations[0]?.functionName ?? '',
  )
  return functions.flatMap((of) => {
    const all = byFunction.get(of.name) ?? []
    const cold = all.filter((request) => request.cold)
    if (cold.length === 0) return []
    const slowest = all
      .toSorted((a, b) => b.sample.latencyMs - a.sample.latencyMs)
      .slice(0, Math.ceil(all.length / 100))
    const tailMs = sum(slowest, ({ sample }) => sample.latencyMs)
    const p99 = (less: (request: FlownRequest) => Ms): number | null =>
      latencyOf(all.map((request) => Math.max(0, request.sample.latencyMs - less(request)))).p99Ms
    return [
      {
        functionName: of.name,
        requests: all.length,
        cold: cold.length,
        tailShare: tailMs === 0 ? 0 : sum(slowest, coldMs) / tailMs,
        p99Ms: p99(() => 0),
        p99WithoutMs: p99(coldMs),
        p99HalfInitMs: p99((request) => initMs(request) / 2),
      },
    ]
  })
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0)

/** What a reader is told of each function that was cold, a sentence each. */
export function coldSentences({ coldStarts = [], functions }: Told): string[] {
  return coldStarts.map((cold) => {
    const provisioned = functions.find(({ name }) => name === cold.functionName)?.provisioned ?? undefined
    return `${coldWords(cold)}${provisioned === undefined ? '' : `; ${provisionedWords(provisioned)}`}.`
  })
}

type Told = Pick<FlightReport, 'coldStarts' | 'functions'>

function coldWords(cold: ColdStartReport): string {
  const { requests, p99Ms, p99WithoutMs, p99HalfInitMs } = cold
  const share = formatPercent((100 * cold.cold) / requests)
  const isTail = requests >= P99_MIN ? 'the p99' : 'the slowest hundredth'
  const changes =
    p99Ms === null || p99WithoutMs === null || p99HalfInitMs === null
      ? ''
      : `; p99 ${formatMs(p99Ms)}, without them ${formatMs(p99WithoutMs)}, with half of the init ${formatMs(p99HalfInitMs)}`
  return `${cold.functionName}: ${formatCount(cold.cold)} of ${formatCount(requests)} cold (${share}), ${formatPercent(cold.tailShare * 100)} of ${isTail}${changes}`
}
