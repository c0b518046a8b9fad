/**
 * The platform under measurement: a process of its own, started as `windtunnel up` starts it, with functions deployed
 * through its own API; and what the kernel says of its memory.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { zipOf } from './code.ts'
import type { Settings } from './figure.ts'
import { headersOf } from './load.ts'

export interface PlatformOptions {
  /** Another folder for compiled code, and all else that is fetched. */
  readonly cacheFolder?: string
  /** Flags of node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[]
}

export class PlatformUnderTest {
  readonly url: string
  readonly port: number
  /** From spawn to the first healthy answer. */
  readonly startMs: number
  readonly modes: string
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, url: string, found: { startMs: number; modes: string }) {
    this.#process = child
    this.url = url
    this.port = Number(new URL(url).port)
    this.startMs = found.startMs
    this.modes = found.modes
  }

  static async start(settings: Settings, options: PlatformOptions = {}): Promise<PlatformUnderTest> {
    const data = mkdtempSync(join(settings.scratch, 'data-'))
    const startedAt = performance.now()
    const flags = ['--disable-warning=ExperimentalWarning', ...profiling(), ...(options.nodeFlags ?? [])]
    const child = spawn(
      process.execPath,
      [...flags, join(settings.root, 'src/cli/entry.ts'), 'up', '--json', '--port', '0', '--data', data],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        env: {
          ...process.env,
          WINDTUNNEL_CACHE: options.cacheFolder ?? settings.cacheFolder,
          WINDTUNNEL_PARENT_PIPE: '3',
        },
      },
    )
    const ready = await readyLine(child)
    const url = stringAt(ready, 'url') ?? ''
    await healthy(url)
    const startMs = performance.now() - startedAt
    const modes = valueAt(ready, 'modes')
    const active = ['isolation', 'cpu', 'memory', 'freeze'].map((name) => `${name} ${stringAt(modes, name)}`)
    return new PlatformUnderTest(child, url, { startMs, modes: active.join(', ') })
  }

  /** Of the server's process. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  async get(path: string): Promise<unknown> {
    return await (await fetch(`${this.url}${path}`)).json()
  }

  /** Proportional set size of the server and the launcher, in MB. */
  memoryMb(): number {
    return processTree(this.#process.pid ?? 0).reduce((sum, pid) => sum + pssMb(pid), 0)
  }

  /** Creates a function and waits until it is Active. */
  async deploy(spec: FunctionSpec): Promise<void> {
    const made = await fetch(`${this.url}/2015-03-31/functions`, {
      method: 'POST',
      headers: { ...headersOf('lambda'), 'Content-Type': 'application/json' },
      body: JSON.stringify({
        FunctionName: spec.name,
        Runtime: spec.runtime,
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/bench',
        Timeout: spec.timeoutSeconds ?? 30,
        MemorySize: spec.memoryMb,
        Code: { ZipFile: Buffer.from(zipOf(spec.files)).toString('base64') },
      }),
    })
    if (made.status !== 201)
      throw new Error(`CreateFunction ${spec.name}: ${made.status} ${await made.text()}`)
    await until(`${spec.name} is Active`, async () => {
      const path = `/2015-03-31/functions/${spec.name}/configuration`
      const answer = await fetch(`${this.url}${path}`, { headers: headersOf('lambda') })
      return stringAt(await answer.json(), 'State') === 'Active'
    })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.kill('SIGTERM')
    await ended
  }
}

export interface FunctionSpec {
  readonly name: string
  readonly runtime: string
  readonly memoryMb: number
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly timeoutSeconds?: number
}

/** `WINDTUNNEL_BENCH_PROF=DIR` writes a CPU profile of each platform there. */
function profiling(): string[] {
  const folder = process.env['WINDTUNNEL_BENCH_PROF']
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

async function readyLine(child: ChildProcess): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>()
  child.once('exit', (code) => answer.reject(new Error(`the platform ended with ${code}`)))
  if (child.stdout === null) throw new Error('the platform has no output')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const document = parseJson(line)
    if (stringAt(document, 'event') === 'ready') answer.resolve(document)
  })
  return await answer.promise
}

async function healthy(url: string): Promise<void> {
  const answer = await fetch(`${url}/_windtunnel/health`)
  if (stringAt(await answer.json(), 'status') !== 'ok') throw new Error('the platform is not healthy')
}

/** Looks every 5 ms, for 30 s. */
export async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited 30 s in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A process and all that came of it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(Number(name))
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

function parentOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // it has ended meanwhile
  }
}

/** 0 of a process that has ended meanwhile, such as a program that mounted something. */
export function pssMb(pid: number): number {
  try {
    const found = /^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))
    return Number(found?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}
