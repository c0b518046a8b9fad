import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataPlaneAddress } from '#platform/data-plane.ts'
import type { HttpRequest } from '#ports/http.ts'

const at = (host: string, path: string): unknown => dataPlaneAddress({ host, path } as HttpRequest)

test('dataPlaneAddress() finds an API by host and leaves its path untouched', () => {
  assert.deepEqual(at('abc123.execute-api.localhost', '/prod//a%2Fb/'), {
    kind: 'execute-api',
    id: 'abc123',
    path: '/prod//a%2Fb/',
  })
  assert.deepEqual(at('abc123.execute-api.eu-west-1.amazonaws.com', '/'), {
    kind: 'execute-api',
    id: 'abc123',
    path: '/',
  })
})

test('dataPlaneAddress() finds an API by path', () => {
  assert.deepEqual(at('localhost', '/_aws/execute-api/abc123/node'), {
    kind: 'execute-api',
    id: 'abc123',
    path: '/node',
  })
  assert.deepEqual(at('localhost', '/_aws/execute-api/abc123'), {
    kind: 'execute-api',
    id: 'abc123',
    path: '/',
  })
  assert.deepEqual(at('localhost', '/restapis/abc123/prod/_user_request_/a/b'), {
    kind: 'execute-api',
    id: 'abc123',
    path: '/prod/a/b',
  })
})

test('dataPlaneAddress() finds a function URL by host and by path', () => {
  const id = 'mq75dt64puwxk3u6gjw2rhak4m0bcmmi'
  const found = { kind: 'lambda-url', id, path: '/a/b' }
  assert.deepEqual(at(`${id}.lambda-url.us-east-1.localhost`, '/a/b'), found)
  assert.deepEqual(at(`${id}.lambda-url.eu-west-1.on.aws`, '/a/b'), found)
  assert.deepEqual(at('127.0.0.1', `/_aws/lambda-url/${id}/a/b`), found)
})

test('dataPlaneAddress() leaves API calls alone', () => {
  for (const path of ['/', '/restapis/abc123/stages', '/v2/apis', '/2015-03-31/functions']) {
    assert.equal(at('localhost', path), undefined, path)
  }
  assert.equal(at('execute-api.us-east-1.amazonaws.com', '/'), undefined)
})
