/**
 * How figures are written everywhere a person reads them: three significant digits, ms up to 10 s and then s, dollars
 * per million to the cent, totals to four significant digits. What is too uncertain to be written is decided in
 * `result.ts`; here null becomes words.
 */

/** `1,234,567` */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Digits without an exponent, at that many significant ones: 71.2, 0.0312, 1,230. */
export function formatSignificant(value: number, digits: number): string {
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(digits))
  const behind = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))))
  return behind === 0 ? formatCount(rounded) : rounded.toFixed(Math.min(20, behind))
}

/** `3.12 ms`, `1,230 ms`, `12.3 s`. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${formatSignificant(ms / 1_000, 3)} s`
  if (ms === 0) return '0 ms'
  return `${ms < 0.01 ? ms.toFixed(3) : formatSignificant(ms, 3)} ms`
}

export const TOO_SMALL = 'n too small'

/** A percentile, or why there is none. */
export function formatPercentile(ms: number | null, n: number): string {
  if (ms !== null) return formatMs(ms)
  return n === 0 ? '-' : TOO_SMALL
}

/** A time to completion that needs at least so many events; among events that had no end it is longer than all measured. */
export function formatCompletion(
  { n, unfinished }: { readonly n: number; readonly unfinished: number },
  ms: number | null,
  least: number,
): string {
  if (ms === null && unfinished > 0 && n >= least) return 'unfinished'
  return formatPercentile(ms, n)
}

/** `4.48 %`, `0 %`. */
export function formatPercent(percent: number): string {
  return `${formatSignificant(percent, 3)} %`
}

/** To the cent, or to two significant digits where that would be nothing. */
export function formatUsdPerMillion(usd: number | string): string {
  const value = Number(usd)
  return value !== 0 && value < 0.01 ? formatSignificant(value, 2) : value.toFixed(2)
}

/** Four significant digits, no trailing zeros: `$0.0017`, `$12.35`. */
export function formatUsd(usd: number | string): string {
  const value = Number(usd)
  const digits = formatSignificant(value, 4)
  return `$${digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits}`
}

/** `31 x` of two figures: two digits are enough for a factor. */
export function formatFactor(factor: number): string {
  return `${factor >= 100 ? formatSignificant(factor, 3) : formatSignificant(factor, 2)} x`
}

/** `10 s`, `2 min 30 s`, `4.2 s`. */
export function formatSpan(ms: number): string {
  if (ms < 1_000) return `${formatSignificant(ms, 3)} ms`
  if (ms < 120_000) return `${String(Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)))} s`
  const seconds = Math.round(ms / 1_000)
  const rest = seconds % 60
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`
}

/** Sizes as AWS counts them: MB of 2^20 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  if (bytes < 1_048_576) return `${formatSignificant(bytes / 1_024, 3)} KB`
  return `${formatSignificant(bytes / 1_048_576, 3)} MB`
}

/** `1 request`, `2 requests`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
