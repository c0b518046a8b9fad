import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerReader, type Reading } from '#host/load/answer.ts'

/** Feeds an answer in pieces of the given sizes; the last reading that was not `more`. */
function read(
  answer: string,
  sizes: readonly number[],
  method = 'GET',
): { reading: Reading; reader: AnswerReader } {
  const reader = new AnswerReader()
  reader.reset(method)
  const bytes = Buffer.from(answer, 'latin1')
  let at = 0
  let reading: Reading = 'more'
  for (let i = 0; at < bytes.length && reading === 'more'; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? bytes.length)
    reading = reader.feed(bytes.subarray(at, at + size))
    at += size
  }
  return { reading, reader }
}

const ANSWERS: readonly (readonly [name: string, answer: string, status: number, body: number])[] = [
  ['counted', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 5],
  ['empty', 'HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n', 201, 0],
  ['no content', 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n', 204, 0],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n',
    200,
    15,
  ],
  [
    'trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nDigest: x\r\n\r\n',
    200,
    1,
  ],
  [
    'after 100',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno',
    502,
    2,
  ],
]

for (const [name, answer, status, body] of ANSWERS) {
  test(`feed() reads an answer that is ${name}, however it is cut`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        const { reading, reader } = read(answer, sizes)
        assert.equal(reading, 'done')
        assert.deepEqual([reader.status, reader.bodyBytes, reader.keepAlive], [status, body, true])
      }),
    )
  })
}

test('feed() ends an answer to HEAD with its head', () => {
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', [], 'HEAD').reading, 'done')
})

test('close() ends an answer without a length, and breaks one that is cut short', () => {
  const open = read('HTTP/1.1 200 OK\r\n\r\nhello', [7])
  assert.deepEqual(
    [open.reading, open.reader.close(), open.reader.bodyBytes, open.reader.keepAlive],
    ['more', 'done', 5, false],
  )
  assert.equal(read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', []).reader.close(), 'broken')
  assert.equal(read('', []).reader.close(), 'broken')
})

test('feed() knows when the connection ends after the answer', () => {
  assert.equal(
    read('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', []).reader.keepAlive,
    false,
  )
  assert.equal(read('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', []).reader.keepAlive, false)
})

test('feed() calls broken what is no answer', () => {
  for (const answer of [
    'SSH-2.0-x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    `HTTP/1.1 200 ${'x'.repeat(70_000)}`,
  ]) {
    assert.equal(read(answer, [1_000]).reading, 'broken', answer.slice(0, 40))
  }
  assert.equal(
    read('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', []).reading,
    'broken',
    'more than was announced',
  )
})
