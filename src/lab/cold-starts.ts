/**
 * What cold starts do to each function's callers in this flight, and what two remedies would change by the flight's
 * own figures: provisioned concurrency, and an init of half the time (a smaller package, fewer imports). Latencies
 * without a remedy's milliseconds are computed from the requests' own phases; nothing is modelled beyond that.
 */
import type { Ms } from '#base/time.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import { billOf, perMillion, type Used } from '#engines/pricing/bill.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import { formatCount, formatMs, formatPercent, formatUsdPerMillion } from '#lab/figures.ts'
import type { FlownRequest, Invocation } from '#lab/join.ts'
import { latencyOf, P99_MIN } from '#lab/latency.ts'
import type { ColdStartReport, FunctionReport } from '#lab/report.ts'

/** Of a request that was cold: what it would not have waited for in an environment that was there. */
const coldMs = ({ cold, phases }: FlownRequest): Ms =>
  cold && phases !== undefined ? phases.queue + phases.start + phases.init : 0

const initMs = ({ cold, phases }: FlownRequest): Ms => (cold && phases !== undefined ? phases.init : 0)

export interface ColdFacts {
  readonly functions: readonly FunctionReport[]
  readonly invocations: readonly Invocation[]
  readonly durationMs: Ms
  readonly book: PriceBook
  /** Functions that run on Arm, by what was billed. */
  readonly onArm: ReadonlySet<string>
}

/** One a function whose answer somebody waited for and that was cold at least once, in the order of the functions. */
export function coldStartReports(requests: readonly FlownRequest[], facts: ColdFacts): ColdStartReport[] {
  const byFunction = Map.groupBy(
    requests.filter(({ timed, invocations }) => timed && invocations.length > 0),
    ({ invocations }) => invocations[0]?.functionName ?? '',
  )
  return facts.functions.flatMap((of) => {
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
        provisioned: provisionedOf(of, facts),
      },
    ]
  })
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0)

const whole = (value: number): Decimal => Decimal.of(BigInt(Math.round(value)))

/** So many environments that no invoke of this flight would have met a missing one, kept for as long as it flew. */
function provisionedOf(of: FunctionReport, facts: ColdFacts): ColdStartReport['provisioned'] {
  const { memoryMb, concurrencyMax, invocations } = of
  const ran = facts.invocations.filter(
    ({ functionName, span }) => functionName === of.name && span.outcome !== 'throttle',
  )
  if (memoryMb === null || invocations === 0 || concurrencyMax === 0) return null
  const suffix = facts.onArm.has(of.name) ? 'Arm' : 'X86'
  const used = (dimension: string, ms: number, phase = ''): Used => ({
    service: 'lambda',
    dimension: `${dimension}${suffix}`,
    unit: 'mb-ms',
    phase,
    quantity: whole(ms).times(whole(memoryMb)),
  })
  const handlerMs = sum(ran, ({ durationMs }) => Math.ceil(durationMs))
  const billedMs = sum(ran, ({ billedMs, durationMs }) => billedMs ?? Math.ceil(durationMs))
  const keptMs = concurrencyMax * facts.durationMs
  const now = billOf([used('duration', billedMs)], facts.book)
  const then = billOf(
    [used('provisionedConcurrency', keptMs), used('provisionedDuration', handlerMs)],
    facts.book,
  )
  if (now.unpriced.length + then.unpriced.length > 0) return null
  return {
    concurrency: concurrencyMax,
    utilisation: Math.min(1, handlerMs / keptMs),
    breakEven: breakEvenOf(facts.book, suffix),
    usdPerMillionChange: perMillion(then.totalUsd.minus(now.totalUsd), invocations).toString(),
  }
}

/**
 * The utilisation from which a provisioned environment costs less than one on demand: its hours then weigh less than
 * the lower price of its duration. Source: Lambda pricing, provisioned concurrency.
 */
function breakEvenOf(book: PriceBook, suffix: string): number {
  const usd = (dimension: string): number =>
    book.price('lambda', `${dimension}${suffix}`)?.tiers[0]?.usd.toNumber() ?? Number.NaN
  return usd('provisionedConcurrency') / (usd('duration') - usd('provisionedDuration'))
}

/** What a reader is told of one function, as one sentence. */
export function coldSentence(cold: ColdStartReport): string {
  const { requests, p99Ms, p99WithoutMs, p99HalfInitMs } = cold
  const share = formatPercent((100 * cold.cold) / requests)
  const isTail = requests >= P99_MIN ? 'the p99' : 'the slowest hundredth'
  const changes =
    p99Ms === null || p99WithoutMs === null || p99HalfInitMs === null
      ? ''
      : `; p99 ${formatMs(p99Ms)}, without them ${formatMs(p99WithoutMs)}, with half of the init ${formatMs(p99HalfInitMs)}`
  return `${cold.functionName}: ${formatCount(cold.cold)} of ${formatCount(requests)} cold (${share}), ${formatPercent(cold.tailShare * 100)} of ${isTail}${changes}${provisionedWords(cold.provisioned)}.`
}

function provisionedWords(of: ColdStartReport['provisioned']): string {
  if (of === null) return ''
  const change = Number(of.usdPerMillionChange)
  const money = `$${formatUsdPerMillion(Math.abs(change))} ${change < 0 ? 'less' : 'more'} per million`
  return `; provisioned concurrency of ${of.concurrency}: ${money}, busy ${formatPercent(of.utilisation * 100)} (pays from ${formatPercent(of.breakEven * 100)})`
}
