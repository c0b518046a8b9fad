/**
 * The platform's side of the launcher process: starts it, sends it orders over one framed socket (a length and JSON) and
 * hands its reports to whom they belong. When the launcher dies, every environment it ran has ended too, and all are
 * told. What the orders do is in `runtimes/launcher`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isRecord, numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'

/** A file of a group: which of our base folders the group lies in, the file's name, and what to write. */
export type GroupSetting = readonly [base: number, leaf: string, value: string]

export interface StartOrder {
  readonly id: string
  /** Counts the starts of one environment, so that a late report of an earlier one is told apart. */
  readonly run: number
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** A FIFO that the platform reads. */
  readonly output: string
  readonly limits: readonly GroupSetting[]
  /** How many processes of the sandbox stand between the started process and the function's own. */
  readonly wrappers: number
  readonly killFrom: 'started' | 'child'
  /** The function's own process has one more above it, which runs extensions beside it. */
  readonly supervised: boolean
  /** The environment's own user, where it has one. */
  readonly uid?: number | undefined
  /** Limits that the launcher has to keep itself, where control groups cannot. */
  readonly governed?: { readonly memoryBytes: number | undefined; readonly cpu: boolean } | undefined
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  readonly oomKilled: boolean
  readonly trouble: string | undefined
}

export interface Started {
  readonly pid: number
  /** Name of its group below each of our base folders. */
  readonly group: string
  readonly queuedMs: number
  readonly startedMs: number
}

export interface StartEvents {
  started(report: Started): void
  exited(exit: Exit): void
  /** Time the governor held the tree since the last report. */
  throttled(ms: number): void
}

export interface Ran {
  readonly code: number
  readonly out: string
}

interface Running {
  readonly order: StartOrder
  readonly events: StartEvents
  pid: number | undefined
}

const SCRIPT = fileURLToPath(new URL('../../../runtimes/launcher/main.mjs', import.meta.url))
/** Little memory: the launcher only forks. */
const NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--disable-warning=ExperimentalWarning',
]
/** Children inherit them. Source: Lambda quotas (1,024 file descriptors, 1,024 processes and threads). */
const LIMITS = 'ulimit -c 0; ulimit -n 1024; '
/** Shells differ in the letter. */
const PROCESS_LIMIT = 'if (ulimit -u 1024) 2>/dev/null; then ulimit -u 1024; else ulimit -p 1024; fi; '

/*
 * Tried: the platform and this process at nice -5, functions at 0. No shorter stalls: where the kernel groups tasks by
 * session or control group, niceness counts within a group only.
 */
/** Tried first, so that a refusal says nothing on the terminal. */
const OWN_MOUNTS =
  'unshare --mount --propagation private true 2>/dev/null && exec unshare --mount --propagation private'
const ENDED = 'the launcher process ended, and its environments with it'
/** A launcher that has not said a word by then never will: on the busiest machine it takes a second or two. */
const HELLO_MS = 30_000
/** It gives killed processes two seconds to go; unmounting many file systems on a busy machine takes some more. */
const CLOSE_MS = 6_000
/** The kernel ends a killed process at once, or it is held for long. */
const KILLED_MS = 2_000

export class Launcher {
  readonly pid: number
  /** Mounts it makes are seen by it and its environments only, and end with it. */
  readonly ownMounts: boolean
  #child: ChildProcess
  #socket: Socket
  #running = new Map<string, Running>()
  #asked = new Map<number, (ran: Ran) => void>()
  #nextToken = 1
  #held: Buffer = Buffer.alloc(0)
  #closed = false
  #ended = false
  #orphans: number[] = []
  #onDeath: ((orphans: readonly number[]) => void) | undefined

