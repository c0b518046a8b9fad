import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concat, text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { isAwsChunked, unchunked, unchunkedHeaders } from '#wire/chunked.ts'

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    if (at < bytes.length) yield bytes.subarray(at, at + size)
    at += size
  }
  if (at < bytes.length) yield bytes.subarray(at)
}

async function read(
  bytes: Uint8Array,
  sizes: readonly number[],
  length?: number,
): Promise<[string, Record<string, string>]> {
  let trailers: Record<string, string> = {}
  const parts: Uint8Array[] = []
  const stream = unchunked(cut(bytes, sizes), { length, onTrailers: (found) => (trailers = { ...found }) })
  for await (const part of stream) parts.push(part)
  return [text(concat(parts)), trailers]
}

test('unchunked() gives the same bytes however the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 40 })),
      fc.array(fc.integer({ min: 1, max: 9 })),
      async (chunks, sizes) => {
        const body = chunks
          .map((chunk) => `${utf8(chunk).length.toString(16)};chunk-signature=ab\r\n${chunk}\r\n`)
          .join('')
        const [found, trailers] = await read(utf8(`${body}0\r\nX-Amz-Checksum-Crc32: AA==\r\n\r\n`), sizes)
        assert.equal(found, text(utf8(chunks.join(''))))
        assert.deepEqual(trailers, { 'x-amz-checksum-crc32': 'AA==' })
      },
    ),
  )
})

test('unchunked() refuses what ends early, is no chunk, or has another length than said', async () => {
  for (const [body, length] of [
    ['5\r\nabc', undefined],
    ['zz\r\n', undefined],
    ['', undefined],
    ['3\r\nabcX\r\n0\r\n\r\n', undefined],
    ['3\r\nabc\r\n0\r\n\r\n', 4],
  ] as const)
    await assert.rejects(
      read(utf8(body), [2, 3], length),
      (error: unknown) => error instanceof Fault && error.code === 'IncompleteBody',
    )
})

test('unchunkedHeaders() says the real length and leaves aws-chunked out', () => {
  const headers = {
    'content-encoding': 'aws-chunked, gzip',
    'content-length': '99',
    'x-amz-decoded-content-length': '3',
  }
  assert.ok(isAwsChunked(headers))
  const { 'x-amz-decoded-content-length': _, ...clean } = unchunkedHeaders(headers)
  assert.deepEqual(clean, { 'content-encoding': 'gzip', 'content-length': '3' })
  const several = unchunkedHeaders({ 'content-encoding': 'deflate, gzip, aws-chunked' })
  assert.deepEqual(several, { 'content-encoding': 'deflate, gzip' })
})
