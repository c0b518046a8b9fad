/**
 * Group commit: the one implementation of `Store` over any engine. Closures wait in line, run strictly one at a time
 * over an overlay, and the writes of those that succeed become one commit of the engine; one flush after it makes the
 * whole group durable and only then do its callers hear of it. `read` sees finished closures, up to one flush before
 * their callers do: a crash of the process loses none of those, a power loss may.
 *
 * A group closes after 32 closures, after 2 ms, or when its turn of the event loop ends, whichever comes first: a
 * closure that awaits something foreign keeps its place in line but never holds back those that finished before it.
 * Tried and left: a commit held back until the flush before it is done, so that there are fewer; no gain to be measured.
 * A commit or flush that fails ends the store: nothing is acknowledged any more (a second fdatasync may report success
 * for pages that were lost), and `fatal` ends the process. A closure must not await another `tx` of its own store.
 */
import { Defect } from '#base/assert.ts'
import { Trouble } from '#base/trouble.ts'
import { type Below, Overlay, type Write } from '#host/store/overlay.ts'
import type { Read, Store, Tx } from '#ports/store.ts'

/** Where a group's writes go. `get` and `range` see what was applied. */
export interface Engine extends Below {
  /** Applies one closure's writes, all or nothing; opens the engine's transaction when none is open. */
  apply(writes: readonly Write[]): void
  /** Ends the engine's transaction. After it, a kill of the process loses nothing of it. */
  commit(): void
  /** Calls back, in a later turn or microtask, when every commit before this call is durable. */
  flush(done: (error: Error | undefined) => void): void
  /** Deletes all entries and is durable when it returns. No transaction is open. */
  clear(): void
  close(): void
}

/** How the line is served: `soon` runs a function after the present one, `elapsedMs` limits a group. */
export interface Pace {
  soon(run: () => void): void
  elapsedMs(): number
}

export interface GroupedOptions {
  readonly name: string
  readonly engine: Engine
  readonly pace: Pace
  /** Called once, when the engine has failed. */
  readonly fatal: (trouble: Trouble) => void
}

/** Closures in one group. */
export const GROUP_MAX = 32
/** Longest time that the closures of one group may hold the event loop, in ms. One closure is never cut. */
export const GROUP_MS = 2

interface Job {
  /** Runs the closure; gives what tells its caller. */
  start(tx: Tx): Ack | Promise<Ack>
  reject(error: unknown): void
}
type Ack = () => void
interface Finished {
  readonly ack: Ack
  readonly reject: (error: unknown) => void
}

export class GroupedStore implements Store {
  readonly read: Read
  readonly #options: GroupedOptions
  readonly #engine: Engine
  #line: Job[] = []
  #head = 0
  #scheduled = false
  #running: Job | undefined
  #stallArmed = false
  #group: Finished[] = []
  #groupStartMs = 0
  #groupWrote = false
  #committed: Finished[] = []
  #flushing: Finished[] = []
  #holds: (() => void)[] = []
  #held = false
  #idle: (() => void)[] = []
  #ended: Trouble | Defect | undefined

  constructor(options: GroupedOptions) {
    this.#options = options
    this.#engine = options.engine
    this.read = {
      get: (key) => this.#readable().get(key),
      range: (range) => this.#readable().range(range),
    }
  }

