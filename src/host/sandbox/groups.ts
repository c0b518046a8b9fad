/**
 * Control groups, version 1 and 2: where ours may be made, which limits an environment gets, and its counters. Groups lie
 * below the platform's own group of each hierarchy. The launcher makes and fills them; the server only writes quota and
 * freeze, and reads counters, through descriptors it keeps open.
 */
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GroupSetting } from '#host/sandbox/launcher.ts'

/** Length of a CPU period. Shorter ones are wrong at little memory (the kernel's least quota is 1 ms), longer ones at much. */
export const PERIOD_US = 20_000
/** Memory that stands for one vCPU. Source: Lambda developer guide, memory: "at 1,769 MB, one vCPU". */
export const MB_OF_ONE_VCPU = 1_769
/** Source: Lambda quotas, 1,024 processes and threads. */
const PROCESSES_MAX = 1_024
const UNLIMITED = -1

export const quotaUs = (memoryMb: number): number =>
  Math.max(1_000, Math.round((PERIOD_US * memoryMb) / MB_OF_ONE_VCPU))

/** What can be used on this machine. */
export interface Groups {
  readonly cpu: 'v1' | 'v2' | undefined
  readonly memory: 'v1' | 'v2' | undefined
  readonly freeze: boolean
  /** Our folder in each hierarchy; the launcher makes every environment's group below each of them. */
  readonly bases: readonly string[]
  /** The same for all environments. */
  readonly fixed: readonly GroupSetting[]
  limits(memoryBytes: number): readonly GroupSetting[]
  files(group: string): GroupFiles
  /** The text that sets the quota. */
  quotaText(us: number | undefined): string
  /** Removes what is ours, when all environments are gone. */
  remove(): void
}

/** Files of one environment's groups; undefined where the machine has no such file. */
export interface GroupFiles {
  readonly quota: string | undefined
  readonly freeze: string | undefined
  readonly cpuUsage: string | undefined
  readonly cpuStat: string | undefined
  readonly memoryPeak: string | undefined
  readonly memoryStat: string | undefined
  readonly oom: string | undefined
}

type Controller = 'cpu' | 'memory' | 'pids' | 'unified'
const OURS = /^windtunnel-(\d+)$/

/** Looks for hierarchies in which groups can really be made. */
export function findGroups(pid: number): Groups {
  const places = hierarchies(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
  )
  const usable = new Map<Controller, string>()
  const unified = places.v2 === undefined ? undefined : claimUnified(places.v2, pid)
  if (unified !== undefined) usable.set('unified', unified.base)
  const inV2 = new Set(unified?.controllers ?? [])
  for (const [controller, folder] of places.v1) {
    const base = inV2.has(controller) ? undefined : claim(folder, pid)
    if (base !== undefined) usable.set(controller, base)
  }
  return groupsIn(usable, inV2)
}

/** Mount points and our own path in each hierarchy. Exported for its test. */
export function hierarchies(
  mountinfo: string,
  own: string,
): { readonly v1: ReadonlyMap<'cpu' | 'memory' | 'pids', string>; readonly v2: string | undefined } {
  const paths = new Map<string, string>()
  for (const line of own.split('\n')) {
    const [, controllers = '', ...path] = line.split(':')
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'))
  }
  const v1 = new Map<'cpu' | 'memory' | 'pids', string>()
  let v2: string | undefined
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', point = ''] = before.split(' ')
    const [kind = '', , options = ''] = after.split(' ')
    const within = (path: string): string =>
      join(point, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path)
    if (kind === 'cgroup2') v2 = within(paths.get('') ?? '/')
    if (kind !== 'cgroup') continue
    for (const controller of ['cpu', 'memory', 'pids'] as const) {
      if (options.split(',').includes(controller)) v1.set(controller, within(paths.get(controller) ?? '/'))
    }
  }
  return { v1, v2 }
}

/** Makes our folder below a group and sweeps those of dead platforms; undefined when it may not be made. */
function claim(folder: string, pid: number): string | undefined {
  const base = join(folder, `windtunnel-${pid}`)
  try {
    sweep(folder)
    mkdirSync(base, { recursive: true })
    return base
  } catch {
    return undefined // not ours to write: the caller uses a fallback and says so
  }
}

