/**
 * The sandboxes port on this machine: opens the launcher, tries what isolation and limits work here, and starts
 * environments with them. The parts are beside this file; their life cycle is decided by `services/lambda`.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Sandboxes, SandboxModes } from '#ports/sandboxes.ts'
import { becoming, confine, type Level, type System } from '#host/sandbox/confinement.ts'
import { Copies, isOpenToAll } from '#host/sandbox/copies.ts'
import { Environment } from '#host/sandbox/environment.ts'
import { findGroups, type Groups } from '#host/sandbox/groups.ts'
import { Host } from '#host/sandbox/host.ts'
import { type Equipment, Keeper } from '#host/sandbox/keeper.ts'
import { type Launcher, openLauncher } from '#host/sandbox/launcher.ts'
import { modesOf } from '#host/sandbox/modes.ts'
import { OUTPUT_BYTES_PER_SECOND } from '#host/sandbox/output.ts'
import { NAMED_USERS, Pipes, Users } from '#host/sandbox/resources.ts'
import { Roots } from '#host/sandbox/roots.ts'
import { Stage } from '#host/sandbox/stage.ts'
import { TmpFolders } from '#host/sandbox/tmp-folders.ts'

export interface SandboxOptions {
  /** Of the data directory: code that functions see, and their /tmp. */
  readonly folder: string
  /** Outside of the data directory: Node.js binaries, SDKs, templates. */
  readonly cacheFolder: string
  /** The platform's address. Not used yet: a function's variables, AWS_ENDPOINT_URL among them, come with its spec. */
  endpoint(): string
  readonly log: Log
  readonly clock: Clock
  /** Lines for the user while something is fetched. */
  progress(line: string): void
  /** Refuses a Python version that is not on the machine, instead of running on the nearest. */
  readonly strictRuntimes: boolean
  readonly maxOutputBytesPerSecond?: number
  /** Weaker levels for tests and for comparing them; the best that works without it. */
  readonly level?: Level
  /** False uses the fallbacks of machines whose groups are not ours to write. */
  readonly useGroups?: boolean
}

/** The port, and its end. */
export interface HostSandboxes extends Sandboxes {
  /** Ends all environments and the launcher, and removes what is not data. */
  close(): Promise<void>
}

/** A closing platform waits so long for its environments; with graces of 0 they take some milliseconds each. */
const CLEAR_MS = 10_000
const RUN_FOLDER = /^windtunnel-(\d+)-/

/** Faults: Trouble when no process can be started or the folders cannot be written. */
export async function openSandboxes(options: SandboxOptions): Promise<HostSandboxes> {
  const isRoot = process.getuid?.() === 0
  const runFolder = makeRunFolder()
  const etcFolder = makeSystemFolder(runFolder, isRoot)
  const launcher = await openLauncher(isRoot)
  try {
    return await sandboxesOver(launcher, options, { isRoot, runFolder, etcFolder })
  } catch (error) {
    await launcher.close() // it would keep the process alive
    throw error
  }
}

interface Place {
  readonly isRoot: boolean
  readonly runFolder: string
  readonly etcFolder: string
}

