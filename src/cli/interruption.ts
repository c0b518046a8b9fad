/**
 * Ctrl-C, TERM and a closed terminal while a long command runs: the work is stopped, what was measured until then is
 * shown, and the exit code says which signal it was. A second Ctrl-C ends at once. Not here: commands that a signal
 * simply ends, and what each command shows at the end.
 */
import { Trouble } from '#base/trouble.ts'
import { EXIT } from '#cli/command.ts'

const CODES: Readonly<Record<string, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
}

const WORDS: Readonly<Record<number, string>> = {
  [EXIT.interrupted]: 'Stopped by Ctrl-C.',
  [EXIT.terminated]: 'Stopped by TERM.',
  [EXIT.hungUp]: 'Stopped, because whoever started it has ended.',
}

/** npm passes on the Ctrl-C that the terminal has sent already: only a later one is a second one. */
const SECOND_AFTER_MS = 1_000
/** How long an interrupted command may take to show what it has. */
const GRACE_MS = 15_000

/** A command that was stopped before it had anything to show. Ends with the signal's exit code. */
export class Interrupted extends Trouble {
  readonly code: number

  constructor(code: number, thing: string, remedy: string) {
    super(WORDS[code] ?? 'Stopped by a signal.', thing, remedy)
    this.code = code
  }
}

/** What was being done, and what to say when it is cut short. */
export interface Doing {
  readonly thing: string
  readonly remedy: string
}

export class Interruption implements Disposable {
  readonly #stop = new AbortController()
  readonly #arrived = Promise.withResolvers<number>()
  #code: number | undefined
  #since = 0

  constructor() {
    for (const name of Object.keys(CODES)) process.on(name, this.#take)
  }

  /** Aborts when the first signal comes. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** The exit code of the signal that came, if one did. */
  get code(): number | undefined {
    return this.#code
  }

  /** Resolves with the exit code when a signal comes. */
  get arrived(): Promise<number> {
    return this.#arrived.promise
  }

  /** As if the terminal had been closed: whoever started us has ended. */
  readonly end = (): void => this.#take('SIGHUP')

  /** The work's result; throws Interrupted when a signal comes first. The work is not waited for then. */
  async race<T>(work: Promise<T>, doing: Doing): Promise<T> {
    const stopped = this.arrived.then((code): never => {
      throw new Interrupted(code, doing.thing, doing.remedy)
    })
    try {
      return await Promise.race([work, stopped])
    } catch (error) {
      // a program that we waited for may have ended by the same Ctrl-C; ours is told in the next turn
      await new Promise((turn) => setImmediate(turn))
      if (this.#code === undefined || error instanceof Interrupted) throw error
      throw new Interrupted(this.#code, doing.thing, doing.remedy)
    }
  }

  readonly [Symbol.dispose] = (): void => {
    for (const name of Object.keys(CODES)) process.off(name, this.#take)
  }

  readonly #take = (name: string): void => {
    const code = CODES[name] ?? EXIT.terminated
    if (this.#code === undefined) {
      this.#code = code
      this.#since = performance.now()
      this.#stop.abort()
      this.#arrived.resolve(code)
      setTimeout(() => process.exit(code), GRACE_MS).unref()
    } else if (performance.now() - this.#since > SECOND_AFTER_MS) process.exit(code)
  }
}
