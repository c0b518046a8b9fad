/** The packed tarball: made from a bare clone, it works without install scripts, and ends as a clone's platform does. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import {
  type HostNode,
  environment,
  filledCache,
  freshClone,
  noNode,
  noRegistry,
  temporaryFolder,
} from './machine.ts'
import { type Running, running } from './running.ts'

const skip = noNode('old') || noRegistry()
const folder = temporaryFolder('package')
const cache = filledCache()
const tarball = join(folder.path, 'x.tgz')
const user = join(folder.path, 'user')
mkdirSync(user)
after(() => {
  folder[Symbol.dispose]()
  cache[Symbol.dispose]()
})

interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function said(argv: readonly string[], cwd: string, host: HostNode = 'old'): Said {
  const [program = '', ...args] = argv
  const env = environment(host, cache.path)
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 180_000 })
}

function namesIn(tar: Uint8Array): string[] {
  const bytes = Buffer.from(tar)
  const names: string[] = []
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    names.push(bytes.toString('latin1', at, at + 100).replace(/\0.*$/s, ''))
    at += 512 + Math.ceil(parseInt(bytes.toString('latin1', at + 124, at + 136), 8) / 512) * 512
  }
  return names
}

test('npm pack builds the package from a bare clone', { skip }, () => {
  using clone = freshClone()
  const { status, stdout, stderr } = said(['npm', 'pack', '--silent'], clone.path)
  assert.equal(status, 0, stderr)
  const name = stdout.trim().split('\n').at(-1) ?? ''
  copyFileSync(join(clone.path, name), tarball)
  const names = namesIn(gunzipSync(readFileSync(tarball)))
  for (const wanted of [
    'bin/windtunnel.mjs',
    'bin/node-binaries.mjs',
    'dist/cli/entry.js',
    'dist/package.json',
    'dist/model/data/lambda.json',
    'dist/model/NOTICE',
    'dist/host/load/ticker-worker.js',
    'dist/host/store/checkpoint-worker.js',
    'runtimes/launcher/main.mjs',
    'runtimes/node/index.cjs',
    'runtimes/python/bootstrap.py',
    'console/dist/index.html',
    'examples/first/template.yaml',
    'LICENSE',
    'NOTICE',
  ])
    assert.ok(names.includes(`package/${wanted}`), `${wanted} is in the package`)
  assert.deepEqual(
    names.filter((file) => /\.tsx?$|\.test\.|\/fake-|^package\/(src|test|tools)\//.test(file)),
    [],
  )
})

const FORMS: Readonly<Record<string, readonly string[]>> = {
  'npx file:/abs/x.tgz': ['npx', '--yes', `file:${tarball}`],
  'npx ./x.tgz': ['npx', '--yes', './x.tgz'],
  'npx --package=/abs/x.tgz windtunnel': ['npx', '--yes', `--package=${tarball}`, 'windtunnel'],
}

for (const [form, argv] of Object.entries(FORMS)) {
  test(`${form} reaches the command line`, { skip }, () => {
    const { status, stdout, stderr } = said([...argv, '--version'], folder.path)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })
}

test('an ordinary install without install scripts reaches the command line', { skip }, () => {
  writeFileSync(join(user, 'package.json'), '{"private":true}')
  const installed = said(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], user)
  assert.equal(installed.status, 0, installed.stderr)
  assert.match(said(['npx', 'windtunnel', '--version'], user).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('the main job runs from the installed package', { skip }, () => {
  const { status, stdout, stderr } = said(
    ['npx', 'windtunnel', 'start', '--once', '--memory', '--port', '0'],
    user,
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /windtunnel .* ready in .* s/)
  assert.match(stdout, /GET \/node +\d+/)
})

const ENDINGS: Readonly<Record<string, (started: Running) => void>> = {
  TERM: ({ top }) => void top.kill('SIGTERM'),
  'Ctrl-C': ({ top }) => void process.kill(-(top.pid ?? 0), 'SIGINT'),
  'kill -9': ({ top }) => void top.kill('SIGKILL'),
}

for (const form of ['npx file:/abs/x.tgz', 'npx ./x.tgz']) {
  for (const [ending, end] of Object.entries(ENDINGS)) {
    for (const host of ['old', 'new'] as const) {
      test(`${ending} ends ${form} up and its functions (${host} Node)`, { skip }, async () => {
        const started = await running({
          argv: [...(FORMS[form] ?? []), 'up', '--memory', '--port', '0', '--json'],
          cwd: folder.path,
          env: environment(host, cache.path),
        })
        try {
          end(started)
          assert.deepEqual(await started.left(), [])
        } finally {
          started.end()
        }
      })
    }
  }
}
