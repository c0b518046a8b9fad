/**
 * The body of the one checkpoint thread: for each message it checkpoints one file over a connection of its own and
 * answers how far it came. It decides nothing (`checkpoints.ts` does), and touches no file by hand.
 */
import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

/** To the worker. */
export interface CheckpointRequest {
  readonly id: number
  readonly path: string
  /** `close` gives the file's connection up. */
  readonly mode: 'PASSIVE' | 'RESTART' | 'close'
}

/** From the worker. Frames are pages in the log. */
export interface CheckpointReply {
  readonly id: number
  readonly busy: boolean
  readonly logFrames: number
  readonly doneFrames: number
  readonly error: string | undefined
}

const open = new Map<string, DatabaseSync>()

function run(request: CheckpointRequest): CheckpointReply {
  const { id, path, mode } = request
  const none = { id, busy: false, logFrames: 0, doneFrames: 0, error: undefined }
  try {
    let database = open.get(path)
    if (mode === 'close') {
      database?.close()
      open.delete(path)
      return none
    }
    if (database === undefined) {
      database = new DatabaseSync(path, { timeout: 2_000 })
      database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -64')
      open.set(path, database)
    }
    const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() ?? {}
    return {
      id,
      busy: Number(row['busy']) !== 0,
      logFrames: Number(row['log']),
      doneFrames: Number(row['checkpointed']),
      error: undefined,
    }
  } catch (error) {
    return { ...none, error: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (request: CheckpointRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a browser window
  parentPort?.postMessage(run(request))
})
