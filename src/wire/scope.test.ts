import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromUtc } from '#base/time.ts'
import { bucketOfHost, bucketOfLocalHost, dataPlaneOfHost } from '#wire/hosts.ts'
import { scopeOf } from '#wire/scope.ts'

const at = fromUtc({ year: 2026, month: 11, day: 25, hour: 3, minute: 4, second: 5 })

test('scopeOf() reads the scope of a SigV4 header', () => {
  const scope = scopeOf(
    {
      authorization:
        'AWS4-HMAC-SHA256 Credential=123456789012/20261125/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=x',
      'x-amz-date': '20261125T030405Z',
    },
    '',
  )
  assert.deepEqual(scope, {
    version: 'v4',
    accessKeyId: '123456789012',
    date: '20261125',
    region: 'eu-west-1',
    service: 'lambda',
    presigned: false,
    at,
    expiresMs: undefined,
    expiresAt: undefined,
  })
})

test('scopeOf() reads presigned queries and when they end', () => {
  const scope = scopeOf(
    {},
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261125T030405Z&X-Amz-Expires=900&X-Amz-Signature=x',
  )
  assert.equal(scope?.presigned, true)
  assert.equal(scope?.service, 's3')
  assert.equal(scope?.at, at)
  assert.equal(scope?.expiresAt, at + 900_000)
})

test('scopeOf() reads SigV4A, which has no region, and SigV2', () => {
  const asymmetric = scopeOf(
    { authorization: 'AWS4-ECDSA-P256-SHA256 Credential=AK/20261125/events/aws4_request, Signature=x' },
    '',
  )
  assert.deepEqual([asymmetric?.version, asymmetric?.service, asymmetric?.region], ['v4a', 'events', ''])
  assert.deepEqual(scopeOf({ authorization: 'AWS AK:sig' }, '')?.accessKeyId, 'AK')
  assert.equal(scopeOf({}, 'AWSAccessKeyId=AK&Expires=10&Signature=s')?.expiresAt, 10_000)
})

test('scopeOf() answers undefined for what is no signature, and never throws', () => {
  assert.equal(scopeOf({}, ''), undefined)
  assert.equal(scopeOf({ authorization: 'Bearer x' }, 'a=b'), undefined)
  assert.equal(scopeOf({ authorization: 'AWS4-HMAC-SHA256 Credential=a/b' }, ''), undefined)
  fc.assert(
    fc.property(fc.string(), fc.string(), (header, query) => {
      scopeOf({ authorization: `AWS4-${header}` }, `X-Amz-Credential=${query}`)
    }),
  )
})

test('bucketOfHost() reads virtual hosts of every spelling', () => {
  const cases: readonly (readonly [string, string | undefined, boolean])[] = [
    ['my.bucket.s3.amazonaws.com', 'my.bucket', false],
    ['b.s3.us-east-1.amazonaws.com', 'b', false],
    ['b.s3-eu-west-1.amazonaws.com', 'b', false],
    ['b.s3.localhost', 'b', false],
    ['b.s3-website.localhost', 'b', true],
    ['b.s3-website-us-east-1.amazonaws.com', 'b', true],
    ['s3.amazonaws.com', undefined, false],
    ['localhost', undefined, false],
    ['ec2-1-2-3-4.compute-1.amazonaws.com', undefined, false],
  ]
  for (const [host, bucket, isWebsite] of cases)
    assert.deepEqual(bucketOfHost(host), bucket === undefined ? undefined : { bucket, isWebsite }, host)
})

test('dataPlaneOfHost() reads ids of API and function hosts', () => {
  assert.deepEqual(dataPlaneOfHost('abc123.execute-api.localhost'), { kind: 'execute-api', id: 'abc123' })
  assert.deepEqual(dataPlaneOfHost('u1.lambda-url.us-east-1.localhost'), { kind: 'lambda-url', id: 'u1' })
  assert.equal(dataPlaneOfHost('execute-api.localhost'), undefined)
})

test('bucketOfLocalHost() reads what SDKs put before localhost, and leaves the names of S3 itself alone', () => {
  for (const [host, bucket] of [
    ['photos.localhost', 'photos'],
    ['my.photos.localhost', 'my.photos'],
    ['s3.localhost', undefined],
    ['photos.s3.localhost', undefined],
    ['s3.us-east-1.localhost', undefined],
    ['localhost', undefined],
    ['photos.example.com', undefined],
  ] as const)
    assert.equal(bucketOfLocalHost(host), bucket, host)
})
