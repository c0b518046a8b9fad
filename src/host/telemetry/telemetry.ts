/**
 * Telemetry on disk: one folder for each stream, synced once a second while something comes, bounded by age and bytes.
 * It does not stand on the key-value store: append-only files take 14 times the points and 4 times the lines a second
 * and are 5 to 7 times smaller.
 *
 * What is lost when: a kill of the process takes the lines of the turn it died in (of spans: of the last 20 ms);
 * a loss of power also those of the last second. A write or sync that fails ends the platform.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from '#base/trouble.ts'
import { DiskStream } from '#host/telemetry/disk-stream.ts'
import type { LineStream, StreamName, Telemetry } from '#host/telemetry/stream.ts'

export interface Retention {
  /** By the lines' own times against `now`. */
  readonly ageMs: number
  /** Of sealed segments, compressed. */
  readonly bytesMax: number
}

export interface TelemetryOptions {
  /** Made when it is not there. The data folder's lock covers it. */
  readonly folder: string
  /** The time that lines are stamped with; for retention by age. */
  readonly now: () => number
  /** Called once when the disk failed; the caller ends the process. */
  readonly fatal: (trouble: Trouble) => void
  readonly retention?: Partial<Readonly<Record<StreamName, Retention>>>
  /** 1 MB and 16 MB unless a test says otherwise. */
  readonly blockBytes?: number
  readonly segmentBytes?: number
}

const DAY_MS = 86_400_000
const GB = 1_024 ** 3
/** Two weeks of everything, as far as 1 GB of each goes. */
export const RETENTION: Readonly<Record<StreamName, Retention>> = {
  spans: { ageMs: 14 * DAY_MS, bytesMax: GB },
  usage: { ageMs: 400 * DAY_MS, bytesMax: GB },
  logs: { ageMs: 400 * DAY_MS, bytesMax: GB },
}
/** Of 256 KB, the files that each block makes and removes cost more than its lines under load. */
const BLOCK_BYTES = 1_024 * 1_024
const SYNC_MS = 1_000
/** Spans may wait this long for their write: nobody is billed by them. */
const SPANS_MS = 20

export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  return new DiskTelemetry(options)
}

class DiskTelemetry implements Telemetry {
  readonly #options: TelemetryOptions
  readonly #streams = new Map<StreamName, DiskStream>()
  #timer: NodeJS.Timeout | undefined
  #busy: Promise<void> = Promise.resolve()
  #dead = false

  constructor(options: TelemetryOptions) {
    this.#options = options
    mkdirSync(options.folder, { recursive: true })
    for (const name of ['spans', 'usage', 'logs'] as const) this.#streams.set(name, this.#open(name))
  }

  stream(name: StreamName): LineStream {
    const stream = this.#streams.get(name)
    if (stream === undefined) throw new RangeError(`no stream ${name}`)
    return stream
  }

  sweep(): Promise<void> {
    return this.#alone(() => this.#sync())
  }

  clear(): Promise<void> {
    return this.#alone(async () => {
      for (const stream of this.#streams.values()) await stream.clear()
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#alone(async () => {
      for (const stream of this.#streams.values()) await stream.close()
    })
    clearTimeout(this.#timer)
    this.#dead = true
  }

  #open(name: StreamName): DiskStream {
    const folder = join(this.#options.folder, name)
    mkdirSync(folder, { recursive: true })
    return new DiskStream({
      folder,
      blockBytes: this.#options.blockBytes ?? BLOCK_BYTES,
      segmentBytes: this.#options.segmentBytes ?? 16 * 1_024 * 1_024,
      soon:
        name === 'spans'
          ? (write) => void setTimeout(write, SPANS_MS).unref()
          : (write) => void setImmediate(write),
      dirtied: () => this.#wake(),
      failed: (error) => this.#fail(error),
    })
  }

  /** Syncs, clearing and closing run one after the other. */
  #alone(run: () => Promise<void>): Promise<void> {
    const turn = this.#busy.then(async () => {
      if (!this.#dead) await run()
    })
    this.#busy = turn.catch((error: unknown) => this.#fail(error))
    return turn
  }

  #wake(): void {
    if (this.#dead) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.sweep().catch((error: unknown) => this.#fail(error))
    }, SYNC_MS).unref()
  }

  async #sync(): Promise<void> {
    for (const [name, stream] of this.#streams) {
      await stream.sync()
      const { ageMs, bytesMax } = this.#options.retention?.[name] ?? RETENTION[name]
      stream.drop(this.#options.now() - ageMs, bytesMax)
    }
  }

  #fail(error: unknown): void {
    if (this.#dead) return
    this.#dead = true
    const text = error instanceof Error ? error.message : String(error)
    this.#options.fatal(
      new Trouble(
        `Telemetry could not be written: ${text}`,
        this.#options.folder,
        'See that the disk has space and works, then start the platform again.',
      ),
    )
  }
}
