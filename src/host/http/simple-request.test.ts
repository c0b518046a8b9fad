import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleRequest } from '#host/http/simple-request.ts'

const read = (text: string): ReturnType<typeof simpleRequest> => simpleRequest(Buffer.from(text, 'latin1'))
const withHead = (...lines: string[]): string => ['POST / HTTP/1.1', ...lines, '', ''].join('\r\n')

test('simpleRequest() reads a plain head and its body, and says where the next request begins', () => {
  const text = `${withHead('Host: localhost:4566', 'X-Name: \t caf\u00e9 \u00a0 ', 'content-LENGTH: 5')}helloGET`
  assert.deepEqual(read(text), {
    method: 'POST',
    target: '/',
    rawHeaders: ['Host', 'localhost:4566', 'X-Name', 'caf\u00e9 \u00a0', 'content-LENGTH', '5'],
    length: 5,
    headEnd: text.indexOf('hello'),
    end: text.indexOf('GET'),
  })
  const get = read(
    'GET /bucket/a%2Fb/../c?x=%20&y HTTP/1.1\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n',
  )
  assert.ok(typeof get === 'object')
  assert.deepEqual([get.method, get.target, get.length], ['GET', '/bucket/a%2Fb/../c?x=%20&y', undefined])
})

test('simpleRequest() says `partial` while only the body is missing', () => {
  const head = withHead('Host: localhost', 'Content-Length: 5')
  assert.equal(read(head), 'partial')
  assert.equal(read(`${head}hell`), 'partial')
  assert.equal(typeof read(`${head}hello`), 'object')
})

const OTHERS: Readonly<Record<string, string>> = {
  'a head that is not whole': 'POST / HTTP/1.1\r\nHost: localhost\r\n',
  'no headers at all': 'GET / HTTP/1.1\r\n\r\n',
  'no host': withHead('Accept: */*'),
  'two hosts': withHead('Host: localhost', 'Host: localhost'),
  'another version': withHead('Host: localhost').replace('1.1', '1.0'),
  'another method': withHead('Host: localhost').replace('POST', 'CONNECT'),
  'an absolute target': withHead('Host: localhost').replace('POST /', 'POST http://localhost/'),
  'a blank in the target': withHead('Host: localhost').replace('POST /', 'POST /a b'),
  'a target beyond ASCII': withHead('Host: localhost').replace('POST /', 'POST /\u00e9'),
  'two lengths': withHead('Host: localhost', 'Content-Length: 0', 'Content-Length: 0'),
  'a length with a sign': withHead('Host: localhost', 'Content-Length: +0'),
  'a list of lengths': withHead('Host: localhost', 'Content-Length: 0, 0'),
  'an empty length': withHead('Host: localhost', 'Content-Length:'),
  'a long body': withHead('Host: localhost', 'Content-Length: 65537'),
  chunks: withHead('Host: localhost', 'Transfer-Encoding: chunked'),
  'chunks beside a length': withHead('Host: localhost', 'Content-Length: 0', 'transfer-encoding: x'),
  'an expectation': withHead('Host: localhost', 'Expect: 100-continue', 'Content-Length: 0'),
  'an upgrade': withHead('Host: localhost', 'Upgrade: websocket'),
  'a connection that is to end': withHead('Host: localhost', 'Connection: close'),
  'a blank before the colon': withHead('Host: localhost', 'Content-Length : 0'),
  'a folded line': withHead('Host: localhost', 'X-Name: one', ' two'),
  'a line without a colon': withHead('Host: localhost', 'X-Name'),
  'a name that is none': withHead('Host: localhost', 'X(Name): 1'),
  'an empty name': withHead('Host: localhost', ': 1'),
  'a zero byte': withHead('Host: localhost', 'X-Name: a\u0000b'),
  'a bare line feed': withHead('Host: localhost', 'X-Name: a\nContent-Length: 5'),
  'a bare return': withHead('Host: localhost', 'X-Name: a\rb'),
  'lines that end otherwise': withHead('Host: localhost').replaceAll('\r\n', '\n'),
  'a long head': withHead('Host: localhost', `X-Name: ${'x'.repeat(9_000)}`),
  'many headers': withHead('Host: localhost', ...Array.from({ length: 64 }, (_, n) => `X-${n}: 1`)),
}

for (const [what, text] of Object.entries(OTHERS))
  test(`simpleRequest() leaves ${what} to another parser`, () => assert.equal(read(text), undefined))
