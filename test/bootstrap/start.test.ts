/** What the bootstrap itself does and costs where the packages are there already: no network is used. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  environment,
  filledCache,
  freshClone,
  installedClone,
  noClone,
  noNode,
  temporaryFolder,
} from './machine.ts'

const clone = noClone === false ? installedClone() : undefined
const cache = filledCache()
after(() => {
  clone?.[Symbol.dispose]()
  cache[Symbol.dispose]()
})

const VERSION = /^\d+\.\d+\.\d+\n$/

function said(
  argv: readonly string[],
  env: Record<string, string>,
  cwd = clone?.path ?? '',
): SpawnSyncReturns<string> {
  const [program = '', ...args] = argv
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 60_000 })
}

for (const host of ['old', 'new'] as const) {
  const skip = noNode(host)
  test(
    `npm start -- reaches the command line without a word of the bootstrap (${host} Node)`,
    { skip },
    () => {
      const env = environment(host, cache.path)
      const { status, stdout, stderr } = said(['npm', 'start', '--silent', '--', '--version'], env)
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
      assert.match(stdout, VERSION)
      assert.match(said(['npm', 'start', '--silent', '--', '--help'], env).stdout, /windtunnel up/)
      assert.equal(said(['npm', 'start', '--silent', '--', 'pu'], env).status, 2)
    },
  )

  test(`npm test -- --list names the steps and the files (${host} Node)`, { skip }, () => {
    const { status, stdout } = said(
      ['npm', 'test', '--silent', '--', '--list'],
      environment(host, cache.path),
    )
    assert.equal(status, 0)
    assert.match(stdout, /^types .*\nlint /)
    assert.match(stdout, /^test\/bootstrap\/start\.test\.ts$/m)
  })

  test(`the bootstrap costs less than a third of a second (${host} Node)`, { skip }, () => {
    const env = environment(host, cache.path)
    // The real clock: the promise is about it. The best of several, because other tests run beside this one.
    const best = (argv: readonly string[]): number =>
      Math.min(
        ...Array.from({ length: 8 }, () => {
          const begun = performance.now()
          assert.equal(said(argv, env).status, 0)
          return performance.now() - begun
        }),
      )
    const floor = best(['node', '-e', '0'])
    const ours = best(['node', 'bin/windtunnel.mjs', '--version'])
    console.log(`${host} Node: --version ${ours.toFixed(0)} ms, node -e 0 ${floor.toFixed(0)} ms`)
    assert.ok(ours - floor < 333, `${ours} ms over ${floor} ms`)
  })
}

const NOWHERE = { npm_config_registry: 'http://127.0.0.1:9/' }

test('without packages and without a network three lines say so', { skip: noNode('new') }, () => {
  using bare = freshClone()
  using npm = temporaryFolder('npm')
  const env = environment('new', cache.path, { ...NOWHERE, npm_config_cache: npm.path })
  const { status, stdout, stderr } = said(['node', 'bin/windtunnel.mjs', '--version'], env, bare.path)
  assert.deepEqual({ status, stdout }, { status: 3, stdout: '' })
  const [begun, ...lines] = stderr.trimEnd().split('\n')
  assert.match(begun ?? '', /^installing \d+ packages \(npm ci\), once$/)
  assert.equal(lines.length, 3, stderr)
  assert.match(lines[0] ?? '', /^error {2}npm could not install the packages: .*ECONNREFUSED/)
  assert.match(lines[1] ?? '', /^ {2}in {3}.*package-lock\.json$/)
  assert.match(lines[2] ?? '', /^ {2}next Check the network/)
  const asJson = said(['node', 'bin/windtunnel.mjs', 'up', '--json'], env, bare.path)
  assert.match(asJson.stdout, /^\{"error":\{"message":"npm could not install.*"remedy":".*"\}\}\n$/)
})

test('without Node 24 and without a network three lines say so', { skip: noNode('old') }, () => {
  using empty = temporaryFolder('cache')
  using npm = temporaryFolder('npm')
  const env = environment('old', empty.path, { ...NOWHERE, npm_config_cache: npm.path })
  const { status, stdout, stderr } = said(['node', 'bin/windtunnel.mjs', '--version'], env)
  assert.deepEqual({ status, stdout }, { status: 3, stdout: '' })
  const lines = stderr.trimEnd().split('\n').slice(-3)
  assert.match(lines[0] ?? '', /^error {2}npm could not bring node-.*ECONNREFUSED/)
  assert.match(lines[1] ?? '', /^ {2}in {3}Node\.js 2\d\..* is older than 24/)
  assert.match(lines[2] ?? '', /^ {2}next \S/)
})

test('a cache folder that cannot be written is named', { skip: noNode('old') }, () => {
  using folder = temporaryFolder('cache')
  const notOne = join(folder.path, 'file')
  writeFileSync(notOne, '')
  const env = environment('old', notOne)
  const { status, stderr } = said(['node', 'bin/windtunnel.mjs', '--version'], env)
  assert.equal(status, 3, stderr)
  assert.match(stderr, /^error {2}/m)
  assert.ok(stderr.includes(notOne), stderr)
})
