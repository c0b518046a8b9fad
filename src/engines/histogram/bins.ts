/** Bins of equal width on a logarithmic axis: the only axis on which a latency of 1 ms and one of 1 s both show. */
import { assert } from '#base/assert.ts'

export interface LogBin {
  readonly fromMs: number
  readonly toMs: number
}

export interface LogBins {
  map<T>(make: (bin: LogBin, index: number) => T): T[]
  /** Which bin a value falls into; values beyond the ends fall into the end bins. */
  indexOf(value: number): number
  readonly count: number
}

/** Values below it share the first bin: nothing in a report is finer than a microsecond. */
const LEAST = 0.001

/** Bins from the least to the greatest value, aligned to whole steps so that two runs have the same edges. */
export function logBins(values: Iterable<number>, perDecade: number): LogBins {
  assert(perDecade >= 1, 'a decade has at least one bin')
  const step = (value: number): number => Math.floor(Math.log10(Math.max(value, LEAST)) * perDecade + 1e-9)
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const value of values) {
    const at = step(value)
    if (at < first) first = at
    if (at > last) last = at
  }
  const count = first > last ? 0 : last - first + 1
  const edge = (index: number): number => Number((10 ** ((first + index) / perDecade)).toPrecision(4))
  return {
    count,
    map: (make) => Array.from({ length: count }, (_, i) => make({ fromMs: edge(i), toMs: edge(i + 1) }, i)),
    indexOf: (value) => Math.min(count - 1, Math.max(0, step(value) - first)),
  }
}
