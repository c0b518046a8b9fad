/** The pool's decisions one by one, and what holds over any history of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instant } from '#base/time.ts'
import { DEFAULT_SETTINGS, type LambdaSettings } from '#services/lambda/limits.ts'
import { type Pool, type PoolCommand, type PoolEffect, newPool } from '#services/lambda/pool-state.ts'
import { step } from '#services/lambda/pool.ts'

const at = (ms: number): { now: ReturnType<typeof instant>; elapsed: number } => ({
  now: instant(1_000_000 + ms),
  elapsed: ms,
})

function poolOf(settings: Partial<LambdaSettings> = {}, reserved?: number): Pool {
  const pool = newPool({ ...DEFAULT_SETTINGS, ...settings })
  step(pool, { kind: 'reserve', name: 'f', reserved }, at(0))
  step(pool, { kind: 'configure', name: 'f', version: '1', generation: 1 }, at(0))
  return pool
}

const arrive = (ticket: number, paced = false): PoolCommand => ({
  kind: 'arrive',
  name: 'f',
  version: '1',
  ticket,
  paced,
})
const ready = (slot: number): PoolCommand => ({ kind: 'ready', slot })
const kinds = (effects: readonly PoolEffect[]): string[] => effects.map((effect) => effect.kind)

test('step() starts an environment for the first invoke and dispatches when it is ready', () => {
  const pool = poolOf()
  assert.deepEqual(step(pool, arrive(1), at(0)), [{ kind: 'start', key: 'f:1', slot: 1 }])
  assert.deepEqual(step(pool, ready(1), at(50)), [{ kind: 'dispatch', ticket: 1, slot: 1 }])
  assert.deepEqual(step(pool, ready(1), at(60)), [{ kind: 'wakeAt', at: instant(1_000_060 + 600_000) }])
})

test('step() takes the newest idle environment first', () => {
  const pool = poolOf()
  for (const ticket of [1, 2]) step(pool, arrive(ticket), at(0))
  for (const slot of [1, 2]) step(pool, ready(slot), at(1))
  step(pool, ready(2), at(2))
  step(pool, ready(1), at(3))
  assert.deepEqual(step(pool, arrive(3), at(4)), [{ kind: 'dispatch', ticket: 3, slot: 1 }])
})

test('step() lets a waiter have the environment that is free first, and keeps the other', () => {
  const pool = poolOf()
  step(pool, arrive(1), at(0))
  step(pool, ready(1), at(1))
  assert.deepEqual(kinds(step(pool, arrive(2), at(2))), ['start'])
  assert.deepEqual(step(pool, ready(1), at(3)), [{ kind: 'dispatch', ticket: 2, slot: 1 }])
  assert.deepEqual(kinds(step(pool, ready(2), at(4))), ['wakeAt'])
})

test('step() starts nothing new while an unclaimed environment is starting', () => {
  const pool = poolOf()
  step(pool, arrive(1), at(0))
  step(pool, ready(1), at(1))
  step(pool, arrive(2), at(2))
  step(pool, ready(1), at(3))
  assert.deepEqual(step(pool, arrive(3), at(4)), [])
})

test('step() throttles at the account\u2019s concurrency', () => {
  const pool = poolOf({ accountConcurrency: 2 })
  for (const ticket of [1, 2]) assert.deepEqual(kinds(step(pool, arrive(ticket), at(0))), ['start'])
  assert.deepEqual(step(pool, arrive(3), at(0)), [
    { kind: 'throttle', ticket: 3, reason: 'ConcurrentInvocationLimitExceeded' },
  ])
})

test('step() throttles at a reservation, and takes it from what others share', () => {
  const pool = poolOf({ accountConcurrency: 3 }, 1)
  step(pool, { kind: 'configure', name: 'g', version: '1', generation: 1 }, at(0))
  step(pool, arrive(1), at(0))
  assert.deepEqual(step(pool, arrive(2), at(0)), [
    { kind: 'throttle', ticket: 2, reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  ])
  const other = (ticket: number): PoolCommand => ({
    kind: 'arrive',
    name: 'g',
    version: '1',
    ticket,
    paced: false,
  })
  assert.deepEqual(kinds(step(pool, other(3), at(0))), ['start'])
  assert.deepEqual(kinds(step(pool, other(4), at(0))), ['start'])
  assert.deepEqual(step(pool, other(5), at(0)), [
    { kind: 'throttle', ticket: 5, reason: 'ConcurrentInvocationLimitExceeded' },
  ])
})

test('step() allows ten synchronous requests a second for each unit of concurrency', () => {
  const pool = poolOf({}, 1)
  step(pool, arrive(0), at(0))
  step(pool, ready(1), at(0))
  step(pool, ready(1), at(0))
  let served = 0
  for (let ticket = 1; ticket <= 30; ticket++) {
    const [effect] = step(pool, arrive(ticket, true), at(0))
    if (effect?.kind !== 'dispatch') {
      assert.deepEqual(effect, {
        kind: 'throttle',
        ticket,
        reason: 'ReservedFunctionInvocationRateLimitExceeded',
      })
      continue
    }
    served++
    step(pool, ready(1), at(0))
  }
  assert.equal(served, 10)
  assert.deepEqual(kinds(step(pool, arrive(31, true), at(100))), ['dispatch'])
  step(pool, ready(1), at(100))
  assert.deepEqual(kinds(step(pool, arrive(32, false), at(100))), ['dispatch'])
})

test('step() starts a thousand environments at once and a hundred a second after that', () => {
  const pool = poolOf({ accountConcurrency: 5_000, environmentsMax: 5_000 })
  const started = (count: number, ms: number): number => {
    let starts = 0
    for (let i = 0; i < count; i++) {
      const [effect] = step(pool, arrive(pool.nextSlot * 10_000 + i), at(ms))
      if (effect?.kind === 'start') starts++
      else assert.deepEqual(effect?.kind, 'throttle')
    }
    return starts
  }
  assert.equal(started(1_200, 0), 1_000)
  assert.equal(started(300, 1_000), 100)
  assert.equal(started(2_000, 100_000), 1_000)
})

test('step() ends the longest idle environment of another function when the machine is full', () => {
  const pool = poolOf({ environmentsMax: 1 })
  step(pool, { kind: 'configure', name: 'g', version: '1', generation: 1 }, at(0))
  step(pool, arrive(1), at(0))
  step(pool, ready(1), at(0))
  assert.deepEqual(
    kinds(step(pool, { kind: 'arrive', name: 'g', version: '1', ticket: 2, paced: false }, at(1))),
    ['throttle'],
  )
  step(pool, ready(1), at(2))
  assert.deepEqual(step(pool, { kind: 'arrive', name: 'g', version: '1', ticket: 3, paced: false }, at(3)), [
    { kind: 'retire', slot: 1 },
    { kind: 'start', key: 'g:1', slot: 2 },
  ])
})

test('step() retires what is idle or old, and wakes no earlier than it must', () => {
  const pool = poolOf({ idleMs: 100, ageMs: 250 })
  step(pool, arrive(1), at(0))
  step(pool, ready(1), at(0))
  assert.deepEqual(step(pool, ready(1), at(10)), [{ kind: 'wakeAt', at: instant(1_000_110) }])
  step(pool, arrive(2), at(90))
  step(pool, ready(1), at(95))
  assert.deepEqual(step(pool, { kind: 'tick' }, at(110)), [{ kind: 'wakeAt', at: instant(1_000_195) }])
  assert.deepEqual(step(pool, { kind: 'tick' }, at(195)), [{ kind: 'retire', slot: 1 }])
  step(pool, arrive(3), at(200))
  step(pool, ready(2), at(200))
  assert.deepEqual(step(pool, ready(2), at(451)), [{ kind: 'retire', slot: 2 }])
})

test('step() replaces a starting environment whose code has changed while a caller waits', () => {
  const pool = poolOf()
  step(pool, arrive(1), at(0))
  step(pool, { kind: 'configure', name: 'f', version: '1', generation: 2 }, at(1))
  assert.deepEqual(step(pool, ready(1), at(2)), [
    { kind: 'retire', slot: 1 },
    { kind: 'start', key: 'f:1', slot: 2 },
  ])
  assert.deepEqual(step(pool, ready(2), at(3)), [{ kind: 'dispatch', ticket: 1, slot: 2 }])
})

test('step() fails one waiter for each start that failed', () => {
  const pool = poolOf()
  for (const ticket of [1, 2]) step(pool, arrive(ticket), at(0))
  assert.deepEqual(step(pool, { kind: 'gone', slot: 1 }, at(1)), [
    { kind: 'fail', ticket: 1, because: 'start' },
  ])
  assert.deepEqual(step(pool, { kind: 'gone', slot: 2 }, at(2)), [
    { kind: 'fail', ticket: 2, because: 'start' },
  ])
  assert.equal(pool.unreservedInUse, 0)
})

test('step() tells waiters when their function is removed, and retires its environments', () => {
  const pool = poolOf()
  step(pool, arrive(1), at(0))
  assert.deepEqual(step(pool, { kind: 'remove', name: 'f' }, at(1)), [
    { kind: 'fail', ticket: 1, because: 'removed' },
  ])
  step(pool, { kind: 'configure', name: 'f', version: '1', generation: 2 }, at(2))
  assert.deepEqual(step(pool, ready(1), at(3)), [{ kind: 'retire', slot: 1 }])
  assert.equal(pool.unreservedInUse, 0)
})

/** A world that only the effects tell about: tickets and slots as the shell would see them. */
class Shell {
  readonly pool: Pool
  readonly open = new Set<number>()
  readonly answered = new Map<number, string>()
  readonly starting = new Set<number>()
  readonly busy = new Map<number, number>()
  readonly idle = new Set<number>()
  ms = 0

