/**
 * What all requests together may hold of bodies that are not whole yet. One body is bounded by whoever collects it; a
 * thousand at once are bounded here: beyond the budget the one that has been silent for longest is cut off.
 */

/** Several of the largest bodies (a function's package, 70 MB as base64), and hundreds of usual ones. */
export const HELD_BYTES_MAX = 256 * 1024 * 1024

/** The part of one request. */
export interface Holding {
  /** Some more bytes came. Cuts off whoever was silent for longest when the budget is spent. */
  add(bytes: number): void
  /** The body is whole, refused or gone. */
  end(): void
}

interface Held {
  bytes: number
  readonly cut: () => void
}

export class HeldBodies {
  readonly #max: number
  /** The longest silent first. */
  readonly #held = new Set<Held>()
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  open(cut: () => void): Holding {
    const held: Held = { bytes: 0, cut }
    this.#held.add(held)
    return {
      add: (bytes) => {
        if (!this.#held.delete(held)) return
        this.#held.add(held)
        held.bytes += bytes
        this.#bytes += bytes
        this.#shrink()
      },
      end: () => this.#end(held),
    }
  }

  #end(held: Held): void {
    if (this.#held.delete(held)) this.#bytes -= held.bytes
  }

  #shrink(): void {
    for (const held of this.#held) {
      if (this.#bytes <= this.#max) return
      this.#end(held)
      held.cut()
    }
  }
}