  tx<R>(run: (tx: Tx) => R | Promise<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      this.#line.push({
        start: (tx) => {
          const result = run(tx)
          if (result instanceof Promise) return result.then((value) => () => resolve(value))
          return () => resolve(result)
        },
        reject,
      })
      this.#schedule()
    })
  }

  /** Resolves when no closure runs and nothing waits for its flush; from then on none starts until `release`. */
  hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#holds.push(resolve)
      this.#schedule()
    })
  }

  release(): void {
    this.#held = false
    this.#schedule()
  }

  /** Resolves when all transactions of this moment are over. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Waits for all transactions, then closes the engine; `tx` and `read` are Defects from then on. */
  async close(): Promise<void> {
    await this.idle()
    if (this.#ended instanceof Defect) return
    const failed = this.#ended !== undefined
    this.#ended = new Defect(`the store ${this.#options.name} is closed`)
    if (!failed) this.#engine.close()
  }

  /** Empties the store behind all transactions of this moment; one that comes meanwhile may be emptied too. */
  async clear(): Promise<void> {
    await this.tx(() => undefined)
    await this.hold()
    try {
      if (this.#ended === undefined) this.#engine.clear()
    } catch (error) {
      this.end(error)
    }
    this.release()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Ends the store: everything under way is refused with this trouble. */
  end(cause: unknown): void {
    if (this.#ended !== undefined) return
    const trouble = troubleOf(cause, this.#options.name)
    this.#ended = trouble
    for (const finished of [...this.#flushing, ...this.#committed, ...this.#group]) finished.reject(trouble)
    for (const job of this.#line.slice(this.#head)) job.reject(trouble)
    this.#running?.reject(trouble)
    this.#line = []
    this.#head = 0
    this.#flushing = []
    this.#committed = []
    this.#group = []
    this.#settle()
    this.#options.fatal(trouble)
  }

  #readable(): Engine {
    if (this.#ended !== undefined) throw this.#ended
    return this.#engine
  }

  #schedule(): void {
    if (this.#scheduled || this.#running !== undefined) return
    this.#scheduled = true
    this.#options.pace.soon(() => {
      this.#scheduled = false
      this.#groupStartMs = this.#options.pace.elapsedMs()
      this.#serve()
    })
  }

  /** Runs closures until the line is empty, the group is full, or one of them waits. */
  #serve(): void {
    while (this.#ended === undefined && !this.#held && this.#running === undefined) {
      const job = this.#line[this.#head]
      if (job === undefined || this.#holds.length > 0) break
      this.#line[this.#head] = SERVED
      this.#head++
      this.#runOne(job)
      if (this.#isFull()) break
    }
    if (this.#head === this.#line.length || this.#head >= LINE_CUT) {
      this.#line = this.#line.slice(this.#head)
      this.#head = 0
    }
    if (this.#running === undefined) this.#closeGroup()
  }

  #isFull(): boolean {
    return this.#group.length >= GROUP_MAX || this.#options.pace.elapsedMs() - this.#groupStartMs >= GROUP_MS
  }

  #runOne(job: Job): void {
    const overlay = new Overlay(this.#engine)
    let started: Ack | Promise<Ack>
    try {
      started = job.start(overlay)
    } catch (error) {
      overlay.end()
      job.reject(error)
      return
    }
    if (!(started instanceof Promise)) {
      this.#finish(job, overlay, started)
      return
    }
    this.#running = job
    this.#armStall()
    started.then(
      (ack) => {
        this.#finish(job, overlay, ack)
        this.#goOn()
      },
      (error: unknown) => {
        overlay.end()
        job.reject(error)
        this.#goOn()
      },
    )
  }

  /** When the running closure still waits at the end of this turn, the group goes without it. */
  #armStall(): void {
    if (this.#group.length === 0 || this.#stallArmed) return
    this.#stallArmed = true
    this.#options.pace.soon(() => {
      this.#stallArmed = false
      this.#commit()
    })
  }

  #goOn(): void {
    this.#running = undefined
    if (this.#isFull()) this.#closeGroup()
    else this.#serve()
  }

  #closeGroup(): void {
    this.#commit()
    if (!this.#held && this.#holds.length === 0 && this.#line.length > this.#head) this.#schedule()
    this.#settle()
  }

  #finish(job: Job, overlay: Overlay, ack: Ack): void {
    const writes = overlay.end()
    if (this.#ended !== undefined) {
      job.reject(this.#ended)
      return
    }
    this.#group.push({ ack, reject: (error) => job.reject(error) })
    if (writes.length === 0) return
    this.#groupWrote = true
    try {
      this.#engine.apply(writes)
    } catch (error) {
      this.end(error)
    }
  }

  #commit(): void {
    const group = this.#group
    if (group.length === 0 || this.#ended !== undefined) return
    if (!this.#groupWrote && this.#committed.length === 0 && this.#flushing.length === 0) {
      // Nothing was written and all that was read is durable.
      this.#group = []
      for (const finished of group) finished.ack()
      return
    }
    try {
      if (this.#groupWrote) this.#engine.commit()
    } catch (error) {
      this.end(error)
      return
    }
    this.#groupWrote = false
    this.#group = []
    this.#committed.push(...group)
    if (this.#flushing.length === 0) this.#flush()
  }

  #flush(): void {
    this.#flushing = this.#committed
    this.#committed = []
    this.#engine.flush((error) => {
      if (this.#ended !== undefined) return
      if (error !== undefined) {
        this.end(error)
        return
      }
      const durable = this.#flushing
      this.#flushing = []
      if (this.#committed.length > 0) this.#flush()
      for (const finished of durable) finished.ack()
      this.#settle()
    })
  }

  #isIdle(): boolean {
    if (this.#ended !== undefined) return true
    return this.#isQuiet() && this.#line.length === 0 && this.#holds.length === 0 && !this.#held
  }

  #isQuiet(): boolean {
    return (
      this.#running === undefined &&
      this.#group.length === 0 &&
      this.#committed.length === 0 &&
      this.#flushing.length === 0
    )
  }

  /** Grants the next hold and tells those who wait for rest. */
  #settle(): void {
    if (this.#ended !== undefined) for (const hold of this.#holds.splice(0)) hold()
    else if (!this.#held && this.#isQuiet()) {
      const hold = this.#holds.shift()
      if (hold !== undefined) {
        this.#held = true
        hold()
      }
    }
    if (this.#isIdle()) for (const tell of this.#idle.splice(0)) tell()
  }
}

/** Served places that the line keeps before it is cut. */
const LINE_CUT = 1_024

/** Stands in a served place of the line so that its closure can be collected. */
const SERVED: Job = { start: () => () => undefined, reject: () => undefined }

function troubleOf(cause: unknown, name: string): Trouble {
  if (cause instanceof Trouble) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  return new Trouble(
    `The data could not be written: ${text}`,
    `store ${name}`,
    'See that the disk has space and works, then start the platform again; every acknowledged write is there.',
  )
}
