/**
 * Turns for work that many ask for at once: at most so many under way, and one begun for each pass of the event loop, so
 * that a hundred starts at the same moment neither hold the loop nor take the cores from those that are ahead.
 */
export class Turns {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #underWay = 0
  #passing = false

  constructor(most: number) {
    this.#most = most
  }

  /** Runs the work when its turn has come; at once when nobody is before it. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#most || this.#waiting.length > 0 || this.#passing)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        this.#pass()
      })
    else this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
      this.#pass()
    }
  }

  #pass(): void {
    if (this.#passing || this.#waiting.length === 0) return
    this.#passing = true
    setImmediate(() => {
      this.#passing = false
      if (this.#underWay >= this.#most) return
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#underWay++
      next()
      this.#pass()
    })
  }
}
