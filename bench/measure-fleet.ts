/**
 * Much of everything: a thousand functions created, listed and described, and a thousand environments that idle; what
 * they take of memory and of a core while nothing happens. There is no floor for these but zero.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listAt, NODE_STAYS } from './code.ts'
import { type Beside, type Figure, type Row, type Settings, median } from './figure.ts'
import { Driver, headersOf, invocation, requestText } from './load.ts'
import { PlatformUnderTest, processTree, pssMb, until } from './platform.ts'

const NOTHING: Beside = { kind: 'skipped', name: 'floor', reason: 'there is none but zero' }
const AT_ONCE = 8
const STAYING = { memoryMb: 128, timeoutSeconds: 300 }
const IDLE_S = 10
/** /tmp images are made ahead while nothing happens; that is over by then. */
const SETTLE_MS = 5_000
/** Of /proc/PID/stat. */
const TICKS_PER_S = 100

const row = (figure: string, unit: string, ours: readonly number[], atMost?: number): Row => ({
  figure,
  unit,
  ours,
  beside: NOTHING,
  target: atMost === undefined ? undefined : { relation: 'alone', atMost },
})

async function functions(settings: Settings, count: number): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  try {
    const before = platform.memoryMb()
    const names = Array.from({ length: count }, (_, i) => `f${i}`)
    const took = await timed(async () => {
      const left = [...names]
      const worker = async (): Promise<void> => {
        for (let name = left.pop(); name !== undefined; name = left.pop())
          await platform.deploy({
            name,
            runtime: 'nodejs24.x',
            memoryMb: 128,
            files: { 'index.js': `exports.handler = async () => '${name}'\n` },
          })
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    })
    const listMs = await timed(async () => {
      const seen = await listed(platform)
      if (seen !== count) throw new Error(`${seen} of ${count} functions are listed`)
    })
    const describes: number[] = []
    for (const name of names.slice(0, 100))
      describes.push(await timed(async () => void (await get(platform, `/2015-03-31/functions/${name}`))))
    return [
      row(`${count} functions created`, 'ms each', [took / count]),
      row('memory that a function takes', 'KB', [(1_024 * (platform.memoryMb() - before)) / count]),
      row(`${count} functions listed`, 'ms', [listMs]),
      row(`GetFunction among ${count}`, 'ms', [median(describes)]),
    ]
  } finally {
    await platform.stop()
  }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return performance.now() - startedAt
}

async function get(platform: PlatformUnderTest, path: string): Promise<unknown> {
  const answer = await fetch(`${platform.url}${path}`, { headers: headersOf('lambda') })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
  return await answer.json()
}

/** How many functions all pages have together. */
async function listed(platform: PlatformUnderTest): Promise<number> {
  let seen = 0
  let marker = ''
  do {
    const page = await get(platform, `/2015-03-31/functions/?MaxItems=50${marker}`)
    const { items, next } = listAt(page, 'Functions', 'NextMarker')
    seen += items
    marker = next === '' ? '' : `&Marker=${encodeURIComponent(next)}`
  } while (marker !== '')
  return seen
}

async function environments(settings: Settings, node: number, custom: number): Promise<readonly Row[]> {
  const bootstrap = compiled(settings)
  const platform = await PlatformUnderTest.start(settings)
  const driver = new Driver()
  try {
    await platform.deploy({ name: 'node', runtime: 'nodejs24.x', ...STAYING, files: NODE_STAYS })
    await stay(platform, driver, 'node', node)
    if (bootstrap !== undefined) {
      const of = { name: 'custom', runtime: 'provided.al2023', ...STAYING, files: { bootstrap } }
      await platform.deploy(of)
      await stay(platform, driver, 'custom', custom)
    }
    const all = bootstrap === undefined ? node : node + custom
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    await until('all environments are frozen', async () => {
      const { items, frozen } = listAt(await platform.get('/_windtunnel/environments'), 'environments', '')
      return items === all && frozen === all
    })
    const tree = processTree(platform.pid)
    const memoryMb = tree.reduce((sum, pid) => sum + pssMb(pid), 0)
    const before = cpuS(tree)
    await new Promise((resolve) => setTimeout(resolve, IDLE_S * 1_000))
    const share = (100 * (cpuS(tree) - before)) / IDLE_S
    const what = `${all} idle environments (${node} Node.js${bootstrap === undefined ? '' : `, ${custom} compiled`})`
    return [row(`${what}: memory of all`, 'MB', [memoryMb]), row(`${what}: CPU`, '% of a core', [share], 3)]
  } finally {
    await Promise.all([driver.end(), platform.stop()])
  }
}

/** So many invokes at once, each of which stays until the last one has begun. */
async function stay(platform: PlatformUnderTest, driver: Driver, name: string, count: number): Promise<void> {
  const { port } = platform
  const body = JSON.stringify({ until: Date.now() + 3_000 + 40 * count })
  const request = requestText(invocation(name, body), port)
  await driver.run({ port, request, connections: count, most: 1 })
}

/** Undefined where there is no compiler. */
function compiled(settings: Settings): Uint8Array | undefined {
  const out = join(settings.scratch, 'stays')
  try {
    execFileSync('cc', ['-O1', '-D_GNU_SOURCE', '-o', out, join(settings.root, 'bench/stays.c')])
  } catch {
    settings.step('no C compiler: Node.js environments alone')
    return undefined
  }
  return readFileSync(out)
}

/** Of processes, in seconds. */
function cpuS(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const fields = statOf(pid)
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  return ticks / TICKS_PER_S
}

/** What follows a process's name; nothing of one that has ended meanwhile. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const { quick } = settings
  return [
    ...(await functions(settings, quick ? 20 : 1_000)),
    ...(await environments(settings, quick ? 4 : 200, quick ? 6 : 800)),
  ]
}

export const fleet: Figure = { name: 'fleet', measure }
