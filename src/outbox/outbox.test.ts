/** The outbox over the in-memory store, time in the test's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from '#base/heap.ts'
import { type Instant, instant, later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import { type Attempted, type Ended, Outbox } from '#outbox/outbox.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'

interface Item {
  readonly id: string
  readonly lane?: string
}

class TestClock implements Clock {
  #now = 1_000
  readonly #alarms = new Heap<{ at: Instant; run: (() => void) | undefined }>((a, b) => a.at - b.at)
  now = (): Instant => instant(this.#now)
  elapsed = (): number => this.#now
  wall = (): Instant => instant(this.#now)
  after = (): never => assert.fail('an outbox waits in virtual time')
  wakeAt(at: Instant, run: () => void): { cancel: () => void } {
    const alarm: { at: Instant; run: (() => void) | undefined } = { at, run }
    this.#alarms.push(alarm)
    return { cancel: () => (alarm.run = undefined) }
  }
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms
    for (
      let next = this.#alarms.peek();
      next !== undefined && next.at <= target;
      next = this.#alarms.peek()
    ) {
      this.#alarms.pop()
      this.#now = Math.max(this.#now, next.at)
      next.run?.()
      await turns()
    }
    this.#now = target
    await turns()
    const late = this.#alarms.peek()
    if (late !== undefined && late.at <= target) await this.advance(0)
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

interface Bench {
  readonly store: Store
  readonly clock: TestClock
  readonly tried: string[]
  readonly ended: (Ended & { readonly id: string })[]
  readonly defects: unknown[]
  /** What the next attempts of an id come to; `done` when nothing is said. */
  readonly answers: Map<string, (Attempted<Item> | Promise<Attempted<Item>>)[]>
  open(): Outbox<Item>
  put(outbox: Outbox<Item>, ...items: readonly Item[]): Promise<void>
  rows(): Promise<number>
}

function bench(): Bench {
  const store = memoryStores().open('test')
  const own: Omit<Bench, 'open' | 'put' | 'rows'> = {
    store,
    clock: new TestClock(),
    tried: [],
    ended: [],
    defects: [],
    answers: new Map(),
  }
  return {
    ...own,
    open: () =>
      new Outbox<Item>(own, {
        name: 'events',
        owner: () => ({ account: '000000000000', region: 'us-east-1' }),
        lane: (item) => item.lane,
        attempt: async (item) => {
          own.tried.push(item.id)
          return (await own.answers.get(item.id)?.shift()) ?? { kind: 'done' }
        },
        retryAt: (_, { attempts, now }) => (attempts >= 3 ? undefined : later(now, 100)),
        ended: async (item, how) => {
          await Promise.resolve()
          own.ended.push({ ...how, id: item.id })
        },
        defect: (error) => own.defects.push(error),
        runningMax: 2,
      }),
    put: async (outbox, ...items) => {
      const added = await store.tx((tx) => items.map((item) => outbox.add(tx, item)))
      for (const each of added) each.release()
      await turns()
    },
    rows: async () =>
      (await store.read.range({ from: Uint8Array.of(0), to: Uint8Array.of(255), limit: 1_000 })).length,
  }
}

const LATER: Attempted<Item> = { kind: 'later', why: 'busy' }

test('a row is handed over once its transaction has committed, and is gone then', async () => {
  const b = bench()
  const outbox = b.open()
  const added = await b.store.tx((tx) => outbox.add(tx, { id: 'a' }))
  assert.deepEqual([b.tried, await b.rows()], [[], 1])
  added.release()
  await turns()
  assert.deepEqual([b.tried, await b.rows(), outbox.size], [['a'], 0, 0])
})

test('nothing remains of a transaction that throws', async () => {
  const b = bench()
  const outbox = b.open()
  await assert.rejects(
    b.store.tx((tx) => {
      outbox.add(tx, { id: 'a' })
      throw new Error('refused')
    }),
  )
  assert.deepEqual([await b.rows(), outbox.size], [0, 0])
})

test('a row that fails is tried again by the rules, and handed to ended() when they end', async () => {
  const b = bench()
  const outbox = b.open()
  b.answers.set('a', [LATER, LATER, LATER])
  await b.put(outbox, { id: 'a' })
  await b.clock.advance(99)
  assert.deepEqual(b.tried, ['a'])
  await b.clock.advance(1)
  assert.deepEqual(b.tried, ['a', 'a'])
  await b.clock.advance(100)
  assert.deepEqual(b.ended, [{ id: 'a', attempts: 3, firstAt: 1_000, why: 'busy', because: 'exhausted' }])
  assert.deepEqual([await b.rows(), outbox.size], [0, 0])
})

test('a refused row is not tried again', async () => {
  const b = bench()
  const outbox = b.open()
  b.answers.set('a', [{ kind: 'refused', why: 'no such queue' }])
  await b.put(outbox, { id: 'a' })
  assert.deepEqual(
    b.ended.map(({ id, attempts, because }) => [id, attempts, because]),
    [['a', 1, 'refused']],
  )
  assert.equal(await b.rows(), 0)
})

test('rows of a lane wait for the one before them, others pass', async () => {
  const b = bench()
  const outbox = b.open()
  b.answers.set('a1', [LATER])
  await b.put(outbox, { id: 'a1', lane: 'a' }, { id: 'a2', lane: 'a' }, { id: 'b1', lane: 'b' }, { id: 'c' })
  assert.deepEqual(b.tried, ['a1', 'b1', 'c'])
  await b.clock.advance(100)
  assert.deepEqual(b.tried, ['a1', 'b1', 'c', 'a1', 'a2'])
})