  constructor(pool: Pool) {
    this.pool = pool
  }

  run(command: PoolCommand): void {
    const before = new Set(this.idle)
    if (command.kind === 'arrive') this.open.add(command.ticket)
    if (command.kind === 'ready') {
      this.starting.delete(command.slot)
      this.busy.delete(command.slot)
      this.idle.add(command.slot)
    }
    if (command.kind === 'gone')
      for (const each of [this.starting, this.busy, this.idle]) each.delete(command.slot)
    for (const effect of step(this.pool, command, at(this.ms))) this.apply(effect, before)
  }

  apply(effect: PoolEffect, idleBefore: ReadonlySet<number>): void {
    switch (effect.kind) {
      case 'start':
        this.starting.add(effect.slot)
        break
      case 'dispatch':
        assert.ok(this.idle.delete(effect.slot), 'only a free environment gets work')
        this.busy.set(effect.slot, effect.ticket)
        this.answer(effect.ticket, 'dispatched')
        break
      case 'throttle':
      case 'fail':
        this.answer(effect.ticket, effect.kind)
        break
      case 'retire':
        assert.ok(this.idle.delete(effect.slot) || idleBefore.has(effect.slot), 'only a free one is retired')
        break
      case 'spill':
        break
      case 'wakeAt':
        assert.ok(effect.at > at(this.ms).now, 'a wake-up lies ahead')
        break
      default:
        effect satisfies never
    }
  }