  constructor(child: ChildProcess, socket: Socket, pid: number, ownMounts: boolean) {
    this.#child = child
    this.#socket = socket
    this.pid = pid
    this.ownMounts = ownMounts
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('close', () => this.#died())
    socket.on('error', () => this.#died())
    child.on('exit', () => this.#died())
    if (child.exitCode !== null || child.signalCode !== null || socket.destroyed)
      setImmediate(() => this.#died())
  }

  /** It has ended, or was closed: what is asked of it from now on fails at once. */
  get ended(): boolean {
    return this.#ended || this.#socket.destroyed
  }

  /**
   * Called once when the launcher ends without having been closed, also when that was before; with the users whose
   * processes may have outlived it.
   */
  onDeath(run: (orphans: readonly number[]) => void): void {
    if (this.#ended && !this.#closed) setImmediate(run, this.#orphans)
    else this.#onDeath = run
  }

  start(order: StartOrder, events: StartEvents): void {
    if (this.ended) {
      setImmediate(() => events.exited({ code: null, signal: null, oomKilled: false, trouble: ENDED }))
      return
    }
    this.#running.set(order.id, { order, events, pid: undefined })
    this.#send({ op: 'start', ...order })
  }

  /** The runtime has booted: the next start may go. */
  settled(id: string): void {
    this.#send({ op: 'settled', id })
  }

  kill(id: string): void {
    this.#send({ op: 'kill', id })
  }

  /** SIGTERM to the function's own process. */
  terminate(id: string): void {
    this.#send({ op: 'terminate', id })
  }

  /** SIGTERM, and SIGKILL after the grace. */
  end(id: string, graceMs: number): void {
    this.#send({ op: 'end', id, graceMs })
  }

  /** Resolves when the groups of that name are gone. */
  async remove(group: string): Promise<void> {
    await this.#ask({ op: 'remove', group })
  }

  /** Runs a short program, such as mount, outside of every sandbox. */
  run(argv: readonly string[]): Promise<Ran> {
    return this.#ask({ op: 'run', argv, options: {} })
  }

  /** The user whose socket dialled that address of ours from that port, or -1. */
  async uidOfPeer(port: number, at: { address: string; port: number }): Promise<number> {
    return (await this.#ask({ op: 'peer', port, at })).code
  }

  /** Freezing by signals, where there is no group to freeze. */
  freeze(id: string, frozen: boolean): void {
    this.#send({ op: 'freeze', id, frozen })
  }

  /** The governor's CPU share in cores; undefined for as much as there is. */
  share(id: string, quota: number | undefined): void {
    this.#send({ op: 'share', id, ...(quota === undefined ? {} : { quota }) })
  }

  /** Ends what an earlier launcher of this platform has left behind: all processes of these users. */
  async sweep(uids: readonly number[]): Promise<void> {
    if (uids.length > 0) await this.#ask({ op: 'sweep', uids })
  }

  /** Where groups are made, and what is written into each; after it places for functions are kept ready. */
  groups(bases: readonly string[], fixed: readonly GroupSetting[]): void {
    this.#send({ op: 'groups', bases, fixed })
  }

  /** Folders to remove when the platform is killed. */
  leavings(folders: readonly string[]): void {
    this.#send({ op: 'leavings', folders })
  }

  /**
   * Resolves when it has ended, and with it what it ran and mounted: with undefined. One that does not end in time is
   * killed; one that even then stays, because the kernel holds it, is left, and the words say where it was.
   */
  async close(limitMs = CLOSE_MS): Promise<string | undefined> {
    this.#closed = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return undefined
    child.ref()
    const ended = new Promise<true>((resolve) => child.once('exit', () => resolve(true)))
    this.#send({ op: 'close' })
    if (await within(limitMs, ended)) return undefined
    const where = whereabouts(this.pid)
    child.kill('SIGKILL')
    if (!(await within(KILLED_MS, ended))) {
      child.unref()
      this.#socket.destroy()
    }
    return where
  }

  #ask(message: object): Promise<Ran> {
    return new Promise((resolve) => {
      if (this.ended) {
        resolve({ code: -1, out: 'the launcher has ended' })
        return
      }
      const token = this.#nextToken++
      this.#asked.set(token, resolve)
      this.#send({ ...message, token })
    })
  }

  #send(message: object): void {
    if (!this.ended) this.#socket.write(frameOf(message))
  }

  #read(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    while (this.#held.length >= 4) {
      const end = 4 + this.#held.readUInt32BE(0)
      if (this.#held.length < end) return
      const message = parseJson(this.#held.toString('utf8', 4, end))
      this.#held = this.#held.subarray(end)
      if (isRecord(message)) this.#report(message)
    }
  }

  #report(message: Readonly<Record<string, unknown>>): void {
    const token = numberAt(message, 'token')
    if (token !== undefined) {
      this.#asked.get(token)?.({ code: numberAt(message, 'code') ?? -1, out: stringAt(message, 'out') ?? '' })
      this.#asked.delete(token)
      return
    }
    const id = stringAt(message, 'id') ?? ''
    const running = this.#running.get(id)
    if (running === undefined) return
    if (message['op'] === 'throttled') running.events.throttled(numberAt(message, 'ms') ?? 0)
    if (numberAt(message, 'run') !== running.order.run) return
    if (message['op'] === 'started') {
      running.pid = numberAt(message, 'pid')
      running.events.started({
        pid: running.pid ?? 0,
        group: stringAt(message, 'group') ?? '',
        queuedMs: numberAt(message, 'queuedMs') ?? 0,
        startedMs: numberAt(message, 'startedMs') ?? 0,
      })
    } else if (message['op'] === 'exited') {
      this.#running.delete(id)
      running.events.exited({
        code: numberAt(message, 'code') ?? null,
        signal: stringAt(message, 'signal') ?? null,
        oomKilled: valueAt(message, 'oomKilled') === true,
        trouble: stringAt(message, 'trouble'),
      })
    }
  }

  #died(): void {
    if (this.#ended) return
    this.#ended = true
    if (!this.#child.killed) this.#child.kill('SIGKILL')
    this.#socket.destroy()
    for (const resolve of this.#asked.values()) resolve({ code: -1, out: 'the launcher has ended' })
    this.#asked.clear()
    const running = [...this.#running.values()]
    this.#running.clear()
    for (const one of running) endOrphan(one)
    this.#orphans = running.flatMap(({ order }) => (order.uid === undefined ? [] : [order.uid]))
    const trouble = this.#closed ? undefined : ENDED
    for (const { events } of running) {
      events.exited({ code: null, signal: 'SIGKILL', oomKilled: false, trouble })
    }
    if (!this.#closed) this.#onDeath?.(this.#orphans)
  }
}

const within = async (ms: number, ended: Promise<true>): Promise<boolean> =>
  await Promise.race([ended, delay(ms, false, { ref: false })])

/** What a process that does not end is doing, as the kernel tells it. */
function whereabouts(pid: number): string {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'latin1').trim()
    } catch {
      return '' // it has ended meanwhile, or the machine does not tell
    }
  }
  const state = /^State:\t(.*)$/m.exec(read('status'))?.[1] ?? ''
  return [`state ${state}`, `waits in ${read('wchan')}`, read('stack').replaceAll('\n', ' ')].join('; ')
}

/** bubblewrap ends with its parent; what runs without it does not. */
function endOrphan({ order, pid }: Running): void {
  if (pid === undefined || order.killFrom !== 'started') return
  try {
    process.kill(-pid, 'SIGKILL') // it leads a group of its own
  } catch {
    // it has ended
  }
}

function frameOf(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeUInt32BE(body.length, 0)
  body.copy(frame, 4)
  return frame
}

/**
 * Starts the launcher; as root in a mount namespace of its own where the kernel allows, so that what it mounts ends with it.
 * Faults: Trouble when no process can be started.
 */
export async function openLauncher(isRoot: boolean): Promise<Launcher> {
  if (isRoot) {
    const own = await tryLauncher(OWN_MOUNTS, true, isRoot)
    if (own !== undefined) return own
  }
  const plain = await tryLauncher('exec', false, isRoot)
  if (plain !== undefined) return plain
  throw new Trouble(
    'the launcher process could not be started',
    SCRIPT,
    'check that /bin/sh is there and that processes can be started',
  )
}

async function tryLauncher(how: string, ownMounts: boolean, isRoot: boolean): Promise<Launcher | undefined> {
  const limits = `${LIMITS}${isRoot ? PROCESS_LIMIT : ''}${how} "$@"`
  const script = [process.execPath, ...NODE_FLAGS, SCRIPT, String(availableParallelism())]
  const child = spawn('sh', ['-c', limits, 'launcher', ...script], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'], // it may outlive us for a moment, and must not hold our output open
    detached: true,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin:/usr/sbin:/sbin' },
  })
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  if (child.stderr instanceof Socket) child.stderr.unref()
  const socket = child.stdio[3]
  const alive = Promise.withResolvers<boolean>()
  child.on('error', () => alive.resolve(false)) // it could not be started, or not be signalled: its exit tells
  child.once('exit', () => alive.resolve(false))
  if (!(socket instanceof Socket)) return undefined
  socket.on('error', () => alive.resolve(false))
  socket.once('data', () => alive.resolve(true))
  const late = setTimeout(() => alive.resolve(false), HELLO_MS)
  const isAlive = await alive.promise
  clearTimeout(late)
  if (!isAlive || child.pid === undefined) {
    socket.destroy()
    child.kill('SIGKILL')
    return undefined
  }
  child.unref() // its socket keeps the platform alive until it is closed
  return new Launcher(child, socket, child.pid, ownMounts)
}
