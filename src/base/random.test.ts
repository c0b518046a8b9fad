import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uuid } from '#base/ids.ts'
import { seeded } from '#base/random.ts'

test('seeded() repeats itself for a seed and differs between seeds', () => {
  assert.equal(uuid(seeded(7)), uuid(seeded(7)))
  assert.notEqual(uuid(seeded(7)), uuid(seeded(8)))
})

test('seeded() spreads evenly over ten bins', () => {
  const random = seeded(1)
  const bins = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) {
    const bin = random.below(10)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  for (const count of bins) assert.ok(count > 9_000 && count < 11_000, `a bin has ${count}`)
})
