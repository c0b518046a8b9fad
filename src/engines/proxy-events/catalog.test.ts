import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bytes } from '#base/bytes.ts'
import { compareBytes, hex } from '#base/bytes.ts'
import { Catalog, type Writing } from '#engines/proxy-events/catalog.ts'

interface Thing {
  readonly id: string
  value: number
}
const OWNER = { account: '000000000000', region: 'us-east-1' }
const missing = (): Error => new Error('missing')

/** A map as a store; a read that has its value waits at the gate while there is one. */
class SlowStore {
  readonly entries = new Map<string, readonly [Uint8Array, Uint8Array]>()
  reads = 0
  gate: Promise<void> | undefined

  readonly read = {
    get: async (key: Bytes): Promise<Bytes | undefined> => {
      this.reads++
      const found = this.entries.get(hex(key))?.[1]
      await this.gate
      return found
    },
    range: ({ from, to, limit }: { from: Bytes; to: Bytes; limit: number }): [Uint8Array, Uint8Array][] =>
      [...this.entries.values()]
        .filter(([key]) => compareBytes(key, from) >= 0 && compareBytes(key, to) < 0)
        .sort(([a], [b]) => compareBytes(a, b))
        .slice(0, limit)
        .map(([key, value]) => [key, value]),
  }

  async tx<R>(run: (tx: Writing) => R | Promise<R>): Promise<R> {
    const writes: (() => void)[] = []
    const answer = await run({
      get: (key) => this.entries.get(hex(key))?.[1],
      range: this.read.range,
      put: (key, value) => writes.push(() => this.entries.set(hex(key), [key, value])),
      delete: (key) => writes.push(() => this.entries.delete(hex(key))),
    })
    for (const write of writes) write()
    return answer
  }
}

function opened(store: SlowStore): Catalog<Thing, typeof OWNER, Writing> {
  return new Catalog('thing', store)
}

test('find() reads the store once and then answers from memory', async () => {
  const store = new SlowStore()
  await opened(store).create(OWNER, { id: 'a', value: 1 })
  const catalog = opened(store)
  assert.equal((await catalog.find('a'))?.document.value, 1)
  const before = store.reads
  assert.deepEqual((await catalog.find('a'))?.owner, OWNER)
  assert.equal(store.reads, before)
})

/** Begins to read a document, changes the store while that read has its value but not yet answered, then lets it answer. */
async function overtaken(
  change: (catalog: Catalog<Thing, typeof OWNER, Writing>) => Promise<void>,
): Promise<number | undefined> {
  const store = new SlowStore()
  await opened(store).create(OWNER, { id: 'a', value: 1 })
  const catalog = opened(store)
  const { promise, resolve } = Promise.withResolvers<void>()
  const early = catalog.find('a')
  store.gate = promise
  while (store.reads < 2) await Promise.resolve()
  store.gate = undefined
  await change(catalog)
  resolve()
  assert.equal((await early)?.document.value, 1, 'the read itself had the old document')
  return (await catalog.find('a'))?.document.value
}

test('find() does not keep an old document when a change lands during its read', async () => {
  const value = await overtaken((catalog) =>
    catalog.change(OWNER, 'a', missing, (draft) => {
      draft.value = 2
    }),
  )
  assert.equal(value, 2)
})

test('find() does not bring back a document that was deleted during its read', async () => {
  assert.equal(await overtaken((catalog) => catalog.delete(OWNER, 'a', missing)), undefined)
})

test('change() keeps memory and store as they were when the change throws', async () => {
  const store = new SlowStore()
  const catalog = opened(store)
  await catalog.create(OWNER, { id: 'a', value: 1 })
  const failing = catalog.change(OWNER, 'a', missing, (draft) => {
    draft.value = 9
    throw new Error('refused')
  })
  await assert.rejects(failing, /refused/)
  assert.equal((await catalog.find('a'))?.document.value, 1)
  assert.equal((await opened(store).find('a'))?.document.value, 1)
})

test('change(), delete() and get() know a document only below its owner', async () => {
  const store = new SlowStore()
  const catalog = opened(store)
  await catalog.create(OWNER, { id: 'a', value: 1 })
  const other = { ...OWNER, region: 'eu-west-1' }
  assert.equal(await catalog.get(other, 'a'), undefined)
  await assert.rejects(
    catalog.change(other, 'a', missing, () => undefined),
    /missing/,
  )
  await assert.rejects(catalog.delete(other, 'a', missing), /missing/)
  assert.deepEqual(await catalog.list(other, { limit: 10 }), [])
  assert.deepEqual(await catalog.list(OWNER, { limit: 10 }), [{ id: 'a', value: 1 }])
})
