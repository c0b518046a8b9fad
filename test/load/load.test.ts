/** The real generator, in its own process, against servers of this one. Real time: what is tested is how it is kept. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { test } from 'node:test'
import { seeded } from '#base/random.ts'
import { Trouble } from '#base/trouble.ts'
import { parseTraceHeader } from '#base/trace.ts'
import { arrivalsOf, type LoadPhase } from '#engines/arrivals/arrivals.ts'
import { nearestRank } from '#engines/quantiles/quantiles.ts'
import { processLoad } from '#host/load/load.ts'
import type { LoadPlan, LoadProgress, LoadResult } from '#ports/load.ts'

interface Serving extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  readonly seen: IncomingMessage[]
}

async function serve(answer: RequestListener): Promise<Serving> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  return { server, port: (server.address() as AddressInfo).port, seen, [Symbol.asyncDispose]: close }
}

function planFor(url: string, phase: LoadPhase, more: Partial<LoadPlan> = {}): LoadPlan {
  const arrivals = arrivalsOf([phase], seeded(1)).map((atMs) => ({ atMs, target: 0 }))
  return {
    targets: [{ name: 't', method: 'GET', url, headers: {}, body: '' }],
    arrivals,
    timeoutMs: 10_000,
    inFlightMax: 1_000,
    ...more,
  }
}

async function run(plan: LoadPlan, signal: AbortSignal = new AbortController().signal): Promise<LoadResult> {
  return await processLoad().run(plan, () => undefined, signal)
}

const latencies = (result: LoadResult): number[] => result.samples.map((sample) => sample.latencyMs)

test('run() sends on schedule while the server stands still, and shows the whole wait of each request', async () => {
  // The server answers nothing that arrives within 300 ms of the first request. A generator that waits for answers
  // would see one slow request; in an open loop all that were due meanwhile are slow.
  let open: NodeJS.Timeout | undefined
  const held: (() => void)[] = []
  let released = false
  await using serving = await serve((_, response) => {
    open ??= setTimeout(() => {
      released = true
      for (const release of held) release()
    }, 300)
    if (released) response.end('ok')
    else held.push(() => response.end('ok'))
  })
  const result = await run(
    planFor(`http://127.0.0.1:${serving.port}/`, { kind: 'constant', ratePerS: 200, durationMs: 600 }),
  )
  const slow = latencies(result).filter((ms) => ms > 100)
  assert.equal(result.samples.length, 120)
  assert.ok(
    slow.length >= 30,
    `${slow.length} of the about 40 requests due in the first 200 ms waited over 100 ms`,
  )
  assert.ok((latencies(result)[0] ?? 0) > 290, 'the first waited the whole time')
  const late =
    nearestRank(
      result.samples.map((sample) => sample.lateMs).sort((a, b) => a - b),
      50,
    ) ?? 99
  assert.ok(late < 5, `half of the requests left within ${late} ms of when they were due`)
})

test('run() shows the queue that an overloaded server builds up', async () => {
  // One request at a time, 10 ms each, and one arrives every 5 ms: the wait of the last is half of the whole run.
  let free = Promise.resolve()
  await using serving = await serve((_, response) => {
    free = free.then(() => new Promise((done) => setTimeout(() => (response.end('x'), done()), 10)))
  })
  const result = await run(
    planFor(`http://127.0.0.1:${serving.port}/`, { kind: 'constant', ratePerS: 200, durationMs: 500 }),
  )
  const waits = latencies(result)
  assert.equal(waits.length, 100)
  assert.ok((waits[99] ?? 0) > 400, `the last waited ${waits[99]} ms`)
  assert.ok((waits[99] ?? 0) > 5 * (waits[5] ?? 0), 'and much longer than the first ones')
})

test('run() reaches hosts below localhost on this machine, with their name in Host and a trace of its own', async () => {
  await using serving = await serve((_, response) => response.writeHead(201, { 'x-a': 'b' }).end('hello'))
  const url = `http://a1b2.execute-api.localhost:${serving.port}/v1/a%20b?x=1`
  const target = {
    name: 't',
    method: 'POST',
    url,
    headers: { 'x-thing': 'yes', 'Content-Length': '999' },
    body: '{"ü":1}',
  }
  const plan = { ...planFor(url, { kind: 'burst', requests: 3, bursts: 1, everyMs: 1 }), targets: [target] }
  const result = await run(plan)
  const [request] = serving.seen
  assert.equal(request?.url, '/v1/a%20b?x=1')
  assert.equal(request?.method, 'POST')
  assert.equal(request?.headers.host, `a1b2.execute-api.localhost:${serving.port}`)
  assert.equal(request?.headers['x-thing'], 'yes')
  assert.equal(request?.headers['content-length'], '8')
  const roots = serving.seen.map((one) => parseTraceHeader(String(one.headers['x-amzn-trace-id']))?.root)
  assert.deepEqual(new Set(result.samples.map((sample) => sample.traceId)), new Set(roots))
  assert.equal(new Set(roots).size, 3)
  for (const sample of result.samples) {
    assert.deepEqual([sample.status, sample.bytes, sample.outcome], [201, 5, 'answered'])
    assert.ok(sample.firstByteMs > 0 && sample.firstByteMs <= sample.latencyMs)
  }
})

test('run() fills numbers into the path, the headers and the body of each request', async () => {
  const bodies: string[] = []
  await using serving = await serve((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => (body += part))
    request.on('end', () => {
      assert.equal(Number(request.headers['content-length']), Buffer.byteLength(body))
      bodies.push(body)
      response.end('ok')
    })
  })
  const url = `http://127.0.0.1:${serving.port}/b/ü{n%3}/{n}?q={id}`
  const target = {
    name: 't',
    method: 'PUT',
    url,
    headers: { 'x-number': 'a{n}b' },
    body: 'é{n} {id} {other}',
    numbered: true,
  }
  const plan = { ...planFor(url, { kind: 'burst', requests: 12, bursts: 1, everyMs: 1 }), targets: [target] }
  const result = await run(plan)
  const ids = result.samples.map((sample) => sample.traceId?.replaceAll('-', '') ?? '')
  assert.equal(new Set(ids).size, 12)
  assert.deepEqual(bodies.sort(), ids.map((id, n) => `é${n} ${id} {other}`).sort())
  assert.deepEqual(
    serving.seen.map((request) => [request.url, request.headers['x-number']].join(' ')).sort(),
    ids.map((id, n) => `/b/%C3%BC${n % 3}/${n}?q=${id} a${n}b`).sort(),
  )
})

test('run() keeps connections alive and opens new ones only when all are busy', async () => {
  await using serving = await serve((_, response) => response.end('ok'))
  let connections = 0
  serving.server.on('connection', () => connections++)
  const result = await run(
    planFor(`http://127.0.0.1:${serving.port}/`, { kind: 'constant', ratePerS: 100, durationMs: 500 }),
  )
  assert.equal(result.samples.length, 50)
  assert.ok(connections <= 10, `${connections} connections for 50 requests`)
})

test('run() sends again on a new connection when an idle one had been closed', async () => {
  await using serving = await serve((_, response) => response.end('ok'))
  // Closes each connection as soon as it is idle, without saying so in the answer.
  serving.server.on('request', (_, response) =>
    response.on('finish', () => setImmediate(() => response.socket?.destroy())),
  )
  const result = await run(
    planFor(`http://127.0.0.1:${serving.port}/`, { kind: 'constant', ratePerS: 100, durationMs: 300 }),
  )
  assert.deepEqual(new Set(result.samples.map((sample) => sample.outcome)), new Set(['answered']))
})

test('run() times out what takes too long, and calls refused what cannot be reached or speaks no HTTP', async () => {
  await using serving = await serve(() => undefined)
  const timedOut = await run(
    planFor(
      `http://127.0.0.1:${serving.port}/`,
      { kind: 'burst', requests: 4, bursts: 1, everyMs: 1 },
      { timeoutMs: 150 },
    ),
  )
  assert.deepEqual(
    timedOut.samples.map((sample) => sample.outcome),
    ['timeout', 'timeout', 'timeout', 'timeout'],
  )
  assert.ok(
    latencies(timedOut).every((ms) => ms >= 149 && ms < 1_000),
    String(latencies(timedOut)),
  )

  const mute = createSocketServer((socket) => socket.resume().end('SSH-2.0-no\r\n\r\n'))
  await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening))
  const { port } = mute.address() as AddressInfo
  const spoken = await run(
    planFor(`http://127.0.0.1:${port}/`, { kind: 'burst', requests: 2, bursts: 1, everyMs: 1 }),
  )
  await new Promise((closed) => mute.close(closed))
  const closed = await run(
    planFor(`http://127.0.0.1:${port}/`, { kind: 'burst', requests: 2, bursts: 1, everyMs: 1 }),
  )
  for (const result of [spoken, closed]) {
    assert.deepEqual(
      result.samples.map((sample) => [sample.outcome, sample.status]),
      [
        ['refused', 0],
        ['refused', 0],
      ],
    )
  }
})

test('run() records as not sent what is due while too many are under way', async () => {
  await using serving = await serve((_, response) => setTimeout(() => response.end('ok'), 200))
  const result = await run(
    planFor(
      `http://127.0.0.1:${serving.port}/`,
      { kind: 'burst', requests: 8, bursts: 1, everyMs: 1 },
      { inFlightMax: 5 },
    ),
  )
  const outcomes = result.samples.map((sample) => sample.outcome)
  assert.equal(outcomes.filter((outcome) => outcome === 'answered').length, 5)
  assert.equal(outcomes.filter((outcome) => outcome === 'not-sent').length, 3)
  assert.equal(serving.seen.length, 5)
  assert.ok(
    result.samples.every((sample) => (sample.outcome === 'not-sent') === (sample.traceId === undefined)),
  )
})

test('run() stops on abort, says that it is partial, and reports what was measured until then', async () => {
  await using serving = await serve((_, response) => response.end('ok'))
  const controller = new AbortController()
  const seen: LoadProgress[] = []
  const plan = planFor(`http://127.0.0.1:${serving.port}/`, {
    kind: 'constant',
    ratePerS: 100,
    durationMs: 60_000,
  })
  const result = await processLoad().run(
    plan,
    (progress) => {
      seen.push(progress)
      if (progress.answered >= 10) controller.abort()
    },
    controller.signal,
  )
  assert.equal(result.partial, true)
  assert.ok(result.samples.length >= 10 && result.samples.length < 1_000, `${result.samples.length} samples`)
  assert.ok(result.finishedAt - result.startedAt < 10_000)
  assert.equal(seen.at(-1)?.total, 6_000)
})

test('run() ends at once for an empty plan, and is not partial', async () => {
  const result = await run({ targets: [], arrivals: [], timeoutMs: 1_000, inFlightMax: 1 })
  assert.deepEqual([result.samples.length, result.partial], [0, false])
})

test('run() refuses a target that is no address or would smuggle a header', async () => {
  const plan = planFor('http://127.0.0.1:9/', { kind: 'burst', requests: 1, bursts: 1, everyMs: 1 })
  const bad = (more: object): LoadPlan => ({
    ...plan,
    targets: plan.targets.map((target) => ({ ...target, ...more })),
  })
  for (const more of [{ url: 'ftp://x/' }, { url: 'nonsense' }, { headers: { a: 'b\r\nEvil: yes' } }]) {
    await assert.rejects(run(bad(more)), Trouble)
  }
})

test('run() leaves no process behind when its parent is killed', async () => {
  await using serving = await serve((_, response) => response.end('ok'))
  const plan = planFor(`http://127.0.0.1:${serving.port}/`, {
    kind: 'constant',
    ratePerS: 100,
    durationMs: 20_000,
  })
  const script = `
    import { processLoad } from '#host/load/load.ts'
    await processLoad().run(${JSON.stringify(plan)}, () => undefined, new AbortController().signal)`
  const first = new Promise<void>((seen) => serving.server.once('request', () => seen()))
  const closed = new Promise<void>((gone) =>
    serving.server.once('connection', (socket) => socket.once('close', () => gone())),
  )
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
  await first
  parent.kill('SIGKILL')
  // Connections of a generator that lived on would stay open for the rest of its time.
  await closed
  await new Promise<void>((free) =>
    serving.server.getConnections((_, count) => (assert.ok(count <= 1), free())),
  )
})
