/** The life of a sandbox: freeze and thaw, restart, kill, shutdown, what its process prints, and how its end is told. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

let host: Opened
before(async () => (host = await opened({ maxOutputBytesPerSecond: 262_144 })))
after(() => host.close())

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
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

test('freeze() stops timers and thaw() lets them go on', async () => {
  const made = await environment(`
let ticks = 0, gap = 0, last = Date.now()
setInterval(() => { ticks++; gap = Math.max(gap, Date.now() - last); last = Date.now() }, 5)
exports.handler = async () => ({ ticks, gap })`)
  await made.invoke({})
  made.sandbox.freeze()
  made.sandbox.freeze()
  await wait(400)
  const frozenCpuMs = made.sandbox.usage().cpuMs
  await wait(100)
  assert.ok(made.sandbox.usage().cpuMs - frozenCpuMs < 1, 'a frozen environment uses no CPU')
  made.sandbox.thaw()
  await wait(30)
  const { gap } = JSON.parse((await made.invoke({})).body) as { gap: number }
  assert.ok(gap >= 400, `the longest gap between ticks was ${gap} ms`)
  await made.sandbox.destroy(0)
})

test('kill() ends a frozen environment, and restart() keeps /tmp but not memory', async () => {
  const made = await environment(`
const fs = require('fs'); let count = 0
exports.handler = async () => { count++; fs.appendFileSync('/tmp/log', 'x'); return [count, fs.readFileSync('/tmp/log', 'utf8')] }`)
  await made.invoke({})
  assert.equal((await made.invoke({})).body, '[2,"xx"]')
  made.sandbox.freeze()
  made.sandbox.kill()
  assert.equal((await made.gone()).signal, 'SIGKILL')
  assert.equal(made.exit?.oomKilled, false)
  made.exit = undefined
  made.sandbox.restart()
  assert.equal((await made.invoke({})).body, '[1,"xxx"]')
  assert.ok(made.sandbox.usage().tmpBytes > 0)
  await made.sandbox.destroy(0)
})

test('destroy() lets the function see SIGTERM, and ends one that ignores it after the grace', async () => {
  const polite = await environment(
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); exports.handler = async () => 1`,
  )
  await polite.invoke({})
  polite.sandbox.freeze()
  await polite.sandbox.destroy(2_000)
  assert.match(polite.output, /bye/)
  assert.equal(polite.exit?.code, 0)
  const stubborn = await environment(
    `process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); exports.handler = async () => 1`,
  )
  await stubborn.invoke({})
  const begun = performance.now()
  await stubborn.sandbox.destroy(200)
  assert.match(stubborn.output, /no/)
  assert.equal(stubborn.exit?.signal, 'SIGKILL')
  assert.ok(performance.now() - begun >= 200)
})

test('a flood of output is bounded and counted, and the platform stays responsive', async () => {
  const made = await environment(
    `exports.handler = async () => { const line = 'x'.repeat(1023) + '\\n'; const end = Date.now() + 600; while (Date.now() < end) require('fs').writeSync(1, line) }`,
  )
  let stall = 0
  let last = performance.now()
  const watch = setInterval(() => {
    stall = Math.max(stall, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  await made.invoke({})
  clearInterval(watch)
  assert.ok(made.output.length < 262_144 * 4, `${made.output.length} bytes came through`)
  assert.ok(made.dropped > 262_144, `${made.dropped} bytes were dropped`)
  assert.ok(stall < 150, `the event loop stood still for ${stall} ms`)
  await made.sandbox.destroy(0)
})

test('output comes before the answer that followed it', async () => {
  const made = await environment(
    `exports.handler = async (e) => { process.stdout.write('a' + e.n + ';'); return 1 }`,
  )
  for (let n = 0; n < 50; n++) {
    await made.invoke({ n })
    assert.ok(made.output.endsWith(`a${n};`), `at ${n}: ${made.output.slice(-20)}`)
  }
  await made.sandbox.destroy(0)
})

test('a body beyond the limit is cut and said to be', async () => {
  let cut: boolean | undefined
  const made = await environment(`exports.handler = async () => 'x'.repeat(7_000_000)`, {
    onRequest: (request, reply) => {
      if (request.path.endsWith('/next')) {
        if (cut !== undefined) return
        reply({
          status: 200,
          headers: { 'Lambda-Runtime-Aws-Request-Id': 'a', 'Content-Type': 'application/json' },
          body: '{}',
        })
        return
      }
      cut = request.truncated
      assert.ok(request.body.length < 6_500_000)
      reply({ status: 413, headers: {}, body: '' })
      seen.resolve(undefined)
    },
  })
  const seen = Promise.withResolvers<undefined>()
  await seen.promise
  assert.equal(cut, true)
  await made.sandbox.destroy(0)
})

test('many environments start at once and all answer', async () => {
  const code = await staged(host.sandboxes, { 'index.js': 'exports.handler = async () => process.getuid()' })
  const made = Array.from({ length: 12 }, () => new FakeEnvironment(host.sandboxes, { runtime, code }))
  const users = await Promise.all(made.map((one) => one.invoke({}).then(({ body }) => body)))
  if (process.getuid?.() === 0) assert.equal(new Set(users).size, 12, 'each has a user of its own')
  await Promise.all(made.map((one) => one.sandbox.destroy(0)))
})

test('destroy() of an environment that is still being made, and clear(), leave nothing', async () => {
  const code = await staged(host.sandboxes, { 'index.js': 'exports.handler = async () => 1' })
  const early = new FakeEnvironment(host.sandboxes, { runtime, code })
  await early.sandbox.destroy(0)
  const others = Array.from({ length: 3 }, () => new FakeEnvironment(host.sandboxes, { runtime, code }))
  await others[0]?.idle()
  await host.sandboxes.clear()
  for (const one of others) assert.ok(one.exit !== undefined)
})

test("a wrapper script of a layer gets the runtime's command", async () => {
  const layer = await staged(
    host.sandboxes,
    { wrap: '#!/bin/sh\nexport WRAPPED="$1"\nexec "$@"\n' },
    0o100755,
  )
  const environment = { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap' }
  const code = await staged(host.sandboxes, {
    'index.js': 'exports.handler = async () => process.env.WRAPPED',
  })
  const made = new FakeEnvironment(host.sandboxes, { runtime, code, layers: [layer], environment })
  assert.equal((await made.invoke({})).body, '"/var/lang/bin/node"')
  const missing = new FakeEnvironment(host.sandboxes, { runtime, code, environment })
  assert.equal((await missing.gone()).code, 127)
  await Promise.all([made.sandbox.destroy(0), missing.sandbox.destroy(0)])
})

test('when the launcher is killed its environments are told, and the next ones get a new launcher', async () => {
  const errors: string[] = []
  const log = {
    error: (event: string) => errors.push(event),
    warn: () => {},
    info: () => {},
    debug: () => {},
  }
  const before = launchers()
  const other = await opened({ log })
  try {
    const code = await staged(other.sandboxes, { 'index.js': 'exports.handler = async () => process.ppid' })
    const made = new FakeEnvironment(other.sandboxes, { runtime, code })
    await made.invoke({})
    const [launcher] = launchers().difference(before)
    assert.ok(launcher !== undefined)
    process.kill(launcher, 'SIGKILL')
    assert.match((await made.gone()).trouble ?? '', /launcher process ended/)
    assert.deepEqual(errors, ['sandbox.launcher.ended'])
    // neither restarted nor ended by what the new launcher runs
    made.exit = undefined
    made.sandbox.restart()
    assert.match((await made.gone()).trouble ?? '', /launcher process ended/)
    const next = new FakeEnvironment(other.sandboxes, { runtime, code })
    assert.match((await next.invoke({})).body, /^\d+$/)
    await made.sandbox.destroy(0)
    assert.match((await next.invoke({})).body, /^\d+$/)
    await next.sandbox.destroy(0)
  } finally {
    await other.close()
  }
})

test('launchers that die again and again, at any moment, leave nobody waiting', async () => {
  const before = launchers()
  const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
  const other = await opened({ log: silent })
  try {
    const code = await staged(other.sandboxes, { 'index.js': 'exports.handler = async () => 1' })
    for (let round = 0; round < LAUNCHER_DEATHS; round++) {
      const made = Array.from({ length: 3 }, () => new FakeEnvironment(other.sandboxes, { runtime, code }))
      const answers = made.map((one) => one.invoke({}))
      await wait(Math.random() * 150)
      for (const pid of launchers().difference(before)) process.kill(pid, 'SIGKILL')
      for (const { kind } of await Promise.all(answers)) assert.match(kind, /^(response|exit)$/)
      await Promise.all(made.map((one) => one.sandbox.destroy(round % 2 === 0 ? 0 : 100)))
    }
    const last = new FakeEnvironment(other.sandboxes, { runtime, code })
    assert.equal((await last.invoke({})).body, '1')
    await last.sandbox.destroy(0)
  } finally {
    await other.close()
  }
  while (launchers().difference(before).size > 0) await wait(10) // the last one ends by itself
})

const LAUNCHER_DEATHS = Number(process.env['LAUNCHER_DEATHS'] ?? 5)
const launchers = (): Set<number> => new Set(readdirSync('/proc').filter(isOurLauncher).map(Number))

function isOurLauncher(pid: string): boolean {
  try {
    const [, ppid] = /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return (
      Number(ppid) === process.pid &&
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('launcher/main.mjs')
    )
  } catch {
    return false
  }
}
