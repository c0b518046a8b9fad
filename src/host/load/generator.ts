/**
 * The process that runs a load: it sends each request when it is due, whatever the answers do, and reports what it
 * saw. It decides nothing about the schedule and keeps nothing for a report. It ends with its parent.
 */
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { extname } from 'node:path'
import { assert, present } from '#base/assert.ts'
import {
  type FromGenerator,
  OUTCOMES,
  type PlanMessage,
  type ToGenerator,
  traceIdOf,
} from '#host/load/messages.ts'
import { Origin, type Underway } from '#host/load/origin.ts'
import { requestTexts, type RequestText } from '#host/load/request-text.ts'
import type { TickerData } from '#host/load/ticker-worker.ts'
import { monotonicMs, wallOffsetMs } from '#host/load/time.ts'

/** How often samples are handed to the parent. */
const BATCH_MS = 100
/** How long a stopped run waits for what is under way. */
const STOP_GRACE_MS = 2_000

const tell = (message: FromGenerator): void => void process.send?.(message)
const outcomeCode = (outcome: (typeof OUTCOMES)[number]): number => OUTCOMES.indexOf(outcome)

interface Flight {
  readonly index: number
  readonly sentMs: number
  underway: Underway | undefined
  firstByteMs: number
}

class Run {
  readonly #plan: PlanMessage
  readonly #texts: readonly RequestText[]
  readonly #origins = new Map<string, Origin>()
  readonly #tracePrefix: string
  /** In the order in which they left, which is the order in which they time out. */
  readonly #inFlight = new Set<Flight>()
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  #rows: number[] = []
  #next = 0
  #sent = 0
  #startedMs = 0
  #offsetMs = 0
  #stopping = false
  #finished = false
  #sweep: NodeJS.Timeout | undefined

  constructor(plan: PlanMessage) {
    this.#plan = plan
    this.#texts = requestTexts(plan.targets)
    for (const { origin } of this.#texts) {
      if (!this.#origins.has(origin)) this.#origins.set(origin, new Origin(new URL(origin)))
    }
    const seconds = Math.floor((monotonicMs() + wallOffsetMs()) / 1_000)
    this.#tracePrefix = `1-${seconds.toString(16).padStart(8, '0')}-${randomBytes(8).toString('hex')}`
  }

  start(): void {
    const data: TickerData = { atMs: this.#plan.atMs, stop: this.#stop }
    const ticker = new Worker(new URL(`./ticker-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: data,
    })
    ticker.once('message', (startedMs: number) => {
      this.#startedMs = startedMs
      this.#offsetMs = wallOffsetMs()
      tell({ kind: 'started', startedAt: startedMs + this.#offsetMs, tracePrefix: this.#tracePrefix })
      ticker.on('message', (upTo: number) => this.#sendUpTo(upTo))
      if (this.#plan.atMs.length === 0) this.#finishWhenQuiet()
    })
    ticker.on('error', (error) => {
      throw error
    })
    setInterval(() => this.#hand(), BATCH_MS).unref()
  }

  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    Atomics.store(this.#stop, 0, 1)
    Atomics.notify(this.#stop, 0)
    setTimeout(() => this.#finish(), Math.min(STOP_GRACE_MS, this.#plan.timeoutMs))
    this.#finishWhenQuiet()
  }

  #sendUpTo(upTo: number): void {
    while (this.#next < upTo && !this.#stopping) this.#send(this.#next++)
  }

  #send(index: number): void {
    const text = this.#texts[this.#plan.target[index] ?? 0]
    const origin = text === undefined ? undefined : this.#origins.get(text.origin)
    assert(text !== undefined && origin !== undefined, 'every arrival has a target with an origin')
    const dueMs = this.#startedMs + (this.#plan.atMs[index] ?? 0)
    if (this.#inFlight.size >= this.#plan.inFlightMax) {
      this.#rows.push(index, Math.max(0, monotonicMs() - dueMs), 0, 0, 0, 0, outcomeCode('not-sent'))
      this.#finishWhenQuiet()
      return
    }
    const traceId = traceIdOf(this.#tracePrefix, index)
    const wire = text.filled?.(index, traceId) ?? `${text.before}${traceId}${text.after}`
    const flight: Flight = { index, sentMs: monotonicMs(), underway: undefined, firstByteMs: 0 }
    this.#inFlight.add(flight)
    this.#sent++
    flight.underway = origin.send({
      method: text.method,
      wire,
      onFirstByte: () => (flight.firstByteMs = monotonicMs() - flight.sentMs),
      onAnswer: (status, bytes) => this.#land(flight, 'answered', { status, bytes }),
      onBroken: () => this.#land(flight, 'refused'),
    })
    if (this.#sweep === undefined) {
      this.#sweep = setTimeout(() => this.#sweepOverdue(), this.#plan.timeoutMs)
    }
  }

  #land(
    flight: Flight,
    outcome: (typeof OUTCOMES)[number],
    answer: { status: number; bytes: number } = { status: 0, bytes: 0 },
  ): void {
    if (!this.#inFlight.delete(flight)) return
    const now = monotonicMs()
    const dueMs = this.#startedMs + (this.#plan.atMs[flight.index] ?? 0)
    // A request may leave a hair before it is due, when arrivals are told together: it is not late then.
    const lateMs = Math.max(0, flight.sentMs - dueMs)
    const latencyMs = now - Math.min(dueMs, flight.sentMs)
    this.#rows.push(
      flight.index,
      lateMs,
      latencyMs,
      flight.firstByteMs,
      answer.status,
      answer.bytes,
      outcomeCode(outcome),
    )
    this.#finishWhenQuiet()
  }

  #sweepOverdue(): void {
    this.#sweep = undefined
    const overdue = monotonicMs() - this.#plan.timeoutMs
    for (const flight of this.#inFlight) {
      if (flight.sentMs > overdue) {
        this.#sweep = setTimeout(() => this.#sweepOverdue(), Math.max(1, flight.sentMs - overdue))
        return
      }
      flight.underway?.abandon()
      this.#land(flight, 'timeout')
    }
  }

  #finishWhenQuiet(): void {
    const allSent = this.#next >= this.#plan.atMs.length
    if (this.#inFlight.size === 0 && (allSent || this.#stopping)) this.#finish()
  }

  #hand(): void {
    const rows = Float64Array.from(this.#rows)
    this.#rows = []
    const elapsedMs = this.#startedMs === 0 ? 0 : Math.max(0, monotonicMs() - this.#startedMs)
    tell({ kind: 'samples', rows, sent: this.#sent, elapsedMs })
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    const partial = this.#next < this.#plan.atMs.length || this.#inFlight.size > 0
    for (const origin of this.#origins.values()) origin.close()
    this.#hand()
    const end: FromGenerator = { kind: 'finished', finishedAt: monotonicMs() + this.#offsetMs, partial }
    process.send?.(end, () => process.exit(0))
  }
}

let run: Run | undefined

process.on('message', (message: ToGenerator) => {
  if (message.kind === 'stop') {
    present(run, 'a run is stopped after it began').stop()
    return
  }
  run = new Run(message)
  run.start()
})
// Ctrl-C reaches the whole group of processes: the parent decides what it means.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(1))
