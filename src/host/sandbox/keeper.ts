/**
 * Keeps a launcher running for as long as the platform lives. When one dies, its environments are told and are over; the
 * next environments wait for the next launcher. An opening that fails is told to those who wait for it, and tried again
 * by whoever comes then. A launcher that dies young is not replaced before somebody needs it, so that a machine on
 * which it cannot live is not kept busy by starting it.
 */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Launcher } from '#host/sandbox/launcher.ts'
import type { Pipes } from '#host/sandbox/resources.ts'
import type { Roots } from '#host/sandbox/roots.ts'
import type { TmpFolders } from '#host/sandbox/tmp-folders.ts'
import { Trouble } from '#base/trouble.ts'

const YOUNG_MS = 1_000

/** What ends with the launcher process, and is made anew with the next one. */
export interface Equipment {
  readonly launcher: Launcher
  readonly tmp: TmpFolders
  readonly pipes: Pipes
  /** Undefined where the launcher's mounts would not end with it. */
  readonly roots: Roots | undefined
}

export interface KeeperOptions {
  readonly clock: Clock
  readonly log: Log
  /** Opens another one; `orphans` are users whose processes the dead one may have left behind. */
  open(orphans: readonly number[]): Promise<Equipment>
}

export class Keeper {
  readonly #options: KeeperOptions
  #current: Equipment
  #opening: Promise<Equipment> | undefined
  #orphans: number[] = []
  #closed = false

  constructor(first: Equipment, options: KeeperOptions) {
    this.#options = options
    this.#current = first
    this.#watch(first)
  }

  /** The newest one, which may have ended a moment ago. */
  get current(): Equipment {
    return this.#current
  }

  /** The one that lives, or the next one as soon as it does. Faults: Trouble when none can be opened. */
  ready(): Promise<Equipment> {
    if (!this.#current.launcher.ended) return Promise.resolve(this.#current)
    return (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)))
  }

  /** Ends the launcher, and the one that is just being opened. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled([this.#opening])
    const { launcher, tmp } = this.#current
    await tmp.close()
    const stuck = await launcher.close()
    if (stuck !== undefined)
      this.#options.log.error('sandbox.launcher.stuck', { pid: launcher.pid, where: stuck })
  }

  async #open(): Promise<Equipment> {
    if (this.#closed) throw new Trouble('the sandboxes are closed', 'launcher', 'start the platform again')
    const orphans = this.#orphans.splice(0)
    const opened = await this.#options.open(orphans).catch((error: unknown) => {
      this.#orphans.push(...orphans)
      throw error
    })
    this.#current = opened
    this.#watch(opened)
    return opened
  }

  #watch({ launcher }: Equipment): void {
    const { clock, log } = this.#options
    const since = clock.elapsed()
    launcher.onDeath((orphans) => {
      this.#orphans.push(...orphans)
      log.error('sandbox.launcher.ended', { pid: launcher.pid })
      if (this.#closed || clock.elapsed() - since < YOUNG_MS) return
      this.ready().catch((error: unknown) => log.error('sandbox.launcher.missing', { reason: String(error) }))
    })
  }
}
