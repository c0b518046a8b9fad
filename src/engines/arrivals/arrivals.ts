/**
 * Load schedules: when each request is due, as offsets in ms from the start, from a seed. One seed, one schedule.
 * What is sent, and what happens when it is late, is not decided here.
 */
import type { SeededRandom } from '#base/random.ts'
import type { Ms } from '#base/time.ts'

export type LoadPhase =
  /** Evenly spaced. */
  | { readonly kind: 'constant'; readonly ratePerS: number; readonly durationMs: Ms }
  /** Independent arrivals at one mean rate. */
  | { readonly kind: 'poisson'; readonly ratePerS: number; readonly durationMs: Ms }
  /** Independent arrivals whose rate moves linearly. */
  | { readonly kind: 'ramp'; readonly fromPerS: number; readonly toPerS: number; readonly durationMs: Ms }
  /** All at one moment, again after each interval. */
  | { readonly kind: 'burst'; readonly requests: number; readonly bursts: number; readonly everyMs: Ms }
  /** As it was once recorded. */
  | { readonly kind: 'recorded'; readonly offsetsMs: readonly Ms[] }

/** How long a phase lasts before the next begins. */
export function phaseMs(phase: LoadPhase): Ms {
  switch (phase.kind) {
    case 'constant':
    case 'poisson':
    case 'ramp':
      return phase.durationMs
    case 'burst':
      return phase.bursts * phase.everyMs
    case 'recorded':
      return phase.offsetsMs.reduce((last, at) => Math.max(last, at), 0)
    default:
      return phase satisfies never
  }
}

/** How many requests a phase sends: exactly, or on average where chance decides. */
export function expectedRequests(phase: LoadPhase): number {
  switch (phase.kind) {
    case 'constant':
    case 'poisson':
      return (phase.ratePerS * phase.durationMs) / 1_000
    case 'ramp':
      return (((phase.fromPerS + phase.toPerS) / 2) * phase.durationMs) / 1_000
    case 'burst':
      return phase.requests * phase.bursts
    case 'recorded':
      return phase.offsetsMs.length
    default:
      return phase satisfies never
  }
}

/** Offsets of all phases, one after another, ascending. */
export function arrivalsOf(phases: readonly LoadPhase[], random: SeededRandom): Ms[] {
  const offsets: Ms[] = []
  let base = 0
  for (const phase of phases) {
    for (const at of phaseArrivals(phase, random)) offsets.push(base + at)
    base += phaseMs(phase)
  }
  return offsets
}

function* phaseArrivals(phase: LoadPhase, random: SeededRandom): Generator<Ms> {
  switch (phase.kind) {
    case 'constant': {
      const count = Math.floor((phase.ratePerS * phase.durationMs) / 1_000)
      for (let i = 0; i < count; i++) yield (i * 1_000) / phase.ratePerS
      return
    }
    case 'poisson':
      yield* rampArrivals({ ...phase, fromPerS: phase.ratePerS, toPerS: phase.ratePerS }, random)
      return
    case 'ramp':
      yield* rampArrivals(phase, random)
      return
    case 'burst':
      for (let i = 0; i < phase.bursts; i++) for (let j = 0; j < phase.requests; j++) yield i * phase.everyMs
      return
    case 'recorded':
      yield* [...phase.offsetsMs].sort((a, b) => a - b)
      return
    default:
      phase satisfies never
  }
}

interface Ramp {
  readonly fromPerS: number
  readonly toPerS: number
  readonly durationMs: Ms
}

/**
 * A Poisson process with a linear rate: unit-rate arrivals through the inverse of the expected count
 * a t + b t^2 (Cinlar's method), so no arrival is drawn and thrown away.
 */
function* rampArrivals(ramp: Ramp, random: SeededRandom): Generator<Ms> {
  const a = ramp.fromPerS / 1_000
  const b = (ramp.toPerS - ramp.fromPerS) / 1_000 / ramp.durationMs / 2
  const total = a * ramp.durationMs + b * ramp.durationMs ** 2
  let count = -Math.log(1 - random.next())
  while (count < total) {
    // The root that stays exact when b is 0 or tiny, and when the rate starts at 0.
    const at = (2 * count) / (a + Math.sqrt(Math.max(0, a * a + 4 * b * count)))
    yield Math.min(at, ramp.durationMs)
    count += -Math.log(1 - random.next())
  }
}

/** One target of each arrival, drawn in proportion to the weights. */
export function drawTargets(count: number, weights: readonly number[], random: SeededRandom): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return Array.from({ length: count }, () => {
    let rest = random.next() * total
    const found = weights.findIndex((weight) => (rest -= weight) < 0)
    return found === -1 ? weights.length - 1 : found
  })
}
