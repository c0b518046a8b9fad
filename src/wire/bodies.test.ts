import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WholeBody, utf8 } from '#base/bytes.ts'
import type { Body, HttpRequest } from '#ports/http.ts'
import { wholeOf } from '#wire/bodies.ts'

function requestOf(body: Partial<Body>, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  const bytes = utf8('hello')
  return {
    method: 'PUT',
    path: '/bucket/key',
    query: '',
    headers,
    rawHeaders: [],
    host: 'localhost',
    hostPort: 'localhost:4566',
    remote: { address: '127.0.0.1', port: 1 },
    body: {
      length: bytes.length,
      collect: () => Promise.resolve(bytes),
      stream: () => new WholeBody(bytes),
      ...body,
    },
  }
}

test('wholeOf() takes a short body at once', async () => {
  assert.deepEqual((await wholeOf(requestOf({})))?.bytes, utf8('hello'))
})

test('wholeOf() leaves bodies that are long, of unknown or no length, or chunked', async () => {
  for (const length of [64 * 1_024 + 1, undefined, Number.NaN])
    assert.equal(await wholeOf(requestOf({ length })), undefined)
  const chunked = requestOf({}, { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' })
  assert.equal(await wholeOf(chunked), undefined)
})
