import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64, text, utf8 } from '#base/bytes.ts'
import type { Fault } from '#base/fault.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import { bodyOf, bytesOf, fakeCall, faultIn, type FakeS3, fakeS3 } from '#services/s3/fake-ports.ts'
import { boundaryOf, readForm } from '#services/s3/form-data.ts'
import { bucketOfPost, postObject, s3 } from '#services/s3/index.ts'

const call = fakeCall()
const { operations: op } = s3

const formOf = (fields: readonly (readonly [string, string])[], file?: string, boundary = 'XX'): string => {
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const last =
    file === undefined
      ? ''
      : `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="C:\\dir\\me.txt"\r\nContent-Type: text/plain\r\n\r\n${file}\r\n`
  return `${parts.join('')}${last}--${boundary}--\r\n`
}

const requestOf = (form: string, chunk = 7): HttpRequest => ({
  method: 'POST',
  path: '/bkt',
  query: '',
  headers: { 'content-type': 'multipart/form-data; boundary=XX' },
  rawHeaders: [],
  host: 'localhost',
  hostPort: 'localhost:4566',
  body: {
    length: form.length,
    collect: () => assert.fail('streamed'),
    stream: () => bodyOf(utf8(form), chunk),
  },
  remote: { address: '127.0.0.1', port: 1 },
})

async function world(): Promise<FakeS3> {
  const fake = fakeS3(memoryStores())
  await op.CreateBucket({ Bucket: 'bkt' }, fake.state, call)
  return fake
}

const post = ({ state }: FakeS3, form: string): Promise<HttpResponse> =>
  postObject(state, 'bkt', requestOf(form), call)

const policyOf = (
  conditions: readonly unknown[],
  expiration = '2030-01-01T00:00:00Z',
): readonly [string, string] => ['policy', base64(utf8(JSON.stringify({ expiration, conditions })))]

const header = (answer: HttpResponse, name: string): string | undefined =>
  answer.headers.find(([key]) => key.toLowerCase() === name)?.[1]

test('readForm() finds fields and file however the bytes are cut', async () => {
  const content = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '-', 'X', '\u00e9'), maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(content, content, fc.integer({ min: 1, max: 64 }), async (value, file, chunk) => {
      fc.pre(![value, file].some((one) => `${one}\r\n`.includes('\r\n--XX')))
      const form = formOf([['Name', value]], file)
      const read = await readForm(bodyOf(utf8(form), chunk), 'XX', {
        fieldsMax: 1_000,
        broken: () => new Error('broken'),
      })
      assert.equal(read?.fields.get('name'), value)
      assert.equal(read?.file?.name, 'me.txt')
      assert.equal(text(await bytesOf(read?.file?.body)), file)
    }),
  )
})

test('readForm() takes names without quotes, and refuses what is no form', async () => {
  const options = { fieldsMax: 10, broken: () => new Error('broken') }
  const plain = '--XX\r\nContent-Disposition: form-data; name=key\r\n\r\nk\r\n--XX--\r\n'
  assert.equal((await readForm(bodyOf(utf8(plain)), 'XX', options))?.fields.get('key'), 'k')
  assert.equal(await readForm(bodyOf(utf8('nothing')), 'XX', options), undefined)
  const large = formOf([['a', 'b'.repeat(20)]])
  assert.equal(await readForm(bodyOf(utf8(large)), 'XX', options), undefined)
  const cut = await readForm(bodyOf(utf8(formOf([], 'body').slice(0, -12))), 'XX', options)
  await assert.rejects(bytesOf(cut?.file?.body), /broken/)
  assert.equal(boundaryOf('multipart/form-data; charset=x; boundary="a b"'), 'a b')
  assert.equal(boundaryOf('application/json'), undefined)
})

