/**
 * The tail: the lines of a stream that are not sealed yet, as they came, so that a killed process loses none that was
 * written. One file for each block to come (`tail-SEQUENCE`), appended with write(2) in checked frames; deleted once
 * the block with the same sequence is on the disk. A torn last frame is ignored.
 */
import { closeSync, fdatasync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { type Line, linesIn } from '#host/telemetry/lines.ts'
import { FRAME_BYTES } from '#host/telemetry/open-block.ts'

const syncFile = promisify(fdatasync)

export const tailPath = (folder: string, sequence: number): string => join(folder, `tail-${sequence}`)

export function tailSequence(file: string): number | undefined {
  const found = /^tail-(\d+)$/.exec(file)
  return found === null ? undefined : Number(found[1])
}

/** The file is made by the first write: a stream that is silent leaves none. */
export class Tail {
  readonly sequence: number
  readonly #path: string
  #fd: number | undefined
  #dirty = false
  #syncing = 0
  #closing = false

  constructor(folder: string, sequence: number) {
    this.sequence = sequence
    this.#path = tailPath(folder, sequence)
  }

  /** A frame of rows. Throws what write(2) answers, such as ENOSPC. */
  write(frame: Buffer): void {
    this.#fd ??= openSync(this.#path, 'a')
    for (let at = 0; at < frame.length;) at += writeSync(this.#fd, frame, at)
    this.#dirty = true
  }

  async sync(): Promise<void> {
    if (!this.#dirty || this.#fd === undefined) return
    this.#dirty = false
    this.#syncing++
    try {
      await syncFile(this.#fd)
    } finally {
      this.#syncing--
      if (this.#closing && this.#syncing === 0) this.close()
    }
  }

  /** A sync under way keeps the descriptor until it is done: closed under it, the sync would fail, and with it the platform. */
  close(): void {
    this.#closing = true
    if (this.#syncing > 0) return
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    this.#dirty = false
  }
}

/** The lines of all whole frames. */
export function recoverTail(path: string): Line[] {
  const bytes = readFileSync(path)
  const lines: Line[] = []
  for (let at = 0; at + FRAME_BYTES <= bytes.length;) {
    const end = at + FRAME_BYTES + bytes.readUInt32LE(at)
    const rows = bytes.subarray(at + FRAME_BYTES, end)
    if (end > bytes.length || crc32(rows) !== bytes.readUInt32LE(at + 4)) break
    for (const line of linesIn(rows.toString('utf8'), () => true)) lines.push(line)
    at = end
  }
  return lines
}
