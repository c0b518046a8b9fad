/** Counts what happens to many things, and says when it is worth a line: at the first, the tenth, the hundredth. Pure. */

/** Things counted; beyond it counting begins anew. Ours. */
const THINGS_MAX = 10_000

export class Tally {
  readonly #counts = new Map<string, number>()

  /** How often it has happened, when that is a power of ten. */
  count(thing: string): number | undefined {
    if (this.#counts.size >= THINGS_MAX) this.#counts.clear()
    const times = (this.#counts.get(thing) ?? 0) + 1
    this.#counts.set(thing, times)
    return /^10*$/.test(`${times}`) ? times : undefined
  }

  forget(): void {
    this.#counts.clear()
  }
}
