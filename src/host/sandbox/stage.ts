/**
 * Packages on disk: each zip is unpacked once into a folder named by its sha256, readable by every user and writable by
 * none, with a small record of what its code mentions beside it. Layers are merged into one folder here too.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseJson, valueAt } from '#base/json.ts'
import type { StagedCode, Staging } from '#ports/sandboxes.ts'
import { BrokenEntry, readZip, unpacked, type ZipEntry } from '#host/sandbox/zip.ts'

/** What the code of a package mentions, so that only those who need an SDK wait for it. */
export interface CodeTraits {
  readonly mentionsAwsSdk: boolean
  readonly mentionsBoto: boolean
}

const NO_TRAITS: CodeTraits = { mentionsAwsSdk: false, mentionsBoto: false }
const AWS_SDK = /["'`]@aws-sdk\//
const BOTO = /\bboto(3|core)\b/
const SCRIPT = /\.[cm]?js$/

/** All staged packages of one data folder. */
export class Stage {
  readonly folder: string
  #traits = new Map<string, CodeTraits>()

  /** `folder` may be passed through by any user, but not listed. */
  constructor(folder: string) {
    this.folder = folder
  }

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    await chmod(this.folder, 0o711)
    for (const name of await readdir(this.folder)) {
      if (name.startsWith('.tmp-')) await removed(join(this.folder, name))
    }
  }

  pathOf(id: string): string {
    return join(this.folder, id, 'task')
  }

  has(id: string): boolean {
    return /^[0-9a-f]{64}$/.test(id) && existsSync(this.pathOf(id))
  }

  /** Without looking at the disk. */
  knownTraits(id: string): CodeTraits | undefined {
    return this.#traits.get(id)
  }

  async traits(id: string): Promise<CodeTraits> {
    const record = parseJson(await readFile(join(this.folder, id, 'traits.json'), 'utf8').catch(() => '{}'))
    const traits = {
      mentionsAwsSdk: valueAt(record, 'mentionsAwsSdk') === true,
      mentionsBoto: valueAt(record, 'mentionsBoto') === true,
    }
    this.#traits.set(id, traits)
    return traits
  }

  /** Unpacks and checks. What is refused leaves nothing behind. */
  async add(zip: Uint8Array, unzippedMax: number): Promise<Staging> {
    const hash = createHash('sha256').update(zip).digest()
    const id = hash.toString('hex')
    const code = { id, sha256Base64: hash.toString('base64'), packageBytes: zip.length }
    const kept = await readFile(join(this.folder, id, 'size'), 'utf8').catch(() => undefined)
    if (kept !== undefined) {
      const unzippedBytes = Number(kept)
      if (unzippedBytes > unzippedMax) return tooLarge(unzippedMax)
      return { kind: 'staged', code: { ...code, unzippedBytes } }
    }
    const directory = readZip(zip)
    if (directory.kind === 'refused') return directory
    if (directory.entries.every((entry) => entry.isFolder)) {
      return { kind: 'refused', reason: 'empty', detail: 'the archive has no file' }
    }
    const work = join(this.folder, `.tmp-${randomBytes(8).toString('hex')}`)
    try {
      const unzippedBytes = await unpackAll(directory.entries, work, unzippedMax)
      if (unzippedBytes === undefined) return tooLarge(unzippedMax)
      await writeFile(join(work, 'size'), `${unzippedBytes}`)
      await this.#putInPlace(work, id)
      return { kind: 'staged', code: { ...code, unzippedBytes } }
    } catch (error) {
      if (isBrokenData(error)) return { kind: 'refused', reason: 'not-a-zip', detail: error.message }
      throw error
    } finally {
      await removed(work)
    }
  }

  async #putInPlace(work: string, id: string): Promise<void> {
    await chmod(work, 0o755)
    try {
      await rename(work, join(this.folder, id))
    } catch (error) {
      if (!this.has(id)) throw error // another call with the same bytes was quicker
    }
  }

  /** One folder with all layers, later ones over earlier ones, made of hard links. Source: Lambda developer guide, layers. */
  async merged(layers: readonly StagedCode[]): Promise<string> {
    const [only] = layers
    if (layers.length === 1 && only !== undefined) return this.pathOf(only.id)
    const id = createHash('sha256')
      .update(layers.map((layer) => layer.id).join('\n'))
      .digest('hex')
    const folder = join(this.folder, `layers-${id}`)
    if (existsSync(folder)) return folder
    const work = join(this.folder, `.tmp-${randomBytes(8).toString('hex')}`)
    await mkdir(work, { mode: 0o755 })
    for (const layer of layers) await linkTree(this.pathOf(layer.id), work)
    await rename(work, folder).catch(async (error: unknown) => {
      await removed(work)
      if (!existsSync(folder)) throw error
    })
    return folder
  }
}

const tooLarge = (max: number): Staging => ({
  kind: 'refused',
  reason: 'too-large',
  detail: `more than ${max} bytes unzipped`,
})

/** Broken compressed data, or a name that is a file in one entry and a folder in another, or that no file system takes. */
const BROKEN = /^(Z_|ENOTDIR|EEXIST|EISDIR|ERR_FS_EISDIR|ENAMETOOLONG|EILSEQ)/

const isBrokenData = (error: unknown): error is Error =>
  error instanceof BrokenEntry ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && BROKEN.test(error.code))

/** Writes all entries; undefined when they are more than `max` bytes, whatever their headers say. */
async function unpackAll(
  entries: readonly ZipEntry[],
  work: string,
  max: number,
): Promise<number | undefined> {
  const task = join(work, 'task')
  await mkdir(task, { recursive: true })
  const made = new Set([task])
  let left = max
  let traits = NO_TRAITS
  let bundlesSdk = false
  for (const entry of entries) {
    const path = join(task, entry.name)
    const folder = entry.isFolder ? path : dirname(path)
    if (!made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 })
    made.add(folder)
    if (entry.isFolder) continue
    const bytes = await unpacked(entry, left)
    if (bytes === undefined) return undefined
    left -= bytes.length
    if (made.has(path)) await rm(path, { force: true }) // a name may be there twice: the last one counts, as with unzip
    made.add(path)
    await writeFile(path, bytes)
    await chmod(path, readable(entry.mode))
    bundlesSdk ||= entry.name.includes('node_modules/@aws-sdk/')
    if (!entry.name.includes('node_modules/')) traits = withMentions(traits, entry.name, bytes)
  }
  const found = { ...traits, mentionsAwsSdk: traits.mentionsAwsSdk && !bundlesSdk }
  await writeFile(join(work, 'traits.json'), JSON.stringify(found))
  return max - left
}

/** The archive's bits, plus reading by all; an archive without bits (made on Windows) gets the usual ones. */
const readable = (mode: number): number => (mode === 0 ? 0o644 : (mode & 0o111) !== 0 ? 0o755 : 0o644)

function withMentions(traits: CodeTraits, name: string, bytes: Uint8Array): CodeTraits {
  const isScript = SCRIPT.test(name)
  if (!isScript && !name.endsWith('.py')) return traits
  const text = new TextDecoder('latin1').decode(bytes)
  return {
    mentionsAwsSdk: traits.mentionsAwsSdk || (isScript && AWS_SDK.test(text)),
    mentionsBoto: traits.mentionsBoto || (!isScript && BOTO.test(text)),
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      if ((await stat(target).catch(() => undefined))?.isFile() === true) await rm(target)
      await mkdir(target, { recursive: true, mode: 0o755 })
      await linkTree(source, target)
    } else {
      await rm(target, { recursive: true, force: true })
      await link(source, target)
    }
  }
}

const removed = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
