import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corsHeaders, isPreflight, preflightHeaders } from '#services/lambda/urls/cors.ts'

const CORS = {
  AllowCredentials: true,
  AllowOrigins: ['https://a.example'],
  AllowMethods: ['GET', 'POST'],
  AllowHeaders: ['x-in'],
  ExposeHeaders: ['x-out'],
  MaxAge: 60,
}
const asked = (origin: string): Record<string, string> => ({
  origin,
  'access-control-request-method': 'POST',
})

test('preflightHeaders() lists all that is configured, for an origin that is allowed', () => {
  assert.deepEqual(preflightHeaders(CORS, asked('https://a.example')), [
    ['Access-Control-Allow-Origin', 'https://a.example'],
    ['Vary', 'Origin'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Methods', 'GET,POST'],
    ['Access-Control-Allow-Headers', 'x-in'],
    ['Access-Control-Expose-Headers', 'x-out'],
    ['Access-Control-Max-Age', '60'],
  ])
  assert.deepEqual(preflightHeaders(CORS, asked('https://b.example')), [])
})

test('corsHeaders() echoes the origin, also of a wildcard, and adds nothing without one', () => {
  assert.deepEqual(corsHeaders({ AllowOrigins: ['*'] }, { origin: 'https://b.example' }), [
    ['Access-Control-Allow-Origin', 'https://b.example'],
    ['Vary', 'Origin'],
  ])
  assert.deepEqual(corsHeaders(CORS, { origin: 'https://a.example' }).at(-1), [
    'Access-Control-Expose-Headers',
    'x-out',
  ])
  assert.deepEqual(corsHeaders(CORS, {}), [])
  assert.deepEqual(corsHeaders(undefined, { origin: 'https://a.example' }), [])
})

test('isPreflight() is true for OPTIONS with both headers only', () => {
  assert.equal(isPreflight('OPTIONS', asked('https://a.example')), true)
  assert.equal(isPreflight('POST', asked('https://a.example')), false)
  assert.equal(isPreflight('OPTIONS', { origin: 'https://a.example' }), false)
})
