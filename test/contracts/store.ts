/**
 * What every implementation of `ports/store.ts` owes, as one suite that `store.test.ts` runs on each of them.
 * A subject opens fresh, empty stores; what only one engine has (files, crashes) is tested beside that engine.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, text, utf8 } from '#base/bytes.ts'
import { keyOf, keysBelow } from '#base/key.ts'
import type { Entry, Range, Read, Store, Stores } from '#ports/store.ts'

export interface Subject {
  readonly name: string
  open(): Promise<Stores>
  /** Removes what `open` made; after `close`. */
  dispose(): Promise<void>
}

const ALL: Range = { from: new Uint8Array(0), to: new Uint8Array(40).fill(255), limit: 1_000_000 }
const names = async (read: Read, range: Partial<Range> = {}): Promise<string[]> =>
  (await read.range({ ...ALL, ...range })).map(([key]) => text(key))
const putAll = (store: Store, ...keys: string[]): Promise<void> =>
  store.tx((tx) => {
    for (const key of keys) tx.put(utf8(key), utf8(`value of ${key}`))
  })

async function within(subject: Subject, run: (store: Store, stores: Stores) => Promise<void>): Promise<void> {
  const stores = await subject.open()
  try {
    await run(stores.open('control'), stores)
  } finally {
    await stores.close()
    await subject.dispose()
  }
}

export function storeContract(subject: Subject): void {
  const check = (name: string, run: (store: Store, stores: Stores) => Promise<void>): void => {
    test(`${subject.name}: ${name}`, () => within(subject, run))
  }
  describe(`store contract on ${subject.name}`, () => {
    atomicity(check)
    order(check)
    ranges(check)
    values(check)
    wholeStores(check)
    model(check)
  })
}

type Check = (name: string, run: (store: Store, stores: Stores) => Promise<void>) => void

function atomicity(check: Check): void {
  check('tx() leaves nothing when the closure throws after a write', async (store) => {
    await putAll(store, 'a')
    const failing = store.tx((tx) => {
      tx.put(utf8('a'), utf8('changed'))
      tx.put(utf8('b'), utf8('new'))
      tx.delete(utf8('a'))
      throw new RangeError('late refusal')
    })
    await assert.rejects(failing, RangeError)
    assert.deepEqual(await names(store.read), ['a'])
    assert.equal(text((await store.read.get(utf8('a'))) ?? utf8('')), 'value of a')
  })

  check('tx() leaves nothing when an async closure rejects after an await', async (store) => {
    const failing = store.tx(async (tx) => {
      tx.put(utf8('a'), utf8('new'))
      await Promise.resolve()
      tx.put(utf8('b'), utf8('new'))
      throw new RangeError('late refusal')
    })
    await assert.rejects(failing, RangeError)
    assert.deepEqual(await names(store.read), [])
  })

  check('tx() refuses only the caller whose closure throws when closures share a group', async (store) => {
    const outcomes = await Promise.allSettled([
      putAll(store, 'a'),
      store.tx((tx) => {
        tx.put(utf8('b'), utf8('never'))
        throw new RangeError('mine')
      }),
      putAll(store, 'c'),
    ])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(await names(store.read), ['a', 'c'])
  })

  check('a closure reads its own writes and deletes', async (store) => {
    await putAll(store, 'a', 'c')
    await store.tx(async (tx) => {
      tx.put(utf8('b'), utf8('new'))
      tx.delete(utf8('a'))
      assert.equal(await tx.get(utf8('a')), undefined)
      assert.equal(text((await tx.get(utf8('b'))) ?? utf8('')), 'new')
      assert.deepEqual(await names(tx), ['b', 'c'])
      assert.deepEqual(await names(tx, { limit: 1 }), ['b'])
      assert.deepEqual(await names(tx, { limit: 1, reverse: true }), ['c'])
    })
  })

  check('read does not show the writes of a closure that still runs', async (store) => {
    const gate = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const running = store.tx(async (tx) => {
      tx.put(utf8('a'), utf8('new'))
      written.resolve()
      await gate.promise
    })
    await written.promise
    assert.equal(await store.read.get(utf8('a')), undefined)
    assert.deepEqual(await names(store.read), [])
    gate.resolve()
    await running
    assert.deepEqual(await names(store.read), ['a'])
  })

  check('a transaction is refused outside its closure', async (store) => {
    let leaked: { put(key: Uint8Array, value: Uint8Array): void } | undefined
    await store.tx((tx) => {
      leaked = tx
    })
    assert.throws(() => leaked?.put(utf8('a'), utf8('late')), /only inside its closure/)
    assert.deepEqual(await names(store.read), [])
  })
}

