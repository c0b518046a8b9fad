/** Provisioned concurrency in the pool: none before all, spill-over, replacement, and what it takes from others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instant } from '#base/time.ts'
import { DEFAULT_SETTINGS, type LambdaSettings } from '#services/lambda/limits.ts'
import { provisionedView } from '#services/lambda/pool-provisioned.ts'
import {
  type Moment,
  type Pool,
  type PoolCommand,
  type PoolEffect,
  newPool,
} from '#services/lambda/pool-state.ts'
import { step } from '#services/lambda/pool.ts'

const at = (ms: number): Moment => ({ now: instant(1_000_000 + ms), elapsed: ms })
const kinds = (effects: readonly PoolEffect[]): string[] => effects.map((effect) => effect.kind)
const slots = (effects: readonly PoolEffect[]): number[] =>
  effects.flatMap((effect) => (effect.kind === 'start' ? effect.slot : []))
const arrive = (ticket: number, qualifier = 'live', paced = false): PoolCommand & { kind: 'arrive' } => ({
  kind: 'arrive',
  name: 'f',
  version: '1',
  qualifier,
  ticket,
  paced,
})
const provide = (count: number, version = '1'): PoolCommand => ({
  kind: 'provision',
  name: 'f',
  version,
  qualifier: 'live',
  count,
})
const ready = (slot: number, broken = false): PoolCommand => ({ kind: 'ready', slot, broken })

function poolOf(settings: Partial<LambdaSettings> = {}): Pool {
  const pool = newPool({ ...DEFAULT_SETTINGS, ...settings })
  for (const version of ['1', '2'])
    step(pool, { kind: 'configure', name: 'f', version, generation: 1 }, at(0))
  return pool
}

const view = (pool: Pool): string => {
  const group = pool.provisioned.get('f:live')
  if (group === undefined) return 'none'
  const { status, allocated, available } = provisionedView(group, '')
  return `${status} ${allocated} ${available}`
}

/** All that is asked for, started and initialised. */
function filled(pool: Pool, count: number, ms = 0): void {
  let starting = slots(step(pool, provide(count), at(ms)))
  for (let slot = starting.shift(); slot !== undefined; slot = starting.shift())
    starting = [...starting, ...slots(step(pool, ready(slot), at(ms)))]
}

test('step() starts what is provisioned a few at a time, and none takes work before all are there', () => {
  const pool = poolOf()
  const first = step(pool, provide(12), at(0))
  assert.equal(first.length, 10)
  assert.ok(first.every((effect) => effect.kind === 'start' && effect.provisioned === true))
  let more = slots(first)
  while (more.length > 1) more = [...more.slice(1), ...slots(step(pool, ready(more[0] ?? 0), at(5)))]
  assert.equal(view(pool), 'IN_PROGRESS 11 0')
  assert.deepEqual(kinds(step(pool, arrive(1), at(6))), ['start'], 'an invoke starts one of its own')
  step(pool, ready(more[0] ?? 0), at(7))
  assert.equal(view(pool), 'READY 12 12')
  assert.deepEqual(kinds(step(pool, arrive(2), at(8))), ['dispatch'])
})

test('step() gives it to invokes by that qualifier only, and lets others and more go on as usual', () => {
  const pool = poolOf()
  filled(pool, 1)
  assert.deepEqual(kinds(step(pool, arrive(1, 'other'), at(1))), ['start'])
  assert.deepEqual(kinds(step(pool, arrive(2, '1'), at(1))), ['start'])
  assert.deepEqual(step(pool, arrive(3), at(1)), [{ kind: 'dispatch', ticket: 3, slot: 1 }])
  assert.deepEqual(kinds(step(pool, arrive(4), at(1))), ['spill', 'start'])
  step(pool, ready(1), at(2))
  assert.deepEqual(step(pool, arrive(5), at(3)), [{ kind: 'dispatch', ticket: 5, slot: 1 }])
})

