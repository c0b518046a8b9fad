import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataPlaneAddress } from '#platform/data-plane.ts'
import type { HttpRequest } from '#ports/http.ts'

const at = (host: string, path: string): unknown => dataPlaneAddress({ host, path } as HttpRequest)

test('dataPlaneAddress() finds an API by host and leaves its path untouched', () => {
  assert.deepEqual(at('abc123.execute-api.localhost', '/prod//a%2Fb/'), {
    id: 'abc123',
    path: '/prod//a%2Fb/',
  })
  assert.deepEqual(at('abc123.execute-api.eu-west-1.amazonaws.com', '/'), { id: 'abc123', path: '/' })
})

test('dataPlaneAddress() finds an API by path', () => {
  assert.deepEqual(at('localhost', '/_aws/execute-api/abc123/node'), { id: 'abc123', path: '/node' })
  assert.deepEqual(at('localhost', '/_aws/execute-api/abc123'), { id: 'abc123', path: '/' })
  assert.deepEqual(at('localhost', '/restapis/abc123/prod/_user_request_/a/b'), {
    id: 'abc123',
    path: '/prod/a/b',
  })
})

test('dataPlaneAddress() leaves API calls alone', () => {
  for (const path of ['/', '/restapis/abc123/stages', '/v2/apis', '/2015-03-31/functions']) {
    assert.equal(at('localhost', path), undefined, path)
  }
  assert.equal(at('execute-api.us-east-1.amazonaws.com', '/'), undefined)
})
