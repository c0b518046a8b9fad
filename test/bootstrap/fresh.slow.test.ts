/** A fresh clone on a machine with an old Node and npm: the first start installs, the second starts at once. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { environment, freshClone, noNode, noRegistry, temporaryFolder } from './machine.ts'

const skip = noNode('old') || noRegistry()
const VERSION = ['node', 'bin/windtunnel.mjs', '--version']
const MINUTE_MS = 60_000

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly told: string
}

function begun(
  argv: readonly string[],
  cwd: string,
  env: Record<string, string>,
): { child: ChildProcess; ended: Promise<Ended>; told(): string } {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 3 * MINUTE_MS })
  let out = ''
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, told })))
  return { child, ended, told: () => told }
}

async function until(holds: () => boolean): Promise<void> {
  const limit = performance.now() + MINUTE_MS
  while (!holds()) {
    assert.ok(performance.now() < limit, 'it took longer than a minute')
    await delay(5)
  }
}

const times = (text: string, word: RegExp): number => [...text.matchAll(word)].length

test(
  'the first npm start installs packages and Node, and says so; the second starts at once',
  { skip },
  async () => {
    using clone = freshClone()
    using cache = temporaryFolder('cache')
    const env = environment('old', cache.path)
    const first = await begun(['npm', 'start', '--silent', '--', '--help'], clone.path, env).ended
    assert.equal(first.code, 0, first.told)
    assert.match(first.out, /windtunnel up/)
    assert.match(first.told, /^installing \d+ packages \(npm ci\), once\ninstalled packages in .* s$/m)
    assert.match(first.told, /^fetching Node\.js 24\..*\nNode\.js 24\..* is ready$/m)
    const test = await begun(['npm', 'test', '--silent', '--', '--list'], clone.path, env).ended
    assert.equal(test.code, 0, test.told)
    const at = performance.now()
    const second = spawnSync('node', VERSION.slice(1), { cwd: clone.path, env, encoding: 'utf8' })
    const tookMs = performance.now() - at
    assert.deepEqual({ status: second.status, stderr: second.stderr }, { status: 0, stderr: '' })
    assert.ok(tookMs < 1_000, `${tookMs} ms`)
  },
)

test('four starts at once install once and fetch once', { skip }, async () => {
  using clone = freshClone()
  using cache = temporaryFolder('cache')
  const env = environment('old', cache.path)
  const all = await Promise.all([1, 2, 3, 4].map(async () => await begun(VERSION, clone.path, env).ended))
  for (const { code, out, told } of all) {
    assert.equal(code, 0, told)
    assert.match(out, /^\d+\.\d+\.\d+\n$/)
  }
  const told = all.map((one) => one.told).join('')
  assert.equal(times(told, /^installing /gm), 1, told)
  assert.equal(times(told, /^fetching /gm), 1, told)
  assert.deepEqual(
    readdirSync(join(cache.path, 'installs')).concat(
      readdirSync(join(cache.path, 'node')).filter((name) => name.startsWith('.')),
    ),
    [],
    'no lock, note or stage stays',
  )
})

test('kill -9 in the middle of npm ci: the next start installs', { skip }, async () => {
  using clone = freshClone()
  using cache = temporaryFolder('cache')
  const env = environment('old', cache.path)
  const killed = begun(VERSION, clone.path, env)
  await until(() => existsSync(join(clone.path, 'node_modules')))
  killed.child.kill('SIGKILL')
  const next = await begun(VERSION, clone.path, env).ended
  assert.equal(next.code, 0, next.told)
  assert.match(next.told, /^installed packages in /m)
  await killed.ended
})

test('kill -9 in the middle of the fetch: the next start fetches', { skip }, async () => {
  using clone = freshClone()
  using cache = temporaryFolder('cache')
  const env = environment('old', cache.path)
  const killed = begun(VERSION, clone.path, env)
  await until(() => killed.told().includes('fetching'))
  await delay(200) // into the download; wherever it hits, the next start must work
  killed.child.kill('SIGKILL')
  const next = await begun(VERSION, clone.path, env).ended
  assert.equal(next.code, 0, next.told)
  assert.match(next.told, /^Node\.js 24\..* is ready$/m)
  await killed.ended
  assert.deepEqual(
    readdirSync(join(cache.path, 'node')).filter((name) => name.startsWith('.')),
    [],
  )
})

test('TERM in the middle of npm ci ends npm too', { skip }, async () => {
  using clone = freshClone()
  using cache = temporaryFolder('cache')
  const env = environment('old', cache.path)
  const stopped = begun(VERSION, clone.path, env)
  await until(() => existsSync(join(clone.path, 'node_modules')))
  stopped.child.kill('SIGTERM')
  assert.equal((await stopped.ended).code, 143)
  assert.deepEqual(readdirSync(join(cache.path, 'installs')), [])
  assert.equal((await begun(VERSION, clone.path, env).ended).code, 0)
})
