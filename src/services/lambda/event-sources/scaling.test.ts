import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Instant, instant, later } from '#base/time.ts'
import { scaleOf } from '#services/lambda/event-sources/scale-of.ts'
import {
  type PollId,
  type Scaling,
  type ScalingCommand,
  type ScalingEffect,
  inUse,
  newScaling,
  slots,
  step,
} from '#services/lambda/event-sources/scaling.ts'
import { settings } from '#services/lambda/event-sources/fake-mapping.ts'

const START = instant(1_790_000_000_000)

/** The machine with a clock, and the polls that it has begun and not heard of. */
class Bench {
  readonly state: Scaling
  readonly open: PollId[] = []
  now: Instant = START
  alarm: Instant | undefined
  alarms = 0
  aborts = 0
  crowded = false

  constructor(more: Parameters<typeof settings>[0] = {}) {
    this.state = newScaling(scaleOf(settings(more)), START)
  }
  do(command: ScalingCommand): ScalingEffect[] {
    const effects = step(this.state, command, this.now)
    for (const effect of effects) {
      if (effect.kind === 'poll') this.open.push(effect.poll)
      else if (effect.kind === 'abort') this.aborts++
      else {
        this.alarm = effect.at
        this.alarms++
      }
    }
    return effects
  }
  start(): this {
    this.do({ kind: 'start' })
    return this
  }
  /** The oldest poll ends that way. */
  end(kind: 'received' | 'filtered' | 'empty' | 'trouble' | 'ended', bytes = 10): void {
    const poll = this.open.shift()
    assert.ok(poll !== undefined, 'a poll is open')
    this.do(kind === 'received' || kind === 'filtered' ? { kind, poll, bytes } : { kind, poll })
  }
  receiveAll(): void {
    for (let left = this.open.length; left > 0; left--) this.end('received')
  }
  pass(ms: number): void {
    const until = later(this.now, ms)
    while (this.alarm !== undefined && this.alarm <= until) {
      this.now = this.alarm
      this.alarm = undefined
      this.do({ kind: 'tick', crowded: this.crowded })
    }
    this.now = until
  }
}

test('five pollers at the start; two after a minute without messages; five again when some come', () => {
  const bench = new Bench().start()
  assert.equal(bench.open.length, 5)
  for (let i = 0; i < 5; i++) bench.end('empty')
  assert.equal(bench.state.pollers, 5)
  bench.pass(60_000)
  for (let i = 0; i < 8; i++) bench.end('empty')
  assert.deepEqual([bench.state.pollers, bench.open.length], [2, 2])
  bench.end('received')
  assert.deepEqual([bench.state.pollers, inUse(bench.state)], [5, 5])
})

test('a quiet mapping has no alarm', () => {
  const bench = new Bench().start()
  for (let i = 0; i < 100; i++) {
    bench.end('empty')
    bench.pass(20_000)
  }
  assert.equal(bench.alarms, 0)
})

test('backlog adds 300 pollers a minute, up to 1,250, and no more', () => {
  const bench = new Bench().start()
  bench.receiveAll()
  for (let second = 1; second <= 60; second++) {
    bench.pass(1_000)
    bench.receiveAll()
  }
  assert.equal(bench.state.pollers, 305)
  for (let second = 0; second < 400; second++) {
    bench.pass(1_000)
    bench.receiveAll()
  }
  assert.equal(bench.state.pollers, 1_250)
  assert.equal(inUse(bench.state), 1_250)
})

test('a poll that waits is no backlog: the pollers stay as they are', () => {
  const bench = new Bench().start()
  for (let i = 0; i < 4; i++) bench.end('received')
  bench.pass(10_000)
  assert.equal(bench.state.pollers, 5)
  assert.equal(bench.alarm, undefined)
})

test('batches that gather are no backlog; batches that run are', () => {
  const bench = new Bench().start()
  const polls = [...bench.open]
  bench.receiveAll()
  for (const batch of polls) bench.do({ kind: 'gather', batch })
  bench.pass(5_000)
  assert.equal(bench.state.pollers, 5)
  for (const batch of polls) bench.do({ kind: 'gathered', batch, bytes: 1 })
  bench.pass(1_000)
  assert.equal(bench.state.pollers, 10)
})

test('pollers beyond five end with their first empty poll', () => {
  const bench = new Bench().start()
  bench.receiveAll()
  bench.pass(1_000)
  bench.receiveAll()
  assert.equal(bench.state.pollers, 10)
  for (let i = 0; i < 10; i++) bench.do({ kind: 'released', end: 'done' })
  for (let i = 0; i < 5; i++) bench.end('empty')
  assert.deepEqual([bench.state.pollers, bench.open.length], [5, 5])
})

test('MaximumConcurrency bounds polls and batches, and is kept when it is quiet', () => {
  const bench = new Bench({ concurrencyMax: 3 }).start()
  assert.equal(bench.open.length, 3)
  bench.receiveAll()
  bench.pass(30_000)
  assert.deepEqual([bench.open.length, bench.state.batches], [0, 3])
  for (let i = 0; i < 3; i++) bench.do({ kind: 'released', end: 'done' })
  bench.pass(120_000)
  bench.end('empty')
  assert.equal(bench.open.length, 3)
})

