/** HTTP to the outside against real sockets. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { hostOutbound } from '#host/http/outbound.ts'

const outbound = hostOutbound()
let server: Server
let base = ''
let seen: { method: string | undefined; url: string | undefined; body: string; type: string | undefined }[] =
  []

before(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, body, type: request.headers['content-type'] })
      if (request.url === '/silent') return
      if (request.url === '/broken') {
        request.socket.destroy()
        return
      }
      response.writeHead(request.url === '/moved' ? 302 : 201, { Location: '/elsewhere', 'X-Own': 'yes' })
      response.end('x'.repeat(10_000))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => {
  outbound.close()
  server.closeAllConnections()
  server.close()
})

const ask = { method: 'POST', headers: {}, timeoutMs: 5_000, answerBytesMax: 100 }

test('request() sends method, headers and body, and cuts the answer at its bound', async () => {
  seen = []
  const outcome = await outbound.request({
    ...ask,
    url: `${base}/hook?a=1`,
    headers: { 'Content-Type': 'text/plain' },
    body: Buffer.from('hello'),
  })
  assert.deepEqual(seen, [{ method: 'POST', url: '/hook?a=1', body: 'hello', type: 'text/plain' }])
  assert.equal(outcome.kind, 'answered')
  if (outcome.kind !== 'answered') return
  assert.equal(outcome.status, 201)
  assert.equal(outcome.headers['x-own'], 'yes')
  assert.equal(outcome.body.length, 100)
})

test('request() follows no redirect', async () => {
  const outcome = await outbound.request({ ...ask, url: `${base}/moved` })
  assert.equal(outcome.kind === 'answered' ? outcome.status : undefined, 302)
})

test('request() says timed-out when nothing answers in time', async () => {
  assert.deepEqual(await outbound.request({ ...ask, url: `${base}/silent`, timeoutMs: 20 }), {
    kind: 'timed-out',
  })
})

test('request() says unreachable, and why, when the connection breaks, is refused or names no web address', async () => {
  assert.deepEqual(await outbound.request({ ...ask, url: `${base}/broken` }), {
    kind: 'unreachable',
    reason: 'ECONNRESET',
  })
  assert.deepEqual(await outbound.request({ ...ask, url: 'http://127.0.0.1:1/' }), {
    kind: 'unreachable',
    reason: 'ECONNREFUSED',
  })
  assert.deepEqual(await outbound.request({ ...ask, url: 'file:///etc/passwd' }), {
    kind: 'unreachable',
    reason: 'EINVAL',
  })
})
