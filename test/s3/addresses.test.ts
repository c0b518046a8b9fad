/** Ways to reach an object that are in no model or beside it: presigned addresses, posted forms, buckets in host names. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { element, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => {
  on = await platform()
  assert.equal((await rest(on, 's3 PUT /photos')).status, 200)
})
after(async () => void (await on.stop()))

const PRESIGNED =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential=000000000000%2F20990101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20990101T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0'

test('a presigned address carries metadata, tags and checksums in its query', async () => {
  const put = await send(on, {
    method: 'PUT',
    path: `/photos/presigned?${PRESIGNED}&x-amz-meta-color=dark%20red&x-amz-tagging=a%3D1&x-amz-sdk-checksum-algorithm=CRC32`,
    body: 'hello',
  })
  assert.equal(put.status, 200, put.body)
  assert.equal(put.headers['x-amz-checksum-crc32'], 'NhCmhg==')
  const head = await rest(on, 's3 HEAD /photos/presigned')
  assert.equal(head.headers['x-amz-meta-color'], 'dark red')
  assert.equal(head.headers['x-amz-tagging-count'], '1')
  const wrong = await send(on, {
    method: 'PUT',
    path: `/photos/presigned?${PRESIGNED}&x-amz-checksum-crc32=AAAAAA%3D%3D`,
    body: 'hello',
  })
  assert.deepEqual([wrong.status, element(wrong, 'Code')], [400, 'BadDigest'])
})

test('a page may post a form', async () => {
  const lines = [
    '--b',
    'Content-Disposition: form-data; name="key"',
    '',
    'forms/${filename}',
    '--b',
    'Content-Disposition: form-data; name="success_action_status"',
    '',
    '201',
    '--b',
    'Content-Disposition: form-data; name="file"; filename="me.txt"',
    '',
    'hello',
    '--b--',
    '',
  ]
  const posted = await send(on, {
    path: '/photos',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: lines.join('\r\n'),
  })
  assert.equal(posted.status, 201, posted.body)
  assert.equal(element(posted, 'Key'), 'forms/me.txt')
  assert.equal((await rest(on, 's3 GET /photos/forms/me.txt')).body, 'hello')
  const missing = await send(on, {
    path: '/nowhere',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: lines.join('\r\n'),
  })
  assert.deepEqual([missing.status, element(missing, 'Code')], [404, 'NoSuchBucket'])
})

test('a bucket may stand in the host name, as AWS has it and as SDKs make it of localhost', async () => {
  await rest(on, 's3 PUT /photos/k', 'hello')
  for (const host of [
    'photos.s3.us-east-1.amazonaws.com',
    'photos.s3.localhost:4566',
    'photos.localhost:4566',
  ]) {
    const got = await send(on, { method: 'GET', path: '/k', service: 's3', headers: { host } })
    assert.deepEqual([got.status, got.body], [200, 'hello'], host)
  }
})
