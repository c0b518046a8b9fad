/**
 * Programs of the checks: started in a process group of their own, ended with everything they started when they take
 * too long or when we are told to end. Their output comes line by line; the counts they close with are read from it.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export interface Ending {
  /** Exit code; -1 when a signal, the limit or a failed start ended it. */
  readonly code: number
  /** What its last line `N passed, N failed, N skipped` said, or undefined when there was none. */
  readonly counts: Counts | undefined
  /** Why it was ended, in words, or undefined. */
  readonly trouble: string | undefined
}

/** The closing line of every check, alone on its line. */
export const countsLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** What has left its group, such as a daemon, may hold its output open for good. */
const CLOSING_MS = 2_000

const COUNTS = /^(\d+) passed, (\d+) failed, (\d+) skipped$/

const groups = new Set<number>()

function endGroups(signal: NodeJS.Signals): void {
  for (const group of groups) {
    try {
      process.kill(-group, signal)
    } catch {
      // it has ended meanwhile
    }
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    endGroups('SIGKILL')
    process.exit(code)
  })
}
process.on('exit', () => endGroups('SIGKILL'))

/** Runs a program to its end; every line of its stdout but the counts goes to `line`. */
export async function bounded(
  argv: readonly string[],
  limitMs: number,
  line: (text: string) => void,
): Promise<Ending> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const group = child.pid
  if (group !== undefined) groups.add(group)
  let trouble: string | undefined
  const limit = setTimeout(() => {
    trouble = `it took longer than ${limitMs / 1_000} s`
    endGroup(group)
  }, limitMs)
  let counts: Counts | undefined
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (text) => {
    const found = COUNTS.exec(text)
    if (found === null) line(text)
    else counts = { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3]) }
  })
  let closing: NodeJS.Timeout | undefined
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      trouble = `it could not be started: ${error.message}`
      resolve(-1)
    })
    child.on('exit', (_, signal) => {
      if (signal !== null) trouble ??= `it was ended by ${signal}`
      // What it leaves running would hold its output open, and is a defect that must not reach the next check.
      endGroup(group)
      closing = setTimeout(() => {
        trouble ??= 'a process that it started outlived it, and holds its output open'
        child.stdout.destroy()
        resolve(-1)
      }, CLOSING_MS)
    })
    child.on('close', (status) => resolve(status ?? -1))
  })
  clearTimeout(limit)
  clearTimeout(closing)
  if (group !== undefined) groups.delete(group)
  return { code, counts, trouble }
}

function endGroup(group: number | undefined): void {
  if (group === undefined) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // nothing is left of it
  }
}
