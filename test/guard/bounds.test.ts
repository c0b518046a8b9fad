/**
 * Whoever can reach the port can send anything: it listens on loopback alone, and what is sent is bounded in size and
 * in time, with the others served meanwhile.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { listen } from '#host/http/server.ts'
import { madeFunction, invoke, query, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => (on = await platform()))
after(async () => assert.equal(await on.stop(), 0))

const residentMb = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${on.pid}/status`, 'utf8'))?.[1]) / 1_024

/** Its answer does not wait for anybody else's request. */
async function served(): Promise<void> {
  const begun = performance.now()
  const answer = await query(on, 'sts', { Action: 'GetCallerIdentity', Version: '2011-06-15' })
  assert.equal(answer.status, 200)
  assert.ok(performance.now() - begun < 5_000)
}

/** Processes of the platform: its own and those it started. */
function family(): Set<string> {
  const parents = new Map<string, string>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      parents.set(pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '')
    } catch {
      // it has ended meanwhile
    }
  }
  const found = new Set([String(on.pid)])
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return found
}

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return link.startsWith('socket:[') ? [link.slice(8, -1)] : []
    })
  } catch {
    return []
  }
}

test('nothing of the platform listens beyond loopback', { skip: process.platform !== 'linux' }, async () => {
  await madeFunction(on, { name: 'node', code: 'exports.handler = async () => 1' })
  await invoke(on, 'node')
  const inodes = new Set([...family()].flatMap(socketsOf))
  const rows = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // 0A is LISTEN; a UDP socket without a peer is 07
      .filter((row) => inodes.has(row[9] ?? '') && (row[3] === '0A' || row[3] === '07')),
  )
  const addresses = rows.map((row) => row[1] ?? '')
  assert.ok(
    addresses.some((address) => Number.parseInt(address.split(':')[1] ?? '', 16) === on.port),
    addresses.join(),
  )
  for (const address of addresses) {
    // little-endian: 127.x.y.z ends in 7F; ::1 is thirty-one zeros and a one in the last word
    assert.match(address, /^(?:[0-9A-F]{6}7F|0{24}01000000):/)
  }
})

test('a header block beyond its bound is refused, many small headers are not a way around', async () => {
  const long = await send(on, { method: 'GET', headers: { 'x-long': 'x'.repeat(100_000) } })
  assert.equal(long.status, 431)
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`x-${index}`, 'x']))
  assert.equal((await send(on, { method: 'GET', headers: many })).status, 431)
  assert.equal((await send(on, { method: 'GET', path: `/${'a'.repeat(100_000)}` })).status, 431)
  await served()
})

const opened = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(on.port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })

test('hundreds of requests that never become whole hold nobody up, and little memory', async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, opened))
  const parts = [
    'POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
    'POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n\r\n{"FunctionName":"',
    'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n{',
  ]
  sockets.forEach((socket, index) => socket.write(parts[index % parts.length] ?? ''))
  for (let round = 0; round < 10; round++) await served()
  assert.ok(residentMb() < 400, `the platform holds ${residentMb()} MB`)
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.destroy()
  }
  await served()
  assert.equal(on.stderr(), '')
})

test('a body without an end is refused at its bound, not collected', async () => {
  const socket = await opened()
  let answer = ''
  socket.on('data', (part) => (answer += part.toString()))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(
    'POST /2015-03-31/functions/x/invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const megabyte = Buffer.concat([
    Buffer.from('100000\r\n'),
    Buffer.alloc(1 << 20, 0x20),
    Buffer.from('\r\n'),
  ])
  for (let sent = 0; sent < 1_024 && !socket.destroyed; sent++) {
    if (!socket.write(megabyte))
      await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))])
  }
  await closed
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.ok(residentMb() < 500, `the platform holds ${residentMb()} MB`)
  await served()
})

/** A function that fills many bodies almost to their end, and then holds its connections. */
const HOARD = `
const net = require('net')
const part = Buffer.alloc(1 << 20, 0x41)
exports.handler = async (e) => {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
  for (let i = 0; i < 200; i++) {
    const socket = net.connect(e.port === undefined ? { port: Number(port), host } : { port: e.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write('POST ' + e.path + ' HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 6200000\\r\\n\\r\\n')
    for (let k = 0; k < 5; k++) {
      if (socket.destroyed) break
      if (socket.write(part)) continue
      const over = ['drain', 'close'].map((event) => new Promise((resolve) => socket.once(event, resolve)))
      await Promise.race([...over, new Promise((resolve) => setTimeout(resolve, 50))])
    }
  }
  return 'held'
}`

test('a function cannot make the platform hold a gigabyte of bodies that never end', async () => {
  await madeFunction(on, { name: 'hoard', code: HOARD, memoryMb: 1_769, timeoutSeconds: 60 })
  for (const event of [
    { path: '/2018-06-01/runtime/invocation/x/response' },
    { port: on.port, path: '/2015-03-31/functions/x/invocations' },
  ]) {
    assert.equal((await invoke(on, 'hoard', event)).payload, '"held"')
    assert.ok(residentMb() < 900, `the platform holds ${residentMb()} MB`)
    await served()
  }
  assert.equal(on.stderr(), '')
})

test('a request that is not whole in time is cut off with 408', async () => {
  const server = await listen({
    port: 0,
    address: '127.0.0.1',
    receiveTimeoutMs: 200,
    handle: () => assert.fail('it never becomes a request'),
  })
  const socket = connect(server.port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nHost: localho'))
  let answer = ''
  socket.on('data', (part) => (answer += part.toString()))
  await new Promise((resolve) => socket.on('close', resolve))
  assert.match(answer, /^HTTP\/1\.1 408 /)
  await server.close(0)
})

test('a client that goes away in the middle of its body leaves nothing behind', async () => {
  for (let round = 0; round < 50; round++) {
    const socket = await opened()
    socket.on('error', () => undefined)
    socket.write('PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nhalf')
    socket.destroy()
  }
  await served()
  assert.equal(on.stderr(), '')
})

test('connections that nobody uses make room for the next one', async () => {
  const connectionsMax = 40
  const server = await listen({
    port: 0,
    address: '127.0.0.1',
    connectionsMax,
    handle: (_request, _caller, reply) => reply({ status: 200, headers: [], body: 'served' }),
  })
  const opened: Socket[] = []
  const silent = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: server.port }, resolve)
      socket.on('error', () => undefined)
      opened.push(socket)
    })
  try {
    const used = connect({ host: '127.0.0.1', port: server.port })
    used.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const answered = await new Promise<string>((resolve) =>
      used.once('data', (data) => resolve(data.toString())),
    )
    assert.match(answered, /^HTTP\/1\.1 200/)
    const cut = new Promise<void>((resolve) => used.once('close', () => resolve()))
    for (let i = 0; i < 3 * connectionsMax; i++) await silent()
    await cut
    const answer = await fetch(`http://127.0.0.1:${server.port}/`)
    assert.equal(await answer.text(), 'served')
    const standing = opened.filter((socket) => !socket.closed).length
    assert.ok(standing <= connectionsMax, `${standing} connections stand`)
  } finally {
    for (const socket of opened) socket.destroy()
    await server.close(0)
  }
})
