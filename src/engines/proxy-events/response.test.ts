import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import {
  type ProxyResponse,
  forwarded,
  interpretV1,
  interpretV2,
  plainBody,
  remapped,
} from '#engines/proxy-events/response.ts'
import { functionArnOf, withStageVariables } from '#engines/proxy-events/lambda-uri.ts'

function check(
  read: (payload: Bytes) => ProxyResponse | undefined,
  answer: unknown,
  expected: { status: number; headers: [string, string][]; body: string } | undefined,
): void {
  const found = read(
    utf8(typeof answer === 'string' && answer.startsWith('raw:') ? answer.slice(4) : JSON.stringify(answer)),
  )
  const shown = found && {
    status: found.status,
    headers: found.headers.map(([n, v]) => [n, v]),
    body: text(found.body),
  }
  assert.deepEqual(shown, expected, JSON.stringify(answer))
}
const JSON_TYPE: [string, string] = ['Content-Type', 'application/json']

// Source: recorded AWS answers of REST APIs, 2024-11-15.
test('interpretV1() accepts and refuses answers as AWS was seen to', () => {
  const good = (answer: unknown, more: [string, string][] = [], status = 200): void =>
    check(interpretV1, answer, { status, headers: [JSON_TYPE, ...more], body: '' })
  good({ statusCode: 200 })
  good({ statusCode: '200' })
  good({ statusCode: 200, headers: null })
  good({ statusCode: 200, headers: { 'test-header': 'value', 'header-bool': true } }, [
    ['test-header', 'value'],
    ['header-bool', 'true'],
  ])
  good({ headers: { 'test-header': 'value' } }, [['test-header', 'value']])
  good({ statusCode: 200, multiValueHeaders: { 'test-multi': ['value1', 'value2'] } }, [
    ['test-multi', 'value1'],
    ['test-multi', 'value2'],
  ])
  good(
    {
      statusCode: 200,
      headers: { 'test-multi': 'value-solo' },
      multiValueHeaders: { 'tesT-Multi': ['value-multi'] },
    },
    [
      ['tesT-Multi', 'value-multi'],
      ['tesT-Multi', 'value-solo'],
    ],
  )
  const bad = (answer: unknown): void => check(interpretV1, answer, undefined)
  bad({ statusCode: 200, wrongValue: 'value' })
  bad({})
  bad('just a string')
  bad({ statusCode: 'test', headers: null })
  bad({ statusCode: 200, multiValueHeaders: { 'test-multi': 'value1' } })
  bad(null)
  bad('raw:not json')
  bad({ statusCode: 200, body: { a: 1 } })
})

test('interpretV1() keeps a pair that both maps have once', () => {
  // Source: developer guide, Output format of a Lambda function for proxy integration.
  const answer = { statusCode: 204, headers: { k: 'a' }, multiValueHeaders: { k: ['a', 'b'] } }
  check(interpretV1, answer, { status: 204, headers: [JSON_TYPE, ['k', 'a'], ['k', 'b']], body: '' })
})

// Source: API Gateway developer guide, Lambda function response for format 2.0, table of outputs.
test('interpretV2() infers a response from an answer without a status', () => {
  const inferred = (answer: unknown, body: string): void =>
    check(interpretV2, answer, { status: 200, headers: [['content-type', 'application/json']], body })
  inferred('Hello from Lambda!', 'Hello from Lambda!')
  inferred('raw:{ "message": "Hello from Lambda!" }', '{ "message": "Hello from Lambda!" }')
  inferred([1, 2], '[1,2]')
  inferred(null, 'null')
  inferred({ body: 'x' }, '{"body":"x"}')
})

test('interpretV2() reads a structured answer, its cookies each as a header', () => {
  const answer = {
    statusCode: 201,
    headers: { 'content-type': 'text/html' },
    cookies: ['a=1', 'b=2'],
    body: '<p>',
  }
  check(interpretV2, answer, {
    status: 201,
    headers: [
      ['content-type', 'text/html'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
    body: '<p>',
  })
  check(
    interpretV2,
    { statusCode: 200, body: 'x' },
    {
      status: 200,
      headers: [['Content-Type', 'text/plain;charset=UTF-8']],
      body: 'x',
    },
  )
})

test('interpretV2() refuses what would break the connection', () => {
  const bad = (answer: unknown): void => check(interpretV2, answer, undefined)
  bad({ statusCode: 200, headers: { 'bad name': 'x' } })
  bad({ statusCode: 200, headers: { name: 'a\r\nset-cookie: x' } })
  bad({ statusCode: 200, cookies: 'a=1' })
  bad({ statusCode: 200, cookies: ['a\n'] })
  bad({ statusCode: 101 })
  bad({ statusCode: 99.5 })
  bad({ statusCode: null })
  bad({ statusCode: 200, headers: { list: [1] } })
  bad('raw:')
})

test('interpretV2() and interpretV1() answer or refuse whatever a function returns, and never throw', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ statusCode: fc.jsonValue(), headers: fc.jsonValue(), body: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(value, (answer) => {
      for (const read of [interpretV1, interpretV2]) {
        const found = read(utf8(JSON.stringify(answer)))
        if (found !== undefined) assert.ok(found.status >= 200 && found.status <= 599)
      }
    }),
  )
})

test('plainBody() undoes base64 and refuses what is none', () => {
  const encoded = { status: 200, headers: [], body: utf8('/w=='), isBase64Encoded: true }
  assert.deepEqual(plainBody(encoded), Uint8Array.of(0xff))
  assert.equal(plainBody({ ...encoded, body: utf8('***') }), undefined)
})

// Source: recorded AWS answers, 2024-12.
test('remapped() renames reserved headers and drops those of the connection', () => {
  const headers = remapped([
    ['date', 'x'],
    ['WWW-Authenticate', 'Basic'],
    ['Transfer-Encoding', 'chunked'],
    ['X-Own', '1'],
  ])
  assert.deepEqual(headers, [
    ['x-amzn-Remapped-Date', 'x'],
    ['x-amzn-Remapped-WWW-Authenticate', 'Basic'],
    ['X-Own', '1'],
  ])
  assert.deepEqual(
    forwarded([
      ['Content-Length', '3'],
      ['connection', 'close'],
      ['etag', '1'],
    ]),
    [['etag', '1']],
  )
})

test('functionArnOf() reads both spellings of an integration URI', () => {
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:hello:live'
  const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`
  assert.equal(functionArnOf(uri), arn)
  assert.equal(functionArnOf(arn), arn)
  assert.equal(functionArnOf('arn:aws:apigateway:us-east-1:s3:path/b/k'), undefined)
  assert.equal(functionArnOf('https://example.com'), undefined)
})

test('withStageVariables() fills what is set and empties the rest', () => {
  assert.equal(
    withStageVariables('f:${stageVariables.fn}:${stageVariables.none}', { fn: 'hello' }),
    'f:hello:',
  )
  assert.equal(withStageVariables('${stageVariables.constructor}', {}), '')
})
