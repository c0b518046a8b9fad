/** However the platform ends, its functions end with it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PLATFORM = fileURLToPath(new URL('./platform.ts', import.meta.url))
const MARK = 'windtunnel-end-mark'

function marked(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(MARK)
    } catch {
      return false
    }
  })
}

for (const level of ['best', 'process'] as const) {
  test(`functions end when the platform is killed (${level})`, async () => {
    const platform = spawn(process.execPath, [PLATFORM, level, MARK], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const folder = await new Promise<string>((resolve) =>
      platform.stdout.once('data', (line) => resolve(String(line).trim())),
    )
    assert.ok(marked().length >= 2, 'the functions are there')
    platform.kill('SIGKILL')
    await new Promise((resolve) => platform.once('exit', resolve))
    const group = `/sys/fs/cgroup/unified/windtunnel-${platform.pid ?? 0}`
    const remains = (): string[] => [
      ...marked(),
      ...readdirSync(tmpdir()).filter((name) => name.startsWith(`windtunnel-${platform.pid ?? 0}-`)),
      ...(existsSync(group) ? [group, ...readdirSync(group).filter((name) => /^b\d/.test(name))] : []),
    ]
    const deadline = performance.now() + 5_000
    while (remains().length > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20))
    rmSync(folder, { recursive: true, force: true })
    assert.deepEqual(remains(), [])
  })
}
