/**
 * Percentiles, one implementation for the whole product: nearest-rank on exact samples up to a bound, and beyond it
 * on a log-linear histogram (the form of HdrHistogram: 2,048 buckets an octave, so at most 0.05 % off). No
 * interpolation: every percentile is a value that was measured, or the middle of its bucket.
 */
import { assert } from '#base/assert.ts'

/** Samples kept exactly; beyond them the histogram takes over. */
export const EXACT_MAX = 100_000
const BUCKETS_PER_OCTAVE = 2_048

/**
 * The nearest-rank percentile: the smallest sample that at least `percent` of all samples do not exceed.
 * `sorted` ascending; undefined for no samples. `percent` to three decimals, 0 < percent <= 100.
 */
export function nearestRank(sorted: ArrayLike<number>, percent: number): number | undefined {
  return sorted.length === 0 ? undefined : sorted[rankOf(percent, sorted.length) - 1]
}

/** The rank (1 to n) whose sample is the percentile, in whole numbers so that 7 % of 100 is 7 and not 8. */
export function rankOf(percent: number, n: number): number {
  assert(percent > 0 && percent <= 100, 'a percentile is above 0 and at most 100')
  return Math.max(1, Math.ceil((Math.round(percent * 1_000) * n) / 100_000))
}

/** Ascending pairs of a value and how often it was seen. */
export type Weighted = readonly (readonly [value: number, count: number])[]

/** Nearest rank over values with counts. */
export function weightedRank(weighted: Weighted, rank: number): number | undefined {
  let seen = 0
  for (const [value, count] of weighted) {
    seen += count
    if (seen >= rank) return value
  }
  return undefined
}

export function totalCount(weighted: Weighted): number {
  return weighted.reduce((sum, [, count]) => sum + count, 0)
}

function bucketOf(value: number): number {
  if (value <= 0) return Number.NEGATIVE_INFINITY
  const octave = Math.floor(Math.log2(value))
  const within = Math.floor((value / 2 ** octave - 1) * BUCKETS_PER_OCTAVE)
  return octave * BUCKETS_PER_OCTAVE + Math.max(0, Math.min(BUCKETS_PER_OCTAVE - 1, within))
}

function middleOf(bucket: number): number {
  if (bucket === Number.NEGATIVE_INFINITY) return 0
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE)
  return 2 ** octave * (1 + (bucket - octave * BUCKETS_PER_OCTAVE + 0.5) / BUCKETS_PER_OCTAVE)
}

/** Collects non-negative samples and answers their percentiles. */
export class Quantiles {
  readonly exactMax: number
  #exact: number[] = []
  #sorted = true
  #buckets: Map<number, number> | undefined
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  constructor(exactMax: number = EXACT_MAX) {
    this.exactMax = exactMax
  }

  get count(): number {
    return this.#count
  }

  /** False once the histogram has taken over: percentiles are then within 0.05 %. */
  get exact(): boolean {
    return this.#buckets === undefined
  }

  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min
  }

  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max
  }

  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count
  }

  add(value: number): void {
    assert(value >= 0, 'latencies and sizes are never negative')
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    if (this.#buckets === undefined && this.#exact.length < this.exactMax) {
      this.#exact.push(value)
      this.#sorted = false
      return
    }
    this.#toBuckets()
    this.#bump(bucketOf(value), 1)
  }

  /** The sample at that percentile; undefined without samples. */
  at(percent: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = rankOf(percent, this.#count)
    if (this.#buckets === undefined) {
      this.#sort()
      return this.#exact[rank - 1]
    }
    if (rank === this.#count) return this.#max
    const found = weightedRank(this.#bucketPairs(this.#buckets), rank)
    return found === undefined ? this.#max : Math.min(this.#max, Math.max(this.#min, found))
  }

  /** All samples as ascending values with counts: exact ones, or the middles of buckets. */
  weighted(): Weighted {
    if (this.#buckets !== undefined) return this.#bucketPairs(this.#buckets)
    this.#sort()
    const pairs: [number, number][] = []
    for (const value of this.#exact) {
      const last = pairs.at(-1)
      if (last !== undefined && last[0] === value) last[1]++
      else pairs.push([value, 1])
    }
    return pairs
  }

  #sort(): void {
    if (!this.#sorted) this.#exact.sort((a, b) => a - b)
    this.#sorted = true
  }

  #toBuckets(): void {
    if (this.#buckets !== undefined) return
    this.#buckets = new Map()
    for (const value of this.#exact) this.#bump(bucketOf(value), 1)
    this.#exact = []
  }

  #bump(bucket: number, by: number): void {
    this.#buckets?.set(bucket, (this.#buckets.get(bucket) ?? 0) + by)
  }

  #bucketPairs(buckets: Map<number, number>): Weighted {
    return [...buckets]
      .sort(([a], [b]) => (a === b ? 0 : a - b))
      .map(([bucket, count]) => [middleOf(bucket), count] as const)
  }
}

/** A value to that many significant digits: how reports quantise what they carry. */
export function significant(value: number, digits: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(digits))
}

/** Values as ascending counted values at three significant digits: small enough to carry, exact enough to resample. */
export function quantised(values: Iterable<number>, digits = 3): Weighted {
  const counts = new Map<number, number>()
  for (const value of values) {
    const rounded = significant(value, digits)
    counts.set(rounded, (counts.get(rounded) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => a - b)
}
