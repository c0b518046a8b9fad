/**
 * What provisioned concurrency would cost a function at the load of a flight: as many environments as were busy at once,
 * kept for as long as it flew, against what was billed on demand. Whether it pays is a matter of how busy they are kept.
 */
import type { Ms } from '#base/time.ts'
import { billOf, perMillion, type Used } from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import { formatPercent, formatUsdPerMillion } from '#lab/figures.ts'
import type { Invocation } from '#lab/join.ts'
import type { FunctionReport, ProvisionedReport } from '#lab/report.ts'

export interface ProvisionedFacts {
  readonly invocations: readonly Invocation[]
  readonly durationMs: Ms
  readonly book: PriceBook
  /** Names of functions that were billed as Arm. */
  readonly onArm: ReadonlySet<string>
}

/** Null where its price or the function's memory is not known. */
export function provisionedReport(of: FunctionReport, facts: ProvisionedFacts): ProvisionedReport | null {
  const { memoryMb, concurrencyMax, invocations } = of
  if (memoryMb === null || invocations === 0 || concurrencyMax === 0) return null
  const ran = facts.invocations.filter(
    ({ functionName, span }) => functionName === of.name && span.outcome !== 'throttle',
  )
  const suffix = facts.onArm.has(of.name) ? 'Arm' : 'X86'
  const used = (dimension: string, ms: number): Used => ({
    service: 'lambda',
    dimension: `${dimension}${suffix}`,
    unit: 'mb-ms',
    phase: '',
    quantity: Decimal.of(BigInt(Math.round(ms)) * BigInt(memoryMb)),
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

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0)

/**
 * The utilisation from which a provisioned environment costs less than one on demand: its hours then weigh less than
 * the lower price of its duration. Source: Lambda pricing, provisioned concurrency.
 */
function breakEvenOf(book: PriceBook, suffix: string): number {
  const usd = (dimension: string): number =>
    book.price('lambda', `${dimension}${suffix}`)?.tiers[0]?.usd.toNumber() ?? Number.NaN
  return usd('provisionedConcurrency') / (usd('duration') - usd('provisionedDuration'))
}

/** Such as `provisioned concurrency of 3: $0.03 more per million, busy 3.29 % (pays from 60.0 %)`. */
export function provisionedWords(of: ProvisionedReport): string {
  const change = Number(of.usdPerMillionChange)
  const money = `$${formatUsdPerMillion(Math.abs(change))} ${change < 0 ? 'less' : 'more'} per million`
  return `provisioned concurrency of ${of.concurrency}: ${money}, busy ${formatPercent(of.utilisation * 100)} (pays from ${formatPercent(of.breakEven * 100)})`
}
