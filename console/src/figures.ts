// Figures as every report of Windtunnel prints them: nearest rank, three significant digits, no tail from too few.
export const P95_SAMPLES = 200
export const P99_SAMPLES = 1_000

/** Nearest rank on sorted samples. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0
}

export function ms(value: number): string {
  if (value >= 10_000) return `${(value / 1_000).toPrecision(3)} s`
  if (value === 0) return '0 ms'
  const rounded = Number(value.toPrecision(3))
  const behind = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))))
  return `${value < 0.01 ? value.toFixed(3) : behind === 0 ? rounded.toLocaleString('en-US') : rounded.toFixed(behind)} ms`
}

export function tail(sorted: readonly number[], p: number, least: number): string {
  return sorted.length < least ? 'n too small' : ms(percentile(sorted, p))
}
