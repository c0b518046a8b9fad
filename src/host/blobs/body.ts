/** The two checksums and the length of a body, as it passes. */
import { createHash } from 'node:crypto'

export class BodyCount {
  readonly #md5 = createHash('md5')
  readonly #sha256 = createHash('sha256')
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  add(chunk: Uint8Array): void {
    this.#md5.update(chunk)
    this.#sha256.update(chunk)
    this.#sizeBytes += chunk.byteLength
  }

  /** Once, at the end. Lower-case hex. */
  digests(): { readonly md5: string; readonly sha256: string } {
    return { md5: this.#md5.digest('hex'), sha256: this.#sha256.digest('hex') }
  }
}

/** One chunk as a stream; an empty one as a stream without chunks. */
export async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}
