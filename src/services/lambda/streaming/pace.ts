/**
 * How fast a streamed response may leave: a bucket that is full at first and refilled evenly, so that a long response
 * settles at the rate. Pure; who waits, and on which clock, is `receive.ts`.
 */
import type { Ms } from '#base/time.ts'
import { STREAM_BURST_BYTES, STREAM_BYTES_PER_SECOND } from '#services/lambda/limits.ts'

/** One response's pace. Source: aws-lambda-runtime-interface-emulator, burst of 6 MiB and 2 MiB per second. */
export class Pace {
  #left: number = STREAM_BURST_BYTES
  #at: Ms

  constructor(now: Ms) {
    this.#at = now
  }

  /** How long these bytes must wait before they may leave, in ms. */
  take(bytes: number, now: Ms): Ms {
    const gained = ((now - this.#at) * STREAM_BYTES_PER_SECOND) / 1_000
    this.#at = now
    this.#left = Math.min(STREAM_BURST_BYTES, this.#left + gained) - bytes
    return this.#left >= 0 ? 0 : (-this.#left / STREAM_BYTES_PER_SECOND) * 1_000
  }
}
