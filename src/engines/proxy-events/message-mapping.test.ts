import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { compileMessageMapping, mapRequest, mapResponse } from '#engines/proxy-events/message-mapping.ts'
import type { MappingSource } from '#engines/proxy-events/parameter-mapping.ts'

const SOURCE: MappingSource = {
  header: (name) => (name === 'x-in' ? 'in' : undefined),
  query: (name) => (name === 'q' ? 'a,b' : undefined),
  path: (name) => (name === undefined ? '/pets/7' : '7'),
  context: (name) => (name === 'requestId' ? 'id' : undefined),
  stageVariable: (name) => (name === 'color' ? 'red' : undefined),
  body: utf8('{"user":{"name":"kim"}}'),
  response: { header: (name) => (name === 'x-out' ? 'out' : undefined), body: utf8('{"code":418}') },
}
const REQUEST = {
  rawHeaders: [['X-Old', 'old']] as [string, string][],
  query: 'keep=1&gone=2&gone=3',
  path: '/p',
}

function request(parameters: Record<string, string>): typeof REQUEST {
  const rules = compileMessageMapping(parameters, 'request')
  assert.ok(rules.ok, rules.ok ? '' : rules.error.join())
  return mapRequest(rules.value, SOURCE, REQUEST)
}
const errorsOf = (parameters: Record<string, string>, of: 'request' | 'answer'): readonly string[] => {
  const rules = compileMessageMapping(parameters, of)
  return rules.ok ? [] : rules.error
}

test('mapRequest() appends, overwrites and removes headers without regard to their case', () => {
  assert.deepEqual(request({ 'append:header.x-old': '$request.header.X-In' }).rawHeaders, [
    ['X-Old', 'old'],
    ['x-old', 'in'],
  ])
  assert.deepEqual(
    request({ 'overwrite:header.X-OLD': '${context.requestId}-${stageVariables.color}' }).rawHeaders,
    [['x-old', 'id-red']],
  )
  assert.deepEqual(request({ 'remove:header.x-old': "''" }).rawHeaders, [])
  assert.deepEqual(
    request({ 'overwrite:header.x-old': '$request.header.missing' }).rawHeaders,
    REQUEST.rawHeaders,
  )
  assert.deepEqual(request({ 'overwrite:header.x-old': '$request.body.user.name' }).rawHeaders, [
    ['x-old', 'kim'],
  ])
  assert.equal(request({ 'append:header.a': 'x\r\ny: z\u0000' }).rawHeaders.at(-1)?.[1], 'x y: z ')
  const encoded = request({ 'append:header.a': '\u65e5' }).rawHeaders.at(-1)?.[1] ?? ''
  assert.equal(Buffer.from(encoded, 'latin1').toString(), '\u65e5')
})

test('mapRequest() changes the query and the path', () => {
  assert.equal(request({ 'append:querystring.n': 'a b' }).query, 'keep=1&gone=2&gone=3&n=a%20b')
  assert.equal(request({ 'overwrite:querystring.gone': '$request.querystring.q' }).query, 'keep=1&gone=a%2Cb')
  assert.equal(request({ 'remove:querystring.gone': '' }).query, 'keep=1')
  assert.equal(request({ 'overwrite:path': '/v1${request.path}' }).path, '/v1/pets/7')
  assert.equal(request({ 'overwrite:path': '$request.path.id' }).path, '/7')
})

test('mapResponse() reads the answer, not the request, and may set the status', () => {
  const rules = compileMessageMapping(
    {
      'overwrite:statuscode': '$response.body.code',
      'append:header.a': '$response.header.X-Out',
      'remove:header.b': '',
    },
    'answer',
  )
  assert.ok(rules.ok)
  const answer = mapResponse(rules.value, SOURCE, { status: 200, headers: [['B', '1']] })
  assert.deepEqual(answer, { status: 418, headers: [['a', 'out']] })
  const wrong = compileMessageMapping({ 'overwrite:statuscode': 'teapot' }, 'answer')
  assert.ok(wrong.ok)
  assert.equal(mapResponse(wrong.value, SOURCE, { status: 200, headers: [] }).status, 200)
})

test('compileMessageMapping() refuses reserved headers, unknown places and bad expressions', () => {
  for (const name of ['Authorization', 'x-amzn-a', 'access-control-allow-origin', 'apigw-x', 'Via'])
    assert.match(errorsOf({ [`append:header.${name}`]: 'x' }, 'request')[0] ?? '', /are restricted$/, name)
  for (const key of [
    'header.a',
    'set:header.a',
    'append:header',
    'append:path',
    'overwrite:path.a',
    'overwrite:statuscode',
  ])
    assert.deepEqual(errorsOf({ [key]: 'x' }, 'request'), [`Invalid destination: ${key}`])
  assert.equal(errorsOf({ 'append:header.a b': 'x' }, 'request').length, 1)
  for (const key of ['overwrite:path', 'append:querystring.a', 'append:statuscode'])
    assert.deepEqual(errorsOf({ [key]: 'x' }, 'answer'), [`Invalid destination: ${key}`])
  assert.match(errorsOf({ 'append:header.a': '$request.headers.b' }, 'request')[0] ?? '', /^Invalid source/)
  assert.match(errorsOf({ 'append:header.a': '$request.header.b' }, 'answer')[0] ?? '', /^Invalid source/)
})