async function sandboxesOver(
  launcher: Launcher,
  options: SandboxOptions,
  { isRoot, runFolder, etcFolder }: Place,
): Promise<HostSandboxes> {
  const stage = new Stage(join(options.folder, 'code'))
  const [changer] = await Promise.all([becomesBy(launcher, isRoot), stage.open()])
  const system: System = { etcFolder, becomesBy: changer }
  const groups = options.useGroups === false ? undefined : usableGroups()
  const level = await bestLevel({ launcher, isRoot, system, stage, wanted: options.level })
  // plain processes with users of their own have to get there by its path
  const isWithin = level !== 'process' || !isRoot || isOpenToAll(stage.folder)
  const tmpFolder = join(isWithin ? options.folder : runFolder, 'tmp')
  rmSync(tmpFolder, { recursive: true, force: true })
  mkdirSync(tmpFolder, { recursive: true, mode: 0o711 })
  const equipped = async (launcher: Launcher, orphans: readonly number[] = []): Promise<Equipment> => {
    mkdirSync(join(runFolder, 'm'), { recursive: true, mode: 0o711 })
    launcher.leavings([runFolder])
    await launcher.sweep(orphans)
    launcher.groups(groups?.bases ?? [], groups?.fixed ?? [])
    const mountFolder = join(runFolder, 'm')
    const folders = { folder: tmpFolder, mountFolder, cacheFolder: options.cacheFolder }
    const tmp = new TmpFolders({ launcher, ...folders }, false)
    if (launcher.ownMounts && level !== 'process') await tmp.probe()
    const roots = launcher.ownMounts && level === 'bwrap-root' ? new Roots(launcher, mountFolder) : undefined
    return { launcher, tmp, pipes: new Pipes(launcher, runFolder), roots }
  }
  const equipment = await equipped(launcher)
  const keeper = new Keeper(equipment, {
    clock: options.clock,
    log: options.log,
    open: async (orphans) => {
      const next = await openLauncher(isRoot)
      return await equipped(next, orphans).catch(async (error: unknown) => {
        await next.close()
        throw error
      })
    },
  })
  const isPlain = level === 'process'
  const hasUsers = isRoot && (!isPlain || (await areOpenToOthers(launcher, system, [runFolder])))
  const host = new Host({
    keeper,
    clock: options.clock,
    log: options.log,
    level,
    runFolder,
    system,
    stage,
    users: hasUsers ? new Users(process.pid) : undefined,
    groups,
    copies: isPlain && hasUsers ? new Copies(join(runFolder, 'copies')) : undefined,
    outputBytesPerSecond: options.maxOutputBytesPerSecond ?? OUTPUT_BYTES_PER_SECOND,
    runtimes: {
      cacheFolder: options.cacheFolder,
      strict: options.strictRuntimes,
      progress: (line) => options.progress(line),
      canRun: (path) => Promise.resolve(!isPlain || !hasUsers || areOpenToOthers(launcher, system, [path])),
    },
  })
  return portOf(host, modesOf({ level, groups, tmp: equipment.tmp.kind, isRoot, hasUsers }))
}

function portOf(host: Host, modes: SandboxModes): HostSandboxes {
  const clear = async (): Promise<void> => {
    await Promise.all([...host.environments.values()].map((environment) => environment.destroy(0)))
  }
  return {
    modes: () => modes,
    stage: async (zip, unzippedMax) => {
      host.keeper.current.tmp.prime()
      const staging = await host.stage.add(zip, unzippedMax)
      if (staging.kind === 'staged') {
        await host.stage.traits(staging.code.id)
        host.fetchAhead(staging.code.id)
      }
      return staging
    },
    staged: (id) => Promise.resolve(host.stage.has(id)),
    runtime: (identifier) => host.found(identifier),
    start: (spec) => {
      const environment = new Environment(host, spec)
      host.environments.set(spec.id, environment)
      return environment
    },
    clear,
    close: async () => {
      // what does not end by then ends with the launcher
      await Promise.race([clear(), delay(CLEAR_MS, undefined, { ref: false })])
      await host.keeper.close()
      host.groups?.remove()
      rmSync(host.runFolder, { recursive: true, force: true })
    },
  }
}

/** A short path of our own; those of dead platforms are swept. */
function makeRunFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = RUN_FOLDER.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) swept(join(tmpdir(), name))
  }
  const folder = mkdtempSync(join(tmpdir(), `windtunnel-${process.pid}-`))
  chmodSync(folder, 0o711)
  for (const name of ['m', 'root']) mkdirSync(join(folder, name), { mode: 0o711 })
  return folder
}