  answer(ticket: number, how: string): void {
    assert.ok(this.open.has(ticket) && !this.answered.has(ticket), 'a ticket is answered once')
    this.answered.set(ticket, how)
  }
}

const move = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('arrive'), name: fc.constantFrom('f', 'g') }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ready'), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gone'), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update'), name: fc.constantFrom('f', 'g') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reserve'),
      name: fc.constantFrom('f', 'g'),
      count: fc.option(fc.nat(3), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), name: fc.constantFrom('f', 'g') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(200) }) },
)

test('over any history: every ticket is answered once, limits hold, and no environment is lost', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
      const settings = {
        ...DEFAULT_SETTINGS,
        accountConcurrency: 6,
        environmentsMax: 5,
        idleMs: 300,
        ageMs: 900,
      }
      const shell = new Shell(newPool(settings))
      let generation = 0
      const configure = (name: string): void =>
        shell.run({ kind: 'configure', name, version: '1', generation })
      for (const name of ['f', 'g']) configure(name)
      let ticket = 0
      for (const each of moves) {
        const slots = [...shell.starting, ...shell.busy.keys()]
        if (each.kind === 'arrive' && 'name' in each)
          shell.run({ kind: 'arrive', name: each.name, version: '1', ticket: ++ticket, paced: true })
        else if (each.kind === 'ready' && 'pick' in each && slots.length > 0)
          shell.run({ kind: 'ready', slot: slots[each.pick % slots.length] ?? 0 })
        else if (each.kind === 'gone' && 'pick' in each) {
          const all = [...slots, ...shell.idle]
          if (all.length > 0) shell.run({ kind: 'gone', slot: all[each.pick % all.length] ?? 0 })
        } else if (each.kind === 'update' && 'name' in each) {
          generation++
          configure(each.name)
        } else if (each.kind === 'reserve' && 'count' in each) {
          shell.run({ kind: 'reserve', name: each.name, reserved: each.count })
        } else if (each.kind === 'remove' && 'name' in each) {
          shell.run({ kind: 'remove', name: each.name })
          generation++
          configure(each.name)
        } else if (each.kind === 'wait' && 'ms' in each) {
          shell.ms += each.ms
          if (shell.pool.wakeAt !== undefined && shell.pool.wakeAt <= at(shell.ms).now)
            shell.run({ kind: 'tick' })
        }
        const here = shell.starting.size + shell.busy.size + shell.idle.size
        assert.equal(here, shell.pool.environments.size)
        assert.ok(here <= settings.environmentsMax)
      }
      for (let left = 50; left > 0 && shell.starting.size + shell.busy.size > 0; left--)
        for (const slot of [...shell.starting, ...shell.busy.keys()]) shell.run({ kind: 'ready', slot })
      assert.equal(shell.answered.size, ticket)
      assert.equal(shell.pool.unreservedInUse, 0)
      assert.ok([...shell.pool.versions.values()].every((each) => each.busy === 0 && each.starting === 0))
    }),
    { numRuns: 400 },
  )
})

