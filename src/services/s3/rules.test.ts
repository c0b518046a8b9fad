import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copySourceOf } from '#services/s3/copy-source.ts'
import { answerOfRules, checkCorsRules, corsAskOf, type CorsRule } from '#services/s3/cors.ts'
import { faultIn } from '#services/s3/fake-ports.ts'
import { checkBucketPolicy, isPublicPolicy } from '#services/s3/policy.ts'
import { checkTags, tagsOfHeader } from '#services/s3/tags.ts'

const tag = (Key: string, Value = 'v'): { Key: string; Value: string } => ({ Key, Value })

test('checkTags() refuses what S3 refuses, in its words', async () => {
  checkTags([tag('a'), tag('b', '')], 'object')
  const eleven = Array.from({ length: 11 }, (_, i) => tag(`k${i}`))
  assert.equal(
    (await faultIn(() => checkTags(eleven, 'object'))).message,
    'Object tags cannot be greater than 10',
  )
  checkTags(eleven, 'bucket')
  for (const bad of [
    [tag('')],
    [tag('a'.repeat(129))],
    [tag('a', 'b'.repeat(257))],
    [tag('a?')],
    [tag('aws:x')],
    [tag('a'), tag('a')],
  ])
    assert.equal((await faultIn(() => checkTags(bad, 'object'))).code, 'InvalidTag', JSON.stringify(bad))
})

test('tagsOfHeader() reads the query form', async () => {
  assert.deepEqual(tagsOfHeader('a=1&b%20c=d+e'), [tag('a', '1'), tag('b c', 'd e')])
  assert.equal(tagsOfHeader(undefined), undefined)
  assert.equal((await faultIn(() => tagsOfHeader('a=1&a=2'))).code, 'InvalidArgument')
  assert.equal((await faultIn(() => tagsOfHeader('a=%zz'))).code, 'InvalidArgument')
})

const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }
const policyOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

test('checkBucketPolicy() takes policies of the bucket and refuses the rest', async () => {
  checkBucketPolicy(policyOf(statement), 'b')
  checkBucketPolicy(policyOf({ ...statement, Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'] }), 'b')
  checkBucketPolicy(policyOf({ ...statement, Principal: { Service: 'serverlessrepo.amazonaws.com' } }), 'b')
  const refusals: readonly (readonly [string, string])[] = [
    ['{', "Policies must be valid JSON and the first byte must be '{'"],
    ['[]', "Policies must be valid JSON and the first byte must be '{'"],
    ['{}', 'Missing required field Statement'],
    [policyOf({ ...statement, Effect: 'Maybe' }), 'Invalid effect: Maybe'],
    [policyOf({ Effect: 'Allow', Action: 's3:*', Resource: '*' }), 'Missing required field Principal'],
    [policyOf({ ...statement, Principal: 'me' }), 'Invalid principal in policy'],
    [policyOf({ ...statement, Action: 'sqs:SendMessage' }), 'Policy has invalid action'],
    [policyOf({ ...statement, Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'],
  ]
  for (const [policy, message] of refusals) {
    const fault = await faultIn(() => checkBucketPolicy(policy, 'b'))
    assert.deepEqual([fault.code, fault.message], ['MalformedPolicy', message])
  }
})

test('isPublicPolicy() is true when everybody is let in without a condition', () => {
  assert.ok(isPublicPolicy(policyOf(statement)))
  assert.ok(isPublicPolicy(policyOf({ ...statement, Principal: { AWS: '*' } })))
  assert.ok(!isPublicPolicy(policyOf({ ...statement, Condition: { StringEquals: { a: 'b' } } })))
  assert.ok(!isPublicPolicy(policyOf({ ...statement, Principal: { AWS: '123456789012' } })))
})

const rule: CorsRule = {
  AllowedOrigins: ['https://*.example.com'],
  AllowedMethods: ['GET', 'PUT'],
  AllowedHeaders: ['x-amz-*', 'Content-Type'],
  ExposeHeaders: ['ETag'],
  MaxAgeSeconds: 60,
}
const preflight = (origin: string, method: string, headers = ''): Record<string, string> => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': headers,
})
const ask = (headers: Record<string, string>): ReturnType<typeof answerOfRules> => {
  const asked = corsAskOf('OPTIONS', headers)
  assert.ok(asked)
  return answerOfRules([rule], asked)
}

test('answerOfRules() answers a preflight by the first rule that fits', () => {
  assert.deepEqual(ask(preflight('https://a.example.com', 'PUT', 'X-Amz-Date, content-type')), {
    kind: 'allowed',
    headers: [
      ['Access-Control-Allow-Origin', 'https://a.example.com'],
      ['Access-Control-Allow-Methods', 'GET, PUT'],
      ['Access-Control-Allow-Headers', 'x-amz-date, content-type'],
      ['Access-Control-Expose-Headers', 'ETag'],
      ['Access-Control-Max-Age', '60'],
      ['Access-Control-Allow-Credentials', 'true'],
      ['Vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'],
    ],
  })
})

test('answerOfRules() refuses other origins, methods and headers, and buckets without rules', () => {
  for (const headers of [
    preflight('https://example.org', 'PUT'),
    preflight('https://a.example.com', 'DELETE'),
    preflight('https://a.example.com', 'PUT', 'x-other'),
  ]) {
    const answer = ask(headers)
    assert.equal(answer.kind === 'refused' && answer.fault.code, 'AccessForbidden')
  }
  const none = answerOfRules(undefined, { kind: 'actual', origin: 'o', method: 'GET', headers: [] })
  assert.match(none.kind === 'refused' ? none.fault.message : '', /CORS is not enabled for this bucket/)
})

test('answerOfRules() answers a star to everybody, without credentials', () => {
  const open: CorsRule = { AllowedOrigins: ['*'], AllowedMethods: ['GET'] }
  const answer = answerOfRules([open], { kind: 'actual', origin: 'https://x', method: 'GET', headers: [] })
  const headers = answer.kind === 'allowed' ? Object.fromEntries(answer.headers) : {}
  assert.equal(headers['Access-Control-Allow-Origin'], '*')
  assert.equal(headers['Access-Control-Allow-Credentials'], undefined)
})

test('corsAskOf() wants both headers of a preflight and ignores requests of the same origin', async () => {
  assert.equal(corsAskOf('GET', {}), undefined)
  assert.equal((await faultIn(() => corsAskOf('OPTIONS', {}))).code, 'BadRequest')
  assert.equal((await faultIn(() => corsAskOf('OPTIONS', { origin: 'x' }))).code, 'BadRequest')
})

test('checkCorsRules() refuses unknown methods and a second wildcard', async () => {
  checkCorsRules([rule])
  assert.equal((await faultIn(() => checkCorsRules([]))).code, 'MalformedXML')
  assert.equal(
    (await faultIn(() => checkCorsRules([{ ...rule, AllowedMethods: ['PATCH'] }]))).code,
    'InvalidRequest',
  )
  assert.equal(
    (await faultIn(() => checkCorsRules([{ ...rule, AllowedOrigins: ['*.*'] }]))).code,
    'InvalidRequest',
  )
})

test('copySourceOf() takes the header apart', async () => {
  assert.deepEqual(copySourceOf('/b/a%2Fb%20c?versionId=v1'), { bucket: 'b', key: 'a/b c', versionId: 'v1' })
  assert.deepEqual(copySourceOf('b/a//b'), { bucket: 'b', key: 'a//b', versionId: undefined })
  for (const header of ['b', 'b/', '/b', '%zz/a'])
    assert.equal((await faultIn(() => copySourceOf(header))).code, 'InvalidArgument', header)
})
