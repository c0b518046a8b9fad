/** Small things that environments take and give back: users of their own, and FIFOs for their output. */
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import type { Launcher } from '#host/sandbox/launcher.ts'
import { emptied } from '#host/sandbox/output.ts'
import { Trouble } from '#base/trouble.ts'

/** Environments of one platform at a time. */
const USERS_MAX = 10_000
/** Users that have a name inside; the others are a number. */
export const NAMED_USERS = 1_000
const FIRST_USER = 1_000_000_000
const PIPES_AT_ONCE = 32
const PIPES_LOW = 8

/** Numbers far above those of people and services, apart for each platform of the machine. */
export class Users {
  readonly first: number
  #free: number[] = []
  #next = 0

  constructor(platformPid: number) {
    this.first = FIRST_USER + (platformPid % 100_000) * USERS_MAX
  }

  /** Faults: Trouble beyond 10,000 at once. */
  take(): number {
    const index = this.#free.pop() ?? this.#next++
    if (index >= USERS_MAX) {
      throw new Trouble('there are no more users for environments', `${USERS_MAX}`, 'lower the concurrency')
    }
    return this.first + index
  }

  give(uid: number): void {
    this.#free.push(uid - this.first)
  }
}

/** FIFOs can only be made by a program, so they are made many at a time and used again. */
export class Pipes {
  #launcher: Launcher
  #folder: string
  #ready: string[] = []
  #prefix: string
  #made = 0
  /** The problem in words, or undefined when more are there. */
  #making: Promise<string | undefined> | undefined

  constructor(launcher: Launcher, folder: string) {
    this.#launcher = launcher
    this.#folder = folder
    this.#prefix = `p${launcher.pid}-`
  }

  /** Faults: Trouble when they cannot be made. */
  async take(uid: number | undefined): Promise<string> {
    if (this.#ready.length < PIPES_LOW) this.#making ??= this.#more()
    let path = this.#ready.pop()
    while (path === undefined) {
      const problem = await (this.#making ??= this.#more())
      if (problem !== undefined) {
        throw new Trouble(
          `no FIFO could be made: ${problem}`,
          this.#folder,
          'check the folder for temporary files',
        )
      }
      path = this.#ready.pop()
    }
    if (uid !== undefined) chownSync(path, uid, uid)
    return path
  }

  give(path: string): void {
    emptied(path)
    this.#ready.push(path)
  }

  async #more(): Promise<string | undefined> {
    const paths = Array.from({ length: PIPES_AT_ONCE }, () =>
      join(this.#folder, `${this.#prefix}${this.#made++}`),
    )
    const ran = await this.#launcher.run(['mkfifo', '-m', '600', ...paths])
    this.#making = undefined
    if (ran.code !== 0) return ran.out.trim()
    this.#ready.push(...paths)
    return undefined
  }
}

/** True for the user of an environment, of this platform or of another one on the machine. */
export const isEnvironmentUser = (uid: number): boolean =>
  uid >= FIRST_USER && uid < FIRST_USER + 100_000 * USERS_MAX
