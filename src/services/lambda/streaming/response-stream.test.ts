import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { STREAM_BUFFER_BYTES } from '#services/lambda/limits.ts'
import { turns } from '#services/lambda/fake-platform.ts'
import { ResponseStream } from '#services/lambda/streaming/response-stream.ts'

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  void promise.then(() => (pending = false))
  await turns()
  return pending
}

test('write() waits when its reader does not keep up, and goes on when it reads', async () => {
  const stream = new ResponseStream('text/plain')
  const full = new Uint8Array(STREAM_BUFFER_BYTES)
  assert.equal(await isPending(stream.write(utf8('small'))), false)
  const waiting = stream.write(full)
  assert.equal(await isPending(waiting), true)
  const reader = stream[Symbol.asyncIterator]()
  assert.equal(text((await reader.next()).value as Uint8Array), 'small')
  assert.equal(await isPending(waiting), true)
  await reader.next()
  assert.equal(await isPending(waiting), false)
})

test('a reader gets all that was written before the end, and then the end', async () => {
  const stream = new ResponseStream(undefined)
  const read: string[] = []
  const reading = (async () => {
    for await (const part of stream) read.push(text(part))
  })()
  await stream.write(utf8('a'))
  await turns()
  assert.deepEqual(read, ['a'])
  void stream.write(utf8('b'))
  stream.end()
  await reading
  assert.deepEqual(read, ['a', 'b'])
})

test('a reader that goes away lets its writer go on, and nothing is kept for it', async () => {
  const stream = new ResponseStream(undefined)
  const waiting = stream.write(new Uint8Array(STREAM_BUFFER_BYTES))
  const reader = stream[Symbol.asyncIterator]()
  await reader.next()
  const more = stream.write(new Uint8Array(STREAM_BUFFER_BYTES))
  assert.equal(await isPending(more), true)
  await reader.return(undefined)
  await Promise.all([waiting, more])
  assert.equal(stream.abandoned, true)
  await stream.write(new Uint8Array(STREAM_BUFFER_BYTES))
})
