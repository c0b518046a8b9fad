import assert from 'node:assert/strict'
import { test } from 'node:test'
import { credentialsOf, signedHeaders } from '#cli/signing.ts'
import { present } from '#base/assert.ts'
import { claimOf, isSigned, sha256, unsignedHeaders } from '#engines/sigv4/sigv4.ts'

const ACCOUNT = '000000000000'
const ROOT = { accessKeyId: ACCOUNT, secret: 'test', token: undefined }

test('credentialsOf() takes the environment’s keys when they are whole and of the account, else the root’s', () => {
  const of = (keyId: string, secret?: string, token?: string): ReturnType<typeof credentialsOf> =>
    credentialsOf(
      { AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token },
      ACCOUNT,
    )
  assert.deepEqual(credentialsOf({}, ACCOUNT), ROOT)
  assert.deepEqual(of('test'), ROOT)
  assert.deepEqual(of('', 'secret'), ROOT)
  assert.deepEqual(of('test', 'secret', ''), { accessKeyId: 'test', secret: 'secret', token: undefined })
  assert.equal(of('test', 'secret', 'token').token, 'token')
  assert.deepEqual(of('AKIAIOSFODNN7EXAMPLE', 'secret'), ROOT, 'it carries another account')
  const named = credentialsOf({ AWS_ACCESS_KEY_ID: '111122223333' }, '111122223333')
  assert.deepEqual(named, { ...ROOT, accessKeyId: '111122223333' })
})

test('signedHeaders() signs the host, the body and all of AWS’s headers, and replaces a signature', () => {
  const url = 'http://127.0.0.1:4566/2015-03-31/functions/arn%3Aaws%3Ax/invocations?Qualifier=a%20b'
  const credentials = { accessKeyId: 'test', secret: 'secret', token: 'token' }
  const outgoing = {
    method: 'POST',
    url,
    headers: { 'X-Amz-Log-Type': 'Tail', Authorization: 'AWS4-HMAC-SHA256 none', 'x-own': '1' },
    body: 'wind',
  }
  const at = new Date('2026-11-25T03:04:05.678Z')
  const headers = signedHeaders(outgoing, { credentials, region: 'us-east-1', service: 'lambda', at })
  const { pathname, search, host } = new URL(url)
  const request = {
    method: 'POST',
    path: pathname,
    query: search.slice(1),
    headers: { ...headers, host, 'user-agent': 'node' },
  }
  const claim = present(claimOf(request), 'a signature')
  assert.deepEqual(claim.signedHeaders, ['host', 'x-amz-date', 'x-amz-log-type', 'x-amz-security-token'])
  assert.deepEqual([claim.timestamp, claim.token, headers['x-own']], ['20261125T030405Z', 'token', '1'])
  assert.deepEqual(unsignedHeaders(request, claim), [])
  const good = { request, claim, secret: 'secret', payloadHash: sha256('wind') }
  assert.equal(isSigned(good), true)
  assert.equal(isSigned({ ...good, payloadHash: sha256('tide') }), false)
  assert.equal(isSigned({ ...good, secret: 'other' }), false)
})

test('signedHeaders() tells S3 what stands for the body', () => {
  const of = (headers: Readonly<Record<string, string>>): string | undefined =>
    signedHeaders(
      { method: 'PUT', url: 'http://127.0.0.1:4566/bucket/key', headers, body: new Uint8Array([1]) },
      { credentials: ROOT, region: 'us-east-1', service: 's3', at: new Date(0) },
    )['x-amz-content-sha256']
  assert.equal(of({}), sha256(new Uint8Array([1])))
  assert.equal(of({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), 'UNSIGNED-PAYLOAD')
})
