/** Records, envelopes and dead-letter messages against recorded ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { instant } from '#base/time.ts'
import {
  type EndedEvent,
  busEntry,
  deadLetterAttributes,
  invocationRecord,
  objectKey,
} from '#services/lambda/events/invocation-record.ts'

const FUNCTION = 'arn:aws:lambda:us-east-1:111111111111:function:f:$LATEST'
const ended: EndedEvent = {
  requestId: 'id',
  functionArn: FUNCTION,
  condition: 'RetriesExhausted',
  invokes: 3,
  payload: utf8('{"raise_error": 1}'),
  answer: { payload: utf8('{"errorMessage":"m","errorType":"E"}'), functionError: 'Unhandled', version: '7' },
  at: instant(Date.UTC(2026, 10, 25, 3, 4, 5, 678)),
}

test('invocationRecord() has the members of AWS\u2019s records, in their order', () => {
  assert.equal(
    invocationRecord(ended),
    `{"version":"1.0","timestamp":"2026-11-25T03:04:05.678Z","requestContext":{"requestId":"id","functionArn":"${FUNCTION}","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"raise_error": 1},"responseContext":{"statusCode":200,"executedVersion":"7","functionError":"Unhandled"},"responsePayload":{"errorMessage":"m","errorType":"E"}}`,
  )
  const success = { ...ended, condition: 'Success', invokes: 1 } as const
  const answered = JSON.parse(
    invocationRecord({
      ...success,
      answer: { payload: utf8('not JSON'), functionError: undefined, version: '$LATEST' },
    }),
  ) as Record<string, unknown>
  assert.deepEqual(answered['responseContext'], { statusCode: 200, executedVersion: '$LATEST' })
  assert.equal(answered['responsePayload'], 'not JSON')
})

test('invocationRecord() of an event that never ran has no response', () => {
  const never = { ...ended, condition: 'ZeroReservedConcurrency', invokes: 0, answer: undefined } as const
  assert.deepEqual(JSON.parse(invocationRecord(never)), {
    version: '1.0',
    timestamp: '2026-11-25T03:04:05.678Z',
    requestContext: {
      requestId: 'id',
      functionArn: FUNCTION,
      condition: 'ZeroReservedConcurrency',
      approximateInvokeCount: 0,
    },
    requestPayload: { raise_error: 1 },
  })
})

test('busEntry() names the bus first, and the result in its detail type', () => {
  const bus = 'arn:aws:events:us-east-1:111111111111:event-bus/b'
  const entry = JSON.parse(busEntry(ended, bus)) as Record<string, unknown>
  assert.deepEqual(
    [entry['Source'], entry['DetailType'], entry['Resources'], entry['EventBusName'], entry['Detail']],
    ['lambda', 'Lambda Function Invocation Result - Failure', [bus, FUNCTION], bus, invocationRecord(ended)],
  )
  assert.match(busEntry({ ...ended, condition: 'Success' }, bus), /Invocation Result - Success"/)
})

test('deadLetterAttributes() quote the answer\u2019s message, its first KB, or why there is none', () => {
  assert.deepEqual(deadLetterAttributes(ended), {
    RequestID: { dataType: 'String', stringValue: 'id' },
    ErrorCode: { dataType: 'Number', stringValue: '200' },
    ErrorMessage: { dataType: 'String', stringValue: 'm' },
  })
  const long = {
    payload: utf8(JSON.stringify({ errorMessage: 'é'.repeat(2_000) })),
    functionError: 'Unhandled',
    version: '7',
  }
  assert.equal(deadLetterAttributes({ ...ended, answer: long })['ErrorMessage']?.stringValue, 'é'.repeat(512))
  const none = { payload: utf8('{"errorMessage":""}'), functionError: 'Unhandled', version: '7' }
  assert.equal(deadLetterAttributes({ ...ended, answer: none })['ErrorMessage']?.stringValue, ' ')
  const throttled = deadLetterAttributes({ ...ended, condition: 'EventAgeExceeded', answer: undefined })
  assert.deepEqual(
    [throttled['ErrorCode']?.stringValue, throttled['ErrorMessage']?.stringValue],
    ['429', 'Rate Exceeded.'],
  )
})

test('objectKey() is by day and second', () => {
  assert.equal(objectKey('f', ended.at, 'u'), 'aws/lambda/async/f/2026/11/25/2026-11-25T03.04.05-u')
})
