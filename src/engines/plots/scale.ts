/** Axes for drawings: where a value stands, and which ticks a reader expects. */
export interface Scale {
  readonly from: number
  readonly to: number
  /** Position of a value, inside the range. */
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

export interface Range {
  readonly start: number
  readonly end: number
}

/** Logarithmic, with ticks at 1, 2 and 5 of each decade while they are few, else at 1. */
export function logScale(least: number, greatest: number, range: Range): Scale {
  const from = Math.max(least, 1e-6)
  const to = Math.max(greatest, from * 1.01)
  const decades = Math.log10(to / from)
  const at = (value: number): number => {
    const share = Math.log10(Math.min(Math.max(value, from), to) / from) / decades
    return range.start + share * (range.end - range.start)
  }
  const multiples = decades <= 3 ? [1, 2, 5] : [1]
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const multiple of multiples) {
      const tick = Number((multiple * 10 ** power).toPrecision(3))
      if (tick >= from * 0.999 && tick <= to * 1.001) ticks.push(tick)
    }
  }
  return { from, to, at, ticks }
}

/** From 0, with about that many ticks at round values. */
export function linearScale(greatest: number, range: Range, count = 5): Scale {
  const to = greatest > 0 ? greatest : 1
  const step = roundStep(to / count)
  const ticks = Array.from({ length: Math.floor(to / step + 1e-9) + 1 }, (_, i) =>
    Number((i * step).toPrecision(10)),
  )
  return {
    from: 0,
    to,
    at: (value) => range.start + (Math.min(Math.max(value, 0), to) / to) * (range.end - range.start),
    ticks,
  }
}

/** The least of 1, 2, 5 times a power of ten that is not below. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const found = [1, 2, 5, 10].find((multiple) => multiple * power >= least * (1 - 1e-9)) ?? 10
  return found * power
}
