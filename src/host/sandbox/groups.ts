/**
 * Control groups, version 1 and 2: where ours may be made, which limits an environment gets, and its counters. Groups lie
 * below the platform's own group of each hierarchy. The launcher makes and joins them; the server only writes quota and
 * freeze, and reads counters, through descriptors it keeps open.
 */
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GroupOrder } from '#host/sandbox/launcher.ts'

/** Length of a CPU period. Shorter ones are wrong at little memory (the kernel's least quota is 1 ms), longer ones at much. */
export const PERIOD_US = 20_000
/** Memory that stands for one vCPU. Source: Lambda developer guide, memory: "at 1,769 MB, one vCPU". */
export const MB_OF_ONE_VCPU = 1_769
/** Source: Lambda quotas, 1,024 processes and threads. */
const PROCESSES_MAX = 1_024
const UNLIMITED = -1

export const quotaUs = (memoryMb: number): number =>
  Math.max(1_000, Math.round((PERIOD_US * memoryMb) / MB_OF_ONE_VCPU))

interface Hierarchy {
  /** Our folder in it: the parent of all environments' groups. */
  readonly base: string
  /** `cgroup.procs` of the group the launcher lives in. */
  readonly home: string
}

/** What can be used on this machine. */
export interface Groups {
  readonly cpu: 'v1' | 'v2' | undefined
  readonly memory: 'v1' | 'v2' | undefined
  readonly freeze: boolean
  plan(name: string, limits: { readonly memoryBytes: number }): GroupPlan
  /** Our folder in each hierarchy. */
  readonly bases: readonly string[]
  /** Removes what is ours, when all environments are gone. */
  remove(): void
}

/** Files of one environment's groups; undefined where the machine has no such counter. */
export interface GroupPlan {
  readonly order: GroupOrder
  readonly quotaFile: string | undefined
  readonly freezeFile: string | undefined
  readonly cpuUsageFile: string | undefined
  readonly cpuStatFile: string | undefined
  readonly memoryPeakFile: string | undefined
  readonly oomFile: string | undefined
  /** The text that sets the quota. */
  quotaText(us: number | undefined): string
}

type Controller = 'cpu' | 'memory' | 'pids' | 'unified'
const OURS = /^windtunnel-(\d+)$/

/** Looks for hierarchies in which groups can really be made. */
export function findGroups(pid: number): Groups {
  const places = hierarchies(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
  )
  const usable = new Map<Controller, Hierarchy>()
  for (const [controller, folder] of places.v1) {
    const found = claim(folder, pid)
    if (found !== undefined) usable.set(controller, found)
  }
  const unified = places.v2 === undefined ? undefined : claimUnified(places.v2, pid)
  const inV2 = new Set(unified?.controllers ?? [])
  if (unified !== undefined) usable.set('unified', unified.hierarchy)
  const version = (controller: 'cpu' | 'memory'): 'v1' | 'v2' | undefined => {
    if (inV2.has(controller)) return 'v2'
    return usable.has(controller) ? 'v1' : undefined
  }
  return {
    cpu: version('cpu'),
    memory: version('memory'),
    freeze: unified !== undefined,
    bases: [...usable.values()].map(({ base }) => base),
    plan: (name, limits) => planOf(usable, inV2, name, limits.memoryBytes),
    remove: () => {
      for (const { base } of usable.values()) removeTree(base)
    },
  }
}

