/** Objects over time on a whole platform: lifecycle rules, locks and restores by AWS's XML, on a clock that is moved, and over a crash. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { element, errorOf, rest } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const HOUR_MS = 3_600_000

async function advance(on: Platform, ms: number): Promise<void> {
  const answer = await fetch(`${on.url}/_windtunnel/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'advance', ms }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

const xml = (name: string, inside: string): string =>
  `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</${name}>`

const rule = (id: string, inside: string): string =>
  `<Rule><ID>${id}</ID><Status>Enabled</Status>${inside}</Rule>`

async function configure(on: Platform, rules: string): Promise<void> {
  const put = await rest(on, 's3 PUT /things?lifecycle', xml('LifecycleConfiguration', rules))
  assert.equal(put.status, 200, put.body)
}

/** Its status, when it has become that. */
async function become(on: Platform, key: string, status: number): Promise<void> {
  const cut = AbortSignal.timeout(30_000)
  while ((await rest(on, `s3 HEAD /things/${key}`)).status !== status) cut.throwIfAborted()
}

test('rules expire and move objects as days pass, and a restore brings an archived one back', async (t) => {
  const on = await platform(['--memory', '--virtual-time'])
  t.after(() => on.stop())
  assert.equal((await rest(on, 's3 PUT /things')).status, 200)
  await configure(
    on,
    rule('gone', '<Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>2</Days></Expiration>') +
      rule(
        'cold',
        '<Filter><And><Prefix>arc</Prefix><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></And></Filter>' +
          '<Transition><Days>0</Days><StorageClass>GLACIER</StorageClass></Transition>',
      ),
  )
  const shown = await rest(on, 's3 GET /things?lifecycle')
  assert.equal(element(shown, 'ObjectSizeGreaterThan'), '1')
  assert.equal(shown.headers['x-amz-transition-default-minimum-object-size'], 'all_storage_classes_128K')
  const put = await rest(on, 's3 PUT /things/tmp/a', 'hello')
  assert.match(String(put.headers['x-amz-expiration']), /^expiry-date="[^"]+ 00:00:00 GMT", rule-id="gone"$/)
  await rest(on, 's3 PUT /things/archive', 'hello')
  await advance(on, 24 * HOUR_MS)
  await become(on, 'tmp/a', 200)
  await advance(on, 48 * HOUR_MS)
  await become(on, 'tmp/a', 404)
  assert.equal(errorOf(await rest(on, 's3 GET /things/archive')).code, 'InvalidObjectState')
  const request = xml('RestoreRequest', '<Days>1</Days>')
  assert.equal((await rest(on, 's3 POST /things/archive?restore', request)).status, 202)
  const head = await rest(on, 's3 HEAD /things/archive')
  assert.equal(head.headers['x-amz-restore'], 'ongoing-request="true"')
  await advance(on, 5 * HOUR_MS)
  assert.equal((await rest(on, 's3 GET /things/archive')).body, 'hello')
  assert.equal((await rest(on, 's3 POST /things/archive?restore', request)).status, 200)
})

test('a locked version outlives a crash and refuses its deletion until its time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-s3-lock-'))
  const on = await platform(['--data', folder])
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const locking = { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }
  assert.equal((await rest(on, 's3 PUT /things', undefined, locking)).status, 200)
  const until = new Date(Date.now() + 24 * HOUR_MS).toISOString()
  const put = await rest(on, 's3 PUT /things/k', 'hello', {
    headers: { 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': until },
  })
  assert.equal(put.status, 200, put.body)
  const version = String(put.headers['x-amz-version-id'])
  await on.kill()
  const next = await platform(['--data', folder])
  t.after(() => next.stop())
  const gone = errorOf(await rest(next, `s3 DELETE /things/k?versionId=${version}`))
  assert.deepEqual(gone, {
    status: 403,
    code: 'AccessDenied',
    message: 'Access Denied because object protected by object lock.',
  })
  const retention = await rest(next, 's3 GET /things/k?retention')
  assert.deepEqual(
    [element(retention, 'Mode'), Date.parse(element(retention, 'RetainUntilDate') ?? '')],
    ['COMPLIANCE', Date.parse(until)],
  )
  const suspended = xml('VersioningConfiguration', '<Status>Suspended</Status>')
  assert.equal(errorOf(await rest(next, 's3 PUT /things?versioning', suspended)).code, 'InvalidBucketState')
})
