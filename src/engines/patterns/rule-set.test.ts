/** The matcher against a naive one, on random patterns and events. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { naiveMatches } from '#engines/patterns/fake-matcher.ts'
import { type Pattern, compilePattern } from '#engines/patterns/pattern.ts'
import { RuleSet } from '#engines/patterns/rule-set.ts'

// Few names and short texts, so that patterns and events meet often; a name with a dot reaches a path by another way.
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom('a.b', '__proto__', 'constructor') },
)
const text = fc
  .array(fc.constantFrom('a', 'a', 'b', 'A', 'é', 'É', '*', '\\', '😀'), { maxLength: 3 })
  .map((units) => units.join(''))
const address = fc
  .tuple(fc.constantFrom(10, 11), fc.constantFrom(0, 1, 128), fc.constantFrom(0, 1), fc.nat(3))
  .map((octets) => octets.join('.'))
const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 6e9)
const bound = number.filter((value) => value <= 5e9)
const leaf = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 3, arbitrary: number },
  { weight: 1, arbitrary: address },
  { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
)

const { value: eventValue } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
    fc.array(tie('object'), { maxLength: 4 }),
  ),
  object: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}))
const event = fc.dictionary(name, eventValue, { maxKeys: 4, noNullPrototype: true })

const wildcard = fc
  .array(fc.constantFrom('a', 'b', 'A', '*', '*', '\\*', '\\\\', 'é'), { maxLength: 5 })
  .map((parts) => parts.filter((part, at) => part !== '*' || parts[at - 1] !== '*').join(''))
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }))
const ranges = fc.oneof(
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), bound),
  fc
    .tuple(fc.constantFrom('>', '>='), bound, fc.constantFrom('<', '<='), bound)
    .filter(([, low, , high]) => low < high),
)
const ignoringCase = text.map((value) => ({ 'equals-ignore-case': value }))
const exception = fc.oneof(
  some(text),
  some(bound),
  fc.record({ prefix: some(text.filter((value) => value !== '')) }),
  fc.record({ suffix: some(text.filter((value) => value !== '')) }),
  fc.record({ wildcard: some(wildcard) }),
  fc.record({ 'equals-ignore-case': some(text) }),
)
const condition = fc.oneof(
  { weight: 3, arbitrary: leaf },
  { weight: 1, arbitrary: fc.record({ prefix: fc.oneof(text, ignoringCase) }) },
  { weight: 1, arbitrary: fc.record({ suffix: fc.oneof(text, ignoringCase) }) },
  { weight: 1, arbitrary: ignoringCase },
  { weight: 1, arbitrary: fc.record({ wildcard }) },
  { weight: 1, arbitrary: fc.record({ numeric: ranges }) },
  { weight: 1, arbitrary: fc.record({ cidr: address.map((ip) => `${ip}/24`) }) },
  { weight: 2, arbitrary: fc.record({ exists: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ 'anything-but': exception }) },
)
const { object: pattern } = fc.letrec<{ object: Record<string, unknown>; below: unknown }>((tie) => ({
  below: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 2, arbitrary: fc.array(condition, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: tie('object') },
  ),
  object: fc
    .tuple(
      fc.dictionary(name, tie('below'), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.array(tie('object'), { minLength: 2, maxLength: 3 }) },
      ),
    )
    .map(([fields, or]) => (or === null ? fields : { ...fields, $or: or })),
}))

/** The pattern, or undefined for the few that are too complex. */
function compiled(source: Record<string, unknown>): Pattern | undefined {
  const result = compilePattern(JSON.stringify(source), 'events')
  if (!result.ok) assert.equal(result.error.kind, 'limit', result.error.reason + JSON.stringify(source))
  return result.ok ? result.value : undefined
}

type Naive = Parameters<typeof naiveMatches>

test('Pattern.matches() says what the naive matcher says', () => {
  let matched = 0
  let judged = 0
  const check = fc.property(pattern, fc.array(event, { minLength: 1, maxLength: 8 }), (source, events) => {
    const found = compiled(source)
    if (found === undefined) return
    for (const one of events) {
      const naive = naiveMatches(source as Naive[0], one as Naive[1])
      assert.equal(found.matches(one), naive)
      judged++
      if (naive) matched++
    }
  })
  fc.assert(check, { numRuns: 1_500 })
  assert.ok(matched > judged / 50 && matched < judged, `${matched} of ${judged} events matched`)
})

test('Pattern.matches() wants one element for all demands, as the naive matcher does', () => {
  const one = fc.constantFrom(1, 2)
  const wanted = fc.oneof(
    { weight: 3, arbitrary: fc.array(one, { minLength: 1, maxLength: 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom([{ exists: true }], [{ exists: false }], [1, { exists: false }]),
    },
  )
  const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined })
  const demands = fc.record({
    a: optional(wanted),
    b: optional(wanted),
    c: fc.record({ a: wanted, b: wanted }),
  })
  const inner = fc.record({ a: one, b: one }, { requiredKeys: [] })
  const element = fc.record(
    {
      a: fc.oneof(one, fc.array(one, { maxLength: 2 })),
      b: one,
      c: fc.oneof(inner, fc.array(inner, { maxLength: 3 })),
    },
    { requiredKeys: [] },
  )
  const nested = fc.oneof(element, fc.array(element, { maxLength: 2 }))
  const elements = fc.oneof(
    element,
    fc.array(nested, { maxLength: 4 }),
    fc.array(nested, { minLength: 20, maxLength: 30 }),
  )
  let matched = 0
  const check = fc.property(demands, elements, optional(one), (below, r, b) => {
    const source: Record<string, unknown> = JSON.parse(
      JSON.stringify({ r: below, b: [{ exists: b !== undefined }] }),
    )
    const event: Record<string, unknown> = JSON.parse(JSON.stringify({ r, b }))
    const naive = naiveMatches(source as Naive[0], event as Naive[1])
    assert.equal(compiled(source)?.matches(event), naive)
    if (naive) matched++
  })
  fc.assert(check, { numRuns: 2_000 })
  assert.ok(matched > 20, `${matched} events matched`)
})