function order(check: Check): void {
  check('a closure sees what an earlier closure of the same group wrote', async (store) => {
    const seen: (string | undefined)[] = []
    const look = (key: string): Promise<void> =>
      store.tx(async (tx) => {
        const value = await tx.get(utf8(key))
        seen.push(value === undefined ? undefined : text(value))
      })
    await Promise.all([look('a'), putAll(store, 'a'), look('a'), look('b'), putAll(store, 'b'), look('b')])
    assert.deepEqual(seen, [undefined, 'value of a', undefined, 'value of b'])
  })

  check('a foreign await inside a closure lets no other closure in between', async (store) => {
    const gate = Promise.withResolvers<void>()
    const events: string[] = []
    const first = store.tx(async (tx) => {
      events.push('first begins')
      await gate.promise
      tx.put(utf8('a'), utf8('1'))
      events.push('first ends')
    })
    const second = store.tx(async (tx) => {
      events.push((await tx.get(utf8('a'))) === undefined ? 'second sees nothing' : 'second sees first')
    })
    await new Promise<void>((resolve) => setImmediate(resolve))
    events.push('gate opens')
    gate.resolve()
    await Promise.all([first, second])
    assert.deepEqual(events, ['first begins', 'gate opens', 'first ends', 'second sees first'])
  })

  check('a closure that waits does not hold back those that finished before it', async (store) => {
    const gate = Promise.withResolvers<void>()
    const before = putAll(store, 'before')
    const waiting = store.tx(() => gate.promise)
    await before
    assert.deepEqual(await names(store.read), ['before'])
    gate.resolve()
    await waiting
  })

  check('counting in 500 concurrent closures loses no count', async (store) => {
    const key = utf8('counter')
    const add = (asynchronous: boolean): Promise<number> =>
      store.tx((tx) => {
        const count = (value: Uint8Array | undefined): number => {
          const next = Number(value === undefined ? '0' : text(value)) + 1
          tx.put(key, utf8(`${next}`))
          return next
        }
        const found = tx.get(key)
        if (asynchronous) return Promise.resolve(found).then(count)
        return found instanceof Promise ? found.then(count) : count(found)
      })
    const counts = await Promise.all(Array.from({ length: 500 }, (_, i) => add(i % 3 === 0)))
    assert.deepEqual(
      counts,
      Array.from({ length: 500 }, (_, i) => i + 1),
    )
    assert.equal(text((await store.read.get(key)) ?? utf8('')), '500')
  })
}

function ranges(check: Check): void {
  const range = (from: string, to: string, more: Partial<Range> = {}): Partial<Range> => ({
    from: utf8(from),
    to: utf8(to),
    ...more,
  })
  check('range() is half-open, ordered, limited and reversible', async (store) => {
    await putAll(store, 'd', 'b', 'a', 'c', 'bb')
    assert.deepEqual(await names(store.read), ['a', 'b', 'bb', 'c', 'd'])
    assert.deepEqual(await names(store.read, range('b', 'd')), ['b', 'bb', 'c'])
    assert.deepEqual(await names(store.read, range('b', 'd', { limit: 2 })), ['b', 'bb'])
    assert.deepEqual(await names(store.read, range('b', 'd', { reverse: true })), ['c', 'bb', 'b'])
    assert.deepEqual(await names(store.read, range('b', 'd', { reverse: true, limit: 1 })), ['c'])
    assert.deepEqual(await names(store.read, range('b', 'd', { limit: 0 })), [])
    assert.deepEqual(await names(store.read, range('b', 'b')), [])
    assert.deepEqual(await names(store.read, range('d', 'b')), [])
    assert.deepEqual(await names(store.read, range('bc', 'bz')), [])
  })

  check('range() inside a closure lays its writes over the store in both directions', async (store) => {
    await putAll(store, 'a', 'b', 'c', 'd', 'e')
    await store.tx(async (tx) => {
      tx.delete(utf8('b'))
      tx.delete(utf8('d'))
      tx.put(utf8('cc'), utf8('new'))
      tx.put(utf8('e'), utf8('changed'))
      assert.deepEqual(await names(tx, { limit: 3 }), ['a', 'c', 'cc'])
      assert.deepEqual(await names(tx, { limit: 3, reverse: true }), ['e', 'cc', 'c'])
      const [last] = await tx.range({ ...ALL, limit: 1, reverse: true })
      assert.equal(last === undefined ? '' : text(last[1]), 'changed')
    })
  })

  check('range() keeps the order of composed keys', async (store) => {
    const at = [-1.5, 0, 1, 2, 10, 1e12]
    await store.tx((tx) => {
      for (const time of at.toReversed()) tx.put(keyOf('queue', time), utf8(`${time}`))
      tx.put(keyOf('queuf', 0), utf8('beside'))
    })
    const found = await store.read.range({ ...keysBelow('queue'), limit: 10 })
    assert.deepEqual(
      found.map(([, value]) => Number(text(value))),
      at,
    )
  })
}

