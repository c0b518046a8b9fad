/**
 * Seeded bootstrap intervals for percentiles and means, and for their differences and ratios between two runs.
 * Percentiles are resampled exactly without drawing samples: the k-th of n resampled values sits at a position that
 * is Beta(k, n - k + 1) distributed. Samples are treated as independent of each other, which requests of one run
 * are only roughly: intervals are the narrowest that can be defended.
 */
import { assert } from '#base/assert.ts'
import type { SeededRandom } from '#base/random.ts'
import { rankOf, totalCount, type Weighted, weightedRank } from '#engines/quantiles/quantiles.ts'

export type Statistic = { readonly kind: 'percentile'; readonly percent: number } | { readonly kind: 'mean' }

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Change {
  readonly before: number
  readonly after: number
  /** after - before, with its 95 % interval. */
  readonly difference: number
  readonly difference95: Interval
  /** after / before with its 95 % interval; undefined when before is 0. */
  readonly ratio: number | undefined
  readonly ratio95: Interval | undefined
}

export const ROUNDS = 2_000
/** Below this many samples a mean is resampled sample by sample; beyond it by counts. */
const DRAWN_MAX = 2_000

/** A standard normal variate. Source: G. Box and M. Muller, 1958. */
function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

/** A gamma variate of that shape, at least 1. Source: G. Marsaglia and W. Tsang, A simple method, 2000. */
export function gamma(shape: number, random: SeededRandom): number {
  assert(shape >= 1, 'ranks are whole and at least 1')
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A Poisson variate; by the normal law where that is indistinguishable. */
function poisson(mean: number, random: SeededRandom): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > floor; product *= random.next()) count++
  return count
}

/** The statistic of the samples themselves; undefined for none. */
export function statisticOf(samples: Weighted, statistic: Statistic): number | undefined {
  const n = totalCount(samples)
  if (n === 0) return undefined
  if (statistic.kind === 'percentile') return weightedRank(samples, rankOf(statistic.percent, n))
  return samples.reduce((sum, [value, count]) => sum + value * count, 0) / n
}

/** The statistic of that many resamples, in no order. `samples` ascending and not empty. */
export function resampled(
  samples: Weighted,
  statistic: Statistic,
  random: SeededRandom,
  rounds: number = ROUNDS,
): number[] {
  const n = totalCount(samples)
  assert(n > 0, 'there is nothing to resample')
  if (statistic.kind === 'mean') return resampledMeans(samples, n, random, rounds)
  const k = rankOf(statistic.percent, n)
  const upTo = cumulative(samples)
  return Array.from({ length: rounds }, () => {
    const below = gamma(k, random)
    const at = below / (below + gamma(n - k + 1, random))
    return valueAtRank(samples, upTo, Math.min(n, Math.floor(at * n) + 1))
  })
}

function cumulative(samples: Weighted): number[] {
  let seen = 0
  return samples.map(([, count]) => (seen += count))
}

function valueAtRank(samples: Weighted, upTo: readonly number[], rank: number): number {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((upTo[middle] ?? 0) >= rank) high = middle
    else low = middle + 1
  }
  return samples[low]?.[0] ?? 0
}

function resampledMeans(samples: Weighted, n: number, random: SeededRandom, rounds: number): number[] {
  if (n > DRAWN_MAX) return Array.from({ length: rounds }, () => poissonMean(samples, random))
  const upTo = cumulative(samples)
  return Array.from({ length: rounds }, () => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += valueAtRank(samples, upTo, random.below(n) + 1)
    return sum / n
  })
}

function poissonMean(samples: Weighted, random: SeededRandom): number {
  let sum = 0
  let n = 0
  for (const [value, count] of samples) {
    const drawn = poisson(count, random)
    sum += value * drawn
    n += drawn
  }
  return n === 0 ? 0 : sum / n
}

/** The middle 95 % of the draws, by nearest rank. */
export function interval95(draws: readonly number[]): Interval {
  const sorted = [...draws].sort((a, b) => a - b)
  const at = (percent: number): number => sorted[rankOf(percent, sorted.length) - 1] ?? 0
  return { low: at(2.5), high: at(97.5) }
}

/** How a statistic changed between two independent sets of samples; undefined when one of them is empty. */
export function changeOf(
  before: Weighted,
  after: Weighted,
  statistic: Statistic,
  random: SeededRandom,
): Change | undefined {
  const was = statisticOf(before, statistic)
  const is = statisticOf(after, statistic)
  if (was === undefined || is === undefined) return undefined
  const draws = resampled(before, statistic, random)
  const others = resampled(after, statistic, random)
  const differences = draws.map((draw, i) => (others[i] ?? 0) - draw)
  const ratios = draws.map((draw, i) => (others[i] ?? 0) / draw)
  const divisible = was !== 0 && draws.every((draw) => draw !== 0)
  return {
    before: was,
    after: is,
    difference: is - was,
    difference95: interval95(differences),
    ratio: was === 0 ? undefined : is / was,
    ratio95: divisible ? interval95(ratios) : undefined,
  }
}
