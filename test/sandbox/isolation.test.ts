/** Attacks from inside a function: on files, processes, limits and neighbours. Each has to end with the function alone. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const runtime = 'nodejs22.x'
async function environment(
  source: string,
  more: Partial<ConstructorParameters<typeof FakeEnvironment>[1]> = {},
): Promise<FakeEnvironment> {
  return new FakeEnvironment(host.sandboxes, {
    runtime,
    code: await staged(host.sandboxes, { 'index.js': source }),
    ...more,
  })
}

const modes = (): ReturnType<Opened['sandboxes']['modes']> => host.sandboxes.modes()

test("a function sees neither the data directory nor another function's code, /tmp or processes", async (t) => {
  if (modes().isolation !== 'namespaces') return t.skip('no namespaces on this machine')
  writeFileSync(join(host.folder, 'secret'), 'secret', { mode: 0o644 })
  const neighbour = await environment(
    `require('fs').writeFileSync('/tmp/mine', '1'); exports.handler = async () => process.pid`,
  )
  await neighbour.invoke({})
  const made = await environment(`
const fs = require('fs')
const tried = (f) => { try { return f() } catch (e) { return e.code } }
exports.handler = async (e) => ({
  data: tried(() => fs.readFileSync(e.folder + '/secret', 'utf8')),
  code: tried(() => fs.readdirSync(e.folder + '/code')),
  task: tried(() => fs.writeFileSync('/var/task/x', '1')),
  runtime: tried(() => fs.writeFileSync('/var/runtime/index.cjs', '1')),
  home: tried(() => fs.readdirSync('/root')),
  shadow: tried(() => fs.readFileSync('/etc/shadow', 'utf8')),
  tmp: fs.readdirSync('/tmp'),
  pids: fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)).length,
  kill: tried(() => process.kill(1, 'SIGKILL')),
})`)
  const seen = JSON.parse((await made.invoke({ folder: host.folder })).body) as Record<string, unknown>
  assert.deepEqual(
    { ...seen, pids: Number(seen['pids']) <= 3, kill: [true, 'EPERM'].includes(seen['kill'] as never) },
    {
      data: 'ENOENT',
      code: 'ENOENT',
      task: 'EROFS',
      runtime: 'EROFS',
      home: 'ENOENT',
      shadow: 'ENOENT',
      tmp: [],
      pids: true,
      kill: true, // refused, or ignored by the first process
    },
  )
  assert.equal((await neighbour.invoke({})).kind, 'response')
  await Promise.all([made.sandbox.destroy(0), neighbour.sandbox.destroy(0)])
})

test('a function inherits no descriptor but its input and output', async () => {
  const made = await environment(`
const { spawnSync } = require('child_process')
exports.handler = async () => spawnSync('/bin/sh', ['-c', 'ls /proc/self/fd | wc -l'], { encoding: 'utf8' }).stdout.trim()`)
  assert.equal((await made.invoke({})).body, '"4"') // ls has its folder open
  await made.sandbox.destroy(0)
})

test('memory beyond the limit ends the function, told apart from other kills', async (t) => {
  if (modes().memory === 'none') return t.skip('no memory limit on this machine')
  const made = await environment(
    `exports.handler = async () => { const kept = []; for (;;) { kept.push(Buffer.alloc(8 << 20, 1)); await null } }`,
    { memoryMb: 128 },
  )
  assert.equal((await made.invoke({})).kind, 'exit')
  assert.equal(made.exit?.signal, 'SIGKILL')
  assert.equal(made.exit?.oomKilled, true)
  assert.ok(made.sandbox.usage().peakMemoryBytes > 110 * 1_048_576)
  await made.sandbox.destroy(0)
})

test('/tmp ends at its size and is not charged to memory', async (t) => {
  if (modes().tmp !== 'image') return t.skip('/tmp is a plain folder on this machine')
  const made = await environment(
    `
const fs = require('fs')
exports.handler = async (e) => {
  const fd = fs.openSync('/tmp/big', 'w'); let written = 0
  try { for (; written < e.mb; written += 4) fs.writeSync(fd, Buffer.alloc(4 << 20, 1)) } catch (error) { return [error.code, written] } finally { fs.closeSync(fd) }
  return ['ok', written]
}`,
    { memoryMb: 128, tmpMb: 512 },
  )
  assert.equal((await made.invoke({ mb: 300 })).body, '["ok",300]')
  assert.ok(made.sandbox.usage().tmpBytes >= 300 * 1_048_576)
  const [code, written] = JSON.parse((await made.invoke({ mb: 900 })).body) as [string, number]
  assert.equal(code, 'ENOSPC')
  assert.ok(written >= 500 && written <= 524, `${written} MB were written`)
  await made.sandbox.destroy(0)
})

test('a fork bomb is contained and ends with its environment', async () => {
  const made = await environment(
    `
const { spawn } = require('child_process')
exports.handler = async () => {
  spawn('/bin/sh', ['-c', 'b() { b & b & wait; }; b'], { detached: true, stdio: 'ignore' }).unref()
  await new Promise((r) => setTimeout(r, 300))
}`,
    { memoryMb: 256 },
  )
  void made.invoke({})
  await new Promise((resolve) => setTimeout(resolve, 600))
  const begun = performance.now()
  await made.sandbox.destroy(0)
  assert.ok(performance.now() - begun < 10_000)
  const after = await environment('exports.handler = async () => 1')
  assert.equal((await after.invoke({})).body, '1')
  await after.sandbox.destroy(0)
})

test("a function's variables do not reach the programs that shut it in", async () => {
  const made = await environment(
    `exports.handler = async () => process.env.LD_PRELOAD + ' ' + process.getuid()`,
    {
      environment: { LD_PRELOAD: '/var/task/evil.so', NODE_OPTIONS: '', BASH_ENV: '/var/task/x' },
    },
  )
  assert.match((await made.invoke({})).body, /^"\/var\/task\/evil\.so \d+"$/)
  await made.sandbox.destroy(0)
})

test('CPU time follows memory', { skip: process.env['SLOW'] === '1' ? false : 'set SLOW=1' }, async (t) => {
  if (modes().cpu === 'none') return t.skip('no CPU shares on this machine')
  const source = `exports.handler = async () => { const t = process.cpuUsage(); const s = Date.now(); while (process.cpuUsage(t).user < 60_000); return Date.now() - s }`
  const tookMs = async (memoryMb: number): Promise<number> => {
    const made = await environment(source, { memoryMb })
    await made.idle()
    made.sandbox.cpu('proportional')
    const took = Number((await made.invoke({})).body)
    if (memoryMb < 1_769) assert.ok(made.sandbox.usage().throttledMs > 0)
    await made.sandbox.destroy(0)
    return took
  }
  // least times by the law, less the share of the first period; a busy machine only makes them longer
  const leastMs = (memoryMb: number): number => ((60 * 1_769) / memoryMb) * 0.75
  for (const memoryMb of [128, 512]) {
    const took = await tookMs(memoryMb)
    assert.ok(took > leastMs(memoryMb), `60 ms of work at ${memoryMb} MB took ${took} ms`)
  }
})
