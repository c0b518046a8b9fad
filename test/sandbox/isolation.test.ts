/** Attacks from inside a function: on files, processes, limits and neighbours. Each has to end with the function alone. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
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

/** Its sandboxes cannot give new rights to anybody. */
const usesBubblewrap =
  existsSync('/usr/bin/bwrap') && (process.env['WINDTUNNEL_TEST_LEVEL'] ?? 'best') === 'best'
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

test('a function has no rights of root, and cannot get any', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root')
  const made = await environment(
    `exports.handler = async () => require('fs').readFileSync('/proc/self/status', 'utf8').match(/^(Uid|Cap(Prm|Eff|Amb)|NoNewPrivs|Groups):.*$/gm).join(' ')`,
  )
  const status = JSON.parse((await made.invoke({})).body) as string
  const none = '0000000000000000'
  assert.match(status, /Uid:\t\d{10}\t/)
  assert.match(status, new RegExp(`CapPrm:\t${none} CapEff:\t${none} CapAmb:\t${none}`))
  if (usesBubblewrap) assert.match(status, /NoNewPrivs:\t1/)
  await made.sandbox.destroy(0)
})

test('variables with names that mean something to shells arrive as they are', async () => {
  const odd = {
    PWD: '/x',
    IFS: 'a',
    PS4: '$(id)',
    OPTIND: 'z',
    QUOTES: `it's "$HOME" \`id\` \n end`,
    EMPTY: '',
  }
  const made = await environment(
    `exports.handler = async (names) => Object.fromEntries(Object.entries(process.env).filter(([n]) => names.includes(n) || /^(SHLVL|OLDPWD|_)$/.test(n)))`,
    { environment: odd },
  )
  const seen = JSON.parse((await made.invoke(Object.keys(odd))).body) as Record<string, string>
  assert.deepEqual({ ...seen, PWD: '' }, { ...odd, PWD: '' }) // where it starts is the sandbox's to say
  const { PWD: _, IFS: _ifs, PS4: _ps4, OPTIND: _optind, ...plain } = odd
  const usual = await environment(
    `exports.handler = async () => Object.fromEntries(Object.entries(process.env).filter(([n]) => /^(QUOTES|EMPTY|SHLVL|OLDPWD|_)$/.test(n)))`,
    { environment: plain },
  )
  assert.deepEqual(JSON.parse((await usual.invoke({})).body), plain)
  await Promise.all([made.sandbox.destroy(0), usual.sandbox.destroy(0)])
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
  assert.equal((await made.invoke({ mb: 300 })).body, '["ok",300]', made.output)
  assert.ok(made.sandbox.usage().tmpBytes >= 300 * 1_048_576, made.output)
  const [code, written] = JSON.parse((await made.invoke({ mb: 900 })).body) as [string, number]
  assert.equal(code, 'ENOSPC', made.output)
  assert.ok(written >= 500 && written <= 524, `${written} MB were written`)
  await made.sandbox.destroy(0)
})

test('the highest memory is that of processes, not of files in /tmp, and begins anew with a restart', async (t) => {
  if (!modes().memory.startsWith('cgroup')) return t.skip('no group counts memory on this machine')
  const made = await environment(
    `
const { execFileSync } = require('child_process'); const fs = require('fs')
const filled = (mb) => execFileSync(process.execPath, ['-e', 'Buffer.alloc(' + mb + ' << 20, 1)'])
exports.handler = async (e) => {
if (e.file) { const fd = fs.openSync('/tmp/f', 'w'); const part = Buffer.alloc(4 << 20, 1); for (let i = 0; i < e.file; i += 4) fs.writeSync(fd, part); fs.closeSync(fd) }
  if (e.own) Buffer.alloc(e.own << 20, 1)
  if (e.child) filled(e.child)
}`,
    { memoryMb: 1_024, tmpMb: 512 },
  )
  const peakMb = async (event: object): Promise<number> => {
    await made.invoke(event)
    return made.sandbox.usage().peakMemoryBytes / 1_048_576
  }
  const before = await peakMb({})
  const written = await peakMb({ file: 300 })
  assert.ok(written < before + 40, `${before} MB, and ${written} after 300 MB of files`)
  const own = await peakMb({ own: 100 })
  assert.ok(own > before + 95 && own < before + 180, `${own} MB after 100 of its own`)
  const child = await peakMb({ child: 250 })
  assert.ok(child > before + 240, `${child} MB after a child had 250`)
  made.sandbox.kill()
  await made.gone()
  assert.ok(
    made.sandbox.usage().peakMemoryBytes >= child * 1_048_576,
    'what a process used is known after its end',
  )
  made.exit = undefined
  made.sandbox.restart()
  const again = await peakMb({})
  assert.ok(again < before + 20, `${again} MB after a restart`)
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