test('postObject() stores the file under its key with the headers of the fields', async () => {
  const fake = await world()
  const answer = await post(
    fake,
    formOf(
      [
        ['key', 'up/${filename}'],
        ['Content-Type', 'text/html'],
        ['x-amz-meta-Color', 'red'],
        ['tagging', '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>'],
      ],
      'hello',
    ),
  )
  assert.deepEqual([answer.status, header(answer, 'etag')], [204, '"5d41402abc4b2a76b9719d911017c592"'])
  const object = await op.GetObject({ Bucket: 'bkt', Key: 'up/me.txt' }, fake.state, call)
  assert.equal(text(await bytesOf(object.Body)), 'hello')
  assert.deepEqual([object.ContentType, object.Metadata, object.TagCount], ['text/html', { color: 'red' }, 1])
  assert.equal(fake.usage.filter(({ dimension }) => dimension === 'putCopyPostList').length, 2)
})

test('postObject() answers as the form asks', async () => {
  const fake = await world()
  const created = await post(
    fake,
    formOf(
      [
        ['key', 'a&b'],
        ['success_action_status', '201'],
      ],
      'x',
    ),
  )
  assert.equal(created.status, 201)
  assert.match(
    typeof created.body === 'string' ? created.body : '',
    /<Bucket>bkt<\/Bucket><Key>a&amp;b<\/Key><ETag>&quot;/,
  )
  const sent = await post(
    fake,
    formOf(
      [
        ['key', 'k'],
        ['success_action_redirect', 'http://page/done'],
      ],
      'x',
    ),
  )
  assert.equal(sent.status, 303)
  assert.match(header(sent, 'location') ?? '', /^http:\/\/page\/done\?bucket=bkt&key=k&etag=%22/)
})

test('postObject() holds the policy, in AWS words', async () => {
  const fake = await world()
  const refused = async (fields: readonly (readonly [string, string])[], file = 'x'): Promise<Fault> =>
    faultIn(() => post(fake, formOf(fields, file)))
  const key = ['key', 'user/me'] as const
  const conditions = [{ bucket: 'bkt' }, ['starts-with', '$key', 'user/'], ['content-length-range', 2, 5]]
  assert.equal((await post(fake, formOf([key, policyOf(conditions)], 'four'))).status, 204)
  assert.equal((await refused([key, policyOf(conditions)], 'sixsix')).code, 'EntityTooLarge')
  assert.equal((await refused([key, policyOf(conditions)])).code, 'EntityTooSmall')
  const other = await refused([['key', 'mine'], policyOf(conditions)])
  assert.deepEqual(
    [other.status, other.message],
    [403, 'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "user/"]'],
  )
  const extra = await refused([key, ['acl', 'private'], policyOf(conditions)])
  assert.equal(extra.message, 'Invalid according to Policy: Extra input fields: acl')
  const late = await refused([key, policyOf(conditions, '2020-01-01T00:00:00.000Z')])
  assert.equal(late.message, 'Invalid according to Policy: Policy expired.')
  assert.equal((await refused([key, ['policy', 'no']])).code, 'InvalidPolicyDocument')
  assert.equal(fake.blobs.held.size, 0)
})

test('postObject() refuses forms without key, without file, and what is no form', async () => {
  const fake = await world()
  const noKey = await faultIn(() => post(fake, formOf([], 'x')))
  assert.deepEqual([noKey.code, noKey.members['ArgumentName']], ['InvalidArgument', 'key'])
  const noFile = await faultIn(() => post(fake, formOf([['key', 'k']])))
  assert.equal(noFile.message, 'POST requires exactly one file upload per request.')
  assert.equal((await faultIn(() => post(fake, 'nothing'))).code, 'MalformedPOSTRequest')
  const cut = Buffer.from(formOf([['key', 'k']], 'x'.repeat(50_000))).subarray(0, 40_000)
  assert.equal((await faultIn(() => post(fake, cut.toString()))).code, 'IncompleteBody')
  assert.equal(fake.blobs.held.size, 0)
})

test('bucketOfPost() knows forms from other requests', () => {
  const form = requestOf('')
  assert.equal(bucketOfPost(form), 'bkt')
  assert.equal(bucketOfPost({ ...form, path: '/bkt/' }), 'bkt')
  assert.equal(bucketOfPost({ ...form, path: '/b/k' }), undefined)
  assert.equal(bucketOfPost({ ...form, query: 'delete' }), undefined)
  assert.equal(bucketOfPost({ ...form, headers: {} }), undefined)
})
