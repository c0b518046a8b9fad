/** The page that `npm run runtimes` writes: figures of one function in several runtimes, and where the compiled one becomes cheaper. */
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { formatMs, formatPercentile, formatUsdPerMillion } from '#lab/figures.ts'

/** What one runtime did. Times are in ms, of the function itself: what its REPORT line says. */
export interface Measured {
  readonly name: string
  /** As Lambda names it, with the version that really ran. */
  readonly runtime: string
  readonly compiled: boolean
  /** Init durations of cold starts, ascending. */
  readonly initsMs: readonly number[]
  /** Billed ms of cold invocations with light and heavy work: init and first call. */
  readonly coldLightMs: readonly number[]
  readonly coldHeavyMs: readonly number[]
  readonly light: Warm
  readonly heavy: Warm
  readonly maxMemoryMb: number
}

export interface Warm {
  readonly n: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** False when more than a tenth of the tail was this machine's own doing. */
  readonly measurable: boolean
  /** Mean, whole ms as they are billed. */
  readonly billedMeanMs: number
}

export interface Setting {
  readonly memoryMb: number
  readonly isArm: boolean
  readonly below: number
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
const priceOf = (dimension: string): number =>
  Number(usEast1Prices.price('lambda', dimension)?.tiers[0]?.usd.toString() ?? 'NaN')

/** Dollars for a million invocations of so many billed ms, free quantities left out. */
export function usdPerMillion(billedMs: number, { memoryMb, isArm }: Setting): number {
  const gbSeconds = (memoryMb / 1_024) * (billedMs / 1_000)
  return 1e6 * (priceOf('requests') + gbSeconds * priceOf(isArm ? 'durationArm' : 'durationX86'))
}

type Cells = readonly string[]

export function table(rows: readonly Cells[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A tail that the machine itself made is no figure of the runtime. */
const p99Of = ({ p99Ms, n, measurable }: Warm): string =>
  p99Ms === null || measurable ? formatPercentile(p99Ms, n) : 'not measurable'

export function figures(all: readonly Measured[], setting: Setting): string {
  const dollars = (billedMs: number): string => formatUsdPerMillion(usdPerMillion(billedMs, setting))
  const titles: Cells = [
    'runtime',
    'init least',
    'init p50',
    'light p50',
    'light p99',
    'heavy p50',
    'heavy p99',
    'memory',
    'light warm $',
    'light cold $',
    'heavy warm $',
    'heavy cold $',
  ]
  return table([
    titles,
    ...all.map((one) => [
      one.runtime,
      formatMs(one.initsMs[0] ?? Number.NaN),
      formatMs(median(one.initsMs)),
      one.light.p50Ms === null ? '-' : formatMs(one.light.p50Ms),
      p99Of(one.light),
      one.heavy.p50Ms === null ? '-' : formatMs(one.heavy.p50Ms),
      p99Of(one.heavy),
      `${one.maxMemoryMb} MB`,
      dollars(one.light.billedMeanMs),
      dollars(median(one.coldLightMs)),
      dollars(one.heavy.billedMeanMs),
      dollars(median(one.coldHeavyMs)),
    ]),
  ])
}

/** Shares of requests that are cold. */
const SHARES = [0, 0.01, 0.1, 1] as const

export type Crossing =
  /** At any work, at none, or no difference. */
  | { readonly kind: 'always' | 'never' | 'same' }
  /** For work that takes the interpreted one so long, and more; or for less. */
  | { readonly kind: 'from' | 'below'; readonly ms: number }

/** Beyond so many times the heavy work a line through two points says nothing. */
const REACH = 10

/**
 * For which work the compiled runtime costs less, as ms of the interpreted one's handler, when `share` of the requests are
 * cold. By medians, billed in whole ms; work between light and heavy, and beyond, is taken to cost in proportion.
 */
export function crossing(interpreted: Measured, compiled: Measured, share: number): Crossing {
  const cost = (warmMs: number, coldMs: readonly number[]): number =>
    (1 - share) * Math.ceil(warmMs) + share * median(coldMs)
  const light = (one: Measured): number => cost(one.light.p50Ms ?? Number.NaN, one.coldLightMs)
  const heavy = (one: Measured): number => cost(one.heavy.p50Ms ?? Number.NaN, one.coldHeavyMs)
  const atLight = light(compiled) - light(interpreted)
  const atHeavy = heavy(compiled) - heavy(interpreted)
  if (atLight === 0 && atHeavy === 0) return { kind: 'same' }
  if (atLight <= 0 && atHeavy <= 0) return { kind: 'always' }
  // where the difference is none: 0 is light work, 1 heavy work
  const at = atLight / (atLight - atHeavy)
  if (atLight >= 0 && atHeavy >= 0 && !(at > 0 && at <= REACH)) return { kind: 'never' }
  const least = interpreted.light.p50Ms ?? Number.NaN
  const ms = least + at * ((interpreted.heavy.p50Ms ?? Number.NaN) - least)
  return { kind: atLight > 0 ? 'from' : 'below', ms }
}

export function crossings(all: readonly Measured[]): string {
  const newest = all.findLast(({ name }) => name.startsWith('Node'))
  const interpreted = all.filter((one) => !one.compiled && (one === newest || !one.name.startsWith('Node')))
  const rows = interpreted.flatMap((slow) =>
    all
      .filter(({ compiled }) => compiled)
      .map((fast) => [
        `${fast.name} instead of ${slow.name}`,
        ...SHARES.map((share) => {
          const found = crossing(slow, fast, share)
          return 'ms' in found ? `${found.kind} ${formatMs(found.ms)}` : found.kind
        }),
      ]),
  )
  return table([['cheaper', ...SHARES.map((share) => `${share * 100} % cold`)], ...rows])
}
