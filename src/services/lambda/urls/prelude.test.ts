import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, text, utf8 } from '#base/bytes.ts'
import { splitStream, splitWhole } from '#services/lambda/urls/prelude.ts'

const NULLS = new Uint8Array(8)
const head = (metadata: string): Uint8Array => concat([utf8(metadata), NULLS])
const METADATA = '{"statusCode":201,"headers":{"x-a":"1"},"cookies":["k=v"]}'

async function* parts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('splitStream() finds the prelude however the stream is cut', async () => {
  const whole = concat([head(METADATA), utf8('body')])
  for (const size of [1, 3, 7, 50, 1_000]) {
    const stream = parts(whole, size)
    const { prelude, first } = await splitStream(stream)
    assert.equal(prelude?.status, 201)
    assert.deepEqual(prelude?.headers, [
      ['Content-Type', 'application/octet-stream'],
      ['x-a', '1'],
      ['set-cookie', 'k=v'],
    ])
    let body = text(first)
    for await (const part of stream) body += text(part)
    assert.equal(body, 'body')
  }
})

test('splitStream() gives no prelude for what is no JSON, has an impossible status, or never ends', async () => {
  for (const metadata of ['{"statusCode":', '[]', '{"statusCode":99}', '{"headers":{"a b":"c"}}'])
    assert.equal((await splitStream(parts(head(metadata), 5))).prelude, undefined, metadata)
  assert.equal((await splitStream(parts(utf8(METADATA), 5))).prelude, undefined)
  assert.equal((await splitStream(parts(new Uint8Array(2 ** 21).fill(65), 65_536))).prelude, undefined)
})

test('splitWhole() leaves answers without a prelude alone', () => {
  assert.equal(splitWhole(utf8('{"statusCode":200}')), undefined)
  assert.equal(splitWhole(concat([utf8('x'), NULLS])), undefined)
  const split = splitWhole(concat([head('{}'), utf8('b')]))
  assert.equal(split?.prelude?.status, 200)
  assert.equal(text(split?.body ?? NULLS), 'b')
})
