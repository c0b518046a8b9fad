/**
 * A platform for tests, as a user has it: a process of its own on a free port, in memory or on a folder. It ends with
 * the test process, and its stderr is kept for the message of a test that fails. Requests are in `aws.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url))

/** A machine that is busy with other tests is slow, not broken. */
const READY_MS = 60_000
const STOP_MS = 20_000

export interface Platform {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** What this machine gives functions; a test that needs more skips itself. */
  readonly modes: Readonly<Record<string, unknown>>
  /** What it wrote to stderr until now. */
  stderr(): string
  /** True until its process has ended. */
  alive(): boolean
  /** SIGTERM, and its exit code. */
  stop(): Promise<number>
  /** SIGKILL, as a crash or a power loss would end it. */
  kill(): Promise<void>
}

/** `options` are those of `windtunnel up`; without `--data` everything is in memory. `behind` is a program that starts it. */
export async function platform(
  options: readonly string[] = ['--memory'],
  behind: readonly string[] = [],
): Promise<Platform> {
  const argv = [
    ...behind,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ENTRY,
    'up',
    '--json',
    '--port',
    '0',
    ...options,
  ]
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, WINDTUNNEL_PARENT_PIPE: '3', WINDTUNNEL_OUTLIVE_PARENT: undefined },
  })
  const said: string[] = []
  child.stderr?.on('data', (part: Buffer) => said.push(part.toString()))
  let alive = true
  const ended = new Promise<number>((resolve) =>
    child.on('exit', (code) => {
      alive = false
      resolve(code ?? -1)
    }),
  )
  const ready = await firstReady(child, ended, () => said.join(''))
  return {
    url: ready.url,
    port: Number(new URL(ready.url).port),
    pid: child.pid ?? 0,
    modes: ready.modes,
    stderr: () => said.join(''),
    alive: () => alive,
    stop: async () => {
      child.kill('SIGTERM')
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      const code = await ended
      clearTimeout(cut)
      return code
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

interface Ready {
  readonly url: string
  readonly modes: Readonly<Record<string, unknown>>
}

async function firstReady(child: ChildProcess, ended: Promise<number>, said: () => string): Promise<Ready> {
  const { stdout } = child
  if (stdout === null) throw new Error('its output is a pipe')
  const cut = setTimeout(() => child.kill('SIGKILL'), READY_MS)
  const ready = new Promise<Ready>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { event: string } & Ready
      if (said.event === 'ready') resolve(said)
    })
  })
  const found = await Promise.race([ready, ended])
  clearTimeout(cut)
  if (typeof found === 'number')
    throw new Error(`the platform ended with code ${found} before it was ready:\n${said()}`)
  return found
}
