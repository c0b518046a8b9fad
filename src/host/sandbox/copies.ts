/**
 * Copies for functions without a view of their own. As plain processes with users of their own they can only read what
 * is open to every user of the machine; what lies in a closed folder, such as the cache in root's home, is linked or
 * copied once to where they can. Without this they would have to run as root.
 */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Mount } from '#host/sandbox/confinement.ts'
import type { Launcher } from '#host/sandbox/launcher.ts'
import { Trouble } from '#base/trouble.ts'

const READ = 0o4
const PASS = 0o1

/** Whether every user may read it: its own bits, and those of all folders above. Access lists are not looked at. */
export function isOpenToAll(path: string): boolean {
  const stat = statSync(path)
  // folders need not be listed: those of packages can be, and that of all packages must not
  if ((stat.mode & (stat.isDirectory() ? PASS : READ)) === 0) return false
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & PASS) === 0) return false
    if (at === dirname(at)) return true
  }
}

export class Copies {
  readonly #folder: string
  readonly #made = new Map<string, Promise<string>>()
  #next = 1

  /** `folder` is open to every user, and ends with the platform. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The same mounts, from places that every user can read. Faults: Trouble when there is no room for a copy. */
  async of(launcher: Launcher, mounts: readonly Mount[]): Promise<readonly Mount[]> {
    return await Promise.all(
      mounts.map(async (mount) =>
        mount.writable === true ? mount : { ...mount, from: await this.#readable(launcher, mount.from) },
      ),
    )
  }

  #readable(launcher: Launcher, from: string): Promise<string> {
    let made = this.#made.get(from)
    if (made === undefined) {
      made = isOpenToAll(from) ? Promise.resolve(from) : this.#copied(launcher, from)
      this.#made.set(from, made)
      made.catch(() => this.#made.delete(from)) // the next environment tries again, and is told too
    }
    return made
  }

  async #copied(launcher: Launcher, from: string): Promise<string> {
    const to = join(this.#folder, `${launcher.pid}-${this.#next++}`)
    // links cost nothing, and are not possible across file systems
    const script =
      'mkdir -p "${1%/*}" && { cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1"; cp -a "$0" "$1"; }; }'
    const ran = await launcher.run(['sh', '-c', script, from, to])
    if (ran.code === 0) return to
    throw new Trouble(
      `${from} could not be copied to where functions can read it: ${ran.out.trim()}`,
      to,
      `make room there, or let every user read ${from}`,
    )
  }
}
