/**
 * Stores that fail on demand, for tests and simulations: in memory, served by a schedule that the test turns, so that
 * a seed gives one world. `crash` is a loss of power: what was acknowledged is there after `reopen`; of what was
 * committed and not yet flushed the log keeps a beginning whose length is tossed for. Nothing here reads a clock.
 */
import { Trouble } from '#base/trouble.ts'
import { type Engine, GroupedStore } from '#host/store/grouped.ts'
import { MemoryEntries } from '#host/store/memory.ts'
import type { Write } from '#host/store/overlay.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Stores } from '#ports/store.ts'

/** Runs a function later, when the owner of the schedule says so. */
export interface Schedule {
  defer(run: () => void): void
}

/** A schedule that a test turns by hand, first in first out. */
export class ManualSchedule implements Schedule {
  readonly #due: (() => void)[] = []

  get pending(): number {
    return this.#due.length
  }

  defer(run: () => void): void {
    this.#due.push(run)
  }

  /** Runs what has waited longest; false when nothing waits. Promises settle after it: await before the next. */
  step(): boolean {
    const run = this.#due.shift()
    run?.()
    return run !== undefined
  }

  /** Steps until nothing is left, letting promises settle in between. */
  async settle(): Promise<void> {
    do for (let i = 0; i < 16; i++) await Promise.resolve()
    while (this.step())
  }
}

export type FaultPoint = 'commit' | 'flush'
export type FaultDecision = 'works' | 'fails' | 'crashes'

export interface FaultyOptions {
  readonly random: Random
  readonly schedule: Schedule
  /** What happens at the nth (from 0) commit or flush of a store; everything works without it. */
  readonly decide?: (point: FaultPoint, store: string, nth: number) => FaultDecision
  /** Longest delay of a flush, in steps of the schedule; each is drawn. */
  readonly delayStepsMax?: number
  /** A commit or flush failed; the stores acknowledge nothing any more. Not called for a crash. */
  readonly fatal?: (trouble: Trouble) => void
}

export interface FaultyStores extends Stores {
  /** Loses power: everything under way is refused, nothing is acknowledged any more. Idempotent. */
  crash(): void
  /** The platform's next life on the same disk; crashes this one first. */
  reopen(next?: Partial<FaultyOptions>): FaultyStores
}

export function faultyStores(options: FaultyOptions): FaultyStores {
  return new Faulty(options, new Map())
}

/** Decisions drawn from a seed: each commit and each flush fails or crashes with these chances. */
export function seededFaults(
  random: Random,
  chances: { readonly fails: number; readonly crashes: number },
): NonNullable<FaultyOptions['decide']> {
  return () => {
    const drawn = random.next()
    if (drawn < chances.fails) return 'fails'
    return drawn < chances.fails + chances.crashes ? 'crashes' : 'works'
  }
}

class Faulty implements FaultyStores {
  readonly #options: FaultyOptions
  readonly #disks: Map<string, MemoryEntries>
  readonly #open = new Map<string, { readonly store: GroupedStore; readonly engine: FaultyEngine }>()
  #dead = false

  constructor(options: FaultyOptions, disks: Map<string, MemoryEntries>) {
    this.#options = options
    this.#disks = disks
  }

  open(name: string): Store {
    const found = this.#open.get(name)
    if (found !== undefined) return found.store
    const disk = this.#disks.get(name) ?? new MemoryEntries()
    this.#disks.set(name, disk)
    const engine = new FaultyEngine({ ...this.#options, name, disk, crash: () => this.crash() })
    const pace = { soon: (run: () => void) => this.#options.schedule.defer(run), elapsedMs: () => 0 }
    const store = new GroupedStore({ name, engine, pace, fatal: (trouble) => this.#end(trouble) })
    this.#open.set(name, { store, engine })
    if (this.#dead) store.end(CRASHED)
    return store
  }

  async clear(): Promise<void> {
    for (const name of this.#disks.keys()) this.open(name)
    await Promise.all([...this.#open.values()].map(({ store }) => store.clear()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ store }) => store.close()))
  }

  crash(): void {
    if (this.#dead) return
    this.#dead = true
    for (const { store, engine } of this.#open.values()) {
      engine.losePower()
      store.end(CRASHED)
    }
  }

  reopen(next: Partial<FaultyOptions> = {}): FaultyStores {
    this.crash()
    return new Faulty({ ...this.#options, ...next }, this.#disks)
  }

  #end(trouble: Trouble): void {
    if (this.#dead) return
    this.crash()
    this.#options.fatal?.(trouble)
  }
}

const CRASHED = new Trouble('The power was lost', 'the simulated machine', 'Reopen the stores.')

interface EngineOptions extends FaultyOptions {
  readonly name: string
  readonly disk: MemoryEntries
  readonly crash: () => void
}

class FaultyEngine extends MemoryEntries implements Engine {
  readonly #options: EngineOptions
  #applied: Write[] = []
  /** Committed groups that no flush has covered, oldest first. */
  #log: Write[][] = []
  #commits = 0
  #flushes = 0
  #dead = false

  constructor(options: EngineOptions) {
    super()
    this.#options = options
    super.apply(options.disk.all())
  }

  override apply(writes: readonly Write[]): void {
    super.apply(writes)
    this.#applied.push(...writes)
  }

  commit(): void {
    this.#meet('commit', this.#commits++)
    this.#log.push(this.#applied)
    this.#applied = []
  }

  flush(done: (error: Error | undefined) => void): void {
    const groups = this.#log.length
    const nth = this.#flushes++
    this.#after(this.#options.random.below((this.#options.delayStepsMax ?? 0) + 1), () => {
      try {
        this.#meet('flush', nth)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
        return
      }
      for (const group of this.#log.splice(0, groups)) this.#options.disk.apply(group)
      done(undefined)
    })
  }

  override clear(): void {
    super.clear()
    this.#options.disk.clear()
  }

  close(): void {
    this.#dead = true
  }

  losePower(): void {
    this.#dead = true
    for (const group of this.#log) {
      if (this.#options.random.below(2) === 0) break
      this.#options.disk.apply(group)
    }
    this.#log = []
  }

  #meet(point: FaultPoint, nth: number): void {
    const decision = this.#options.decide?.(point, this.#options.name, nth) ?? 'works'
    if (decision === 'works') return
    if (decision === 'crashes') this.#options.crash()
    throw new Error(`${point} ${nth} of ${this.#options.name} fails, as asked`)
  }

  #after(steps: number, run: () => void): void {
    this.#options.schedule.defer(() => {
      if (this.#dead) return
      if (steps === 0) run()
      else this.#after(steps - 1, run)
    })
  }
}