test('over any arrivals: no more work at once than a fixed reservation and the account allow', () => {
  const history = fc.array(fc.record({ name: fc.constantFrom('f', 'g'), done: fc.nat(3) }), { maxLength: 80 })
  fc.assert(
    fc.property(history, (moves) => {
      const shell = new Shell(newPool({ ...DEFAULT_SETTINGS, accountConcurrency: 4 }))
      shell.run({ kind: 'reserve', name: 'f', reserved: 1 })
      shell.run({ kind: 'configure', name: 'f', version: '1', generation: 1 })
      shell.run({ kind: 'configure', name: 'g', version: '1', generation: 1 })
      let ticket = 0
      for (const { name, done } of moves) {
        shell.run({ kind: 'arrive', name, version: '1', ticket: ++ticket, paced: false })
        for (const slot of [...shell.starting, ...shell.busy.keys()].slice(0, done))
          shell.run({ kind: 'ready', slot })
        const [f, g] = ['f:1', 'g:1'].map((each) => shell.pool.versions.get(each))
        assert.ok((f?.busy ?? 0) + (f?.waiting.length ?? 0) <= 1)
        assert.ok((g?.busy ?? 0) + (g?.waiting.length ?? 0) <= 3)
      }
    }),
  )
})

test('step() recycles idle environments now and busy ones after their work', () => {
  const pool = poolOf()
  for (const ticket of [1, 2]) step(pool, arrive(ticket), at(0))
  for (const slot of [1, 2]) step(pool, ready(slot), at(1))
  step(pool, ready(2), at(2))
  assert.deepEqual(step(pool, { kind: 'recycle', slots: [1, 2, 99] }, at(3)), [{ kind: 'retire', slot: 2 }])
  assert.deepEqual(kinds(step(pool, ready(1), at(4))), ['retire'])
  assert.deepEqual(kinds(step(pool, arrive(3), at(5))), ['start'])
})
