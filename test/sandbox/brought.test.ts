/** What AWS's runtimes bring: the SDK for JavaScript and boto3, fetched at the first function that mentions them. */
import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { HostClock } from '#host/clock.ts'
import { probeMachine } from '#host/sandbox/machine.ts'
import { CACHE, FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

const skip = process.env['SLOW'] === '1' ? false : 'set SLOW=1: it fetches packages'
let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

test('functions find the AWS SDK v3 with require and with import', { skip }, async () => {
  const made = await Promise.all(
    [
      {
        'index.js': `const { S3Client } = require('@aws-sdk/client-s3'); exports.handler = async () => S3Client.name`,
      },
      {
        'index.mjs': `import { DynamoDBDocumentClient as D } from '@aws-sdk/lib-dynamodb'; export const handler = async () => D.name`,
      },
    ].map(
      async (files) =>
        new FakeEnvironment(host.sandboxes, {
          runtime: 'nodejs22.x',
          code: await staged(host.sandboxes, files),
        }),
    ),
  )
  const answers = await Promise.all(made.map((one) => one.invoke({})))
  assert.deepEqual(
    answers.map(({ body }) => body),
    ['"S3Client"', '"DynamoDBDocumentClient"'],
  )
  await Promise.all(made.map((one) => one.sandbox.destroy(0)))
})

test('functions find boto3', { skip }, async () => {
  const source =
    'import boto3\ndef handler(event, context):\n    return boto3.client("s3", region_name="us-east-1").meta.region_name'
  const made = new FakeEnvironment(host.sandboxes, {
    runtime: 'python3.12',
    code: await staged(host.sandboxes, { 'index.py': source }),
  })
  assert.equal((await made.invoke({})).body, '"us-east-1"', made.output)
  await made.sandbox.destroy(0)
})

test('without a network and a cache runtime() says in words what is missing, and code that mentions the SDK still starts', async () => {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'wt-cache-'))
  const before = process.env['npm_config_registry']
  process.env['npm_config_registry'] = 'http://127.0.0.1:1/'
  process.env['npm_config_cache'] = join(cacheFolder, 'npm')
  const offline = await opened({ cacheFolder })
  try {
    const missing = await offline.sandboxes.runtime('nodejs22.x')
    assert.ok(missing.kind === 'missing')
    assert.match(missing.reason, /npm could not bring node-/)
    assert.ok(missing.remedy.includes('network'))
    symlinkSync(join(CACHE, 'node'), join(cacheFolder, 'node-kept'))
    rmSync(join(cacheFolder, 'node'), { recursive: true, force: true })
    renameSync(join(cacheFolder, 'node-kept'), join(cacheFolder, 'node'))
    const code = await staged(offline.sandboxes, {
      'index.js': `exports.handler = async () => { try { require('@aws-sdk/client-s3') } catch (e) { return e.code } }`,
    })
    const made = new FakeEnvironment(offline.sandboxes, { runtime: 'nodejs22.x', code })
    assert.equal((await made.invoke({})).body, '"MODULE_NOT_FOUND"')
    assert.match(
      made.output,
      /^\[WARN\] windtunnel: the AWS SDK for JavaScript is not available: npm could not bring/,
    )
    await made.sandbox.destroy(0)
  } finally {
    await offline.close()
    rmSync(cacheFolder, { recursive: true, force: true })
    delete process.env['npm_config_cache']
    if (before === undefined) delete process.env['npm_config_registry']
    else process.env['npm_config_registry'] = before
  }
})

test('probeMachine() names every mode and runtime, and a remedy for each that is reduced or missing', async () => {
  const { facts, modes } = await probeMachine({
    cacheFolder: CACHE,
    clock: new HostClock({ virtual: false }),
  })
  assert.deepEqual(
    facts.slice(0, 5).map(({ name }) => name),
    ['isolation', 'cpu', 'memory', 'freeze', 'tmp'],
  )
  for (const fact of facts) assert.equal(fact.remedy === undefined, fact.level === 'full', fact.name)
  assert.ok(modes.notes.length > 0)
})
