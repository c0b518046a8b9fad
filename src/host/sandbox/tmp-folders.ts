/**
 * The environments' /tmp: small file systems in sparse images, mounted by the launcher, so that the size is kept by the
 * kernel. Mounted ones are kept ready: a few at once, as many as a burst needs while nothing else happens, and a used
 * one is emptied and used again. Where images cannot be mounted, plain folders whose size is only measured.
 *
 * Tried and left: quotas (few kernels have them, and they answer EDQUOT, not ENOSPC); tmpfs (charged to the function's
 * memory); loop devices with direct I/O (no less charged to the group, 15 ms more each).
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
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Launcher } from '#host/sandbox/launcher.ts'

/** Source: Lambda quotas, /tmp storage; the size most functions have, and the only one kept ready. */
const USUAL_MB = 512
/** Made together as soon as there is a function. */
const READY_SOON = 4
/**
 * Made after that, so that a burst finds its /tmp. Each takes 0.4 MB of disk, and each hundred makes every sandbox a
 * millisecond slower, because bubblewrap reads the list of mounts again and again: hence not more.
 */
const READY_MOST = 64
/** Nobody has started anything for so long, and platform and machine have time to spare: then a few more are made. */
const QUIET_MS = 250
const IDLE_SHARE = 0.1
const TRIES = 3
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
  /** Why it is a plain folder on a machine that mounts images. */
  readonly problem: string | undefined
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

/**
 * Says which of the names it has mounted. One shell for many: the programs cost more than what they do. The loop device
 * is made beforehand, because `mount -o loop` looks at all loop devices of the machine, for 5 ms where there are 200; it
 * is let go at once, and so ends with the mount. No barriers: nothing of it has to outlive the machine's power, and
 * unmounting is done in a fifth of the time.
 */
const MOUNT_ALL = `
folder=$1; mounts=$2; shift 2
options=nosuid,nodev,barrier=0
mounted() {
  device=$(losetup --show -f "$1") || { mount -t ext4 -o loop,$options "$1" "$2"; return; }
  mount -n -i -t ext4 -o $options "$device" "$2"; status=$?
  losetup -d "$device"
  return $status
}
for name; do
  cp --sparse=always "$0" "$folder/$name.img" && mkdir -p "$mounts/$name" &&
    mounted "$folder/$name.img" "$mounts/$name" && echo "$name" || exit 1
done`

