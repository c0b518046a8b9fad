/** How long the server's event loop was held: part of what a tunnel must know about itself. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The monitor's own sleep; it is taken off every reading, because an idle loop shows it as delay. */
const RESOLUTION_MS = 5
const NS_A_MS = 1e6

export interface DelayReading {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly samples: number
}

export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#histogram.enable()
  }

  /** Since the last reading; reading begins a new span. */
  read(): DelayReading {
    const over = (ns: number): number =>
      Math.max(0, Math.round((ns / NS_A_MS - RESOLUTION_MS) * 1_000) / 1_000)
    const h = this.#histogram
    const empty = h.count === 0
    const reading = {
      p50Ms: empty ? 0 : over(h.percentile(50)),
      p99Ms: empty ? 0 : over(h.percentile(99)),
      maxMs: empty ? 0 : over(h.max),
      samples: h.count,
    }
    h.reset()
    return reading
  }

  stop(): void {
    this.#histogram.disable()
  }
}
