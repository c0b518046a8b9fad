/** Programs of the machine that a build needs: run without blocking, told about while they run, ended with this process. */
import { spawn } from 'node:child_process'

export interface ProgramRun {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly limitMs: number
  /** Called every few seconds with how long it has run. */
  waiting(seconds: number): void
}

/** How it ended: undefined when well, else why not, in its own last words. */
export type ProgramEnd = string | undefined

const TELL_MS = 5_000
/** What is kept of its output. */
const SAID_MAX = 16_384

export function runProgram(program: string, args: readonly string[], run: ProgramRun): Promise<ProgramEnd> {
  const started = performance.now()
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: run.cwd,
      env: run.env ?? process.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // a group of its own, so that what it started ends with it
      detached: true,
    })
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
    }
    process.once('exit', kill)
    const told = setInterval(() => run.waiting(Math.round((performance.now() - started) / 1_000)), TELL_MS)
    const cut = setTimeout(kill, run.limitMs)
    const ended = (why: ProgramEnd): void => {
      process.off('exit', kill)
      clearInterval(told)
      clearTimeout(cut)
      resolve(why)
    }
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-SAID_MAX)))
    child.on('error', (error) => ended(error.message))
    child.on('close', (code, signal) => {
      if (code === 0) return ended(undefined)
      const how = signal === null ? `exit code ${code}` : `ended by ${signal}`
      ended(said.trim().split('\n').at(-1) || how)
    })
  })
}
