/**
 * The load driver's process: closed loops over keep-alive connections, raw HTTP/1.1 on sockets. A closed loop shows how
 * fast a path can be; what users suffer is measured by flights (`src/host/load`), which never wait for an answer.
 */
import { type Socket, connect } from 'node:net'
import { numberAt, stringAt } from '#base/json.ts'
import { answering } from './child.ts'

interface Loop {
  readonly host: string
  readonly port: number
  readonly request: Buffer
  /** Monotonic ms at which no further request begins. */
  readonly until: number
  /** Requests of this connection at most. */
  readonly most: number
  readonly latenciesMs: number[]
  readonly bodies: string[] | undefined
  failed: number
}

/** The length of the first whole response in the buffer, or 0. */
function responseBytes(buffer: Buffer): number {
  const end = buffer.indexOf('\r\n\r\n')
  if (end < 0) return 0
  const head = buffer.toString('latin1', 0, end)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length !== null) {
    const whole = end + 4 + Number(length[1])
    return buffer.length >= whole ? whole : 0
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return end + 4
  const last = buffer.indexOf('\r\n0\r\n\r\n', end + 2)
  return last < 0 ? 0 : last + 7
}

/** One connection's loop. Resolves when its time or number is used up or the other side closed. */
function run(loop: Loop): Promise<void> {
  return new Promise((resolve) => {
    let pending: Buffer = Buffer.alloc(0)
    let sentAt = 0
    let left = loop.most
    const socket: Socket = connect({ host: loop.host, port: loop.port, noDelay: true })
    const next = (): void => {
      sentAt = performance.now()
      if (left-- <= 0 || sentAt >= loop.until) socket.destroy()
      else socket.write(loop.request)
    }
    socket.on('connect', next)
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      const bytes = responseBytes(pending)
      if (bytes === 0) return
      loop.latenciesMs.push(performance.now() - sentAt)
      const head = pending.toString('latin1', 9, 12)
      if (!head.startsWith('2') || pending.includes('unction-Error:')) loop.failed++
      if (loop.bodies !== undefined) loop.bodies.push(pending.toString('utf8', 0, bytes))
      pending = pending.subarray(bytes)
      next()
    })
    socket.on('error', () => loop.failed++)
    socket.on('close', () => resolve())
  })
}

async function load(question: unknown): Promise<unknown> {
  const started = performance.now()
  const loop: Loop = {
    host: '127.0.0.1',
    port: numberAt(question, 'port') ?? 0,
    request: Buffer.from(stringAt(question, 'request') ?? '', 'latin1'),
    until: started + (numberAt(question, 'ms') ?? 1e9),
    most: numberAt(question, 'most') ?? Infinity,
    latenciesMs: [],
    bodies: numberAt(question, 'bodies') === 1 ? [] : undefined,
    failed: 0,
  }
  const connections = numberAt(question, 'connections') ?? 1
  const startedAt = Date.now()
  await Promise.all(Array.from({ length: connections }, () => run(loop)))
  const elapsedMs = performance.now() - started
  const sorted = Float64Array.from(loop.latenciesMs).sort()
  const quantile = (q: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
  return {
    count: sorted.length,
    failed: loop.failed,
    perSecond: (1_000 * sorted.length) / elapsedMs,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: sorted.at(-1) ?? 0,
    startedAt,
    ...(loop.bodies === undefined ? {} : { bodies: loop.bodies }),
  }
}

answering(load, async () => {})
