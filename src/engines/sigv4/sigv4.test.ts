import assert from 'node:assert/strict'
import { test } from 'node:test'
import { present } from '#base/assert.ts'
import {
  type SignedRequest,
  claimOf,
  isSigned,
  sha256,
  signatureOf,
  unsignedHeaders,
} from '#engines/sigv4/sigv4.ts'

const EMPTY = sha256('')

/** The examples of AWS's signature test suite: one key, one scope. */
const suite = (more: Partial<SignedRequest>, signedHeaders = 'host;x-amz-date'): SignedRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  ...more,
  headers: {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=00`,
    ...more.headers,
  },
})

const signed = (request: SignedRequest, secret: string, payloadHash = EMPTY): string =>
  signatureOf({ request, claim: present(claimOf(request), 'a signature'), secret, payloadHash })

const SUITE = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const S3 = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

test('signatureOf() gives the signatures of AWS’s test suite', () => {
  const cases: readonly (readonly [Partial<SignedRequest>, string])[] = [
    [{}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      { query: 'Param2=value2&Param1=value1' },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [{ method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [{ path: '/example/..' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [{ path: '/./' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ]
  for (const [more, expected] of cases)
    assert.equal(signed(suite(more), SUITE), expected, JSON.stringify(more))
})

test('signatureOf() gives S3’s documented signature of a GET with a range', () => {
  const request: SignedRequest = {
    method: 'GET',
    path: '/test.txt',
    query: '',
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    },
  }
  const claim = present(claimOf(request), 'a signature')
  assert.equal(isSigned({ request, claim, secret: S3, payloadHash: EMPTY }), true)
  assert.equal(isSigned({ request, claim, secret: `${S3}x`, payloadHash: EMPTY }), false)
  const changed = { ...request, path: '/other.txt' }
  assert.equal(isSigned({ request: changed, claim, secret: S3, payloadHash: EMPTY }), false)
  const cut = { ...claim, signature: claim.signature.slice(0, 10) }
  assert.equal(isSigned({ request, claim: cut, secret: S3, payloadHash: EMPTY }), false)
})

test('signatureOf() gives S3’s documented signature of a presigned GET', () => {
  const request: SignedRequest = {
    method: 'GET',
    path: '/test.txt',
    query:
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    headers: { host: 'examplebucket.s3.amazonaws.com' },
  }
  const claim = present(claimOf(request), 'a signature')
  assert.deepEqual(
    [claim.presigned, claim.accessKeyId, claim.expiresSeconds],
    [true, 'AKIAIOSFODNN7EXAMPLE', 86_400],
  )
  assert.equal(isSigned({ request, claim, secret: S3, payloadHash: 'UNSIGNED-PAYLOAD' }), true)
})

test('claimOf() finds nothing in requests that are unsigned, incomplete or signed otherwise', () => {
  const bare = { method: 'GET', path: '/', query: '', headers: {} }
  assert.equal(claimOf(bare), undefined)
  for (const authorization of [
    'Bearer x',
    'AWS key:signature',
    'AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=1',
    'AWS4-HMAC-SHA256 Credential=k/20150830/us-east-1/s/aws4_request, SignedHeaders=host',
  ])
    assert.equal(claimOf({ ...bare, headers: { authorization, 'x-amz-date': 'x' } }), undefined)
})

test('unsignedHeaders() finds AWS’s headers that are not under the signature', () => {
  const request = suite({ headers: { 'x-amz-target': 'A.B', 'user-agent': 'x' } })
  const claim = present(claimOf(request), 'a signature')
  assert.deepEqual(unsignedHeaders(request, claim), ['x-amz-target'])
  assert.deepEqual(unsignedHeaders(suite({}), claim), [])
})
