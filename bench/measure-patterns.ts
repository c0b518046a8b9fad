/**
 * The pattern matcher: events a second on one core against 1,000 rules of each kind, the event parsed already and as text,
 * beside a naive matcher that tries rule after rule. Both must name the same rules.
 */
import assert from 'node:assert/strict'
import { naiveMatches } from '#engines/patterns/fake-matcher.ts'
import { compilePattern } from '#engines/patterns/pattern.ts'
import { RuleSet } from '#engines/patterns/rule-set.ts'
import { type Lot, RULE_KINDS, type RuleKind, lot, rulesOf } from './city-lots.ts'
import type { Figure, Row, Settings } from './figure.ts'

/** Of each kind that has a target: events a second, the event given as an object. */
const TARGETS: Readonly<Record<string, number>> = { exact: 500_000, prefix: 500_000 }

/** Of kinds whose figure needs a word. */
const NOTES: Readonly<Record<string, string>> = {
  'anything-but':
    'nearly all of the 1,000 rules match each event, so that the list of answers is what is measured.',
}

/** Each round has events of its own: 10 x 20,000. */
const FULL = { rounds: 10, events: 20_000, naiveEvents: 8, warmUps: 2 }
const QUICK = { rounds: 1, events: 500, naiveEvents: 1, warmUps: 0 }

interface Contender {
  readonly kind: RuleKind
  readonly patterns: readonly Record<string, unknown>[]
  readonly rules: RuleSet<number>
  readonly parsed: number[]
  readonly fromText: number[]
  readonly naive: number[]
}

export const patterns: Figure = {
  name: 'patterns',
  async measure(settings: Settings): Promise<readonly Row[]> {
    const sizes = settings.quick ? QUICK : FULL
    const contenders = RULE_KINDS.map(contender)
    const parsing: number[] = []
    for (let round = -sizes.warmUps; round < sizes.rounds; round++) {
      const from = (round + sizes.warmUps) * sizes.events
      const texts = Array.from({ length: sizes.events }, (_, at) => JSON.stringify(lot(from + at)))
      const startedAt = performance.now()
      const lots = texts.map((text): unknown => JSON.parse(text))
      if (round >= 0) parsing.push((texts.length / (performance.now() - startedAt)) * 1_000)
      const order = round % 2 === 0 ? contenders : contenders.toReversed()
      for (const one of order) {
        const found = timed(one, lots, texts)
        const naive = timedNaive(one, from, sizes.naiveEvents)
        if (round < 0) continue
        one.parsed.push(found.parsed)
        one.fromText.push(found.fromText)
        one.naive.push(naive)
      }
      if (round === 0) settings.step('first round done')
    }
    return contenders.flatMap((one) => rowsOf(one, parsing))
  },
}

function contender(kind: RuleKind): Contender {
  const patterns = rulesOf(kind)
  const rules = new RuleSet<number>()
  patterns.forEach((pattern, number) => {
    const compiled = compilePattern(JSON.stringify(pattern), 'events')
    assert.ok(compiled.ok, `${kind.name}: ${compiled.ok ? '' : compiled.error.reason}`)
    rules.add(number, compiled.value)
  })
  return { kind, patterns, rules, parsed: [], fromText: [], naive: [] }
}

/** Matches are counted so that nothing measured can be left out as unused. */
let matches = 0

function timed(
  { rules }: Contender,
  lots: readonly unknown[],
  texts: readonly string[],
): { parsed: number; fromText: number } {
  const parsedAt = performance.now()
  for (const event of lots) matches += rules.match(event).length
  const textAt = performance.now()
  for (const text of texts) matches += rules.match(JSON.parse(text)).length
  const endedAt = performance.now()
  return {
    parsed: (lots.length / (textAt - parsedAt)) * 1_000,
    fromText: (texts.length / (endedAt - textAt)) * 1_000,
  }
}

/** The naive matcher's rate over a few events, each of them checked against the rule set. */
function timedNaive({ kind, patterns, rules }: Contender, from: number, events: number): number {
  let spentMs = 0
  for (let at = 0; at < events; at++) {
    // Of every second event some lot is named by a rule.
    const event: Lot = lot(at % 2 === 0 ? Math.ceil(from / 199) * 199 + at * 199 : from + at)
    const json: Parameters<typeof naiveMatches>[1] = JSON.parse(JSON.stringify(event))
    const startedAt = performance.now()
    const wanted: number[] = []
    patterns.forEach((pattern, number) => {
      if (naiveMatches(JSON.parse(JSON.stringify(pattern)), json)) wanted.push(number)
    })
    spentMs += performance.now() - startedAt
    const found = rules.match(event).sort((a, b) => a - b)
    assert.deepEqual(found, wanted, `${kind.name}: the naive matcher names other rules`)
  }
  return (events / spentMs) * 1_000
}

function rowsOf({ kind, parsed, fromText, naive }: Contender, parsing: readonly number[]): Row[] {
  const beside = { kind: 'floor', name: 'naive, rule by rule', values: naive } as const
  const parsingAlone = { kind: 'floor', name: 'JSON.parse alone', values: parsing } as const
  const atLeast = TARGETS[kind.name]
  const target = atLeast === undefined ? undefined : ({ relation: 'alone', atLeast } as const)
  const unit = 'a s'
  const note = NOTES[kind.name]
  const figure = `1,000 rules, ${kind.name}`
  return [
    { figure, unit, ours: parsed, beside, target, ...(note === undefined ? {} : { note }) },
    { figure: `${figure}, from text`, unit, ours: fromText, beside: parsingAlone, target: undefined },
  ]
}
