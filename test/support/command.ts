/** The command line of a clone in a process of its own: what it printed, and its exit code. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url))

export interface Ran {
  /** -1 when a signal ended it. */
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Beyond: SIGKILL. */
  readonly limitMs?: number
}

/** `windtunnel ...words`, without colours. */
export async function windtunnel(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return await run(process.execPath, ['--disable-warning=ExperimentalWarning', ENTRY, ...words], {
    ...options,
    env: { NO_COLOR: '1', ...options.env },
  })
}

/** Any program to its end. */
export function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    const cut = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? 100_000)
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(cut)
      // as a shell says that there is no such program
      if (error.code === 'ENOENT') resolve({ code: 127, out: '', err: error.message })
      else reject(error)
    })
    child.on('close', (code) => {
      clearTimeout(cut)
      resolve({
        code: code ?? -1,
        out: Buffer.concat(out).toString(),
        err: Buffer.concat(err).toString(),
      })
    })
  })
}
