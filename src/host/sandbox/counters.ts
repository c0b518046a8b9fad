/**
 * Reading the counters of an environment's groups and process. Files of groups and /proc are read through descriptors
 * that stay open, because each invoke reads several of them.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs'

const scratch = Buffer.allocUnsafe(4_096)

/** A kernel file that is read or written again and again; opened on first use, silent once it is gone. */
export class KernelFile {
  readonly path: string
  #flags: 'r' | 'r+'
  #descriptor: number | undefined

  constructor(path: string, flags: 'r' | 'r+' = 'r') {
    this.path = path
    this.#flags = flags
  }

  /** Its text, or nothing when it is gone. */
  read(): string {
    try {
      this.#descriptor ??= openSync(this.path, this.#flags)
      const size = readSync(this.#descriptor, scratch, 0, scratch.length, 0)
      return scratch.toString('latin1', 0, size)
    } catch {
      return ''
    }
  }

  /** False when the kernel refused or it is gone. */
  write(text: string): boolean {
    try {
      this.#descriptor ??= openSync(this.path, this.#flags)
      writeSync(this.#descriptor, text, 0)
      return true
    } catch {
      return false
    }
  }

  close(): void {
    if (this.#descriptor === undefined) return
    closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}

/** The number behind a name in a file of `name number` lines; 0 when it is not there. */
export function counter(text: string, name: string): number {
  const at = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1
  if (at === 0 && !text.startsWith(`${name} `)) return 0
  const end = text.indexOf('\n', at)
  return Number(text.slice(at + name.length + 1, end === -1 ? undefined : end))
}

/** Time on a core and time waiting for one, in ms, of `/proc/<pid>/schedstat`. */
export function schedstat(text: string): { readonly ranMs: number; readonly waitedMs: number } {
  const [ran = '0', waited = '0'] = text.split(' ')
  return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 }
}

/** All threads' time on a core, where no group counts it. */
export function processCpuMs(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce(
      (sum, task) => sum + schedstat(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1')).ranMs,
      0,
    )
  } catch {
    return 0 // it has ended
  }
}

/** Highest resident set of a process so far, where no group counts it. */
export function processPeakBytes(pid: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return Number(kib ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** Highest memory of its own so far: resident, less the pages of files and of others that it maps now. */
export function processPrivatePeakBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1')
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
    return Math.max(0, kib('VmHWM') - kib('RssFile') - kib('RssShmem')) * 1_024
  } catch {
    return 0 // it has ended
  }
}

/** Whether a process has, or has waited for, children: then its own peak is not all there was. */
export function hasChildren(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const waitedFaults = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[8])
    return waitedFaults > 0 || firstChild(pid) !== undefined
  } catch {
    return true // it has ended: nobody knows
  }
}

/** What of a group's memory is the processes' own, and what are pages of files, such as those written to /tmp. */
export function memoryParts(stat: string): { readonly ownBytes: number; readonly fileBytes: number } {
  const isV2 = stat.startsWith('anon ')
  const shared = counter(stat, 'shmem')
  return {
    ownBytes: counter(stat, isV2 ? 'anon' : 'rss') + shared,
    fileBytes: Math.max(0, counter(stat, isV2 ? 'file' : 'cache') - shared),
  }
}

/** The function's own process below its wrappers; the process itself when it has no child yet. */
export function innermostPid(pid: number, wrappers: number): number {
  let at = pid
  for (let level = 0; level < wrappers; level++) {
    const child = firstChild(at)
    if (child === undefined) break
    at = child
  }
  return at
}

function firstChild(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')
    return first === undefined || first === '' ? undefined : Number(first)
  } catch {
    return undefined
  }
}