/** An empty file system without even lost+found, as a file that appears complete. */
const MAKE_EMPTY = `
set -e; PATH=$PATH:/sbin:/usr/sbin
truncate -s "$2" "$0"
mkfs.ext4 -q -F -O ^has_journal -m 0 -i 32768 -E lazy_itable_init=1,nodiscard "$0"
mkdir -p "$3"; mount -t ext4 -o loop "$0" "$3"; rmdir "$3/lost+found"; umount "$3"; rmdir "$3"
mv "$0" "$1"`

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
  #problem = ''
  #takenAt = 0
  #growing: NodeJS.Timeout | undefined
  #cpu = process.cpuUsage()

  constructor(options: TmpOptions, images: boolean) {
    this.#options = options
    this.#images = images
  }

  get kind(): 'image' | 'directory' {
    return this.#images ? 'image' : 'directory'
  }

  /** Starts filling the pool; called when a function is about to exist. */
  prime(): void {
    if (!this.#images || this.#closed) return
    if (this.#ready.length + this.#filling < READY_SOON) void this.#fill(READY_SOON)
    this.#grow()
  }

  async take(mb: number): Promise<TmpFolder> {
    if (!this.#images) return this.#directory(undefined)
    this.#takenAt = performance.now()
    const ready = mb === USUAL_MB ? this.#ready.pop() : undefined
    this.#grow()
    const image = ready ?? (await this.#mountedSurely(mb))
    return image === undefined ? this.#directory(this.#problem) : this.#folderOf(image)
  }

  /** While nothing happens: mounting would take the cores that starts and invokes need. */
  #grow(): void {
    if (this.#growing !== undefined || this.#closed || this.#ready.length >= READY_MOST) return
    this.#cpu = process.cpuUsage()
    this.#growing = setTimeout(() => {
      this.#growing = undefined
      const used = process.cpuUsage(this.#cpu)
      const isIdle =
        used.user + used.system < QUIET_MS * 1_000 * IDLE_SHARE &&
        (loadavg()[0] ?? 0) < availableParallelism()
      const isQuiet = performance.now() - this.#takenAt >= QUIET_MS
      if (isIdle && isQuiet && this.#filling === 0) void this.#fill(READY_SOON).then(() => this.#grow())
      else this.#grow()
    }, QUIET_MS).unref()
  }

  async #fill(count: number): Promise<void> {
    const wanted = Math.min(count, READY_MOST - this.#ready.length, IMAGES_MAX - this.#count)
    if (wanted <= 0) return
    this.#filling += wanted
    this.#ready.push(...(await this.#mounted(USUAL_MB, wanted)))
    this.#filling -= wanted
  }

  /** One image, to see whether the machine lets us. */
  async probe(): Promise<boolean> {
    const images = await this.#mounted(USUAL_MB, 1)
    this.#ready.push(...images)
    this.#images = images.length > 0
    return this.#images
  }

  /** What is mounted ends with the launcher. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#growing)
    await Promise.all(this.#ready.splice(0).map((image) => rm(image.file, { force: true })))
  }

  /** Other programs of the machine take loop devices too, and may be quicker. */
  async #mountedSurely(mb: number): Promise<Image | undefined> {
    for (let tries = 0; tries < TRIES && this.#count < IMAGES_MAX; tries++) {
      const [image] = await this.#mounted(mb, 1)
      if (image !== undefined) return image
      if (this.#options.launcher.ended) return undefined
    }
    if (this.#count >= IMAGES_MAX) this.#problem = `${IMAGES_MAX} file systems are mounted already`
    return undefined
  }

  async #mounted(mb: number, count: number): Promise<Image[]> {
    const { launcher, folder, mountFolder } = this.#options
    const template = await this.#template(mb)
    if (template === undefined) return []
    this.#count += count
    const names = Array.from({ length: count }, () => `i${launcher.pid}-${this.#next++}`)
    const ran = await launcher.run(['sh', '-c', MOUNT_ALL, template, folder, mountFolder, ...names])
    const lines = ran.out.split('\n')
    const images: Image[] = []
    for (const name of names) {
      const file = join(folder, `${name}.img`)
      const path = join(mountFolder, name)
      const seen = `/proc/${launcher.pid}/root${path}`
      if (lines.includes(name)) images.push({ mb, path, file, seen, emptyBytes: usedOf(seen) })
      else {
        this.#count--
        this.#problem = lines.filter((line) => line !== '' && !names.includes(line)).join(' ')
        await rm(file, { force: true })
      }
    }
    return images
  }

  /** An empty file system of that size, made once for each cache. */
  async #template(mb: number): Promise<string | undefined> {
    const folder = join(this.#options.cacheFolder, 'tmp-images')
    const file = join(folder, `empty-ext4-${mb}.img`)
    if (existsSync(file)) return file
    await mkdir(folder, { recursive: true })
    const { launcher, mountFolder } = this.#options
    const name = `t${launcher.pid}-${this.#next++}`
    const stage = `${file}.${name}`
    const size = `${mb + OVERHEAD_MB}M`
    const ran = await launcher.run(['sh', '-c', MAKE_EMPTY, stage, file, size, join(mountFolder, name)])
    if (ran.code === 0) return file
    this.#problem = ran.out.trim()
    await rm(stage, { force: true })
    return undefined
  }

  #folderOf(image: Image): TmpFolder {
    return {
      kind: 'image',
      path: image.path,
      problem: undefined,
      usedBytes: () => Math.max(0, usedOf(image.seen) - image.emptyBytes),
      own: (uid) => {
        chownSync(image.seen, uid, uid)
        chmodSync(image.seen, 0o700)
      },
      release: () => this.#released(image),
    }
  }

  async #released(image: Image): Promise<void> {
    if (this.#options.launcher.ended) {
      this.#count-- // and its mounts have ended with it
      await rm(image.file, { force: true })
      return
    }
    const keeps = !this.#closed && image.mb === USUAL_MB && this.#ready.length < READY_MOST
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

  #directory(problem: string | undefined): TmpFolder {
    const path = join(this.#options.folder, `d${this.#options.launcher.pid}-${this.#next++}`)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return {
      kind: 'directory',
      path,
      problem,
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
