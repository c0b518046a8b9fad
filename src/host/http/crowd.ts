/**
 * How many connections may stand open. A client that opens them and says nothing holds a descriptor each, and files need
 * descriptors too: beyond the bound, connections that nobody uses make room for the next one.
 */
import type { Socket } from 'node:net'

/** 5,000 parked polls and a load generator's burst fit. */
export const CONNECTIONS_MAX = 12_000

export class Crowd {
  readonly #max: number
  readonly #closeIdle: () => void
  /** Connections without a request so far, the oldest first. */
  readonly #fresh = new Set<Socket>()
  #open = 0

  /** `closeIdle` ends connections that are between two requests. */
  constructor(max: number, closeIdle: () => void) {
    this.#max = max
    this.#closeIdle = closeIdle
  }

  /** A first request came: the connection is the server's own to time out from here on. */
  used(socket: Socket): void {
    if (this.#fresh.size > 0) this.#fresh.delete(socket)
  }

  /** A connection was made. */
  enter(socket: Socket): void {
    this.#open++
    this.#fresh.add(socket)
    socket.once('close', () => {
      this.#open--
      this.#fresh.delete(socket)
    })
    if (this.#open <= this.#max) return
    this.#closeIdle()
    for (const waiting of this.#fresh) {
      if (waiting === socket) continue
      waiting.destroy()
      if (this.#fresh.size <= this.#max / 2) break
    }
  }
}
