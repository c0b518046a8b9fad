/** Connections that are served without node's server behave as those that it serves, and become such when they must. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Handle, type HttpServer, listen } from '#host/http/server.ts'
import { simpleRequest } from '#host/http/simple-request.ts'
import type { Caller, HttpResponse } from '#ports/http.ts'

/** Answers with what it got, a turn later. */
const echo: Handle = (request, _caller, reply) => {
  setImmediate(async () => {
    const body = await request.body.collect(1_000_000)
    assert.ok(body !== 'too-large')
    reply({ status: 200, headers: [], body: `<${request.path}:${Buffer.from(body).toString()}>` })
  })
}

async function serving(t: TestContext, handle: Handle, receiveTimeoutMs = 60_000): Promise<HttpServer> {
  const server = await listen({ port: 0, address: '127.0.0.1', handle, receiveTimeoutMs })
  t.after(async () => await server.close(0))
  return server
}

interface Client {
  readonly socket: Socket
  /** Everything that came, when it matches or the connection has ended. */
  readonly until: (pattern: RegExp) => Promise<string>
}

async function client(server: HttpServer): Promise<Client> {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let got = ''
  let more = Promise.withResolvers<void>()
  socket.on('data', (part: Buffer) => {
    got += part.toString('latin1')
    more.resolve()
    more = Promise.withResolvers()
  })
  socket.on('close', () => more.resolve())
  socket.on('error', () => undefined)
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(got) && !socket.closed) await more.promise
    return got
  }
  return { socket, until }
}

const post = (path: string, body: string, more = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`
const bodiesIn = (answers: string): string[] => answers.match(/<[^>]*>/g) ?? []

test('requests that come together are answered one after the other, in their order', async (t) => {
  const { socket, until } = await client(await serving(t, echo))
  const paths = Array.from({ length: 50 }, (_, n) => `/${n}`)
  socket.write(paths.map((path) => post(path, 'x')).join(''))
  socket.write(post('/last', 'y'))
  const expected = [...paths.map((path) => `<${path}:x>`), '</last:y>']
  assert.deepEqual(bodiesIn(await until(/<\/last:y>/)), expected)
  socket.destroy()
})

test('a body that comes in pieces is put together, however many', async (t) => {
  const { socket, until } = await client(await serving(t, echo))
  for (const [round, cuts] of [[], [0], [0, 2], [-30], [-30, 0], [-40, -39, 1]].entries()) {
    const text = post(`/${round}`, 'abcdef')
    const places = cuts.map((cut) => text.length - 6 + cut)
    for (const [index, from] of [0, ...places].entries()) {
      socket.write(text.slice(from, places[index] ?? text.length))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(bodiesIn(await until(new RegExp(`</${round}:`))).at(-1), `</${round}:abcdef>`)
  }
  socket.destroy()
})

test('a connection goes on with chunks, an expectation and simple requests again', async (t) => {
  const { socket, until } = await client(await serving(t, echo))
  const chunks = '3\r\nabc\r\n0\r\n\r\n'
  socket.write(post('/1', 'x'))
  await until(/<\/1:x>/)
  socket.write(
    `${post('/2', 'x')}POST /3 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
  )
  await until(/<\/3:abc>/)
  socket.write(post('/4', 'x', 'Expect: 100-continue\r\n'))
  socket.write(post('/5', 'x'))
  const all = await until(/<\/5:x>/)
  assert.deepEqual(bodiesIn(all), ['</1:x>', '</2:x>', '</3:abc>', '</4:x>', '</5:x>'])
  assert.match(all, /HTTP\/1\.1 100 Continue/)
  socket.destroy()
})

test('whoever goes away before the answer is gone, and one with an answer is not', async (t) => {
  const asked: { caller: Caller; reply: (response: HttpResponse) => void }[] = []
  const server = await serving(t, (_request, caller, reply) => void asked.push({ caller, reply }))
  const { socket, until } = await client(server)
  socket.write(post('/', ''))
  while (asked.length < 1) await new Promise((resolve) => setImmediate(resolve))
  asked[0]?.reply({ status: 204, headers: [] })
  await until(/204 No Content/)
  socket.write(post('/', ''))
  while (asked.length < 2) await new Promise((resolve) => setImmediate(resolve))
  const [first, second] = asked
  assert.ok(first !== undefined && second !== undefined)
  const aborted = once(second.caller.signal, 'abort')
  socket.destroy()
  await aborted
  assert.deepEqual([first.caller.gone, first.caller.signal.aborted], [false, false])
  assert.deepEqual([second.caller.gone, second.caller.signal.aborted], [true, true])
  // whoever answers all the same disturbs nobody, and a stream is given back
  let isGivenBack = false
  const body = { [Symbol.asyncIterator]: () => ({ next: assert.fail, return: async () => given() }) }
  const given = (): { done: true; value: undefined } => {
    isGivenBack = true
    return { done: true, value: undefined }
  }
  second.reply({ status: 200, headers: [], body })
  assert.ok(isGivenBack)
})

