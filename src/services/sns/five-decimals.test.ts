import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileFilter, Filterable, type FilterScope } from '#services/sns/filter.ts'
import { fiveDecimals, mayBeFiner } from '#services/sns/five-decimals.ts'
import type { Message } from '#services/sns/message.ts'

const matches = (scope: FilterScope, policy: unknown, price: string): boolean => {
  const filter = compileFilter(JSON.stringify(policy), scope, 'Subscribe')
  const isBody = scope === 'MessageBody'
  const message = {
    text: isBody ? `{"price":${price}}` : 'text',
    attributes: isBody ? {} : { price: { type: 'Number', value: price } },
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a filter looks at text and attributes only
  return new Filterable(message as unknown as Message).matches(filter, 'sqs')
}

test('filters compare numbers to five decimals, in attributes and bodies', () => {
  for (const scope of ['MessageAttributes', 'MessageBody'] as const) {
    assert.ok(matches(scope, { price: [100.123456789] }, '100.1234567'))
    assert.ok(matches(scope, { price: [100.12345] }, '100.123459'))
    assert.ok(!matches(scope, { price: [100.12345] }, '100.12346'))
    assert.ok(matches(scope, { price: [1.15] }, '1.150001'))
    assert.ok(matches(scope, { price: [301.5] }, '3.015e2'))
    assert.ok(matches(scope, { price: [0] }, '1e-7'))
    assert.ok(!matches(scope, { price: [{ numeric: ['>', 1.00001] }] }, '1.000019'))
    const narrow = { price: [{ numeric: ['>', 1.0000001, '<', 1.0000009] }] }
    assert.ok(!matches(scope, narrow, '1.0000005'))
  }
})

test('a number that has no more than five decimals is left as it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 99_999 }), (whole, part) => {
      const number = Number(`${whole}.${`${part}`.padStart(5, '0')}`)
      assert.equal(fiveDecimals(number), number)
      assert.ok(!mayBeFiner(JSON.stringify({ number })))
    }),
  )
})
