import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FilterCriteria, compileFilterCriteria } from '#engines/patterns/filter-criteria.ts'
import { filterableAttributes } from '#engines/patterns/message-attributes.ts'
import { compilePattern } from '#engines/patterns/pattern.ts'

function criteria(...patterns: unknown[]): FilterCriteria {
  const compiled = compileFilterCriteria(
    patterns.map((pattern) => JSON.stringify(pattern)),
    'body',
  )
  assert.ok(compiled.ok)
  return compiled.value
}

const record = (body: string): Record<string, unknown> => ({
  messageId: 'm1',
  body,
  attributes: { SenderId: 'me' },
})

test('keeps() compares payload and filter as the Lambda guide tabulates for SQS', () => {
  const json = criteria({ body: { RequestCode: ['BBBB'] } })
  assert.ok(json.keeps(record('{"RequestCode": "BBBB"}')))
  assert.ok(!json.keeps(record('{"RequestCode": "AAAA"}')))
  assert.ok(!json.keeps(record('plain BBBB')), 'plain text against fields')
  const plain = criteria({ body: ['hello', { prefix: 'hi' }] })
  assert.ok(plain.keeps(record('hello')))
  assert.ok(plain.keeps(record('hi there')))
  assert.ok(!plain.keeps(record('bye')))
  assert.ok(!plain.keeps(record('{"a": "hello"}')), 'JSON against text')
  assert.ok(!plain.keeps(record('["hello"]')), 'JSON against text')
  const metadata = criteria({ attributes: { SenderId: ['me'] } })
  assert.ok(metadata.keeps(record('anything')))
  assert.ok(metadata.keeps(record('{"RequestCode": "AAAA"}')))
  assert.ok(!metadata.keeps({ body: 'x', attributes: { SenderId: 'you' } }))
})

test('keeps() ORs its filters, each against the form of payload that it demands', () => {
  const both = criteria({ body: ['hello'] }, { body: { a: [1] } }, { messageId: ['m2'] })
  assert.ok(both.keeps(record('hello')))
  assert.ok(both.keeps(record('{"a": 1}')))
  assert.ok(both.keeps({ ...record('other'), messageId: 'm2' }))
  assert.ok(!both.keeps(record('{"a": 2}')))
  assert.ok(criteria().keeps(record('no filters')))
})

test('compileFilterCriteria() takes five filters, and names the broken one', () => {
  const filters = Array.from({ length: 6 }, () => '{"a": [1]}')
  assert.ok(compileFilterCriteria(filters.slice(1), 'body').ok)
  assert.ok(!compileFilterCriteria(filters, 'body').ok)
  const broken = compileFilterCriteria(['{"a": [1]}', '{"a": 1}'], undefined)
  assert.equal(broken.ok ? '' : broken.error.reason, '"a" must be an object or an array')
})

test('filterableAttributes() compares text, numbers and arrays, and leaves binary out', () => {
  const attributes = filterableAttributes({
    store: { DataType: 'String', StringValue: 'example_corp' },
    price: { DataType: 'Number', StringValue: '100.50' },
    count: { DataType: 'Number.int', StringValue: '7' },
    interests: { DataType: 'String.Array', StringValue: '["rugby", 5, true, null]' },
    broken: { DataType: 'String.Array', StringValue: 'rugby' },
    image: { DataType: 'Binary' },
    __proto__x: { DataType: 'String.custom', StringValue: 'x' },
  })
  assert.deepEqual(attributes, {
    store: 'example_corp',
    price: 100.5,
    count: 7,
    interests: ['rugby', 5, true, null],
    __proto__x: 'x',
  })
  const policy = { price: [{ numeric: ['=', 100.5] }], interests: ['rugby'], image: [{ exists: false }] }
  const compiled = compilePattern(JSON.stringify(policy), 'sns-attributes')
  assert.ok(compiled.ok && compiled.value.matches(attributes))
})
