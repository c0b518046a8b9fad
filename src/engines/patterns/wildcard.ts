/** Strings with `*`: their syntax, their test, and how complex a set of them is. */

export interface Wildcard {
  /** The literal before the first `*`, after the last, and those between, in order. */
  readonly first: string
  readonly last: string
  readonly between: readonly string[]
  readonly stars: number
}

export type WildcardParse =
  | { readonly ok: true; readonly wildcard: Wildcard }
  | { readonly ok: false; readonly reason: string }

/**
 * Two `*` in a row and a backslash before anything but `*` and backslash are refused. Positions count UTF-8 bytes and the
 * opening quote, as AWS's do. Source: recorded AWS answers; event-ruler, README, "Wildcard matching".
 */
export function parseWildcard(text: string): WildcardParse {
  const literals = ['']
  let position = 1
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    const next = text.charAt(at + 1)
    if (char === '*') {
      if (next === '*') return { ok: false, reason: `Consecutive wildcard characters at pos ${position}` }
      literals.push('')
    } else if (char === '\\') {
      if (next !== '*' && next !== '\\') {
        return { ok: false, reason: `Invalid escape character at pos ${position}` }
      }
      literals[literals.length - 1] += next
      at++
      position++
    } else literals[literals.length - 1] += char
    position += utf8Length(text.charCodeAt(at))
  }
  const first = literals[0] ?? ''
  const last = literals.length > 1 ? (literals.at(-1) ?? '') : ''
  return {
    ok: true,
    wildcard: { first, last, between: literals.slice(1, -1), stars: literals.length - 1 },
  }
}

/** Bytes of one UTF-16 unit; the halves of a pair share the four of their character. */
function utf8Length(unit: number): number {
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  return unit >= 0xd800 && unit <= 0xdfff ? 2 : 3
}

export function wildcardHolds(wildcard: Wildcard, value: string): boolean {
  const { first, last, between, stars } = wildcard
  if (stars === 0) return value === first
  if (value.length < first.length + last.length) return false
  if (!value.startsWith(first) || !value.endsWith(last)) return false
  let at = first.length
  const end = value.length - last.length
  for (const literal of between) {
    const found = value.indexOf(literal, at)
    if (found === -1 || found + literal.length > end) return false
    at = found + literal.length
  }
  return true
}

/** Sets of positions looked at before a field counts as too complex. */
const SETS_MOST = 2_000
const ANY = -1

interface Step {
  readonly unit: number
  readonly starBefore: boolean
}

/** A wildcard as literal units, each with or without a `*` before it. */
function stepsOf({ first, last, between, stars }: Wildcard): Step[] {
  const steps: Step[] = []
  const literals = stars === 0 ? [first] : [first, ...between, last]
  literals.forEach((literal, index) => {
    for (let at = 0; at < literal.length; at++) {
      steps.push({ unit: literal.charCodeAt(at), starBefore: index > 0 && at === 0 })
    }
    if (index > 0 && literal === '') steps.push({ unit: ANY, starBefore: true })
  })
  return steps
}

/**
 * How many parts of these wildcards the worst input keeps in play at once: every `*` that still takes characters and
 * every literal that has begun after one. `most + 1` stands for all beyond `most`.
 */
export function partsInPlay(wildcards: readonly Wildcard[], most: number): number {
  const machines = wildcards.filter(({ stars }) => stars > 0).map(stepsOf)
  const steps = machines.flatMap((machine) => [...machine, { unit: ANY, starBefore: false }])
  const starts: number[] = []
  let from = 0
  for (const machine of machines) {
    starts.push(from)
    from += machine.length + 1
  }
  const units = new Set(steps.map(({ unit }) => unit))
  const seen = new Set<string>([starts.join()])
  const open: number[][] = [starts]
  let worst = 0
  for (let set = open.pop(); set !== undefined; set = open.pop()) {
    for (const unit of units) {
      const next = advanced(steps, set, unit)
      worst = Math.max(worst, next.inPlay)
      if (worst > most || seen.size > SETS_MOST) return most + 1
      const key = next.set.join()
      if (next.set.length === 0 || seen.has(key)) continue
      seen.add(key)
      open.push(next.set)
    }
  }
  return worst
}

function advanced(
  steps: readonly Step[],
  set: readonly number[],
  unit: number,
): { set: number[]; inPlay: number } {
  const next = new Set<number>()
  let inPlay = 0
  for (const position of set) {
    const step = steps[position]
    if (step === undefined) continue
    if (step.starBefore) {
      next.add(position)
      inPlay++
    }
    if (step.unit === unit && unit !== ANY) {
      next.add(position + 1)
      inPlay++
    }
  }
  return { set: [...next].sort((a, b) => a - b), inPlay }
}
