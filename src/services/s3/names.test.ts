import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seeded } from '#base/random.ts'
import { faultIn } from '#services/s3/fake-ports.ts'
import { checkKey, isBucketName, orderedId, orderOf } from '#services/s3/names.ts'

test('isBucketName() follows the naming rules', () => {
  for (const name of [
    'abc',
    'my-bucket.1',
    '0abc',
    'a'.repeat(63),
    'aws-sam-cli-managed-default-samclisourcebucket-x1',
  ])
    assert.ok(isBucketName(name), name)
  for (const name of [
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    '-abc',
    'abc-',
    'a..b',
    '192.168.5.4',
    'xn--abc',
    'sthree-abc',
    'abc-s3alias',
    'abc--ol-s3',
    'abc--x-s3',
  ])
    assert.ok(!isBucketName(name), name)
})

test('checkKey() takes 1,024 bytes and refuses one more', async () => {
  checkKey('é'.repeat(512))
  assert.equal((await faultIn(() => checkKey('é'.repeat(512) + 'a'))).code, 'KeyTooLongError')
})

test('orderOf() gives back what orderedId() took, and nothing for other texts', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.integer(), (order, seed) => {
      const id = orderedId(order, seeded(seed))
      assert.equal(id.length, 32)
      assert.equal(orderOf(id), order)
    }),
  )
  for (const text of ['', 'null', 'x'.repeat(31), '_'.repeat(32), `${'a'.repeat(31)}!`])
    assert.equal(orderOf(text), undefined, text)
})
