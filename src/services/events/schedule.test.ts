/** Schedule expressions: what AWS takes, and when the next time is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Instant, instant, isoSeconds, parseIso, utcParts } from '#base/time.ts'
import { nextAfter, parseSchedule } from '#services/events/schedule.ts'

const at = (text: string): Instant => parseIso(text) ?? instant(Number.NaN)

/** The first three times after `now`. */
function times(expression: string, now: string): string[] {
  const schedule = parseSchedule(expression)
  assert.ok(schedule, expression)
  const found: string[] = []
  for (let time = at(now); found.length < 3;) {
    const next = nextAfter(schedule, time, at(now))
    if (next === undefined) break
    found.push(isoSeconds(next))
    time = next
  }
  return found
}

test('parseSchedule() refuses what AWS refuses', () => {
  for (const wrong of [
    'rate(10 seconds)',
    'rate(10 years)',
    'rate(1 minutes)',
    'rate(1 hours)',
    'rate(1 days)',
    'rate(10 minute)',
    'rate(10 hour)',
    'rate(10 day)',
    'rate()',
    'rate(10)',
    'rate(10 minutess)',
    'rate(foo minutes)',
    'rate(0 minutes)',
    'rate(-10 minutes)',
    'rate(10 MINUTES)',
    'rate( 10 minutes )',
    ' rate(10 minutes)',
    'cron(0 10 * * * *)',
    'cron(0 10 ? * ? *)',
    'cron(0 10 1 * MON *)',
    'cron(60 10 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 10 32 * ? *)',
    'cron(0 10 * 13 ? *)',
    'cron(0 10 ? * 8 *)',
    'cron(0 10 * * ?)',
    'cron(0 10 3#1 * ? *)',
    'cron(0 10 ? * 3#1,6#3 *)',
    'cron(0/0 10 * * ? *)',
    'cron(a 10 * * ? *)',
    'at(2026-01-01T00:00:00)',
    '',
  ])
    assert.equal(parseSchedule(wrong), undefined, wrong)
})

test('nextAfter() goes by periods from where a rate begins', () => {
  const rate = parseSchedule('rate(5 minutes)')
  assert.ok(rate)
  const from = at('2026-01-01T00:00:30Z')
  assert.equal(nextAfter(rate, from, from), at('2026-01-01T00:05:30Z'))
  assert.equal(nextAfter(rate, at('2026-01-01T00:05:29Z'), from), at('2026-01-01T00:05:30Z'))
  assert.equal(nextAfter(rate, at('2026-01-01T00:05:30Z'), from), at('2026-01-01T00:10:30Z'))
  assert.equal(nextAfter(rate, at('2026-01-01T03:00:00Z'), from), at('2026-01-01T03:00:30Z'))
})

test("nextAfter() finds the times of AWS's examples", () => {
  const now = '2026-01-30T12:07:10Z' // a Friday
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['cron(0 10 * * ? *)', ['2026-01-31T10:00:00Z', '2026-02-01T10:00:00Z', '2026-02-02T10:00:00Z']],
    ['cron(15 12 * * ? *)', ['2026-01-30T12:15:00Z', '2026-01-31T12:15:00Z', '2026-02-01T12:15:00Z']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-30T18:00:00Z', '2026-02-02T18:00:00Z', '2026-02-03T18:00:00Z']],
    ['cron(0 8 1 * ? *)', ['2026-02-01T08:00:00Z', '2026-03-01T08:00:00Z', '2026-04-01T08:00:00Z']],
    ['cron(0/15 * * * ? *)', ['2026-01-30T12:15:00Z', '2026-01-30T12:30:00Z', '2026-01-30T12:45:00Z']],
    [
      'cron(0/5 8-17 ? * MON-FRI *)',
      ['2026-01-30T12:10:00Z', '2026-01-30T12:15:00Z', '2026-01-30T12:20:00Z'],
    ],
    [
      'cron(0/30 20-2 ? * MON-FRI *)',
      ['2026-01-30T20:00:00Z', '2026-01-30T20:30:00Z', '2026-01-30T21:00:00Z'],
    ],
    ['cron(5,35 14 * * ? *)', ['2026-01-30T14:05:00Z', '2026-01-30T14:35:00Z', '2026-01-31T14:05:00Z']],
    [
      'cron(15 10 ? * 6L 2019-2026)',
      ['2026-02-27T10:15:00Z', '2026-03-27T10:15:00Z', '2026-04-24T10:15:00Z'],
    ],
    ['cron(0 9 ? * 2#1 *)', ['2026-02-02T09:00:00Z', '2026-03-02T09:00:00Z', '2026-04-06T09:00:00Z']],
    ['cron(0 9 L * ? *)', ['2026-01-31T09:00:00Z', '2026-02-28T09:00:00Z', '2026-03-31T09:00:00Z']],
    ['cron(0 9 LW * ? *)', ['2026-02-27T09:00:00Z', '2026-03-31T09:00:00Z', '2026-04-30T09:00:00Z']],
    ['cron(0 9 1W * ? *)', ['2026-02-02T09:00:00Z', '2026-03-02T09:00:00Z', '2026-04-01T09:00:00Z']],
    ['cron(0 0 29 FEB ? *)', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z', '2036-02-29T00:00:00Z']],
    ['cron(0 0 30 2 ? *)', []],
    ['cron(0 0 1 1 ? 2027)', ['2027-01-01T00:00:00Z']],
    ['cron(0 0 1 1 ? 2020)', []],
    ['cron(0 0 1 1 ? 2500)', []],
  ]
  for (const [expression, expected] of cases) assert.deepEqual(times(expression, now), expected, expression)
})

test('nextAfter() is the first minute that a naive reading of the fields finds', () => {
  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: low, max: high }).map(String),
      fc
        .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: 1, max: 9 }))
        .map(([a, step]) => `${a}/${step}`),
    )
  const holds = (text: string, value: number): boolean => {
    if (text === '*') return true
    const [first = '', step] = text.split('/')
    if (step === undefined) return value === Number(first)
    return value >= Number(first) && (value - Number(first)) % Number(step) === 0
  }
  fc.assert(
    fc.property(
      field(0, 59),
      field(0, 23),
      field(1, 28),
      fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      (minute, hour, day, from) => {
        const schedule = parseSchedule(`cron(${minute} ${hour} ${day} * ? *)`)
        assert.ok(schedule)
        const next = nextAfter(schedule, instant(from), instant(from))
        let naive = instant((Math.floor(from / 60_000) + 1) * 60_000)
        for (;;) {
          const parts = utcParts(naive)
          if (holds(minute, parts.minute) && holds(hour, parts.hour) && holds(day, parts.day)) break
          naive = instant(naive + 60_000)
        }
        assert.equal(next, naive)
      },
    ),
    { numRuns: 60 },
  )
})
