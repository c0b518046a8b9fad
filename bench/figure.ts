/**
 * What a figure is: values of ours and of what stands beside it, one of each a round, and how a target judges the pairs.
 * Nothing here measures or prints.
 */

/** How ours relates to what stands beside it: a quotient, what ours is above it, or ours alone. */
export type Relation = 'ratio' | 'above' | 'alone'

export interface Target {
  readonly relation: Relation
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Row {
  /** As `--only` finds it and the table shows it. */
  readonly figure: string
  readonly unit: string
  /** One value a round. */
  readonly ours: readonly number[]
  readonly beside: Beside
  /** Undefined: shown for comparison, nothing is promised. */
  readonly target: Target | undefined
  /** What a reader must know: the active modes, what was left out. */
  readonly note?: string
}

/** The floor (what cannot be undercut) or the peer (who does the same job), measured in the same rounds. */
export type Beside =
  | { readonly kind: 'floor' | 'peer' | 'law'; readonly name: string; readonly values: readonly number[] }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }

export interface Settings {
  /** Few and short rounds: shows that everything runs, proves no figure. */
  readonly quick: boolean
  readonly root: string
  readonly cacheFolder: string
  /** A folder of this run, removed at its end. */
  readonly scratch: string
  step(line: string): void
}

export interface Figure {
  readonly name: string
  measure(settings: Settings): Promise<readonly Row[]>
}

/** `missed*`: the median missed it, the best round did not, so the spread of this run decides nothing. */
export type Verdict = 'met' | 'missed' | 'missed*' | 'shown'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

/** Half the distance from the least to the greatest value, in percent of the median. */
export function spreadPercent(values: readonly number[]): number {
  const middle = median(values)
  return middle === 0 ? 0 : (50 * (Math.max(...values) - Math.min(...values))) / Math.abs(middle)
}

/** Ours against the other of the same round; a law of one value stands for all rounds. */
export function related(row: Row, relation: Relation): number[] {
  const { beside } = row
  if (relation === 'alone') return [...row.ours]
  if (beside.kind === 'skipped') return []
  return row.ours.map((ours, round) => {
    const other = beside.values[Math.min(round, beside.values.length - 1)] ?? Number.NaN
    return relation === 'ratio' ? ours / other : ours - other
  })
}

export function verdictOf(row: Row): Verdict {
  const { target } = row
  if (target === undefined) return 'shown'
  const values = related(row, target.relation)
  if (values.length === 0) return 'shown'
  if (holds(target, median(values))) return 'met'
  return values.some((value) => holds(target, value)) ? 'missed*' : 'missed'
}

function holds(target: Target, value: number): boolean {
  const { atLeast = -Infinity, atMost = Infinity } = target
  return value >= atLeast && value <= atMost
}

export function targetText({ target, unit }: Row): string {
  if (target === undefined) return 'none'
  const { atLeast, atMost, relation } = target
  const suffix = { ratio: ' x', above: ` ${unit} above`, alone: unit === '' ? '' : ` ${unit}` }[relation]
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} to ${atMost}${suffix}`
  return atLeast === undefined ? `<= ${atMost ?? ''}${suffix}` : `>= ${atLeast}${suffix}`
}

/**
 * Rounds in the order a b, b a, a b, ...: what the machine does meanwhile falls on all of them alike. Returns one list a
 * contender, in its order.
 */
export async function interleaved<T>(
  rounds: number,
  contenders: readonly (() => Promise<T>)[],
): Promise<T[][]> {
  const found = contenders.map((): T[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = [...contenders.keys()]
    for (const index of round % 2 === 0 ? order : order.reverse()) {
      const measure = contenders[index]
      if (measure !== undefined) found[index]?.push(await measure())
    }
  }
  return found
}
