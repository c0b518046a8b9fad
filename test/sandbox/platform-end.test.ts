/** However the platform ends, its functions end with it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PLATFORM = fileURLToPath(new URL('./platform.ts', import.meta.url))
/** Of this run alone: others may run the same tests beside it. */
const MARK = `windtunnel-end-${process.pid}`

function marked(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })
}

for (const level of ['best', 'process'] as const) {
  // how long ending takes is the machine's affair, that everything ends is ours: the test's own limit is the deadline
  test(`functions end when the platform is killed (${level})`, { timeout: 60_000 }, async () => {
    const mark = `${MARK}-${level}.`
    const platform = spawn(process.execPath, [PLATFORM, level, mark], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise<void>((resolve) => platform.once('exit', () => resolve()))
    const folder = await new Promise<string>((resolve, reject) => {
      platform.stdout.once('data', (line) => resolve(String(line).trim()))
      void exited.then(() => reject(new Error('the platform ended before it was ready')))
    })
    assert.ok(marked(mark).length >= 2, 'the functions are there')
    platform.kill('SIGKILL')
    await exited
    const remains = (): string[] => [
      ...marked(mark),
      ...readdirSync(tmpdir()).filter((name) => name.startsWith(`windtunnel-${platform.pid ?? 0}-`)),
      ...groupsOf(platform.pid ?? 0),
    ]
    while (remains().length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    rmSync(folder, { recursive: true, force: true })
  })
}

/** Its groups of both versions, where the hierarchies are mounted. */
function groupsOf(pid: number): string[] {
  const folders = ['unified', 'memory', 'cpu', 'pids', '.'].map(
    (name) => `/sys/fs/cgroup/${name}/windtunnel-${pid}`,
  )
  return folders.filter((folder) => existsSync(folder))
}
