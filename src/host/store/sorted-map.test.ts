import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '#base/random.ts'
import { keyBytes, keyText, SortedMap } from '#host/store/sorted-map.ts'

test('slice() equals a sorted plain map when thousands of keys come and go', () => {
  const random = seeded(3)
  const map = new SortedMap<{ n: number }>()
  const plain = new Map<string, { n: number }>()
  for (let i = 0; i < 20_000; i++) {
    const key = `${random.below(6_000)}`
    if (random.below(3) === 0) {
      map.delete(key)
      plain.delete(key)
    } else {
      map.set(key, { n: i })
      plain.set(key, { n: i })
    }
  }
  const sorted = [...plain].sort(([a], [b]) => (a < b ? -1 : 1))
  assert.ok(sorted.length > 2_000, 'several chunks')
  assert.equal(map.size, plain.size)
  assert.deepEqual(map.entries(), sorted)
  assert.deepEqual(
    map.values(),
    sorted.map(([, value]) => value),
  )
  for (let i = 0; i < 200; i++) {
    const [from, to] = [`${random.below(6_000)}`, `${random.below(6_000)}`]
    const inside = sorted.filter(([key]) => key >= from && key < to)
    const limit = 1 + random.below(50)
    assert.deepEqual(map.slice({ from, to, limit, reverse: false }), inside.slice(0, limit))
    assert.deepEqual(map.slice({ from, to, limit, reverse: true }), inside.reverse().slice(0, limit))
    assert.deepEqual(map.get(from), plain.get(from))
  }
})

test('keyText() keeps bytes and their order', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  assert.deepEqual(keyBytes(keyText(all)), all)
  assert.ok(keyText(Uint8Array.of(127)) < keyText(Uint8Array.of(128)))
  assert.ok(keyText(Uint8Array.of(255)) < keyText(Uint8Array.of(255, 0)))
})
