/** Machines with less: no bubblewrap, no namespaces, no control groups. The same functions run, limits hold roughly, and the modes say so. */
import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SandboxOptions } from '#host/sandbox/sandboxes.ts'
import { CACHE, FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

const isRoot = process.getuid?.() === 0
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function using(options: Partial<SandboxOptions>, run: (host: Opened) => Promise<void>): Promise<void> {
  const host = await opened(options)
  try {
    await run(host)
  } finally {
    await host.close()
  }
}

async function environment(host: Opened, source: string, memoryMb = 512): Promise<FakeEnvironment> {
  const code = await staged(host.sandboxes, { 'index.js': source })
  return new FakeEnvironment(host.sandboxes, { runtime: 'nodejs22.x', code, memoryMb })
}

test("without namespaces a function runs as a process, with the machine's paths and its own user", async () => {
  await using({ level: 'process' }, async (host) => {
    assert.equal(host.sandboxes.modes().isolation, 'process')
    assert.ok(host.sandboxes.modes().notes.some((note) => note.includes('plain processes')))
    const made = await environment(
      host,
      `exports.handler = async () => ({ root: process.env.LAMBDA_TASK_ROOT, file: __filename, tmp: require('os').tmpdir() })`,
    )
    const seen = JSON.parse((await made.invoke({})).body) as Record<string, string>
    assert.ok(seen['root']?.startsWith(host.folder))
    assert.equal(seen['file'], `${seen['root']}/index.js`)
    assert.ok(seen['tmp']?.startsWith(host.folder))
    const exits = await environment(
      host,
      `exports.handler = async () => { require('child_process').spawn('sleep', ['1000'], { detached: true }); process.exit(9) }`,
    )
    assert.equal((await exits.invoke({})).kind, 'exit')
    assert.equal(exits.exit?.code, 9)
    await Promise.all([made.sandbox.destroy(0), exits.sandbox.destroy(0)])
  })
})

test(
  'without namespaces a function of root has a user of its own, although data and cache are closed to others',
  { skip: isRoot ? false : 'needs root' },
  async () => {
    const closed = mkdtempSync(join(tmpdir(), 'wt-closed-'))
    const [folder, cacheFolder] = [join(closed, 'data'), join(closed, 'cache')]
    cpSync(join(CACHE, 'node'), join(cacheFolder, 'node'), { recursive: true })
    mkdirSync(folder)
    chmodSync(closed, 0o700)
    try {
      await using({ level: 'process', folder, cacheFolder }, async (host) => {
        const source = `const fs = require('fs'); fs.writeFileSync(require('os').tmpdir() + '/x', '1')
exports.handler = async (e) => { try { fs.readdirSync(e) } catch (error) { return [process.getuid() > 1000, error.code] } }`
        const made = await environment(host, source)
        assert.equal((await made.invoke(closed)).body, '[true,"EACCES"]', made.output)
        await made.sandbox.destroy(0)
      })
    } finally {
      rmSync(closed, { recursive: true, force: true })
    }
  },
)

test(
  'as root without bubblewrap, unshare and chroot shut a function in',
  { skip: isRoot ? false : 'needs root' },
  async (t) => {
    await using({ level: 'unshare-root' }, async (host) => {
      if (host.sandboxes.modes().isolation !== 'namespaces') return t.skip('unshare does not work here')
      const made = await environment(
        host,
        `
const fs = require('fs')
const tried = (f) => { try { return f() } catch (e) { return e.code } }
exports.handler = async (e) => [__filename, tried(() => fs.readdirSync(e)), tried(() => fs.writeFileSync('/var/task/x', '')), tried(() => fs.writeFileSync('/tmp/x', '1')), process.getuid() > 1000]`,
      )
      const { body } = await made.invoke(host.folder)
      assert.equal(body, '["/var/task/index.js","ENOENT","EROFS",null,true]', made.output)
      made.sandbox.freeze()
      await made.sandbox.destroy(1_000)
      assert.ok(made.exit !== undefined)
    })
  },
)

/** The launcher stops it when it comes to it. */
async function stopped(made: FakeEnvironment): Promise<void> {
  for (let before = -1, now = 0; now !== before;) {
    before = now
    await wait(60)
    now = made.sandbox.usage().cpuMs
  }
}

test('without control groups freezing, CPU shares and memory limits still hold roughly', async () => {
  await using({ useGroups: false }, async (host) => {
    const { cpu, memory, freeze } = host.sandboxes.modes()
    assert.deepEqual([cpu, memory, freeze], ['governor', 'polling', 'signals'])
    const made = await environment(
      host,
      `
let gap = 0, last = Date.now()
setInterval(() => { gap = Math.max(gap, Date.now() - last); last = Date.now() }, 5)
const busy = () => { const t = process.cpuUsage(), s = Date.now(); while (process.cpuUsage(t).user < 60_000); return Date.now() - s }
exports.handler = async (e) => (e.busy ? busy() : gap)`,
      256,
    )
    await made.invoke({})
    made.sandbox.freeze()
    await stopped(made)
    await wait(300)
    made.sandbox.thaw()
    await wait(30)
    const gap = Number((await made.invoke({})).body)
    assert.ok(gap >= 300, `it stood still for ${gap} ms`)
    made.sandbox.cpu('proportional')
    const tookMs = Number((await made.invoke({ busy: true })).body)
    assert.ok(tookMs > 200, `60 ms of work at 256 MB took ${tookMs} ms`)
    assert.ok(made.sandbox.usage().throttledMs > 0, 'it was held back') // a busy machine leaves less to hold back
    assert.ok(made.sandbox.usage().cpuMs > 60, 'its CPU time is known')
    await made.sandbox.destroy(0)
    const hungry = await environment(
      host,
      `exports.handler = async () => { const kept = []; for (;;) { kept.push(Buffer.alloc(4 << 20, 1)); await new Promise((r) => setTimeout(r, 4)) } }`,
      128,
    )
    assert.equal((await hungry.invoke({})).kind, 'exit')
    assert.equal(hungry.exit?.oomKilled, true)
    await hungry.sandbox.destroy(0)
  })
})
