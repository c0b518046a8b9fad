/**
 * The environments' /tmp: small file systems in sparse images, mounted by the launcher, so that the size is kept by the
 * kernel and nothing is charged to the function's memory. A few are kept ready, and a used one is emptied and used
 * again. Where images cannot be mounted, plain folders whose size is only measured.
 */
import {
  chmodSync,
  chownSync,
  type Dirent,
  existsSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Launcher } from '#host/sandbox/launcher.ts'

/** Source: Lambda quotas, /tmp storage; the size most functions have, and the only one kept ready. */
const USUAL_MB = 512
const READY = 4
/** Longer than most starts take. */
const REFILL_AFTER_MS = 100
const IDLE_MAX = 16
/** Beyond it plain folders: each image holds a loop device of the machine. */
const IMAGES_MAX = 200
/** Room for the file system's own tables, so that what is asked for is free. */
const OVERHEAD_MB = 12
/** A measured folder is not walked further than this. */
const ENTRIES_MAX = 20_000

export interface TmpFolder {
  readonly kind: 'image' | 'directory'
  /** As the sandbox's mounts name it. */
  readonly path: string
  usedBytes(): number
  /** Gives it to a user. */
  own(uid: number): void
  release(): Promise<void>
}

export interface TmpOptions {
  readonly launcher: Launcher
  /** For images and plain folders. */
  readonly folder: string
  /** Where the launcher mounts images, in its own view. */
  readonly mountFolder: string
  readonly cacheFolder: string
}

interface Image {
  readonly mb: number
  readonly path: string
  readonly file: string
  /** The same folder through the launcher's view, for us. */
  readonly seen: string
  readonly emptyBytes: number
}

export class TmpFolders {
  #options: TmpOptions
  #images: boolean
  #ready: Image[] = []
  #filling = 0
  #count = 0
  #next = 1
  #closed = false
  #refilling: NodeJS.Timeout | undefined

  constructor(options: TmpOptions, images: boolean) {
    this.#options = options
    this.#images = images
  }

  get kind(): 'image' | 'directory' {
    return this.#images ? 'image' : 'directory'
  }

