/**
 * When the log of a file is copied into the file. One worker thread for the process, started at the first need (a
 * thread costs memory that an idle platform must not pay). PASSIVE while writing goes on; when the log has grown past
 * 32 MB all the same, the writer is held for one RESTART: without it a log under constant load grows without bound
 * and reads get slower with it.
 *
 * SQLite does not tell how long the log is, so pages per write are guessed and each reply corrects the guess.
 */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CheckpointReply, CheckpointRequest } from '#host/store/checkpoint-worker.ts'
import { PAGE_BYTES } from '#host/store/sqlite-engine.ts'
import type { Log } from '#ports/log.ts'

/** Pages written since the last checkpoint that start a PASSIVE one: 8 MB. */
export const PASSIVE_PAGES = 1_000
/** Pages in the log beyond which the writer is held for a RESTART: 32 MB. */
export const RESTART_PAGES = 4_000

export type CheckpointMode = CheckpointRequest['mode']
export type RunCheckpoint = (path: string, mode: CheckpointMode) => Promise<CheckpointReply>

/** The process's checkpoint thread. */
export class CheckpointThread {
  #worker: Worker | undefined
  #waiting = new Map<number, { resolve: (reply: CheckpointReply) => void; reject: (error: Error) => void }>()
  #next = 1

  readonly run: RunCheckpoint = (path, mode) =>
    new Promise((resolve, reject) => {
      const worker = (this.#worker ??= this.#start())
      const id = this.#next++
      worker.ref()
      this.#waiting.set(id, { resolve, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a browser window
      worker.postMessage({ id, path, mode } satisfies CheckpointRequest)
    })

  /** True once something was checkpointed: then the files must be given up before they close here. */
  get started(): boolean {
    return this.#worker !== undefined
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  #start(): Worker {
    // The same extension as this file: .ts from a clone, .js from the package.
    const script = new URL(`./checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(script, { name: 'checkpoints', resourceLimits: { maxOldGenerationSizeMb: 32 } })
    worker.on('message', (reply: CheckpointReply) => {
      this.#waiting.get(reply.id)?.resolve(reply)
      this.#waiting.delete(reply.id)
      // A thread without work does not keep the process; one at work does, because a writer may be held for it.
      if (this.#waiting.size === 0) worker.unref()
    })
    worker.on('error', (error) => this.#lose(error))
    worker.on('exit', () => this.#lose(new Error('the checkpoint thread has ended')))
    return worker
  }

  #lose(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause))
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#worker = undefined
  }
}

export interface CheckpointsOptions {
  readonly path: string
  readonly run: RunCheckpoint
  readonly hold: () => Promise<void>
  readonly release: () => void
  /** After each checkpoint that worked. */
  readonly done: () => void
  /** A checkpoint failed: the disk is full or broken. */
  readonly failed: (error: unknown) => void
  readonly log: Log
}

/** Decides for one file. */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  #guessedPages = 0
  #guessedSince = 0
  #pagesPerGuess = 1
  #lastLogFrames = 0
  #busy: Promise<void> | undefined

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  /** After each commit. A write dirties a page of the table and one of its index, and what its value fills. */
  note(writes: number, valueBytes: number): void {
    const guess = writes * 2 + valueBytes / PAGE_BYTES
    this.#guessedSince += guess
    this.#guessedPages += guess * this.#pagesPerGuess
    if (this.#guessedPages < PASSIVE_PAGES || this.#busy !== undefined) return
    this.#busy = this.#work().finally(() => {
      this.#busy = undefined
    })
  }

  /** Resolves when no checkpoint is under way. */
  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy
  }

  async #work(): Promise<void> {
    const { run, path, hold, release, done, failed, log } = this.#options
    try {
      const passive = await this.#attempt('PASSIVE')
      if (passive.logFrames < RESTART_PAGES) {
        done()
        return
      }
      await hold()
      try {
        const restart = await run(path, 'RESTART')
        if (restart.error !== undefined) throw new Error(restart.error)
        if (restart.busy) log.warn('store.checkpoint.busy', { path, frames: restart.logFrames })
        else this.#lastLogFrames = 0
        this.#guessedPages = 0
        this.#guessedSince = 0
      } finally {
        release()
      }
      done()
    } catch (error) {
      failed(error)
    }
  }

  async #attempt(mode: 'PASSIVE'): Promise<CheckpointReply> {
    const guessed = this.#guessedSince
    this.#guessedSince = 0
    this.#guessedPages = 0
    const reply = await this.#options.run(this.#options.path, mode)
    if (reply.error !== undefined) throw new Error(reply.error)
    const frames =
      reply.logFrames >= this.#lastLogFrames ? reply.logFrames - this.#lastLogFrames : reply.logFrames
    this.#lastLogFrames = reply.logFrames
    if (guessed > 0 && frames > 0) {
      this.#pagesPerGuess = Math.min(8, Math.max(0.01, (this.#pagesPerGuess + frames / guessed) / 2))
    }
    return reply
  }
}
