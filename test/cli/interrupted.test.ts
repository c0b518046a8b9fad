/** Ctrl-C and TERM half-way: what was measured until then is shown, said to be partial, and the exit code is the signal's. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Ran, run, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'
import { application } from './application.ts'
import { type Stop, signalled } from './signalled.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-interrupted-'))
  application(folder)
  on = await platform()
  const deployed = await windtunnel(['deploy', folder, '--stack', 'app', '--endpoint', on.url])
  assert.equal(deployed.code, 0, deployed.err)
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

const FLYING = /flying \[.* [1-9]\d* of /
const stop = async (words: readonly string[], when: RegExp, signal: Stop['signal']): Promise<Ran> =>
  await signalled([...words], { when, signal, cwd: folder })

test('fly prints the partial report and ends with 130 at Ctrl-C', async () => {
  const { code, out, err } = await stop(['fly', 'long.yaml'], FLYING, 'SIGINT')
  assert.equal(code, 130, err)
  assert.match(out, /PARTIAL: stopped early/)
  assert.match(out, /Stopped early: \d+ of 1,\d+ planned requests/)
  assert.match(err, /^saved as /m)
  assert.doesNotMatch(out, /_windtunnel\//)
})

test('load prints the partial report and ends with 143 at TERM; the platform stays', async () => {
  const { code, out } = await stop(['load', 'long.yaml', '--endpoint', on.url], FLYING, 'SIGTERM')
  assert.equal(code, 143)
  assert.match(out, /PARTIAL: stopped early/)
  assert.ok(on.alive())
})

test('tune shows the sizes that were flown, says so, and gives the memory back', async () => {
  const words = ['tune', 'Hello', '--memory', '128,256', '--seconds', '1', '--endpoint', on.url]
  const { code, out, err } = await stop(words, /256 MB \(2 of 2\)/, 'SIGINT')
  assert.equal(code, 130)
  assert.match(out, /Partial: stopped early, 1 of 2 flights/)
  assert.match(err, /has its 256 MB again/)
})

test('a signal before the first request is told as such, and nothing is saved', async () => {
  const before = existsSync(join(folder, '.windtunnel', 'flights'))
    ? readdirSync(join(folder, '.windtunnel', 'flights')).length
    : 0
  const { code, out, err } = await stop(['fly', 'long.yaml'], /CREATE_IN_PROGRESS/, 'SIGTERM')
  assert.deepEqual({ code, out: out.includes('flew') }, { code: 143, out: false })
  assert.match(err, /error {2}Stopped by TERM\.\n {2}in {3}before the first request.*\n {2}next /)
  assert.equal(readdirSync(join(folder, '.windtunnel', 'flights')).length, before)
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const noMake = (await run('make', ['--version'])).code === 0 ? false : 'there is no make here'

test('a build is ended with the deployment, and what it does is said', { skip: noMake }, async () => {
  const place = join(folder, 'slow')
  mkdirSync(place)
  writeFileSync(join(place, 'Makefile'), 'build-Slow:\n\techo $$$$ > pid; sleep 60; true\n')
  writeFileSync(
    join(place, 'template.yaml'),
    `Transform: AWS::Serverless-2016-10-31
Resources:
  Slow:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: makefile }
    Properties: { CodeUri: ., Handler: bootstrap, Runtime: provided.al2023 }
`,
  )
  const { code, err } = await stop(
    ['deploy', 'slow', '--endpoint', on.url],
    /with make build-Slow, 5 s$/m,
    'SIGTERM',
  )
  assert.equal(code, 143, err)
  assert.match(err, /error {2}Stopped by TERM\.\n {2}in {3}the deployment of slow/)
  const pid = Number(readFileSync(join(place, 'pid'), 'utf8'))
  for (let tries = 0; isThere(pid); tries++) {
    assert.ok(tries < 100, `the build's process ${pid} is still there`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
})

test('logs --follow ends clean at Ctrl-C: it is how following ends', async () => {
  await windtunnel(['invoke', 'Hello', '--endpoint', on.url])
  const { code } = await stop(['logs', 'Hello', '--follow', '--endpoint', on.url], /REPORT/, 'SIGINT')
  assert.equal(code, 0)
})

test('up ends clean at Ctrl-C and at TERM', async () => {
  const up = ['up', '--memory', '--port', '0']
  assert.equal((await stop(up, /ready in/, 'SIGINT')).code, 0)
  assert.equal((await stop(up, /ready in/, 'SIGTERM')).code, 0)
})
