import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectAddress } from '#services/cloudformation/template-source.ts'

test('objectAddress() reads path style, virtual hosts and s3 addresses', () => {
  const cases: readonly (readonly [address: string, bucket: string, key: string])[] = [
    ['http://127.0.0.1:4566/packages/app/one.template', 'packages', 'app/one.template'],
    ['http://localhost:4566/packages/one.template', 'packages', 'one.template'],
    ['https://s3.us-east-1.amazonaws.com/packages/one.template', 'packages', 'one.template'],
    ['https://s3.amazonaws.com/packages/one.template', 'packages', 'one.template'],
    ['https://packages.s3.amazonaws.com/one.template', 'packages', 'one.template'],
    ['https://my.packages.s3.us-east-1.amazonaws.com/a/b', 'my.packages', 'a/b'],
    ['https://packages.s3.dualstack.us-east-1.amazonaws.com/a', 'packages', 'a'],
    ['https://packages.s3-eu-west-1.amazonaws.com/a', 'packages', 'a'],
    ['https://packages.s3.cn-north-1.amazonaws.com.cn/a', 'packages', 'a'],
    ['http://packages.s3.localhost:4566/a', 'packages', 'a'],
    ['http://packages.localhost:4566/a', 'packages', 'a'],
    ['s3://packages/a%20b/c', 'packages', 'a b/c'],
  ]
  for (const [address, bucket, key] of cases) {
    assert.deepEqual(objectAddress(address), { bucket, key, version: undefined }, address)
  }
})

test('objectAddress() takes the version from the query and leaves a broken escape as it is', () => {
  assert.deepEqual(objectAddress('http://localhost/packages/100%?a=1&versionId=V2#part'), {
    bucket: 'packages',
    key: '100%',
    version: 'V2',
  })
})

test('objectAddress() knows no bucket in other addresses', () => {
  for (const address of [
    'ftp://host/bucket/key',
    'template.yaml',
    'http://localhost',
    'http://localhost/key',
  ]) {
    assert.equal(objectAddress(address), undefined, address)
  }
})
