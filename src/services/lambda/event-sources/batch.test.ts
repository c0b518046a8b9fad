import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { text, utf8 } from '#base/bytes.ts'
import { compileFilterCriteria } from '#engines/patterns/filter-criteria.ts'
import { failedItems } from '#services/lambda/event-sources/batch-response.ts'
import { Batch, type BatchItem, sortMessages } from '#services/lambda/event-sources/batch.ts'

const SOURCE = { arn: 'arn:aws:sqs:us-east-1:000000000000:q', region: 'us-east-1' }

test('sortMessages() gives records exactly as AWS gives them', () => {
  const message = {
    MessageId: 'm-1',
    ReceiptHandle: 'r-1',
    Body: 'hello',
    Attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1790000000000', AWSTraceHeader: 'Root=1-a' },
    MessageAttributes: {
      t: { DataType: 'String', StringValue: 'v' },
      b: { DataType: 'Binary', BinaryValue: utf8('raw') },
    },
    MD5OfMessageAttributes: 'a-md5',
    MD5OfBody: 'b-md5',
  }
  const [item] = sortMessages([message], SOURCE, undefined).kept
  assert.deepEqual(JSON.parse(text(item?.json ?? new Uint8Array())), {
    messageId: 'm-1',
    receiptHandle: 'r-1',
    body: 'hello',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1790000000000', AWSTraceHeader: 'Root=1-a' },
    messageAttributes: {
      t: { stringValue: 'v', stringListValues: [], binaryListValues: [], dataType: 'String' },
      b: { binaryValue: 'cmF3', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    },
    md5OfMessageAttributes: 'a-md5',
    md5OfBody: 'b-md5',
    eventSource: 'aws:sqs',
    eventSourceARN: SOURCE.arn,
    awsRegion: 'us-east-1',
  })
  assert.deepEqual([item?.trace, item?.sentAt], ['Root=1-a', 1_790_000_000_000])
})

test('sortMessages() sets apart what the filter does not keep', () => {
  const filter = compileFilterCriteria(['{"body":{"kind":["order"]}}'], 'body')
  assert.ok(filter.ok)
  const messages = ['{"kind":"order"}', '{"kind":"other"}', 'plain'].map((body, at) => ({
    MessageId: `m${at}`,
    ReceiptHandle: `r${at}`,
    Body: body,
  }))
  const { kept, dropped } = sortMessages(messages, SOURCE, filter.value)
  assert.deepEqual([kept.map(({ id }) => id), dropped], [['m0'], ['r1', 'r2']])
})

const item = (id: string, bytes: number): BatchItem => ({
  id,
  handle: id,
  json: utf8(JSON.stringify('x'.repeat(Math.max(0, bytes - 2)))),
  trace: undefined,
  sentAt: 0,
})

test('a batch takes messages in order up to its size and its bytes, and loses none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 40 }),
      fc.record({ size: fc.integer({ min: 1, max: 12 }), bytes: fc.integer({ min: 20, max: 200 }) }),
      (lengths, rules) => {
        const all = lengths.map((bytes, at) => item(`${at}`, bytes))
        const seen: string[] = []
        let rest = all
        while (rest.length > 0) {
          const batch = new Batch(rules)
          rest = batch.add(rest)
          assert.ok(batch.items.length > 0 && batch.items.length <= rules.size)
          const payload = batch.payload()
          assert.ok(payload.length <= rules.bytes || batch.items.length === 1)
          assert.equal(JSON.parse(text(payload)).Records.length, batch.items.length)
          seen.push(...batch.items.map(({ id }) => id))
          if (rest.length > 0) assert.ok(batch.full && batch.room === 0)
        }
        assert.deepEqual(
          seen,
          all.map(({ id }) => id),
        )
      },
    ),
  )
})

const IDS = new Set(['a', 'b', 'c'])
const said = (answer: string): 'all' | string[] => {
  const failed = failedItems(utf8(answer), IDS)
  return failed === 'all' ? failed : [...failed]
}

test('failedItems() is nothing for the ways to say success', () => {
  for (const answer of [
    '{"batchItemFailures":[]}',
    '{"batchItemFailures":null}',
    '{}',
    'null',
    '',
    '{"other":[{"itemIdentifier":"a"}]}',
  ])
    assert.deepEqual(said(answer), [], answer)
})

test('failedItems() is those that are named', () => {
  assert.deepEqual(said('{"batchItemFailures":[{"itemIdentifier":"b"}]}'), ['b'])
  const twice = '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}'
  assert.deepEqual(said(twice), ['b', 'a'])
})

test('failedItems() is the whole batch for every way to get it wrong', () => {
  for (const answer of [
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"itemIdentifier":7}]}',
    '{"batchItemFailures":[{"foo":"a"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"nobody"}]}',
    '{"batchItemFailures":["a"]}',
    '{"batchItemFailures":[null]}',
    '{"batchItemFailures":"a"}',
    '{"batchItemFailures":{"itemIdentifier":"a"}}',
    '{"batchItemFailures":[',
    'not json',
    '"ok"',
    '[]',
    '42',
    'true',
  ])
    assert.equal(said(answer), 'all', answer)
})

test('failedItems() names messages of the batch only, whatever a function answers', () => {
  const ids = fc.constantFrom('a', 'b', 'c', 'd', '')
  const answers = fc.oneof(
    fc.json(),
    fc
      .array(ids)
      .map((all) => JSON.stringify({ batchItemFailures: all.map((id) => ({ itemIdentifier: id })) })),
  )
  fc.assert(
    fc.property(answers, (answer) => {
      const failed = failedItems(utf8(answer), IDS)
      if (failed !== 'all') for (const id of failed) assert.ok(IDS.has(id))
    }),
  )
})
