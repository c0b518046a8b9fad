/** The queue's decisions one by one, and what holds over any history of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hours, instant, minutes, seconds } from '#base/time.ts'
import {
  type AttemptOutcome,
  type EventEffect,
  type EventQueue,
  type EventRules,
  type QueuedEvent,
  follows,
  newEventQueue,
  step,
} from '#services/lambda/events/queue.ts'
import { EVENT_BYTES_RUNNING_MAX, EVENT_HANDED_MAX } from '#services/lambda/limits.ts'

const RULES: EventRules = { retriesMax: 2, ageMaxMs: hours(6) }
const at = (ms: number): ReturnType<typeof instant> => instant(1_000_000 + ms)

const event = (sequence: number, more: Partial<QueuedEvent> = {}): QueuedEvent => ({
  sequence,
  lane: 'f',
  sizeBytes: 10,
  firstAt: at(0),
  nextAt: at(0),
  failures: 0,
  throttles: 0,
  ...more,
})

const attempted = (effects: readonly EventEffect[]): number[] =>
  effects.flatMap((effect) => (effect.kind === 'attempt' ? [effect.event.sequence] : []))

const add = (queue: EventQueue, each: QueuedEvent, ms = 0): EventEffect[] =>
  step(queue, { kind: 'add', event: each }, at(ms))
const end = (queue: EventQueue, sequence: number, outcome: AttemptOutcome, ms = 0): EventEffect[] =>
  step(queue, { kind: 'ended', sequence, outcome, rules: RULES }, at(ms))
const begin = (queue: EventQueue, sequence: number, ms = 0): EventEffect[] =>
  step(queue, { kind: 'begun', sequence }, at(ms))

test('step() tries a failed event after one and two minutes, and then it is over', () => {
  const queue = newEventQueue()
  const one = event(1)
  assert.deepEqual(add(queue, one), [{ kind: 'attempt', event: one }])
  assert.deepEqual(end(queue, 1, 'function-error', 5), [
    { kind: 'keep', event: one },
    { kind: 'wakeAt', at: at(60_005) },
  ])
  assert.deepEqual(attempted(step(queue, { kind: 'tick' }, at(60_004))), [])
  assert.deepEqual(attempted(step(queue, { kind: 'tick' }, at(60_005))), [1])
  assert.deepEqual(end(queue, 1, 'function-error', 60_010)[1], { kind: 'wakeAt', at: at(180_010) })
  step(queue, { kind: 'tick' }, at(180_010))
  assert.deepEqual(end(queue, 1, 'function-error', 180_020), [
    { kind: 'finish', event: one, condition: 'RetriesExhausted' },
  ])
  assert.equal(one.failures, 3)
  assert.equal(queue.size, 0)
  assert.equal(queue.lanes.size, 0)
})

test('follows() does not wait for a retry that would come too late, as AWS was recorded to do', () => {
  const rules = (age: number): EventRules => ({ retriesMax: 2, ageMaxMs: seconds(age) })
  const after = (failures: number, age: number, ms: number): unknown => {
    const next = follows(event(1, { failures }), 'function-error', rules(age), at(ms))
    return next.kind === 'finish' ? next.condition : next.progress.nextAt - at(0)
  }
  assert.equal(after(1, 60, 100), 'EventAgeExceeded')
  assert.equal(after(1, 90, 100), 60_100)
  assert.equal(after(2, 90, 60_200), 'EventAgeExceeded')
  assert.equal(
    follows(event(1, { failures: 1 }), 'function-error', { ...RULES, retriesMax: 0 }, at(1)).kind,
    'finish',
  )
})

test('follows() waits longer after each throttle, up to five minutes, until the event is too old', () => {
  const waits = [0, 1, 2, 8, 9, 50].map((throttles) => {
    const next = follows(event(1, { throttles }), 'throttled', RULES, at(0))
    return next.kind === 'again' && next.progress.nextAt - at(0)
  })
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 256_000, 300_000, 300_000])
  const late = follows(event(1, { throttles: 9 }), 'trouble', RULES, at(hours(6) - 10))
  assert.deepEqual(late, { kind: 'again', progress: { nextAt: at(hours(6)), throttles: 10 } })
  assert.deepEqual(follows(event(1), 'throttled', RULES, at(hours(6))), {
    kind: 'finish',
    condition: 'EventAgeExceeded',
  })
})

test('throttles take no retry', () => {
  const queue = newEventQueue()
  add(queue, event(1))
  end(queue, 1, 'throttled')
  step(queue, { kind: 'tick' }, at(1_000))
  assert.deepEqual(end(queue, 1, 'function-error', 1_000)[1], { kind: 'wakeAt', at: at(61_000) })
})

test('few events of a function wait for an environment at once, and more go as those are begun', () => {
  const queue = newEventQueue()
  let handed = 0
  for (let i = 1; i <= 30; i++) handed += attempted(add(queue, event(i))).length
  assert.equal(handed, EVENT_HANDED_MAX)
  assert.deepEqual(attempted(begin(queue, 1)), [EVENT_HANDED_MAX + 1])
  assert.deepEqual(begin(queue, 1), [])
  assert.deepEqual(attempted(end(queue, 1, 'success')), [])
  assert.deepEqual(attempted(end(queue, 2, 'success')), [EVENT_HANDED_MAX + 2])
})

test('after a throttle no more run than ran then, and each end lets one go', () => {
  const queue = newEventQueue()
  for (let i = 1; i <= 30; i++) add(queue, event(i))
  for (const sequence of [1, 2, 3]) begin(queue, sequence)
  for (let sequence = 4; sequence <= 13; sequence++)
    assert.deepEqual(attempted(end(queue, sequence, 'throttled')), [])
  assert.deepEqual([...queue.running.keys()], [1, 2, 3])
  assert.deepEqual(attempted(end(queue, 1, 'success', 1)), [14])
  begin(queue, 14, 1)
  assert.deepEqual(attempted(end(queue, 2, 'success', 999)), [15])
  begin(queue, 15, 999)
  // A second later one more is tried, and no other for a second.
  assert.deepEqual(attempted(end(queue, 3, 'success', 1_001)), [16, 17])
  assert.deepEqual(attempted(end(queue, 14, 'success', 1_002)), [18])
})

test('a function whose every event is throttled is asked once a second, not once an event', () => {
  const queue = newEventQueue()
  for (let i = 1; i <= 100; i++) add(queue, event(i))
  let asked = 0
  for (let sequence = 1; sequence <= EVENT_HANDED_MAX; sequence++)
    asked += attempted(end(queue, sequence, 'throttled')).length
  assert.equal(asked, 0)
  assert.deepEqual(attempted(step(queue, { kind: 'tick' }, at(999))), [])
  assert.deepEqual(attempted(step(queue, { kind: 'tick' }, at(1_000))), [11])
  assert.deepEqual(attempted(end(queue, 11, 'throttled', 1_000)), [])
  assert.deepEqual(attempted(step(queue, { kind: 'tick' }, at(2_000))), [12])
})

test('one function\u2019s throttles and large events stop no other\u2019s for longer than they run', () => {
  const queue = newEventQueue()
  add(queue, event(1))
  end(queue, 1, 'throttled')
  assert.deepEqual(attempted(add(queue, event(2, { lane: 'g', sizeBytes: EVENT_BYTES_RUNNING_MAX }))), [2])
  assert.deepEqual(attempted(add(queue, event(3, { lane: 'h' }))), [])
  assert.deepEqual(attempted(end(queue, 2, 'success')), [3])
})

test('a function whose events waited for memory and were served by the clock is not forgotten with them', () => {
  const queue = newEventQueue()
  const large = { sizeBytes: EVENT_BYTES_RUNNING_MAX }
  add(queue, event(1, large))
  add(queue, event(2, { lane: 'g', ...large }))
  assert.equal(queue.starved.size, 1)
  assert.deepEqual(attempted(end(queue, 1, 'success')), [2])
  assert.equal(queue.starved.size, 0)
  end(queue, 2, 'success')
  assert.deepEqual(attempted(add(queue, event(3, { lane: 'g' }))), [3])
  assert.equal(queue.lanes.size, 1)
})

const OUTCOMES: readonly AttemptOutcome[] = [
  'success',
  'function-error',
  'throttled',
  'trouble',
  'expired',
  'zero-reserved',
  'recursive',
  'gone',
]

test('over any history: every event ends once, oldest first, within the bounds, and wake-ups lie ahead', () => {
  const move = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), lane: fc.nat(2), size: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin'), pick: fc.nat() }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('end'), pick: fc.nat(), outcome: fc.nat(7) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(200_000) }) },
  )
  fc.assert(
    fc.property(fc.array(move, { maxLength: 150 }), (moves) => {
      const queue = newEventQueue()
      const open = new Set<number>()
      const running = new Set<number>()
      const finished = new Map<number, string>()
      let ms = 0
      let wakeAt: number | undefined
      let sequence = 0
      const run = (command: Parameters<typeof step>[1]): void => {
        for (const effect of step(queue, command, at(ms))) {
          if (effect.kind === 'wakeAt') {
            assert.ok(effect.at > at(ms))
            wakeAt = effect.at
          } else if (effect.kind === 'attempt') {
            assert.ok(open.has(effect.event.sequence) && !running.has(effect.event.sequence))
            assert.ok(effect.event.nextAt <= at(ms))
            running.add(effect.event.sequence)
          } else if (effect.kind === 'finish') {
            assert.ok(open.delete(effect.event.sequence) && !finished.has(effect.event.sequence))
            finished.set(effect.event.sequence, effect.condition)
          }
        }
      }
      const finishOne = (each: number, outcome: AttemptOutcome): void => {
        running.delete(each)
        run({ kind: 'ended', sequence: each, outcome, rules: { retriesMax: 1, ageMaxMs: minutes(4) } })
      }
      const wait = (by: number): void => {
        ms += by
        if (wakeAt !== undefined && wakeAt <= at(ms)) {
          wakeAt = undefined
          run({ kind: 'tick' })
        }
      }
      for (const each of moves) {
        const picked = 'pick' in each ? [...running][each.pick % Math.max(1, running.size)] : undefined
        if ('size' in each) {
          const sizeBytes = Math.floor((each.size * EVENT_BYTES_RUNNING_MAX) / 40)
          open.add(++sequence)
          run({
            kind: 'add',
            event: event(sequence, { lane: `${each.lane}`, sizeBytes, firstAt: at(ms), nextAt: at(ms) }),
          })
        } else if ('outcome' in each && picked !== undefined)
          finishOne(picked, OUTCOMES[each.outcome] ?? 'gone')
        else if (each.kind === 'begin' && picked !== undefined) run({ kind: 'begun', sequence: picked })
        else if ('ms' in each) wait(each.ms)
        assert.equal(queue.size, open.size)
        assert.ok(queue.runningBytes <= EVENT_BYTES_RUNNING_MAX)
        for (const lane of queue.starved) assert.equal(queue.lanes.get(lane.name), lane)
        for (const lane of queue.lanes.values())
          assert.ok(lane.handed <= EVENT_HANDED_MAX && lane.handed >= 0)
      }
      for (let left = 1_000; left > 0 && open.size > 0; left--) {
        const all = [...running]
        for (const each of all) finishOne(each, 'success')
        wait(minutes(5))
      }
      assert.equal(finished.size, sequence)
      assert.equal(queue.lanes.size, 0)
      assert.equal(queue.runningBytes, 0)
      assert.equal(queue.bytes, 0)
    }),
    { numRuns: 300 },
  )
})
