import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '#platform/guard.ts'
import type { HttpRequest } from '#ports/http.ts'

const rules = { allowedHosts: ['dev.example.test'], allowedOrigins: ['https://app.example.test'] }

function verdict(host: string, headers: Readonly<Record<string, string>> = {}, path = '/'): string {
  const request: Pick<HttpRequest, 'host' | 'headers' | 'path' | 'method'> = {
    host,
    headers,
    path,
    method: 'GET',
  }
  return guard(request as HttpRequest, rules).kind
}

test('guard() passes names of this machine and refuses every other Host', () => {
  for (const host of [
    'localhost',
    '127.0.0.1',
    '127.9.8.7',
    '[::1]',
    'b.s3.localhost',
    'abc.execute-api.localhost',
    'sqs.us-east-1.amazonaws.com',
    'dev.example.test',
  ]) {
    assert.equal(verdict(host), 'pass', host)
  }
  for (const host of [
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'amazonaws.com.evil.test',
    '10.0.0.1',
    '',
  ]) {
    assert.equal(verdict(host), 'refused', host)
  }
})

test('guard() refuses what a foreign page sends', () => {
  for (const origin of [
    'https://evil.test',
    'null',
    'http://localhost.evil.test',
    'http://127.0.0.1.evil.test:80',
    'file://',
  ]) {
    assert.equal(verdict('localhost', { origin }), 'refused', origin)
  }
  for (const origin of [
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'https://app.example.test',
    'http://[::1]:8080',
  ]) {
    assert.equal(verdict('localhost', { origin }), 'pass', origin)
  }
})

test('guard() refuses a cross-site navigation unless it opens the console', () => {
  const navigation = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  assert.equal(verdict('localhost', navigation, '/'), 'refused')
  assert.equal(verdict('localhost', navigation, '/_windtunnel/reset'), 'refused')
  assert.equal(verdict('localhost', navigation, '/_windtunnel/'), 'pass')
  assert.equal(
    verdict('localhost', { ...navigation, 'sec-fetch-mode': 'no-cors' }, '/_windtunnel/'),
    'refused',
  )
})