function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = OURS.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    removeTree(join(folder, name))
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

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(folder, entry.name))
    }
    for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'latin1').split('\n')) {
      if (pid !== '' && pid !== '0') process.kill(Number(pid), 'SIGKILL')
    }
    rmdirSync(folder)
  } catch {
    // a process of it is still ending: the next platform sweeps again
  }
}

/** Version 2: controllers are handed down to our folder only when our own group has no processes of its own. */
function claimUnified(
  folder: string,
  pid: number,
): { readonly base: string; readonly controllers: readonly string[] } | undefined {
  const base = claim(folder, pid)
  if (base === undefined) return undefined
  const available = new Set(readFileSync(join(folder, 'cgroup.controllers'), 'latin1').trim().split(' '))
  const wanted = ['cpu', 'memory', 'pids'].filter((controller) => available.has(controller))
  if (wanted.length === 0) return { base, controllers: [] }
  const order = wanted.map((controller) => `+${controller}`).join(' ')
  try {
    moveHome(folder)
    writeFileSync(join(folder, 'cgroup.subtree_control'), order)
    writeFileSync(join(base, 'cgroup.subtree_control'), order)
    return { base, controllers: wanted }
  } catch {
    return { base, controllers: [] } // freezing works without controllers
  }
}

/** Moves the processes of our own group into a leaf beside the environments; the root group may keep its own. */
function moveHome(folder: string): void {
  const isRootGroup = !readdirSync(folder).includes('cgroup.type')
  if (isRootGroup) return
  const leaf = join(folder, 'windtunnel-home')
  mkdirSync(leaf, { recursive: true })
  for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'latin1').trim().split('\n')) {
    if (pid !== '') writeFileSync(join(leaf, 'cgroup.procs'), pid)
  }
}

function groupsIn(usable: ReadonlyMap<Controller, string>, inV2: ReadonlySet<string>): Groups {
  const order = [...usable.keys()]
  const setting = (controller: Controller, leaf: string, value: string): GroupSetting[] => {
    const base = order.indexOf(controller)
    return base === -1 ? [] : [[base, leaf, value]]
  }
  const version = (controller: 'cpu' | 'memory'): 'v1' | 'v2' | undefined => {
    if (inV2.has(controller)) return 'v2'
    return usable.has(controller) ? 'v1' : undefined
  }
  const cpu = version('cpu')
  const memory = version('memory')
  return {
    cpu,
    memory,
    freeze: usable.has('unified'),
    bases: [...usable.values()],
    fixed: [
      ...setting('cpu', 'cpu.cfs_period_us', `${PERIOD_US}`),
      ...setting(inV2.has('pids') ? 'unified' : 'pids', 'pids.max', `${PROCESSES_MAX}`),
      ...(memory === 'v2' ? setting('unified', 'memory.oom.group', '1') : []),
    ],
    limits: (memoryBytes) =>
      memory === 'v2'
        ? setting('unified', 'memory.max', `${memoryBytes}`)
        : setting('memory', 'memory.limit_in_bytes', `${memoryBytes}`),
    files: (group) => filesOf(usable, { cpu, memory }, group),
    quotaText: (us) => (cpu === 'v2' ? `${us ?? 'max'} ${PERIOD_US}` : `${us ?? UNLIMITED}`),
    remove: () => {
      for (const base of usable.values()) removeTree(base)
    },
  }
}

function filesOf(
  usable: ReadonlyMap<Controller, string>,
  version: { readonly cpu: 'v1' | 'v2' | undefined; readonly memory: 'v1' | 'v2' | undefined },
  group: string,
): GroupFiles {
  const file = (controller: Controller, leaf: string): string | undefined => {
    const base = usable.get(controller)
    return base === undefined ? undefined : join(base, group, leaf)
  }
  return {
    quota: version.cpu === 'v2' ? file('unified', 'cpu.max') : file('cpu', 'cpu.cfs_quota_us'),
    freeze: file('unified', 'cgroup.freeze'),
    cpuUsage: file('unified', 'cpu.stat'),
    cpuStat: version.cpu === 'v2' ? file('unified', 'cpu.stat') : file('cpu', 'cpu.stat'),
    memoryPeak:
      version.memory === 'v2' ? file('unified', 'memory.peak') : file('memory', 'memory.max_usage_in_bytes'),
    memoryStat: version.memory === 'v2' ? file('unified', 'memory.stat') : file('memory', 'memory.stat'),
    oom: version.memory === 'v2' ? file('unified', 'memory.events') : file('memory', 'memory.oom_control'),
  }
}
