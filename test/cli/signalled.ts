/** A command that a signal stops half-way: what it printed, and its exit code as a shell would say it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Ran } from '../support/command.ts'

const ENTRY = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url))
const LIMIT_MS = 90_000

/** How a command of a clone is called without the bootstrap. */
export const CALLED: readonly string[] = [process.execPath, '--disable-warning=ExperimentalWarning', ENTRY]

export interface Stop {
  /** Sent when stderr or stdout says this. */
  readonly when: RegExp
  readonly signal: 'SIGINT' | 'SIGTERM'
  readonly cwd: string
}

export function signalled(words: readonly string[], { when, signal, cwd }: Stop): Promise<Ran> {
  const [program = '', ...args] = [...CALLED, ...words]
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let [out, err, sent] = ['', '', false]
    const look = (): void => {
      if (sent || !when.test(out + err)) return
      sent = true
      child.kill(signal)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      look()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
      look()
    })
    const cut = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    child.on('error', reject)
    child.on('close', (code, by) => {
      clearTimeout(cut)
      if (!sent) reject(new Error(`it ended with ${code ?? by} before it said ${when.source}: ${out}${err}`))
      else resolve({ code: code ?? 128 + (by === null ? 0 : constants.signals[by]), out, err })
    })
  })
}