function swept(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // another user's, or still mounted somewhere: theirs to sweep
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const COPIED_ETC = [
  'resolv.conf',
  'hosts',
  'nsswitch.conf',
  'ld.so.cache',
  'localtime',
  'services',
  'protocols',
  'mime.types',
]
/** Mount points for what is shown of the machine's own /etc. */
const MOUNTED_ETC = ['ssl', 'pki', 'ca-certificates', 'alternatives']
/** Where Debian keeps the settings of each Java, such as java-17-openjdk. */
const isOfJava = (name: string): boolean => name.startsWith('java-')

/** The /etc of all functions: names and addresses resolve, nothing tells of the machine's users. */
function makeSystemFolder(runFolder: string, isRoot: boolean): string {
  const folder = join(runFolder, 'etc')
  mkdirSync(folder, { mode: 0o755 })
  for (const name of COPIED_ETC)
    if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, join(folder, name))
    else if (name === 'hosts') writeFileSync(join(folder, name), '') // each environment has its own in this place
  for (const name of [...MOUNTED_ETC, ...readdirSync('/etc').filter(isOfJava)])
    mkdirSync(join(folder, name), { mode: 0o755 })
  const users = isRoot
    ? Array.from({ length: NAMED_USERS }, (_, index) => new Users(process.pid).first + index)
    : [process.getuid?.() ?? 0]
  const line = (uid: number): string => `sbx_user${uid - (users[0] ?? 0) + 1_051}`
  const passwd = users.map((uid) => `${line(uid)}:x:${uid}:${uid}::/tmp:/sbin/nologin\n`).join('')
  writeFileSync(join(folder, 'passwd'), `root:x:0:0:root:/root:/sbin/nologin\n${passwd}`)
  writeFileSync(
    join(folder, 'group'),
    `root:x:0:\n${users.map((uid) => `${line(uid)}:x:${uid}:\n`).join('')}`,
  )
  return folder
}

function usableGroups(): Groups | undefined {
  if (process.platform !== 'linux') return undefined
  const groups = findGroups(process.pid)
  return groups.cpu === undefined && groups.memory === undefined && !groups.freeze ? undefined : groups
}

interface LevelSearch {
  readonly launcher: Launcher
  readonly isRoot: boolean
  readonly system: System
  readonly stage: Stage
  readonly wanted: Level | undefined
}

/** The first level whose sandbox really starts here. */
async function bestLevel(search: LevelSearch): Promise<Level> {
  const levels: readonly Level[] = search.isRoot ? ['bwrap-root', 'unshare-root'] : ['bwrap-user']
  for (const level of search.wanted === undefined ? levels : [search.wanted]) {
    if (level !== 'process' && (await works(level, search))) return level
  }
  return 'process'
}

/** Which program gives up being root here: not every chroot can, such as busybox's. */
async function becomesBy(launcher: Launcher, isRoot: boolean): Promise<System['becomesBy']> {
  if (!isRoot) return 'setpriv' // never asked
  const argv = becoming(new Users(process.pid).first, { etcFolder: '', becomesBy: 'chroot' })
  return (await launcher.run([...argv, 'true'])).code === 0 ? 'chroot' : 'setpriv'
}

/** Without namespaces a user of its own must be able to reach these folders: not below a closed home folder. */
async function areOpenToOthers(
  launcher: Launcher,
  system: System,
  folders: readonly string[],
): Promise<boolean> {
  const become = becoming(new Users(process.pid).first, system)
  for (const folder of folders) {
    if ((await launcher.run([...become, 'test', '-x', folder])).code !== 0) return false
  }
  return true
}

async function works(level: Level, search: LevelSearch): Promise<boolean> {
  const interior = {
    shared: { mounts: [], links: [] },
    root: undefined,
    mounts: [{ from: search.stage.folder, to: '/var/task' }],
    command: ['/usr/bin/test', '-d', '/var/task', '-a', '!', '-e', search.stage.folder],
    isUsersProgram: false,
    environment: {},
    cwd: '/var/task',
    uid: search.isRoot ? new Users(process.pid).first : undefined,
  }
  const { argv } = confine(level, interior, search.system)
  return (await search.launcher.run(argv)).code === 0
}
