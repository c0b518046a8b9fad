/**
 * What a function prints: read from its FIFO, kept below a rate, handed on in order. `drain` takes what is in the pipe at
 * once, so that output comes before the answer that the function gave after it. Lines are not known here.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock } from '#ports/clock.ts'

/** Of one environment, unless set otherwise. Above it output is dropped and counted. */
export const OUTPUT_BYTES_PER_SECOND = 8_388_608
/** After so much was dropped the pipe is left full for a while: the function waits, and the platform does not. */
const DROP_MAX = 1_048_576
const PAUSE_MS = 50
const CHUNK = 65_536

/** A bucket that holds one second's worth. */
export class OutputBudget {
  readonly bytesPerSecond: number
  #left: number
  #at: number

  constructor(bytesPerSecond: number, now: number) {
    this.bytesPerSecond = bytesPerSecond
    this.#left = bytesPerSecond
    this.#at = now
  }

  /** How many of these bytes may pass. */
  take(bytes: number, now: number): number {
    const gained = ((now - this.#at) * this.bytesPerSecond) / 1_000
    this.#left = Math.min(this.bytesPerSecond, this.#left + gained)
    this.#at = now
    const passed = Math.min(bytes, Math.floor(this.#left))
    this.#left -= passed
    return passed
  }
}

export type OnOutput = (chunk: Uint8Array, droppedBytes: number) => void

const scratch = Buffer.allocUnsafe(CHUNK)

/** Reads a FIFO for as long as an environment lives, through all starts of its process. */
export class Output {
  #descriptor: number
  #socket: Socket
  #clock: Clock
  #budget: OutputBudget
  #onOutput: OnOutput
  #dropped = 0
  #closed = false

  constructor(path: string, clock: Clock, bytesPerSecond: number, onOutput: OnOutput) {
    // opened for writing too, so that the pipe does not end when one of the function's processes does
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    this.#clock = clock
    this.#budget = new OutputBudget(bytesPerSecond, clock.elapsed())
    this.#onOutput = onOutput
    this.#socket = new Socket({ fd: this.#descriptor, readable: true, writable: false })
    this.#socket.on('error', () => this.close())
    this.#socket.on('data', (chunk: Buffer) => this.#pass(chunk))
    this.#socket.unref()
  }

  /** Hands on what was written before this moment. */
  drain(): void {
    while (!this.#closed) {
      const read = readNow(this.#descriptor)
      if (read === 0) return
      this.#pass(Buffer.from(scratch.subarray(0, read)))
      if (read < CHUNK) return
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
  }

  #pass(chunk: Buffer): void {
    const passed = this.#budget.take(chunk.length, this.#clock.elapsed())
    const dropped = chunk.length - passed
    if (passed > 0 || dropped > 0) this.#onOutput(chunk.subarray(0, passed), dropped)
    if (dropped === 0) return
    this.#dropped += dropped
    if (this.#dropped < DROP_MAX || this.#socket.isPaused()) return
    this.#dropped = 0
    this.#socket.pause()
    this.#clock.after(PAUSE_MS, () => {
      if (!this.#closed) this.#socket.resume()
    })
  }
}

/** Bytes read into `scratch`; 0 when the pipe is empty. */
function readNow(descriptor: number): number {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0 // an empty pipe is the usual case, and is told by an exception
  try {
    return readSync(descriptor, scratch, 0, CHUNK, null)
  } catch {
    return 0
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** For tests and resets: throws away what is left in a FIFO before another environment gets it. */
export function emptied(path: string): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  while (readNow(descriptor) > 0);
  closeSync(descriptor)
}
