/**
 * The thread that knows when the next request is due. It sleeps on a futex, which wakes within a tenth of a
 * millisecond where a timer of the event loop takes one, and tells the generator; it sends nothing itself.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { present } from '#base/assert.ts'
import { monotonicMs } from '#host/load/time.ts'

/** What the generator hands over. */
export interface TickerData {
  /** Ascending offsets in ms. */
  readonly atMs: Float64Array
  /** Set to 1 to end it. */
  readonly stop: Int32Array<SharedArrayBuffer>
}

/** Arrivals this close are told together: a message costs about as much. */
const TOGETHER_MS = 0.05
/** From the thread's start to offset 0, so that nothing is late because it began. */
const LEAD_MS = 30

const port = present(parentPort, 'the ticker is a worker')
// eslint-disable-next-line typescript/no-unsafe-type-assertion -- decodes what the generator handed over
const { atMs, stop } = workerData as TickerData
const startedMs = monotonicMs() + LEAD_MS
port.postMessage(startedMs)

function run(): void {
  let next = 0
  while (next < atMs.length) {
    const dueMs = startedMs + (atMs[next] ?? 0)
    for (let left = dueMs - monotonicMs(); left > 0; left = dueMs - monotonicMs()) {
      if (Atomics.wait(stop, 0, 0, left) === 'not-equal' || Atomics.load(stop, 0) !== 0) return
    }
    if (Atomics.load(stop, 0) !== 0) return
    const now = monotonicMs() - startedMs
    while (next < atMs.length && (atMs[next] ?? 0) <= now + TOGETHER_MS) next++
    port.postMessage(next)
  }
}

run()
