/** How a process ended, told through the programs that stood around it. */
import { constants } from 'node:os'
import type { SandboxExit } from '#ports/sandboxes.ts'
import type { Exit } from '#host/sandbox/launcher.ts'

/**
 * bubblewrap reports the death by a signal as exit status 128 plus its number, and so looks like a program that exits so
 * by itself. Only signals that end programs in practice are told back: 129 and 130 are left alone, because Node.js
 * runtimes exit with 128 and 129. Inferred.
 */
const TOLD_BACK = [
  'SIGILL',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGSEGV',
  'SIGTERM',
  'SIGSYS',
] as const

export function exitOf(exit: Exit, wrappers: number, outOfMemory: boolean): SandboxExit {
  const told =
    wrappers > 0 && exit.code !== null && exit.signal === null
      ? TOLD_BACK.find((name) => constants.signals[name] + 128 === exit.code)
      : undefined
  const signal = told ?? exit.signal
  return {
    code: signal === null ? exit.code : null,
    signal,
    oomKilled: outOfMemory && signal === 'SIGKILL',
    trouble: exit.trouble,
  }
}
