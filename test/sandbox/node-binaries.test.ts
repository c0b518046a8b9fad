/** Bringing binaries: once, whole, locked, and with words when it fails. The registry here is a folder of this test. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BinaryProblem, filledOnce, nodeBinary, npm, npmEnvironment } from '../../bin/node-binaries.mjs'
import { CACHE } from './fake-lambda.ts'

let folder = ''
before(() => (folder = mkdtempSync(join(tmpdir(), 'wt-binaries-'))))
after(() => rmSync(folder, { recursive: true }))

const quiet = (): void => {}
const MODULE = new URL('../../bin/node-binaries.mjs', import.meta.url).href

test('nodeBinary() gives a binary of the pinned version, at once the second time', async () => {
  const first = await nodeBinary(22, { cacheFolder: CACHE })
  const begun = performance.now()
  assert.deepEqual(
    await nodeBinary(22, { cacheFolder: CACHE, progress: () => assert.fail('nothing is fetched') }),
    first,
  )
  assert.ok(performance.now() - begun < 100)
  assert.match(first.version, /^22\./)
})

test('nodeBinary() says in words that a line is not pinned', async () => {
  await assert.rejects(nodeBinary(19, { cacheFolder: folder }), (error) => {
    assert.ok(error instanceof BinaryProblem)
    assert.match(error.message, /no pinned Node\.js 19/)
    assert.ok(error.remedy.length > 0)
    return true
  })
})

test('filledOnce() fills once for many processes at the same time', async () => {
  const target = join(folder, 'many', 'result')
  const log = join(folder, 'log')
  const script = `
    import { appendFileSync, writeFileSync } from 'node:fs'
    import { filledOnce } from ${JSON.stringify(MODULE)}
    await filledOnce(${JSON.stringify(target)}, () => {}, async (stage) => {
      appendFileSync(${JSON.stringify(log)}, 'x')
      await new Promise((resolve) => setTimeout(resolve, 200))
      writeFileSync(stage + '/file', 'whole')
    })`
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(
    children.map((child) => new Promise((resolve) => child.once('exit', resolve))),
  )
  assert.deepEqual(codes, [0, 0, 0, 0])
  assert.equal(readFileSync(log, 'utf8'), 'x')
  assert.equal(readFileSync(join(target, 'file'), 'utf8'), 'whole')
  assert.deepEqual(readdirSync(join(folder, 'many')), ['result'])
})

test("filledOnce() takes over a dead owner's lock and sweeps its stage", async () => {
  const parent = join(folder, 'dead')
  mkdirSync(join(parent, '.tmp-999999-abc'), { recursive: true })
  writeFileSync(join(parent, '.lock.result'), JSON.stringify({ pid: 999_999, host: hostname() }))
  await filledOnce(join(parent, 'result'), quiet, async (stage) => writeFileSync(join(stage, 'a'), '1'))
  assert.deepEqual(readdirSync(parent), ['result'])
})

test('filledOnce() leaves nothing when filling fails', async () => {
  const target = join(folder, 'fails', 'result')
  await assert.rejects(
    filledOnce(target, quiet, () => Promise.reject(new Error('no network'))),
    /no network/,
  )
  assert.equal(existsSync(target), false)
  assert.deepEqual(readdirSync(join(folder, 'fails')), [])
})

test("npm() tells npm's own reason and a remedy", async () => {
  await assert.rejects(npm(['pack', './is-not-here'], folder, 'is-not-here'), (error) => {
    assert.ok(error instanceof BinaryProblem)
    assert.match(error.message, /npm could not bring is-not-here:\n.*\S/s)
    return true
  })
})

test('npmEnvironment() drops what npm start set, but not how npm reaches its registry', () => {
  process.env['npm_lifecycle_event'] = 'start'
  process.env['npm_config_registry'] = 'http://127.0.0.1:1'
  process.env['npm_config_workspace'] = 'console'
  const kept = npmEnvironment()
  assert.equal(kept['npm_lifecycle_event'], undefined)
  assert.equal(kept['npm_config_workspace'], undefined)
  assert.equal(kept['npm_config_registry'], 'http://127.0.0.1:1')
  assert.equal(kept['PATH'], process.env['PATH'])
  for (const name of ['npm_lifecycle_event', 'npm_config_registry', 'npm_config_workspace'])
    delete process.env[name]
})
