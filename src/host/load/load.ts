/**
 * Runs loads in a process of their own, so that what is measured and what measures do not share an event loop. This
 * side starts the process, hands it the plan and collects its samples.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '#base/assert.ts'
import { instant } from '#base/time.ts'
import { Trouble } from '#base/trouble.ts'
import {
  COLUMNS,
  type FromGenerator,
  OUTCOMES,
  type PlanMessage,
  type ToGenerator,
  traceIdOf,
} from '#host/load/messages.ts'
import { requestTexts } from '#host/load/request-text.ts'
import type { Load, LoadPlan, LoadProgress, LoadResult, LoadSample } from '#ports/load.ts'

const GENERATOR = fileURLToPath(new URL(`./generator${extname(import.meta.url)}`, import.meta.url))
/** What is kept of the process's error output, for the message when it dies. */
const STDERR_MAX = 4_096

/** The load generator of this machine. */
export function processLoad(): Load {
  return {
    run: async (plan, onProgress, signal) => {
      // Refused here, where the user's words can be quoted, and not in the other process.
      requestTexts(plan.targets)
      return await new Running(plan, onProgress).result(signal)
    },
  }
}

class Running {
  readonly #plan: LoadPlan
  readonly #onProgress: (progress: LoadProgress) => void
  readonly #child: ChildProcess
  readonly #samples: LoadSample[] = []
  #startedAt = 0
  #tracePrefix = ''
  #answered = 0
  #errors = 0
  #stderr = ''

  constructor(plan: LoadPlan, onProgress: (progress: LoadProgress) => void) {
    this.#plan = plan
    this.#onProgress = onProgress
    this.#child = fork(GENERATOR, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, STDERR_MAX)
    })
  }

  async result(signal: AbortSignal): Promise<LoadResult> {
    const stop = (): void => this.#tell({ kind: 'stop' })
    try {
      return await new Promise<LoadResult>((resolve, reject) => {
        this.#child.on('message', (message: FromGenerator) => {
          const result = this.#take(message)
          if (result !== undefined) resolve(result)
        })
        this.#child.on('error', (error) => reject(this.#died(error.message)))
        this.#child.on('exit', (code, sign) =>
          reject(this.#died(sign === null ? `it ended with code ${code}` : `it was ended by ${sign}`)),
        )
        this.#tell(planMessage(this.#plan))
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      })
    } finally {
      signal.removeEventListener('abort', stop)
      if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    }
  }

  #tell(message: ToGenerator): void {
    // A process that has gone answers with `exit`, which is where that is told.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #take(message: FromGenerator): LoadResult | undefined {
    switch (message.kind) {
      case 'started':
        this.#startedAt = message.startedAt
        this.#tracePrefix = message.tracePrefix
        return undefined
      case 'samples':
        this.#add(message.rows)
        this.#onProgress({
          sent: message.sent,
          answered: this.#answered,
          errors: this.#errors,
          total: this.#plan.arrivals.length,
          elapsedMs: message.elapsedMs,
        })
        return undefined
      case 'finished': {
        const samples = this.#samples.sort((a, b) => a.dueAt - b.dueAt)
        const startedAt = instant(this.#startedAt)
        return { samples, startedAt, finishedAt: instant(message.finishedAt), partial: message.partial }
      }
      default:
        return message satisfies never
    }
  }

  #add(rows: Float64Array): void {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const [index = 0, lateMs = 0, latencyMs = 0, firstByteMs = 0, status = 0, bytes = 0, code = 0] =
        rows.subarray(at, at + COLUMNS)
      const arrival = this.#plan.arrivals[index]
      const outcome = OUTCOMES[code]
      assert(arrival !== undefined && outcome !== undefined, 'a sample belongs to an arrival of the plan')
      if (outcome === 'answered') this.#answered++
      if (outcome !== 'answered' || status >= 400) this.#errors++
      this.#samples.push({
        target: arrival.target,
        dueAt: instant(this.#startedAt + arrival.atMs),
        lateMs,
        latencyMs,
        firstByteMs,
        status,
        bytes,
        outcome,
        traceId: outcome === 'not-sent' ? undefined : traceIdOf(this.#tracePrefix, index),
      })
    }
  }

  #died(how: string): Trouble {
    const said = this.#stderr.trim().split('\n').at(-1) ?? ''
    return new Trouble(
      `the load generator died: ${how}${said === '' ? '' : ` (${said})`}`,
      GENERATOR,
      'run the flight again; with a lower rate if the machine ran out of memory or sockets',
    )
  }
}

function planMessage(plan: LoadPlan): PlanMessage {
  return {
    kind: 'plan',
    targets: plan.targets,
    atMs: Float64Array.from(plan.arrivals, (arrival) => arrival.atMs),
    target: Uint32Array.from(plan.arrivals, (arrival) => arrival.target),
    timeoutMs: plan.timeoutMs,
    inFlightMax: plan.inFlightMax,
  }
}