test('a split row goes on as its parts, each with one attempt behind it', async () => {
  const b = bench()
  const outbox = b.open()
  b.answers.set('all', [{ kind: 'split', items: [{ id: 'x' }, { id: 'y' }], why: 'two failed' }])
  b.answers.set('y', [LATER, LATER])
  await b.put(outbox, { id: 'all' })
  assert.equal(await b.rows(), 2)
  await b.clock.advance(300)
  assert.deepEqual(b.tried, ['all', 'x', 'y', 'y'])
  assert.deepEqual(
    b.ended.map(({ id, attempts }) => [id, attempts]),
    [['y', 3]],
  )
  assert.equal(await b.rows(), 0)
})

test('resume() goes on with what an ended process left: attempts, order of lanes, times', async () => {
  const b = bench()
  const first = b.open()
  b.answers.set('a1', [LATER])
  await b.put(first, { id: 'a1', lane: 'a' }, { id: 'a2', lane: 'a' })
  await first.stop()
  const second = b.open()
  assert.equal(await second.resume(), 2)
  await turns()
  assert.deepEqual(b.tried, ['a1'])
  await b.clock.advance(100)
  assert.deepEqual(b.tried, ['a1', 'a1', 'a2'])
  await b.put(second, { id: 'later' })
  assert.deepEqual([b.tried.at(-1), await b.rows()], ['later', 0])
})

test('load() hands nothing over before begin(), and what is added meanwhile comes after', async () => {
  const b = bench()
  const first = b.open()
  b.answers.set('a', [LATER])
  await b.put(first, { id: 'a' })
  await first.stop()
  const second = b.open()
  assert.equal(await second.load(), 1)
  await b.put(second, { id: 'b' })
  await b.clock.advance(1_000)
  assert.deepEqual(b.tried, ['a'])
  second.begin()
  await turns()
  assert.deepEqual([b.tried.toSorted(), await b.rows()], [['a', 'a', 'b'], 0])
})

test('no more attempts run at once than the rules allow', async () => {
  const b = bench()
  const outbox = b.open()
  const gates = ['a', 'b', 'c'].map((id) => {
    const { promise, resolve } = Promise.withResolvers<Attempted<Item>>()
    b.answers.set(id, [promise])
    return () => resolve({ kind: 'done' })
  })
  await b.put(outbox, { id: 'a' }, { id: 'b' }, { id: 'c' })
  assert.deepEqual(b.tried, ['a', 'b'])
  gates[1]?.()
  await turns()
  assert.deepEqual(b.tried, ['a', 'b', 'c'])
  gates[0]?.()
  gates[2]?.()
  await turns()
  assert.equal(await b.rows(), 0)
})

test('a rejected attempt is a defect and a failed attempt, and stops nothing', async () => {
  const b = bench()
  const outbox = b.open()
  b.answers.set('a', [Promise.reject(new Error('a bug'))])
  await b.put(outbox, { id: 'a' }, { id: 'b' })
  await b.clock.advance(100)
  assert.deepEqual([b.defects.length, b.tried, await b.rows()], [1, ['a', 'b', 'a'], 0])
})

test('forget() leaves running attempts without effect on what comes after', async () => {
  const b = bench()
  const outbox = b.open()
  const { promise, resolve } = Promise.withResolvers<Attempted<Item>>()
  b.answers.set('a', [promise])
  await b.put(outbox, { id: 'a', lane: 'x' })
  outbox.forget()
  resolve(LATER)
  await b.put(outbox, { id: 'b', lane: 'x' })
  assert.deepEqual([b.tried, outbox.size], [['a', 'b'], 0])
})

test('whatever fails and whenever the process ends, every item is handed over or ended, lanes in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ lane: fc.constantFrom(undefined, 'x', 'y'), fails: fc.nat(3) }), {
        maxLength: 12,
      }),
      fc.array(fc.nat(3), { maxLength: 5 }),
      async (plan, stops) => {
        const b = bench()
        let outbox = b.open()
        const items = plan.map(({ lane }, index) => ({
          id: String(index),
          ...(lane === undefined ? {} : { lane }),
        }))
        plan.forEach(({ fails }, index) =>
          b.answers.set(
            String(index),
            Array.from({ length: fails }, () => LATER),
          ),
        )
        await b.put(outbox, ...items)
        for (const steps of stops) {
          await b.clock.advance(steps * 100)
          await outbox.stop()
          outbox = b.open()
          await outbox.resume()
        }
        await b.clock.advance(10_000)
        assert.deepEqual([b.defects, outbox.size, await b.rows()], [[], 0, 0])
        plan.forEach(({ fails }, index) => {
          const tries = b.tried.filter((id) => id === String(index)).length
          assert.equal(tries, Math.min(3, fails + 1))
          assert.equal(
            b.ended.some(({ id }) => id === String(index)),
            fails === 3,
          )
        })
        for (const lane of ['x', 'y']) {
          const order = b.tried.filter((id) => plan[Number(id)]?.lane === lane).map(Number)
          assert.deepEqual(
            order,
            order.toSorted((p, q) => p - q),
          )
        }
      },
    ),
    { numRuns: 60 },
  )
})
