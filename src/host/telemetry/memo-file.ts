/**
 * A small text that is replaced as a whole: a reader finds all of the old or all of the new, whatever happens
 * meanwhile (write beside it, sync, rename, sync the folder). Replacements that come while one is written are one.
 */
import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

export class MemoFile {
  readonly #path: string
  #text: string | undefined
  #wanted: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    this.#text = readIfThere(path)
  }

  get text(): string | undefined {
    return this.#text
  }

  /** The new text is readable here at once and durable when it resolves. */
  replace(text: string): Promise<void> {
    this.#text = text
    this.#wanted ??= this.#writing = this.#writing.then(() => {
      this.#wanted = undefined
      return this.#write(this.#text ?? '')
    })
    return this.#wanted
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#writing
  }

  /** Forgets the text here; the caller removes the file. */
  forget(): void {
    this.#text = undefined
  }

  async #write(text: string): Promise<void> {
    const beside = `${this.#path}.new`
    const file = await open(beside, 'w')
    try {
      await file.writeFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(beside, this.#path)
    await syncFolder(dirname(this.#path))
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
