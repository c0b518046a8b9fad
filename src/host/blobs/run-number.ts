/**
 * A number that no earlier opening of the folder had: it makes ids unique across restarts without randomness, so that
 * one seed gives the same ids and none of an earlier life is ever met again.
 */
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Trouble } from '#base/trouble.ts'

/** The next number, durable when it resolves. Trouble when the file `run` in the folder holds none. */
export async function nextRun(folder: string): Promise<number> {
  const path = join(folder, 'run')
  const last = await readFile(path, 'utf8').catch(emptyIfMissing)
  const next = Number(last) + 1
  if (!Number.isSafeInteger(next)) {
    throw new Trouble(
      'The run number is no number',
      path,
      'Write a number into it that is above every id beside it.',
    )
  }
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(`${next}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  return next
}

function emptyIfMissing(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '0'
  throw error
}
