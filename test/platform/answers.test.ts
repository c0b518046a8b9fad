/** Answers as they leave the port: whole or streamed, their bytes are those that were given. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type HttpServer, listen } from '#host/http/server.ts'
import type { HttpResponse } from '#ports/http.ts'

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const LARGE = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31) % 256)

async function* inParts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

const announced = (bytes: Uint8Array): HttpResponse['headers'] => [
  ['X-Name', 'caf\u00e9'],
  ['content-length', String(bytes.length)],
]

const ANSWERS: Readonly<Record<string, () => HttpResponse>> = {
  '/whole': () => ({ status: 200, headers: [['X-Name', 'caf\u00e9']], body: ALL_BYTES }),
  '/whole-large': () => ({ status: 200, headers: [], body: LARGE }),
  '/text': () => ({ status: 200, headers: [], body: 'h\u00e9llo \u2713' }),
  '/stream': () => ({ status: 200, headers: announced(ALL_BYTES), body: inParts(ALL_BYTES, 100) }),
  '/stream-large': () => ({ status: 200, headers: announced(LARGE), body: inParts(LARGE, 70_000) }),
  '/stream-unannounced': () => ({ status: 200, headers: [], body: inParts(ALL_BYTES, 10) }),
  '/nothing': () => ({ status: 204, headers: [] }),
  '/breaks': () => ({ status: 200, headers: announced(LARGE), body: breaking() }),
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(ALL_BYTES)
  throw new Error('the disk is gone')
}

let server: HttpServer

before(async () => {
  server = await listen({
    port: 0,
    address: '127.0.0.1',
    // as the platform does, when the request is whole
    handle: (request, _caller, reply) =>
      void setImmediate(() =>
        reply(ANSWERS[request.path]?.() ?? assert.fail(`no answer for ${request.path}`)),
      ),
  })
})
after(async () => await server.close(0))

const fetched = async (path: string, method = 'GET'): Promise<Response> =>
  await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
const bytesOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer())

test('bodies arrive byte for byte, short or long, whole or streamed, announced or not', async () => {
  assert.deepEqual(await bytesOf(await fetched('/whole')), ALL_BYTES)
  assert.deepEqual(await bytesOf(await fetched('/whole-large')), LARGE)
  assert.equal(await (await fetched('/text')).text(), 'h\u00e9llo \u2713')
  assert.deepEqual(await bytesOf(await fetched('/stream')), ALL_BYTES)
  assert.deepEqual(await bytesOf(await fetched('/stream-large')), LARGE)
  const chunked = await fetched('/stream-unannounced')
  assert.equal(chunked.headers.get('transfer-encoding'), 'chunked')
  assert.deepEqual(await bytesOf(chunked), ALL_BYTES)
})

test('lengths are announced, HEAD and 204 have no body', async () => {
  const whole = await fetched('/whole')
  assert.deepEqual([whole.headers.get('content-length'), whole.headers.get('x-name')], ['256', 'caf\u00e9'])
  const head = await fetched('/whole', 'HEAD')
  assert.deepEqual([head.headers.get('content-length'), (await bytesOf(head)).length], ['256', 0])
  const nothing = await fetched('/nothing')
  assert.deepEqual([nothing.status, nothing.headers.get('content-length')], [204, null])
})

test('a body that breaks cuts the connection, so that nobody takes the part for the whole', async () => {
  await assert.rejects(async () => await bytesOf(await fetched('/breaks')))
})

test('a short answer leaves in one piece', async () => {
  for (const path of ['/whole', '/stream', '/text']) {
    const pieces = await new Promise<number>((resolve) => {
      let count = 0
      const socket = connect({ port: server.port, host: '127.0.0.1' })
      socket.on('data', () => count++)
      socket.on('close', () => resolve(count))
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    })
    assert.equal(pieces, 1, path)
  }
})