test('RuleSet.match() names exactly the rules that match, while rules come and go', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), id: fc.nat(20), pattern }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), id: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('match' as const), event }) },
  )
  const check = fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
    const rules = new RuleSet<number>()
    const model = new Map<number, Record<string, unknown>>()
    for (const one of steps) {
      if (one.kind === 'add') {
        const found = compiled(one.pattern)
        if (found === undefined) continue
        rules.add(one.id, found)
        model.set(one.id, one.pattern)
      } else if (one.kind === 'remove') assert.equal(rules.remove(one.id), model.delete(one.id))
      else {
        const wanted = [...model].filter(([, source]) =>
          naiveMatches(source as Naive[0], one.event as Naive[1]),
        )
        const ids = wanted.map(([id]) => id).sort((a, b) => a - b)
        assert.deepEqual(
          rules.match(one.event).sort((a, b) => a - b),
          ids,
        )
      }
      assert.equal(rules.size, model.size)
    }
  })
  fc.assert(check, { numRuns: 300 })
})

test('RuleSet.match() answers for many rules of each kind what each rule answers alone', () => {
  const values = Array.from({ length: 40 }, (_, at) => `${at % 7}x${at}`)
  const kinds: ((value: string, at: number) => unknown)[] = [
    (value) => value,
    (value) => ({ prefix: value.slice(0, 2) }),
    (value) => ({ suffix: value.slice(1) }),
    (value) => ({ 'equals-ignore-case': value.toUpperCase() }),
    (value) => ({ wildcard: `*${value.slice(1)}*` }),
    (value) => ({ 'anything-but': [value, values[0]] }),
    (_, at) => ({ numeric: ['>', at, '<=', at + 5] }),
  ]
  for (const kind of kinds) {
    const rules = new RuleSet<number>()
    const sources = values.map((value, at): { d: Record<string, unknown[]> } => {
      const v = [kind(value, at)]
      return { d: at % 4 === 3 ? { v } : { v, w: [{ exists: at % 2 === 0 }] } }
    })
    sources.forEach((source, at) => {
      const found = compiled(source)
      if (found !== undefined) rules.add(at, found)
    })
    const check = (isIn: (at: number) => boolean): void => {
      for (const v of [...values, ...values.keys(), null, [values[1], values[2]]]) {
        for (const d of [{ v }, { v, w: 1 }, [{ v }, { w: 2 }], [{ v, w: 1 }, { v: values[3] }]]) {
          const wanted = [...sources.keys()].filter(
            (at) => isIn(at) && naiveMatches(sources[at] as Naive[0], { d } as Naive[1]),
          )
          assert.deepEqual(
            rules.match({ d }).sort((a, b) => a - b),
            wanted,
          )
        }
      }
    }
    check(() => true)
    for (let at = 0; at < sources.length; at += 3) rules.remove(at)
    check((at) => at % 3 !== 0)
  }
})

test('RuleSet.match() finds the one element of 40,000 that meets both demands when each meets one', () => {
  const rules = new RuleSet<string>()
  const both = compiled({ r: { a: [{ exists: true }], b: [{ exists: true }] } })
  assert.ok(both !== undefined)
  rules.add('both', both)
  // Each with each would be 400 million comparisons.
  const r = Array.from({ length: 40_000 }, (_, at) => (at % 2 === 0 ? { a: at } : { b: at }))
  assert.deepEqual(rules.match({ r }), [])
  assert.deepEqual(rules.match({ r: [...r, { a: 1, b: 1 }] }), ['both'])
})

test('RuleSet.match() still judges rules of several fields after one of a single field is gone', () => {
  const rules = new RuleSet<string>()
  const sources = { alone: { a: ['x'] }, several: { a: ['x'], b: ['y'] } }
  for (const [id, source] of Object.entries(sources)) {
    const found = compiled(source)
    assert.ok(found !== undefined)
    rules.add(id, found)
  }
  assert.ok(rules.remove('alone'))
  assert.deepEqual(rules.match({ a: 'x', b: 'y' }), ['several'])
  assert.deepEqual(rules.match({ a: 'x', b: 'z' }), [])
  assert.ok(!rules.remove('alone'))
})

test('RuleSet.match() matches nothing when the event is no object', () => {
  const rules = new RuleSet<string>()
  const absent = compiled({ a: [{ exists: false }] })
  assert.ok(absent !== undefined)
  rules.add('absent', absent)
  assert.deepEqual(rules.match({}), ['absent'])
  for (const event of [null, undefined, 'text', 3, [], [{}]]) assert.deepEqual(rules.match(event), [])
})