/** Mount points and our own path in each hierarchy. Exported for its test. */
export function hierarchies(
  mountinfo: string,
  own: string,
): { readonly v1: ReadonlyMap<Controller, string>; readonly v2: string | undefined } {
  const paths = new Map<string, string>()
  for (const line of own.split('\n')) {
    const [, controllers = '', ...path] = line.split(':')
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'))
  }
  const v1 = new Map<Controller, string>()
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
function claim(folder: string, pid: number): Hierarchy | undefined {
  const base = join(folder, `windtunnel-${pid}`)
  try {
    sweep(folder)
    mkdirSync(base, { recursive: true })
    return { base, home: join(folder, 'cgroup.procs') }
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
): { readonly hierarchy: Hierarchy; readonly controllers: readonly string[] } | undefined {
  const hierarchy = claim(folder, pid)
  if (hierarchy === undefined) return undefined
  const available = new Set(readFileSync(join(folder, 'cgroup.controllers'), 'latin1').trim().split(' '))
  const wanted = ['cpu', 'memory', 'pids'].filter((controller) => available.has(controller))
  if (wanted.length === 0) return { hierarchy, controllers: [] }
  const order = wanted.map((controller) => `+${controller}`).join(' ')
  try {
    const home = moveHome(folder, hierarchy)
    writeFileSync(join(folder, 'cgroup.subtree_control'), order)
    writeFileSync(join(hierarchy.base, 'cgroup.subtree_control'), order)
    return { hierarchy: { ...hierarchy, home }, controllers: wanted }
  } catch {
    return { hierarchy, controllers: [] } // freezing works without controllers
  }
}

/** Moves the processes of our own group into a leaf beside the environments; the root group may keep its own. */
function moveHome(folder: string, hierarchy: Hierarchy): string {
  const isRootGroup = !readdirSync(folder).includes('cgroup.type')
  if (isRootGroup) return hierarchy.home
  const leaf = join(hierarchy.base, 'platform')
  mkdirSync(leaf, { recursive: true })
  const home = join(leaf, 'cgroup.procs')
  for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'latin1').trim().split('\n')) {
    if (pid !== '') writeFileSync(home, pid)
  }
  return home
}

function planOf(
  usable: ReadonlyMap<Controller, Hierarchy>,
  inV2: ReadonlySet<string>,
  name: string,
  memoryBytes: number,
): GroupPlan {
  const at = (controller: Controller): string | undefined => {
    const base = usable.get(controller)?.base
    return base === undefined ? undefined : join(base, name)
  }
  const unified = at('unified')
  const cpu = inV2.has('cpu') ? undefined : at('cpu')
  const memory = inV2.has('memory') ? undefined : at('memory')
  const pids = inV2.has('pids') ? undefined : at('pids')
  const folders = [unified, cpu, memory, pids].filter((folder) => folder !== undefined)
  const write: (readonly [string, string])[] = []
  if (cpu !== undefined) write.push([join(cpu, 'cpu.cfs_period_us'), `${PERIOD_US}`])
  if (memory !== undefined) write.push([join(memory, 'memory.limit_in_bytes'), `${memoryBytes}`])
  if (pids !== undefined) write.push([join(pids, 'pids.max'), `${PROCESSES_MAX}`])
  if (unified !== undefined && inV2.has('memory')) {
    write.push([join(unified, 'memory.max'), `${memoryBytes}`], [join(unified, 'memory.oom.group'), '1'])
  }
  if (unified !== undefined && inV2.has('pids')) write.push([join(unified, 'pids.max'), `${PROCESSES_MAX}`])
  const homes = [...usable].filter(([controller]) => controller === 'unified' || !inV2.has(controller))
  const file = (folder: string | undefined, leaf: string): string | undefined =>
    folder === undefined ? undefined : join(folder, leaf)
  const v2Cpu = inV2.has('cpu')
  const v2Memory = inV2.has('memory') ? unified : undefined
  return {
    order: {
      make: folders,
      write,
      join: folders.map((folder) => join(folder, 'cgroup.procs')),
      leave: homes.map(([, hierarchy]) => hierarchy.home),
      kill: unified === undefined ? [] : [join(unified, 'cgroup.kill')],
    },
    quotaFile: v2Cpu ? file(unified, 'cpu.max') : file(cpu, 'cpu.cfs_quota_us'),
    freezeFile: file(unified, 'cgroup.freeze'),
    cpuUsageFile: file(unified, 'cpu.stat'),
    cpuStatFile: v2Cpu ? file(unified, 'cpu.stat') : file(cpu, 'cpu.stat'),
    memoryPeakFile: file(v2Memory, 'memory.peak') ?? file(memory, 'memory.max_usage_in_bytes'),
    oomFile: file(v2Memory, 'memory.events') ?? file(memory, 'memory.oom_control'),
    quotaText: (us) => (v2Cpu ? `${us ?? 'max'} ${PERIOD_US}` : `${us ?? UNLIMITED}`),
  }
}