  /** Starts filling the pool; called when a function is about to exist. */
  prime(): void {
    while (this.#images && !this.#closed && this.#ready.length + this.#filling < READY) {
      this.#filling++
      void this.#mounted(USUAL_MB).then((image) => {
        this.#filling--
        if (image !== undefined) this.#ready.push(image)
      })
    }
  }

  async take(mb: number): Promise<TmpFolder> {
    if (!this.#images) return this.#directory()
    const ready = mb === USUAL_MB ? this.#ready.pop() : undefined
    if (mb === USUAL_MB) this.#refill()
    const image = ready ?? (this.#count < IMAGES_MAX ? await this.#mounted(mb) : undefined)
    return image === undefined ? this.#directory() : this.#folderOf(image)
  }

  /** Not at once: mounting would take the cores that the start has just begun to need. */
  #refill(): void {
    if (this.#ready.length === 0) {
      this.prime()
      return
    }
    this.#refilling ??= setTimeout(() => {
      this.#refilling = undefined
      this.prime()
    }, REFILL_AFTER_MS).unref()
  }

  /** One image, to see whether the machine lets us. */
  async probe(): Promise<boolean> {
    const image = await this.#mounted(USUAL_MB)
    if (image !== undefined) this.#ready.push(image)
    this.#images = image !== undefined
    return this.#images
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#refilling)
    await Promise.all(this.#ready.splice(0).map((image) => this.#unmounted(image)))
  }

  async #mounted(mb: number): Promise<Image | undefined> {
    const { launcher, folder, mountFolder } = this.#options
    this.#count++
    const name = `i${launcher.pid}-${this.#next++}`
    const file = join(folder, `${name}.img`)
    const path = join(mountFolder, name)
    const template = await this.#template(mb)
    const script =
      'set -e; cp --sparse=always "$0" "$1"; mkdir -p "$2"; mount -o loop,nosuid,nodev "$1" "$2"; rmdir "$2/lost+found"'
    const ran =
      template === undefined ? undefined : await launcher.run(['sh', '-c', script, template, file, path])
    if (ran === undefined || ran.code !== 0) {
      this.#count--
      await rm(file, { force: true })
      return undefined
    }
    const seen = `/proc/${launcher.pid}/root${path}`
    return { mb, path, file, seen, emptyBytes: usedOf(seen) }
  }

  /** An empty file system of that size, made once for each cache. */
  async #template(mb: number): Promise<string | undefined> {
    const folder = join(this.#options.cacheFolder, 'tmp-images')
    const file = join(folder, `ext4-${mb}.img`)
    if (existsSync(file)) return file
    await mkdir(folder, { recursive: true })
    const stage = `${file}.${process.pid}`
    const flags = '-q -F -O ^has_journal -m 0 -i 32768 -E lazy_itable_init=1,nodiscard'
    const script = `set -e; truncate -s ${mb + OVERHEAD_MB}M "$0"; PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 ${flags} "$0"; mv "$0" "$1"`
    const ran = await this.#options.launcher.run(['sh', '-c', script, stage, file])
    if (ran.code === 0) return file
    await rm(stage, { force: true })
    return undefined
  }

  #folderOf(image: Image): TmpFolder {
    return {
      kind: 'image',
      path: image.path,
      usedBytes: () => Math.max(0, usedOf(image.seen) - image.emptyBytes),
      own: (uid) => {
        chownSync(image.seen, uid, uid)
        chmodSync(image.seen, 0o700)
      },
      release: () => this.#released(image),
    }
  }

  async #released(image: Image): Promise<void> {
    if (!existsSync(image.seen)) {
      this.#count-- // the launcher has ended, and its mounts with it
      await rm(image.file, { force: true })
      return
    }
    const keeps = !this.#closed && image.mb === USUAL_MB && this.#ready.length < IDLE_MAX
    if (!keeps) {
      await this.#unmounted(image)
      return
    }
    try {
      for (const name of readdirSync(image.seen)) {
        await rm(join(image.seen, name), { recursive: true, force: true })
      }
    } catch {
      // folders in folders beyond the longest path: the whole file system goes
      await this.#unmounted(image)
      return
    }
    this.#ready.push(image)
  }

  async #unmounted(image: Image): Promise<void> {
    this.#count--
    await this.#options.launcher.run(['sh', '-c', 'umount "$0"; rmdir "$0"', image.path])
    await rm(image.file, { force: true })
  }

  #directory(): TmpFolder {
    const path = join(this.#options.folder, `d${this.#options.launcher.pid}-${this.#next++}`)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return {
      kind: 'directory',
      path,
      usedBytes: () => folderBytes(path),
      own: (uid) => chownSync(path, uid, uid),
      release: async () => {
        // not by paths: a function may leave folders in folders beyond the longest one
        await this.#options.launcher.run(['rm', '-rf', '--', path])
      },
    }
  }
}

function usedOf(folder: string): number {
  try {
    const { blocks, bfree, bsize } = statfsSync(folder)
    return (blocks - bfree) * bsize
  } catch {
    return 0 // the launcher has ended, and its mounts with it
  }
}

/** None where the folder is gone meanwhile, or its path is longer than paths can be. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Bytes on disk below a folder. */
export function folderBytes(folder: string): number {
  let bytes = 0
  let entries = 0
  const open = [folder]
  for (let at = open.pop(); at !== undefined && entries < ENTRIES_MAX; at = open.pop()) {
    for (const entry of entriesOf(at)) {
      entries++
      const path = join(at, entry.name)
      if (entry.isDirectory()) open.push(path)
      else if (entry.isFile()) bytes += (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
    }
  }
  return bytes
}