function values(check: Check): void {
  check('keys and values of any bytes come back as they were', async (store) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const keys = [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0, 255), Uint8Array.of(255, 0), bytes]
    await store.tx((tx) => {
      for (const key of keys) tx.put(key, bytes)
    })
    for (const key of keys) assert.deepEqual(await store.read.get(key), bytes)
    const found = await store.read.range({ ...ALL, to: new Uint8Array(300).fill(255) })
    assert.deepEqual(
      found.map(([key]) => key),
      keys.toSorted(compareBytes),
    )
  })

  check('an empty value is not a missing one', async (store) => {
    await store.tx((tx) => tx.put(utf8('empty'), new Uint8Array(0)))
    assert.deepEqual(await store.read.get(utf8('empty')), new Uint8Array(0))
    assert.equal(await store.read.get(utf8('missing')), undefined)
    assert.deepEqual(await store.read.range(ALL), [[utf8('empty'), new Uint8Array(0)]])
    await store.tx(async (tx) => {
      tx.put(utf8('own'), new Uint8Array(0))
      assert.deepEqual(await tx.get(utf8('own')), new Uint8Array(0))
    })
  })

  check('a value of 5 MB and a view into a larger buffer come back whole', async (store) => {
    const large = new Uint8Array(5_000_000).map((_, i) => i * 31)
    const view = new Uint8Array(large.buffer, 1_000, 10)
    await store.tx((tx) => {
      tx.put(utf8('large'), large)
      tx.put(utf8('view'), view)
    })
    assert.deepEqual(await store.read.get(utf8('large')), large)
    assert.deepEqual(await store.read.get(utf8('view')), view.slice())
  })

  check('a value is replaced and a missing key deleted without a word', async (store) => {
    await putAll(store, 'a')
    await store.tx((tx) => {
      tx.put(utf8('a'), utf8('2'))
      tx.delete(utf8('nothing'))
    })
    assert.deepEqual(await store.read.range(ALL), [[utf8('a'), utf8('2')]])
  })
}

function wholeStores(check: Check): void {
  check('stores of different names share nothing; one name is one store', async (store, stores) => {
    await putAll(store, 'a')
    assert.deepEqual(await names(stores.open('queues').read), [])
    assert.deepEqual(await names(stores.open('control').read), ['a'])
  })

  check('clear() empties every store behind the transactions before it', async (store, stores) => {
    const other = stores.open('queues')
    const before = [putAll(store, 'a', 'b'), putAll(other, 'c')]
    await stores.clear()
    await Promise.all(before)
    assert.deepEqual(await names(store.read), [])
    assert.deepEqual(await names(other.read), [])
    await putAll(store, 'after')
    assert.deepEqual(await names(store.read), ['after'])
  })

  check('close() waits for transactions and refuses later ones', async (store, stores) => {
    const gate = Promise.withResolvers<void>()
    let over = false
    const running = store.tx(async () => {
      await gate.promise
      over = true
    })
    const closing = stores.close()
    gate.resolve()
    await closing
    assert.equal(over, true)
    await running
    await assert.rejects(putAll(store, 'late'), /closed/)
  })
}

type Step = { readonly key: Uint8Array; readonly value: Uint8Array | undefined }

function model(check: Check): void {
  const key = fc.uint8Array({ maxLength: 3, max: 3 })
  const step: fc.Arbitrary<Step> = fc.record({
    key,
    value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }),
  })
  const closure = fc.record({
    steps: fc.array(step, { maxLength: 8 }),
    fails: fc.boolean(),
    waits: fc.boolean(),
  })
  const range = fc.record({ from: key, to: key, limit: fc.nat(8), reverse: fc.boolean() })

  check('any run of closures equals the same run over a plain sorted map', async (store, stores) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(closure, { maxLength: 12 }),
        fc.array(range, { maxLength: 6 }),
        async (closures, asked) => {
          await stores.clear()
          const expected = new Map<string, readonly [Uint8Array, Uint8Array]>()
          const runs: Promise<unknown>[] = []
          for (const { steps, fails, waits } of closures) {
            runs.push(
              store.tx(async (tx) => {
                const own = new Map(expected)
                for (const { key, value } of steps) {
                  if (value === undefined) tx.delete(key)
                  else tx.put(key, value)
                  if (value === undefined) own.delete(key.join())
                  else own.set(key.join(), [key, value])
                  if (waits) await Promise.resolve()
                  for (const range of asked) assert.deepEqual(await tx.range(range), plainRange(own, range))
                }
                if (fails) throw new RangeError('refused')
                expected.clear()
                for (const [name, entry] of own) expected.set(name, entry)
              }),
            )
          }
          for (const [index, outcome] of (await Promise.allSettled(runs)).entries()) {
            if (outcome.status === 'rejected' && !(outcome.reason instanceof RangeError)) throw outcome.reason
            assert.equal(outcome.status === 'rejected', closures[index]?.fails)
          }
          assert.deepEqual(await store.read.range(ALL), plainRange(expected, ALL))
          for (const range of asked)
            assert.deepEqual(await store.read.range(range), plainRange(expected, range))
        },
      ),
      { numRuns: 60 },
    )
  })
}

function plainRange(entries: Map<string, readonly [Uint8Array, Uint8Array]>, range: Range): Entry[] {
  const found = [...entries.values()]
    .filter(([key]) => compareBytes(key, range.from) >= 0 && compareBytes(key, range.to) < 0)
    .toSorted(([a], [b]) => compareBytes(a, b))
  if (range.reverse === true) found.reverse()
  return found.slice(0, range.limit)
}
