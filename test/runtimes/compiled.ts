/** Functions that are compiled for a test: which tools are here, and packages of what they made. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { StagedCode } from '#ports/sandboxes.ts'
import type { HostSandboxes } from '#host/sandbox/sandboxes.ts'
import { type ZipFile, zipOf } from '../sandbox/fake-lambda.ts'

/** The functions of the example, one folder a language. */
export const EXAMPLES = join(import.meta.dirname, '../../examples/runtimes')

/** Whether a program answers; `flag` is what it takes to say its version. */
export function has(command: string, flag = '--version'): boolean {
  try {
    execFileSync(command, [flag], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs in a folder with these files, and removes it. */
export function inFolder<T>(files: Readonly<Record<string, string>>, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'wt-compile-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A tool in a folder; what it printed is the error's words when it fails. */
export function ran(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): void {
  execFileSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The executable of a custom runtime as a package's only file. */
export const bootstrapOf = (path: string): readonly ZipFile[] => [
  { name: 'bootstrap', text: readFileSync(path), mode: 0o100755 },
]

export async function stagedFiles(sandboxes: HostSandboxes, files: readonly ZipFile[]): Promise<StagedCode> {
  const staging = await sandboxes.stage(zipOf(files), 262_144_000)
  if (staging.kind === 'refused') throw new Error(`refused: ${staging.reason} ${staging.detail}`)
  return staging.code
}
