import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Double, Tagged, decodeCbor, encodeCbor } from '#wire/cbor.ts'

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('any')),
    fc.dictionary(
      fc.string().filter((key) => key.isWellFormed()),
      tie('any'),
    ),
  ),
})).any

test('decodeCbor() gives back what encodeCbor() took', () => {
  fc.assert(
    fc.property(value, (each) => {
      const back = decodeCbor(encodeCbor(each))
      assert.deepEqual(JSON.stringify(back), JSON.stringify(each))
    }),
  )
})

test('decodeCbor() reads lengths without end, half floats, tags and 64-bit numbers', () => {
  const hex = (text: string): Uint8Array =>
    Uint8Array.from(text.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [])
  assert.deepEqual(decodeCbor(hex('bf6161019f0203ffff')), undefined)
  assert.deepEqual(decodeCbor(hex('bf616101616b9f0203ffff')), { a: 1, k: [2, 3] })
  assert.equal(decodeCbor(hex('f93c00')), 1)
  assert.equal(decodeCbor(hex('f97e00')), Number.NaN)
  assert.deepEqual(decodeCbor(hex('c11a514b67b0')), new Tagged(1, 1_363_896_240))
  assert.equal(decodeCbor(hex('1bffffffffffffffff')), 18_446_744_073_709_551_615n)
  assert.equal(decodeCbor(hex('3bffffffffffffffff')), -18_446_744_073_709_551_616n)
})

test('encodeCbor() keeps a whole double a double', () => {
  assert.deepEqual([...encodeCbor(new Double(2))], [0xfb, 0x40, 0, 0, 0, 0, 0, 0, 0])
})

test('decodeCbor() answers undefined for broken bytes and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeCbor(bytes)
    }),
    { numRuns: 2_000 },
  )
  assert.equal(decodeCbor(new Uint8Array(1_000).fill(0x81)), undefined)
  assert.equal(decodeCbor(Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)), undefined)
})