test('a failed batch halves the pollers, unless the function reports failures', () => {
  for (const reportsFailures of [false, true]) {
    const bench = new Bench({ reportsFailures }).start()
    bench.receiveAll()
    bench.pass(1_000)
    bench.receiveAll()
    bench.do({ kind: 'released', end: 'failed' })
    assert.equal(bench.state.pollers, reportsFailures ? 10 : 5)
  }
})

test('a throttle takes a poller away and holds growth for a minute', () => {
  const bench = new Bench().start()
  bench.receiveAll()
  bench.do({ kind: 'throttled' })
  assert.equal(bench.state.pollers, 4)
  bench.pass(59_000)
  assert.equal(bench.state.pollers, 4)
  bench.pass(2_000)
  assert.equal(bench.state.pollers, 9)
})

test('while batches hold too much memory the pollers stay as many as they are', () => {
  const bench = new Bench().start()
  bench.receiveAll()
  bench.crowded = true
  bench.pass(10_000)
  assert.equal(bench.state.pollers, 5)
  bench.crowded = false
  bench.pass(1_000)
  assert.equal(bench.state.pollers, 10)
})

test('polls that fail wait longer each time, for at most a minute, and one that works ends it', () => {
  const bench = new Bench().start()
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const all = bench.open.length
    for (let n = 0; n < all; n++) bench.end('trouble')
    assert.equal(bench.open.length, 0)
    waits.push((bench.alarm ?? START) - bench.now)
    bench.pass((bench.alarm ?? START) - bench.now)
    assert.equal(bench.open.length, 5)
  }
  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1_000),
  )
  bench.end('empty')
  bench.end('trouble')
  assert.equal((bench.alarm ?? START) - bench.now, 1_000)
})

test('provisioned pollers run ten batches each and poll ten times a second', () => {
  const bench = new Bench({ provisioned: { minimum: 2, maximum: 4, group: undefined } }).start()
  assert.equal(bench.open.length, 2)
  for (let i = 0; i < 20; i++) bench.end('received')
  assert.deepEqual([bench.state.batches, bench.open.length], [20, 0])
  for (let i = 0; i < 20; i++) bench.do({ kind: 'released', end: 'done' })
  assert.equal(bench.open.length, 0, 'twenty polls were made in this second')
  bench.pass(100)
  assert.equal(bench.open.length, 2)
})

test('a provisioned poller that has read more than its megabyte a second waits', () => {
  const bench = new Bench({ provisioned: { minimum: 2, maximum: 2, group: undefined } }).start()
  bench.end('received', 4 * 1_048_576)
  bench.end('received', 0)
  assert.equal(bench.open.length, 0)
  bench.pass(900)
  assert.equal(bench.open.length, 0)
  bench.pass(200)
  assert.equal(bench.open.length, 2)
})

test('a stop aborts the polls and begins no more; a start goes on', () => {
  const bench = new Bench().start()
  bench.end('received')
  bench.do({ kind: 'stop' })
  assert.equal(bench.aborts, 1)
  while (bench.open.length > 0) bench.end('ended')
  bench.do({ kind: 'released', end: 'done' })
  bench.pass(60_000)
  assert.deepEqual([bench.open.length, inUse(bench.state)], [0, 0])
})

const shapes = fc.oneof(
  fc.constant({}),
  fc.record({ concurrencyMax: fc.integer({ min: 2, max: 40 }) }),
  fc
    .record({ minimum: fc.integer({ min: 2, max: 5 }), more: fc.integer({ min: 0, max: 9 }) })
    .map(({ minimum, more }) => ({
      provisioned: { minimum, maximum: minimum + more, group: undefined },
    })),
)
const happenings = fc.array(
  fc.oneof(
    fc.constantFrom('received', 'filtered', 'empty', 'trouble', 'done', 'failed', 'throttled'),
    fc.integer({ min: 1, max: 70_000 }),
  ),
  { maxLength: 200 },
)

test('whatever happens, the bounds hold, and a free slot is polled unless polls must wait', () => {
  fc.assert(
    fc.property(shapes, happenings, (shape, what) => {
      const bench = new Bench(shape).start()
      const { scale } = bench.state
      for (const each of what) {
        const before = inUse(bench.state)
        if (typeof each === 'number') bench.pass(each)
        else if (each === 'done' || each === 'failed') {
          if (bench.state.batches > 0) bench.do({ kind: 'released', end: each })
        } else if (each === 'throttled') bench.do({ kind: 'throttled' })
        else if (bench.open.length > 0) bench.end(each)
        const { state } = bench
        assert.ok(state.pollers >= 1 && state.pollers <= scale.most)
        assert.ok(inUse(state) <= Math.max(before, slots(state)), 'no more than the slots')
        assert.ok(inUse(state) <= Math.min(scale.most * scale.invokesPerPoller, scale.invokesMax))
        assert.equal(state.polls.size, bench.open.length)
        const isFree = state.polls.size < state.pollers && inUse(state) < slots(state)
        assert.ok(!isFree || bench.alarm !== undefined, 'what waits has an alarm')
      }
    }),
  )
})
