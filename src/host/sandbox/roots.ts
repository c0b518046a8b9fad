/**
 * Prepared views of the file system: one for each runtime, with everything that its functions share, mounted once by the
 * launcher. A sandbox then takes one mount instead of fifteen, which is half of what bubblewrap costs. Nothing of a
 * function is in a root: its code, /tmp and socket are mounted over it. Where one cannot be made, each sandbox mounts
 * all of it by itself.
 */
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { SharedView } from '#host/sandbox/confinement.ts'
import type { Launcher } from '#host/sandbox/launcher.ts'
import { SUPERVISION_FILES } from '#host/sandbox/supervision.ts'

/** A root and the folder of devices beside it, as the launcher's environments see them. */
export interface Root {
  readonly path: string
  readonly devices: string
}

/** Single files, such as our runtime clients, are copied into it. */
const SIZE = '16m'
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

export class Roots {
  readonly #launcher: Launcher
  readonly #folder: string
  readonly #made = new Map<string, Promise<string | undefined>>()
  #devices: Promise<string | undefined> | undefined
  #next = 1

  /** `folder` is where the launcher mounts. */
  constructor(launcher: Launcher, folder: string) {
    this.#launcher = launcher
    this.#folder = folder
  }

  /** Undefined where this machine does not let us. */
  async of(view: SharedView): Promise<Root | undefined> {
    const key = JSON.stringify([view.mounts, view.links])
    let making = this.#made.get(key)
    if (making === undefined) this.#made.set(key, (making = this.#make(rootScript(view))))
    const [path, devices] = await Promise.all([making, (this.#devices ??= this.#make(DEVICES_SCRIPT))])
    return path === undefined || devices === undefined ? undefined : { path, devices }
  }

  async #make(script: string): Promise<string | undefined> {
    const path = join(this.#folder, `r${this.#launcher.pid}-${this.#next++}`)
    const ran = await this.#launcher.run(['sh', '-c', script, path])
    return ran.code === 0 ? path : undefined
  }
}

const BEGIN = 'set -e; umask 022; mkdir -p "$0"'

/** What functions get at a place of their own has an empty folder or file there. */
function rootScript({ mounts, links }: SharedView): string {
  const lines = [BEGIN, `mount -t tmpfs -o mode=755,size=${SIZE} none "$0"`, 'cd "$0"']
  lines.push('mkdir -p proc dev tmp opt run/windtunnel var/task')
  lines.push(`cd run/windtunnel; touch runtime.sock ${SUPERVISION_FILES.join(' ')}; cd ../..`)
  for (const { from, to } of mounts) {
    const at = quoted(`.${to}`)
    if (lstatSync(from).isDirectory()) {
      lines.push(`mkdir -p ${at}`, `mount --rbind ${quoted(from)} ${at}`)
      lines.push(`mount -o remount,bind,ro,nosuid,nodev ${at}`)
    } else lines.push(`mkdir -p "$(dirname ${at})"`, `cp ${quoted(from)} ${at}`)
  }
  for (const [target, to] of links) {
    const at = quoted(`.${to}`)
    lines.push(`mkdir -p "$(dirname ${at})"`, `ln -s ${quoted(target)} ${at}`)
  }
  return [...lines, 'mount -o remount,ro,nosuid,nodev "$0"'].join('\n')
}

/** Those of every sandbox. No /dev/shm: Lambda has none. Source: AWS Compute Blog, parallel processing in Python. */
const DEVICES = ['null 1 3', 'zero 1 5', 'full 1 7', 'random 1 8', 'urandom 1 9', 'tty 5 0'] as const
const DEVICES_SCRIPT = [
  BEGIN,
  'mount -t tmpfs -o mode=755,size=64k,nosuid,noexec none "$0"; cd "$0"',
  ...DEVICES.map((device) => {
    const [name, major, minor] = device.split(' ')
    return `mknod -m 666 ${name} c ${major} ${minor}`
  }),
  'ln -s /proc/self/fd fd; ln -s /proc/self/fd/0 stdin; ln -s /proc/self/fd/1 stdout; ln -s /proc/self/fd/2 stderr',
  'mount -o remount,ro,nosuid,noexec "$0"; : < null', // where devices cannot be opened, bubblewrap makes its own
].join('\n')
