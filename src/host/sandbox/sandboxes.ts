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
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Sandboxes, SandboxModes } from '#ports/sandboxes.ts'
import { confine, type Level } from '#host/sandbox/confinement.ts'
import { Environment } from '#host/sandbox/environment.ts'
import { findGroups, type Groups } from '#host/sandbox/groups.ts'
import { type Equipment, Host } from '#host/sandbox/host.ts'
import { type Launcher, openLauncher } from '#host/sandbox/launcher.ts'
import { modesOf } from '#host/sandbox/modes.ts'
import { OUTPUT_BYTES_PER_SECOND } from '#host/sandbox/output.ts'
import { NAMED_USERS, Pipes, Users } from '#host/sandbox/resources.ts'
import { RUNTIMES_FOLDER } from '#host/sandbox/runtimes.ts'
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

const RUN_FOLDER = /^windtunnel-(\d+)-/

/** Faults: Trouble when no process can be started or the folders cannot be written. */
export async function openSandboxes(options: SandboxOptions): Promise<HostSandboxes> {
  const isRoot = process.getuid?.() === 0
  const runFolder = makeRunFolder()
  const systemFolder = makeSystemFolder(runFolder, isRoot)
  const launcher = await openLauncher(isRoot)
  const stage = new Stage(join(options.folder, 'code'))
  await stage.open()
  const tmpFolder = join(options.folder, 'tmp')
  rmSync(tmpFolder, { recursive: true, force: true })
  mkdirSync(tmpFolder, { recursive: true, mode: 0o711 })
  const groups = options.useGroups === false ? undefined : usableGroups()
  const level = await bestLevel({ launcher, isRoot, systemFolder, stage, wanted: options.level })
  const equipped = async (launcher: Launcher): Promise<Equipment> => {
    launcher.leavings([runFolder])
    launcher.groups(groups?.bases ?? [], groups?.fixed ?? [])
    const folders = { folder: tmpFolder, mountFolder: join(runFolder, 'm'), cacheFolder: options.cacheFolder }
    const tmp = new TmpFolders({ launcher, ...folders }, false)
    if (launcher.ownMounts && level !== 'process') await tmp.probe()
    return { launcher, tmp, pipes: new Pipes(launcher, runFolder) }
  }
  const equipment = await equipped(launcher)
  const closed = [stage.folder, options.cacheFolder, RUNTIMES_FOLDER]
  const hasUsers = isRoot && (level !== 'process' || (await areOpenToOthers(launcher, closed)))
  const host = new Host({
    equipment,
    clock: options.clock,
    log: options.log,
    level,
    runFolder,
    systemFolder,
    stage,
    users: hasUsers ? new Users(process.pid) : undefined,
    groups,
    outputBytesPerSecond: options.maxOutputBytesPerSecond ?? OUTPUT_BYTES_PER_SECOND,
    runtimes: {
      cacheFolder: options.cacheFolder,
      strict: options.strictRuntimes,
      progress: (line) => options.progress(line),
      canRun: (path) =>
        Promise.resolve(level !== 'process' || !hasUsers || areOpenToOthers(launcher, [path])),
    },
  })
  keepLauncher(host, () => openLauncher(isRoot).then(equipped))
  return portOf(host, modesOf({ level, groups, tmp: equipment.tmp.kind, isRoot, hasUsers }))
}

/** A launcher that ends unasked takes its environments along; the next ones get a new launcher. */
function keepLauncher(host: Host, again: () => Promise<Equipment>): void {
  host.launcher.onDeath(() => {
    host.log.error('sandbox.launcher.ended', { pid: host.launcher.pid })
    mkdirSync(join(host.runFolder, 'm'), { recursive: true, mode: 0o711 })
    again().then(
      (equipment) => {
        host.equip(equipment)
        keepLauncher(host, again)
      },
      (error: unknown) => host.log.error('sandbox.launcher.missing', { reason: String(error) }),
    )
  })
}

function portOf(host: Host, modes: SandboxModes): HostSandboxes {
  const clear = async (): Promise<void> => {
    await Promise.all([...host.environments.values()].map((environment) => environment.destroy(0)))
  }
  return {
    modes: () => modes,
    stage: async (zip, unzippedMax) => {
      host.tmp.prime()
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
      await clear()
      await host.tmp.close()
      host.launcher.close()
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

/** The /etc of all functions: names and addresses resolve, nothing tells of the machine's users. */
function makeSystemFolder(runFolder: string, isRoot: boolean): string {
  const folder = join(runFolder, 'etc')
  mkdirSync(folder, { mode: 0o755 })
  for (const name of COPIED_ETC)
    if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, join(folder, name))
  for (const name of MOUNTED_ETC) mkdirSync(join(folder, name), { mode: 0o755 })
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
  readonly systemFolder: string
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

/** Without namespaces a user of its own must be able to reach these folders: not below a closed home folder. */
async function areOpenToOthers(launcher: Launcher, folders: readonly string[]): Promise<boolean> {
  const uid = String(new Users(process.pid).first)
  const become = ['setpriv', '--reuid', uid, '--regid', uid, '--clear-groups']
  for (const folder of folders) {
    if ((await launcher.run([...become, 'test', '-x', folder])).code !== 0) return false
  }
  return true
}

async function works(level: Level, search: LevelSearch): Promise<boolean> {
  const interior = {
    mounts: [{ from: search.stage.folder, to: '/var/task' }],
    links: [],
    command: ['/usr/bin/test', '-d', '/var/task', '-a', '!', '-e', search.stage.folder],
    environment: {},
    cwd: '/var/task',
    uid: search.isRoot ? new Users(process.pid).first : undefined,
  }
  const { argv } = confine(level, interior, search.systemFolder)
  return (await search.launcher.run(argv)).code === 0
}
