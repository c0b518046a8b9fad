/** Functions that misbehave for long: an init that never ends, a fork bomb, gigabytes of output, a heap that grows. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { invoke, json, madeFunction } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
let calls = 0
before(async () => {
  on = await platform()
  await madeFunction(on, { name: 'neighbour', code: 'let n = 0; exports.handler = async () => ++n' })
})
after(async () => assert.equal(await on.stop(), 0))

async function neighbourUnharmed(): Promise<void> {
  assert.ok(on.alive())
  const begun = performance.now()
  assert.equal((await invoke(on, 'neighbour')).payload, String(++calls))
  assert.ok(performance.now() - begun < 5_000)
}

test('an init that never ends is cut at 10 s, tried again in the call, and ended at the timeout', async () => {
  await madeFunction(on, { name: 'endless', code: 'for (;;);', timeoutSeconds: 3 })
  const begun = performance.now()
  const answer = await invoke(on, 'endless')
  const tookMs = performance.now() - begun
  assert.equal(answer.functionError, 'Unhandled')
  assert.match(answer.payload, /Task timed out after 3\.00 seconds/)
  assert.ok(tookMs > 12_500 && tookMs < 30_000, `it took ${tookMs} ms`)
  const phases = (await logLines('/aws/lambda/endless')).filter((line) => line.startsWith('INIT_REPORT'))
  assert.match(phases[0] ?? '', /Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout/)
  assert.match(phases[1] ?? '', /Init Duration: \d{4}\.\d\d ms\tPhase: invoke\tStatus: timeout/)
  await neighbourUnharmed()
})

test('an init that is slow the first time only serves its call from the second try', async () => {
  const code = `
const fs = require('fs')
if (!fs.existsSync('/tmp/tried')) { fs.writeFileSync('/tmp/tried', '1'); for (;;); }
exports.handler = async () => 'second init'`
  await madeFunction(on, { name: 'slow-once', code, timeoutSeconds: 5 })
  assert.equal((await invoke(on, 'slow-once')).payload, '"second init"')
  await neighbourUnharmed()
})

async function logLines(group: string): Promise<string[]> {
  for (;;) {
    const answer = await json(on, 'logs.FilterLogEvents', { logGroupName: group })
    const found = (JSON.parse(answer.body) as { events?: { message: string }[] }).events ?? []
    // lines are written a moment after the answer
    if (found.some(({ message }) => message.startsWith('REPORT'))) return found.map(({ message }) => message)
    await new Promise((resume) => setTimeout(resume, 20))
  }
}

const processesOf = (mark: string): number =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  }).length

test('a fork bomb stays in its function, and nothing of it is left after the timeout', async () => {
  const mark = `bomb-${process.pid}`
  const code = `
const { spawn } = require('child_process')
exports.handler = async () => {
  spawn('/bin/sh', ['-c', 'b() { b & b & wait; }; b'], { detached: true, stdio: 'ignore' }).unref()
  await new Promise((r) => setTimeout(r, 60_000))
}`
  await madeFunction(on, { name: 'forks', code, timeoutSeconds: 5, variables: { MARK: mark } })
  const bomb = invoke(on, 'forks')
  await neighbourUnharmed()
  assert.match((await bomb).payload, /Task timed out after 5\.00 seconds|Runtime exited/)
  const deadline = performance.now() + 10_000
  while (processesOf(mark) > 0 && performance.now() < deadline) await new Promise((r) => setTimeout(r, 50))
  assert.equal(processesOf(mark), 0)
  await neighbourUnharmed()
})

test('a call that leaves processes behind does not slow the next ones', async () => {
  const code = `
const { spawn } = require('child_process')
exports.handler = async () => { for (let i = 0; i < 20; i++) spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref(); return 'left' }`
  await madeFunction(on, { name: 'leaves', code })
  for (let call = 0; call < 5; call++) assert.equal((await invoke(on, 'leaves')).payload, '"left"')
  await neighbourUnharmed()
})

test('gigabytes of output are bounded in time and in memory, and the neighbour is served meanwhile', async () => {
  const code = `
const fs = require('fs')
const megabyte = ('x'.repeat(1_023) + '\\n').repeat(1_024)
exports.handler = async () => { for (let i = 0; i < 4_096; i++) fs.writeSync(1, megabyte); return 'written' }`
  await madeFunction(on, { name: 'floods', code, timeoutSeconds: 10 })
  const flood = invoke(on, 'floods')
  for (let call = 0; call < 5; call++) await neighbourUnharmed()
  assert.equal((await flood).status, 200)
  const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${on.pid}/status`, 'utf8'))?.[1])
  assert.ok(resident < 600_000, `the platform holds ${resident} kB`)
})

test('one line of 64 MB without an end is cut into events, not kept', async () => {
  const code = `
const fs = require('fs')
const part = 'x'.repeat(1 << 20)
exports.handler = async () => { for (let i = 0; i < 64; i++) fs.writeSync(1, part); return 'written' }`
  await madeFunction(on, { name: 'one-line', code, timeoutSeconds: 60 })
  assert.equal((await invoke(on, 'one-line')).status, 200)
  await neighbourUnharmed()
})
