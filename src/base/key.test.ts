import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '#base/bytes.ts'
import { keyOf, keysBeginning, keysBelow, partsOf } from '#base/key.ts'

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
)

test('partsOf() gives back what keyOf() took', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) =>
      assert.deepEqual(partsOf(keyOf(...parts)), parts),
    ),
  )
})

test('keyOf() sorts numbers as numbers and texts before their extensions', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      if (a < b) assert.ok(compareBytes(keyOf(a), keyOf(b)) < 0)
    }),
  )
  assert.ok(compareBytes(keyOf('ab'), keyOf('abc')) < 0)
  assert.ok(compareBytes(keyOf('a', 'z'), keyOf('a\u0000', 'a')) < 0)
})

test('keysBelow() holds every extension and no neighbour', () => {
  const { from, to } = keysBelow('000000000000', 'function')
  const inside = (key: Uint8Array): boolean => compareBytes(key, from) >= 0 && compareBytes(key, to) < 0
  assert.ok(inside(keyOf('000000000000', 'function', 'f')))
  assert.ok(!inside(keyOf('000000000000', 'functions', 'f')))
  assert.ok(!inside(keyOf('000000000001', 'function', 'f')))
})

test('keysBeginning() holds exactly the keys whose text begins so', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 3 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\u{10ffff}') }),
      (tail, head) => {
        const { from, to } = keysBeginning('s3', head)
        const inside = (key: Uint8Array): boolean => compareBytes(key, from) >= 0 && compareBytes(key, to) < 0
        assert.ok(inside(keyOf('s3', head + tail)))
        assert.ok(inside(keyOf('s3', head + tail, 5)))
        assert.equal(inside(keyOf('s3', tail)), tail.startsWith(head))
      },
    ),
  )
})
