/** Packages that attack, and packages as people make them. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Stage } from '#host/sandbox/stage.ts'
import { type ZipFile, zipOf } from './fake-lambda.ts'

let folder = ''
let stage: Stage
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-stage-'))
  stage = new Stage(join(folder, 'code'))
  await stage.open()
})
after(() => rmSync(folder, { recursive: true }))

const MAX = 1_000_000

async function refused(files: readonly ZipFile[] | Uint8Array, max = MAX): Promise<string> {
  const before = readdirSync(stage.folder)
  const staging = await stage.add(files instanceof Uint8Array ? files : zipOf(files), max)
  assert.deepEqual(readdirSync(stage.folder), before, 'a refused package leaves nothing behind')
  return staging.kind === 'refused' ? staging.reason : 'staged'
}

test('stage() refuses what is no zip, is empty, or is cut', async () => {
  assert.equal(await refused(Buffer.from('hello')), 'not-a-zip')
  assert.equal(await refused(new Uint8Array(0)), 'not-a-zip')
  const whole = zipOf([{ name: 'a.js', text: 'a'.repeat(1_000) }])
  assert.equal(await refused(whole.subarray(0, whole.length - 10)), 'not-a-zip')
  const broken = Buffer.from(whole)
  broken.fill(0xff, 40, 44)
  assert.equal(await refused(broken), 'not-a-zip')
  assert.equal(await refused([]), 'empty')
  assert.equal(await refused([{ name: 'only/', text: '' }]), 'empty')
})

test('stage() refuses names that lead out of the folder, links, devices and encryption', async () => {
  for (const name of [
    '../evil',
    'a/../../evil',
    '/etc/passwd',
    'C:\\evil',
    'a\\..\\..\\b',
    'a\u0000b',
    '..',
    '',
  ]) {
    assert.equal(await refused([{ name, text: 'x' }]), 'unsafe-name', name)
  }
  assert.equal(await refused([{ name: 'link', text: '/etc/passwd', mode: 0o120777 }]), 'link')
  assert.equal(await refused([{ name: 'inner', text: 'index.js', mode: 0o120777 }]), 'link')
  assert.equal(await refused([{ name: 'pipe', text: '', mode: 0o010644 }]), 'unsafe-name')
  assert.equal(await refused([{ name: 'a', text: 'x', flags: 1 }]), 'encrypted')
})

test('stage() stops a bomb by its real bytes, whatever its header says', async () => {
  const bomb = [{ name: 'bomb', text: Buffer.alloc(50_000_000), claimedSize: 10 }]
  assert.equal(await refused(bomb), 'too-large')
  const many = Array.from({ length: 30 }, (_, n) => ({ name: `f${n}`, text: Buffer.alloc(50_000) }))
  assert.equal(await refused(many), 'too-large')
})

test('stage() refuses an entry that is a file and a folder', async () => {
  assert.equal(
    await refused([
      { name: 'a', text: 'x' },
      { name: 'a/b', text: 'y' },
    ]),
    'not-a-zip',
  )
})

test('stage() unpacks once, keeps exec bits, and tells hash and sizes', async () => {
  const zip = zipOf([
    { name: 'bin/', text: '' },
    { name: 'bin/run', text: '#!/bin/sh', mode: 0o100700 },
    { name: 'index.js', text: `require("@aws-sdk/client-s3")`, mode: 0o100600 },
    { name: 'node_modules/x/index.py', text: 'import boto3' },
  ])
  const [first, second] = await Promise.all([stage.add(zip, MAX), stage.add(zip, MAX)])
  assert.deepEqual(first, second)
  assert.ok(first.kind === 'staged')
  const hash = createHash('sha256').update(zip)
  assert.equal(first.code.sha256Base64, hash.copy().digest('base64'))
  assert.equal(first.code.id, hash.digest('hex'))
  assert.equal(first.code.packageBytes, zip.length)
  const path = stage.pathOf(first.code.id)
  assert.equal(first.code.unzippedBytes, 9 + 29 + 12)
  assert.equal(statSync(join(path, 'bin/run')).mode & 0o777, 0o755)
  assert.equal(statSync(join(path, 'index.js')).mode & 0o777, 0o644)
  assert.equal(readFileSync(join(path, 'bin/run'), 'utf8'), '#!/bin/sh')
  assert.deepEqual(await stage.traits(first.code.id), { mentionsAwsSdk: true, mentionsBoto: false })
  assert.equal(stage.has(first.code.id), true)
  assert.equal(stage.has('../code'), false)
})

test('merged() lays later layers over earlier ones', async () => {
  const layers = await Promise.all(
    [
      { 'a/x': '1', 'a/y': '1', b: '1' },
      { 'a/x': '2', 'b/c': '2' },
    ].map(async (files) => {
      const staging = await stage.add(
        zipOf(Object.entries(files).map(([name, text]) => ({ name, text }))),
        MAX,
      )
      assert.ok(staging.kind === 'staged')
      return staging.code
    }),
  )
  const merged = await stage.merged(layers)
  assert.deepEqual(
    ['a/x', 'a/y', 'b/c'].map((name) => readFileSync(join(merged, name), 'utf8')),
    ['2', '1', '2'],
  )
})