test('step() lets ten synchronous requests a second onto each environment, the rest goes on as usual', () => {
  const pool = poolOf()
  filled(pool, 1)
  for (let ticket = 1; ticket <= 10; ticket++) {
    assert.deepEqual(kinds(step(pool, arrive(ticket, 'live', true), at(1))), ['dispatch'])
    step(pool, ready(1), at(1))
  }
  assert.deepEqual(kinds(step(pool, arrive(11, 'live', true), at(1))), ['spill', 'start'])
  assert.deepEqual(kinds(step(pool, arrive(12, 'live', true), at(101))), ['dispatch'])
})

test('step() counts it against what functions share, or against the reservation', () => {
  const pool = poolOf({ accountConcurrency: 3 })
  filled(pool, 2)
  const other = (ticket: number): PoolCommand => ({ ...arrive(ticket, 'other'), version: '2' }) as const
  assert.deepEqual(kinds(step(pool, other(1), at(1))), ['start'])
  assert.deepEqual(step(pool, other(2), at(1)), [
    { kind: 'throttle', ticket: 2, reason: 'ConcurrentInvocationLimitExceeded' },
  ])
  assert.deepEqual(kinds(step(pool, arrive(3), at(1))), ['dispatch'], 'it is not limited itself')
  step(pool, { kind: 'reserve', name: 'f', reserved: 2 }, at(2))
  assert.deepEqual(step(pool, other(4), at(2)), [
    { kind: 'throttle', ticket: 4, reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  ])
  step(pool, { kind: 'unprovision', name: 'f', qualifier: 'live' }, at(3))
  assert.equal(pool.provisionedTotal, 0)
  assert.deepEqual(kinds(step(pool, other(5), at(3))), ['start'])
})

test('step() replaces what died or broke, at work or without', () => {
  const pool = poolOf()
  filled(pool, 2)
  assert.deepEqual(kinds(step(pool, { kind: 'died', slot: 1 }, at(1))), ['retire', 'start'])
  assert.equal(view(pool), 'IN_PROGRESS 1 1')
  assert.deepEqual(step(pool, arrive(1), at(2)), [{ kind: 'dispatch', ticket: 1, slot: 2 }])
  assert.deepEqual(kinds(step(pool, ready(2, true), at(3))), ['retire', 'start'])
  for (const slot of [3, 4]) step(pool, ready(slot), at(4))
  assert.equal(view(pool), 'READY 2 2')
})

test('step() gives up when an init fails before all were there, and tries again when it fails later', () => {
  const pool = poolOf()
  step(pool, provide(2), at(0))
  step(pool, ready(1), at(1))
  assert.deepEqual(kinds(step(pool, ready(2, true), at(2))), ['retire', 'retire'])
  assert.equal(view(pool), 'FAILED 0 0')
  assert.deepEqual(kinds(step(pool, { kind: 'tick' }, at(60_000))), [])
  filled(pool, 1, 61_000)
  assert.equal(view(pool), 'READY 1 1')
  const [retire, start] = step(pool, { kind: 'died', slot: 3 }, at(62_000))
  assert.deepEqual([retire?.kind, start?.kind], ['retire', 'start'])
  assert.deepEqual(kinds(step(pool, ready(4, true), at(62_500))), ['retire', 'wakeAt'])
  assert.deepEqual(kinds(step(pool, { kind: 'tick' }, at(63_500))), ['start'])
})

test('step() fails it when the machine has no place, and never ends it for others', () => {
  const pool = poolOf({ environmentsMax: 2 })
  step(pool, provide(3), at(0))
  for (const slot of [1, 2]) step(pool, ready(slot), at(1))
  assert.equal(view(pool), 'FAILED 0 0')
  filled(pool, 2, 2)
  assert.equal(view(pool), 'READY 2 2')
  assert.deepEqual(kinds(step(pool, arrive(1, 'other'), at(3))), ['throttle'])
})

test('step() grows and shrinks it while it works, the oldest going first', () => {
  const pool = poolOf()
  filled(pool, 2)
  step(pool, arrive(1), at(1))
  assert.deepEqual(kinds(step(pool, provide(3), at(2))), ['start'])
  assert.equal(view(pool), 'IN_PROGRESS 2 2')
  step(pool, ready(3), at(3))
  assert.deepEqual(step(pool, provide(1), at(4)), [
    { kind: 'retire', slot: 1 },
    { kind: 'retire', slot: 3 },
  ])
  assert.deepEqual(kinds(step(pool, ready(2), at(5))), [])
  assert.equal(view(pool), 'READY 1 1')
})

test('step() starts all anew for another version, and ends the old after their work', () => {
  const pool = poolOf()
  filled(pool, 2)
  step(pool, arrive(1), at(1))
  assert.deepEqual(kinds(step(pool, provide(2, '2'), at(2))), ['retire', 'start', 'start'])
  assert.equal(view(pool), 'IN_PROGRESS 0 0')
  assert.deepEqual(step(pool, ready(2), at(3)), [{ kind: 'retire', slot: 2 }])
  for (const slot of [3, 4]) step(pool, ready(slot), at(4))
  assert.equal(view(pool), 'READY 2 2')
  assert.deepEqual(kinds(step(pool, { ...arrive(2), version: '2' }, at(5))), ['dispatch'])
})

test('step() replaces what has grown old before it ends it, and idle time ends none', () => {
  const pool = poolOf({ idleMs: 100, ageMs: 1_000 })
  filled(pool, 2)
  assert.deepEqual(kinds(step(pool, { kind: 'tick' }, at(500))), ['wakeAt'])
  const effects = step(pool, { kind: 'tick' }, at(1_000))
  assert.deepEqual(kinds(effects), ['start', 'start'])
  assert.equal(view(pool), 'READY 2 2')
  const [first = 0, second = 0] = slots(effects)
  assert.deepEqual(
    kinds(step(pool, ready(first), at(1_010))).filter((kind) => kind !== 'wakeAt'),
    ['retire'],
  )
  step(pool, ready(second), at(1_020))
  assert.equal(view(pool), 'READY 2 2')
  assert.equal(pool.environments.size, 2)
})

test('over any history: no environment is lost, and after rest all that is asked for is there', () => {
  const move = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('arrive' as const), by: fc.constantFrom('live', '1') }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('ready' as const), pick: fc.nat(), broken: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('provide' as const),
        count: fc.nat(4),
        version: fc.constantFrom('1', '2'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(900) }) },
  )
  fc.assert(
    fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
      const pool = poolOf({ idleMs: 300, ageMs: 1_500 })
      const working = new Set<number>()
      const gone = new Set<number>()
      let ms = 0
      const run = (command: PoolCommand): void => {
        for (const effect of step(pool, command, at(ms))) {
          if (effect.kind === 'start' || effect.kind === 'dispatch') working.add(effect.slot)
          if (effect.kind !== 'retire') continue
          assert.ok(!gone.has(effect.slot), 'none ends twice')
          gone.add(effect.slot)
          working.delete(effect.slot)
        }
      }
      let ticket = 0
      for (const each of moves) {
        if (each.kind === 'arrive') run(arrive(++ticket, each.by))
        else if (each.kind === 'provide') {
          if (each.count === 0) run({ kind: 'unprovision', name: 'f', qualifier: 'live' })
          else run(provide(each.count, each.version))
        } else if (each.kind === 'wait') {
          ms += each.ms
          run({ kind: 'tick' })
        } else {
          const slot = [...working][each.pick % Math.max(1, working.size)]
          if (slot === undefined) continue
          working.delete(slot)
          run(ready(slot, each.broken))
        }
      }
      run(provide(3, '1'))
      for (let left = 200; left > 0; left--) {
        const [slot] = working
        ms += 100
        if (slot === undefined) run({ kind: 'tick' })
        else {
          working.delete(slot)
          run(ready(slot))
        }
      }
      assert.equal(view(pool), 'READY 3 3')
      assert.equal(pool.provisionedTotal, 3)
      assert.equal(pool.unreservedInUse, 0)
    }),
    { numRuns: 200 },
  )
})