test('a server that closes ends idle connections at once, and one with a request after its answer', async (t) => {
  const asked = Promise.withResolvers<(response: HttpResponse) => void>()
  const handle: Handle = (request, caller, answer) =>
    request.path === '/slow' ? asked.resolve(answer) : echo(request, caller, answer)
  const server = await serving(t, handle)
  const [idle, fresh, busy] = [await client(server), await client(server), await client(server)]
  idle.socket.write(post('/', ''))
  await idle.until(/<\/:>/)
  busy.socket.write(post('/slow', ''))
  const reply = await asked.promise
  const closed = server.close(60_000)
  await Promise.all([once(idle.socket, 'close'), once(fresh.socket, 'close')])
  reply({ status: 200, headers: [], body: 'answered' })
  assert.match(await busy.until(/never/), /answered$/)
  await closed
})

test('a connection that says nothing, or only a part of a body, is cut off with 408', async (t) => {
  const server = await serving(t, () => assert.fail('it never becomes a request'), 200)
  for (const said of ['', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhell']) {
    const { socket, until } = await client(server)
    socket.write(said)
    assert.match(await until(/never/), /^HTTP\/1\.1 408 /)
  }
})

test('an answer that says so ends the connection', async (t) => {
  const headers: HttpResponse['headers'] = [['Connection', 'close']]
  const server = await serving(t, (_request, _caller, reply) => reply({ status: 200, headers, body: 'bye' }))
  const { socket, until } = await client(server)
  socket.write(post('/', ''))
  const answer = await until(/never/)
  assert.match(answer, /\r\nConnection: close\r\n[^]*bye$/)
  assert.doesNotMatch(answer, /keep-alive/i)
})

const LINE = fc.oneof(
  fc.constantFrom(
    'Host: localhost',
    'Content-Length: 5',
    'content-length: 05',
    'Content-Length: 5 ',
    'Content-Length: 4, 5',
    'Transfer-Encoding: chunked',
    'Connection: keep-alive',
    ' folded',
    'X-Empty:',
  ),
  fc
    .tuple(fc.constantFrom('X-A', 'x_b', 'X A', 'X\tB', "!#$%&'*+-.^_`|~", '\u00e9'), fc.string())
    .map(([name, value]) => `${name}:${value}`),
)
const REQUEST = fc
  .tuple(
    fc.constantFrom('POST / HTTP/1.1', 'GET /a?b HTTP/1.1', 'PUT /%zz HTTP/1.1', 'POST /a\u00e9 HTTP/1.1'),
    fc.array(LINE, { maxLength: 5 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
  )
  .map(([line, lines, end]) => [line, 'Host: localhost', ...lines, '', 'hello'].join(end))

test("what is read here is what node's parser reads", async (t) => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString('latin1')))
    request.on('end', () => {
      const { method, url, rawHeaders } = request
      response.setHeader('Connection', 'close')
      response.end(Buffer.from(JSON.stringify({ method, url, rawHeaders, body })).toString('base64'))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo // oxlint-disable-line typescript/no-unsafe-type-assertion -- it listens on a port
  let read = 0
  const property = fc.asyncProperty(REQUEST, async (text) => {
    const bytes = Buffer.from(text, 'latin1')
    const simple = simpleRequest(bytes)
    if (simple === undefined || simple === 'partial') return
    read++
    const { method, target, rawHeaders, headEnd, end } = simple
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes.subarray(0, end)))
    let got = ''
    for await (const part of socket) got += String(part)
    const seen: unknown = JSON.parse(Buffer.from(got.split('\r\n\r\n')[1] ?? '', 'base64').toString() || '0')
    const body = bytes.toString('latin1', headEnd, end)
    assert.deepEqual(seen, { method, url: target, rawHeaders, body }, got)
  })
  await fc.assert(property, { numRuns: 400 })
  assert.ok(read > 50, `${read} were simple`)
})
