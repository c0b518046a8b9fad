/** Files of the user: what the machine says of one that cannot be read or written, in words and with an exit code. */
import { readFileSync } from 'node:fs'
import { Trouble } from '#base/trouble.ts'
import { UsageError } from '#cli/arguments.ts'

interface Words {
  readonly what: string
  readonly next: string
}

/** The user's own slip: exit code 2. */
const WRONG: Readonly<Record<string, Words>> = {
  ENOENT: { what: 'There is no such file or folder.', next: 'Name one that is there.' },
  EISDIR: { what: 'That is a folder, not a file.', next: 'Name a file.' },
  ENOTDIR: { what: 'A part of that path is a file, not a folder.', next: 'Name another path.' },
  ELOOP: { what: 'That path is a circle of links.', next: 'Name another path.' },
}

/** The machine's: exit code 3. */
const IN_THE_WAY: Readonly<Record<string, Words>> = {
  EACCES: { what: 'That file or folder may not be used.', next: 'Change its permissions, or name another.' },
  EPERM: { what: 'That file or folder may not be used.', next: 'Change its permissions, or name another.' },
  EROFS: { what: 'That file system is read-only.', next: 'Name a path on another one.' },
  ENOSPC: { what: 'The disk is full.', next: 'Free some space and run it again.' },
  EMFILE: { what: 'This process has too many open files.', next: 'Raise the limit: ulimit -n 8192' },
}

/** The whole file, or the Trouble of it. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // a folder can be opened, so that the error of reading it names no path
    throw fileTrouble(error, path) ?? error
  }
}

/** An error of the file system as Trouble, or undefined when it is none. */
export function fileTrouble(error: unknown, known?: string): Trouble | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const path = 'path' in error ? String(error.path) : known
  if (path === undefined) return undefined
  const code = String(error.code)
  const wrong = WRONG[code]
  if (wrong !== undefined) return new UsageError(wrong.what, path, wrong.next)
  const found = IN_THE_WAY[code]
  return found === undefined ? undefined : new Trouble(found.what, path, found.next)
}
