/**
 * One platform at a time in a data folder. The lock is a lock of the operating system on the file `lock`, taken
 * through SQLite (Node has no flock of its own), so a killed owner's lock is free the moment it is dead: no pid is
 * compared, none can be mistaken after its reuse. `owner.json` beside it only names who holds it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { numberAt, parseJson } from '#base/json.ts'
import { Trouble } from '#base/trouble.ts'

export interface FolderLock {
  release(): void
}

/** Trouble that names the other process when another platform works in the folder. The folder exists. */
export function lockFolder(folder: string): FolderLock {
  const owner = join(folder, 'owner.json')
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isLocked(error)) throw error
    throw new Trouble(
      `Another platform (process ${ownerOf(owner) ?? 'unknown'}) is using this data folder`,
      folder,
      'End that process, or start this one with another folder: --data DIR.',
    )
  }
  writeFileSync(owner, `${JSON.stringify({ pid: process.pid })}\n`)
  return { release: () => database.close() }
}

function ownerOf(path: string): number | undefined {
  try {
    return numberAt(parseJson(readFileSync(path, 'utf8')), 'pid')
  } catch {
    return undefined
  }
}

const SQLITE_BUSY = 5
const isLocked = (error: unknown): boolean => numberAt(error, 'errcode') === SQLITE_BUSY
