import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { type MappingSource, compileMapping } from '#engines/proxy-events/parameter-mapping.ts'

const source = (body: string): MappingSource => ({
  header: (name) => (name === 'x-tenant' ? 'acme' : undefined),
  query: (name) => (name === 'q' ? 'a b' : undefined),
  path: (name) => (name === undefined ? '/orders/7' : name === 'id' ? '7' : undefined),
  context: (name) => (name === 'identity.sourceIp' ? '127.0.0.1' : undefined),
  stageVariable: (name) => (name === 'table' ? 'prod' : undefined),
  body: utf8(body),
})
const BODY = '{"order":{"id":7,"lines":[{"sku":"x"},{"sku":"y"}],"note":null},"a.b":true}'
const value = (expression: string, body = BODY): string | undefined =>
  compileMapping(expression)?.(source(body))

test('compileMapping() reads each part of a request that the developer guide names', () => {
  assert.equal(value('$request.header.X-Tenant'), 'acme')
  assert.equal(value('$request.querystring.q'), 'a b')
  assert.equal(value('$request.path'), '/orders/7')
  assert.equal(value('$request.path.id'), '7')
  assert.equal(value('$context.identity.sourceIp'), '127.0.0.1')
  assert.equal(value('$stageVariables.table'), 'prod')
  assert.equal(value('$request.body'), BODY)
  assert.equal(value('$request.body.order.id'), '7')
  assert.equal(value('$request.body.order.lines[1].sku'), 'y')
  assert.equal(value("$request.body['a.b']"), 'true')
  assert.equal(value('$request.body.order.lines'), '[{"sku":"x"},{"sku":"y"}]')
  assert.equal(value('a static value'), 'a static value')
})

test('compileMapping() puts values into text', () => {
  assert.equal(value('tenant ${request.header.x-tenant} of ${stageVariables.table}'), 'tenant acme of prod')
  assert.equal(value('${request.path.id}-${request.body.order.id}'), '7-7')
  assert.equal(value('id ${request.path.nothing}'), undefined)
})

test('compileMapping() gives nothing for what the request does not have', () => {
  for (const expression of [
    '$request.header.none',
    '$request.body.order.note',
    '$request.body.order.lines[9].sku',
    '$request.body.constructor',
  ])
    assert.equal(value(expression), undefined)
  assert.equal(value('$request.body.a', 'no json'), undefined)
  assert.equal(value('$request.body', ''), undefined)
})

test('compileMapping() refuses what is no selection expression', () => {
  for (const expression of [
    '$request.body..id',
    '$request.body[?(@.a)]',
    '$request.cookie.a',
    '$nothing.x',
    '$request.header.',
    'a ${request.nothing.x}',
  ])
    assert.equal(compileMapping(expression), undefined)
})
