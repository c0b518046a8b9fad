/** A platform with `--enforce-iam`, attacked: wrong signatures, missing permissions, sessions past their end. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, element, errorOf, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { type Keys, ROOT, presigned, query, signed, sqs } from './signer.ts'

let to: Platform
let url: string
let bob: Keys

const ACCOUNT = '000000000000'
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`

const iam = async (fields: Readonly<Record<string, string>>, keys = ROOT): Promise<Answer> =>
  await query(to, keys, 'iam', { Version: '2010-05-08', ...fields })
const sts = async (fields: Readonly<Record<string, string>>, keys: Keys): Promise<Answer> =>
  await query(to, keys, 'sts', { Version: '2011-06-15', ...fields })

const policy = (...Statement: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement })
const allow = (Action: string, Resource = '*'): object => ({ Effect: 'Allow', Action, Resource })

const policyOf = async (user: string, document: string): Promise<void> => {
  const fields = { Action: 'PutUserPolicy', UserName: user, PolicyName: 'p', PolicyDocument: document }
  assert.equal((await iam(fields)).status, 200)
}

async function newUser(name: string): Promise<Keys> {
  assert.equal((await iam({ Action: 'CreateUser', UserName: name })).status, 200)
  const answer = await iam({ Action: 'CreateAccessKey', UserName: name })
  return {
    keyId: element(answer, 'AccessKeyId') ?? '',
    secret: element(answer, 'SecretAccessKey') ?? '',
  }
}

const sessionIn = (answer: Answer): Keys => ({
  keyId: element(answer, 'AccessKeyId') ?? '',
  secret: element(answer, 'SecretAccessKey') ?? '',
  token: element(answer, 'SessionToken'),
})

before(async () => {
  to = await platform(['--memory', '--virtual-time', '--enforce-iam'])
  const made = await sqs(to, ROOT, 'CreateQueue', { QueueName: 'jobs' })
  url = (JSON.parse(made.body) as { QueueUrl: string }).QueueUrl
  bob = await newUser('bob')
})
after(async () => void (await to.stop()))

const sending = (keys: Keys, more: object = {}): Promise<Answer> =>
  sqs(to, keys, 'SendMessage', { QueueUrl: url, MessageBody: 'x', ...more })

const logs = (keys: Keys): Promise<Answer> =>
  signed(to, keys, {
    service: 'logs',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.DescribeLogGroups',
    },
    body: '{}',
  })

test('A request that nobody signed is refused, in the words of each protocol', async () => {
  const rest = await send(to, { method: 'GET', path: '/2015-03-31/functions/' })
  assert.deepEqual([rest.status, errorOf(rest).code], [403, 'MissingAuthenticationTokenException'])
  const form = await send(to, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=ListUsers&Version=2010-05-08',
  })
  assert.deepEqual([form.status, errorOf(form).code], [403, 'MissingAuthenticationToken'])
  const unnamed = await send(to, {
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl: url, MessageBody: 'x' }),
  })
  assert.deepEqual([unnamed.status, errorOf(unnamed).code], [400, 'AccessDenied'])
})

test('A wrong secret, an unknown key and an inactive key are told apart as AWS tells them', async () => {
  const wrong = errorOf(await sending({ ...bob, secret: 'wrong' }))
  assert.deepEqual([wrong.status, wrong.code], [400, 'SignatureDoesNotMatch'])
  const form = errorOf(await iam({ Action: 'ListUsers' }, { keyId: 'test', secret: 'wrong' }))
  assert.deepEqual([form.status, form.code], [403, 'SignatureDoesNotMatch'])
  const unknown = { keyId: 'AKIAIOSFODNN7EXAMPLE', secret: 'x' }
  assert.equal(errorOf(await sending(unknown)).code, 'InvalidClientTokenId')
  assert.equal(errorOf(await logs(unknown)).code, 'UnrecognizedClientException')
  assert.equal(errorOf(await logs({ ...bob, secret: 'wrong' })).code, 'InvalidSignatureException')
  assert.equal(errorOf(await iam({ Action: 'ListUsers' }, unknown)).code, 'InvalidClientTokenId')
  const bucket = await signed(to, unknown, { service: 's3', method: 'GET', path: '/' })
  assert.equal(errorOf(bucket).code, 'InvalidAccessKeyId')
  const eve = await newUser('eve')
  await iam({ Action: 'UpdateAccessKey', UserName: 'eve', AccessKeyId: eve.keyId, Status: 'Inactive' })
  assert.equal(errorOf(await sts({ Action: 'GetCallerIdentity' }, eve)).code, 'InvalidClientTokenId')
})

test('A body, a path and a service other than those signed do not pass', async () => {
  const body = JSON.stringify({ QueueUrl: url, MessageBody: 'x' })
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' }
  const changed = await signed(to, ROOT, { service: 'sqs', headers, body, sentBody: body.replace('x', 'y') })
  assert.equal(errorOf(changed).code, 'SignatureDoesNotMatch')
  const elsewhere = errorOf(await signed(to, ROOT, { service: 'sns', headers, body }))
  assert.match(elsewhere.message, /^Credential should be scoped to correct service: 'sqs'/)
  const blank = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const unsigned = await signed(to, ROOT, { service: 'sqs', headers: { ...headers, ...blank }, body })
  assert.equal(unsigned.status, 200, 'the body was signed, whatever the header says')
  const put = await signed(to, ROOT, { service: 's3', method: 'PUT', path: '/signed-bucket' })
  assert.equal(put.status, 200, put.body)
  const policyBody = policy({ ...allow('s3:GetObject', 'arn:aws:s3:::signed-bucket/*'), Principal: '*' })
  const sentBody = policyBody.replace('GetObject', 'PutObject')
  const swapped = await signed(to, ROOT, {
    service: 's3',
    method: 'PUT',
    path: '/signed-bucket?policy=',
    body: policyBody,
    sentBody,
  })
  assert.equal(errorOf(swapped).code, 'SignatureDoesNotMatch')
})

test('A signature of long ago is refused', async () => {
  const body = 'Action=GetCallerIdentity&Version=2011-06-15'
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const old = await signed(to, ROOT, { service: 'sts', headers, body, timestamp: '20200101T000000Z' })
  assert.match(errorOf(old).message, /^Signature expired: 20200101T000000Z is now earlier than/)
  const bucket = await signed(to, ROOT, {
    service: 's3',
    method: 'GET',
    path: '/',
    timestamp: '20200101T000000Z',
  })
  assert.equal(errorOf(bucket).code, 'RequestTimeTooSkewed')
})

test('A header of AWS’s that came unsigned spoils the signature of the rest', async () => {
  const body = JSON.stringify({ QueueUrl: url, MessageBody: 'x' })
  const headers = { 'content-type': 'application/x-amz-json-1.0' }
  const added = { 'x-amz-target': 'AmazonSQS.DeleteQueue' }
  const bare = await signed(to, ROOT, { service: 'sqs', headers, body, sentHeaders: added })
  assert.equal(errorOf(bare).code, 'SignatureDoesNotMatch')
  const list = await signed(to, ROOT, {
    service: 's3',
    method: 'GET',
    path: '/',
    sentHeaders: { 'x-amz-acl': 'public-read' },
  })
  assert.match(errorOf(list).message, /headers present in the request which were not signed/)
})

test('A presigned address reads one object, for whoever has it, and no other', async () => {
  const s3 = (path: string, body = ''): Promise<Answer> =>
    signed(to, ROOT, { service: 's3', method: 'PUT', path, body })
  for (const [path, body] of [['/shared'], ['/shared/a', 'one'], ['/shared/b', 'two']] as const)
    assert.equal((await s3(path, body)).status, 200)
  const path = presigned(to, ROOT, '/shared/a')
  assert.equal((await send(to, { method: 'GET', path })).body, 'one')
  for (const other of [path.replace('/shared/a', '/shared/b'), path.replace('Expires=60', 'Expires=600')])
    assert.equal(errorOf(await send(to, { method: 'GET', path: other })).code, 'SignatureDoesNotMatch')
  assert.equal(errorOf(await send(to, { method: 'DELETE', path })).code, 'SignatureDoesNotMatch')
})

test('A presigned address without an end, or with two keys, is none', async () => {
  const now = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const credential = `test%2F${now.slice(0, 8)}%2Fus-east-1%2Fs3%2Faws4_request`
  const endless = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${now}&X-Amz-SignedHeaders=host&X-Amz-Signature=00`
  const get = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    send(to, { method: 'GET', path: `/?${endless}`, headers })
  assert.equal(errorOf(await get()).code, 'AuthorizationQueryParametersError')
  const authorization =
    'AWS4-ECDSA-P256-SHA256 Credential=999999999999/20260101/s3/aws4_request, SignedHeaders=host, Signature=00'
  assert.equal(errorOf(await get({ authorization })).code, 'InvalidRequest')
})

test('A user may what its policies allow, and is told in AWS’s words what they do not', async () => {
  const denied = errorOf(await sending(bob))
  assert.deepEqual(denied, {
    status: 400,
    code: 'AccessDenied',
    message: `User: arn:aws:iam::${ACCOUNT}:user/bob is not authorized to perform: sqs:SendMessage on resource: ${QUEUE} because no identity-based policy allows the sqs:SendMessage action`,
  })
  await policyOf('bob', policy(allow('sqs:SendMessage', QUEUE), allow('sts:AssumeRole')))
  assert.equal((await sending(bob)).status, 200)
  assert.equal(
    (await sqs(to, bob, 'SendMessageBatch', { QueueUrl: url, Entries: [{ Id: 'a', MessageBody: 'x' }] }))
      .status,
    200,
  )
  assert.equal(errorOf(await sqs(to, bob, 'ReceiveMessage', { QueueUrl: url })).code, 'AccessDenied')
  const groups = errorOf(await logs(bob))
  assert.deepEqual([groups.status, groups.code], [400, 'AccessDeniedException'])
  const users = errorOf(await iam({ Action: 'ListUsers' }, bob))
  assert.deepEqual([users.status, users.code], [403, 'AccessDenied'])
  assert.equal((await sts({ Action: 'GetCallerIdentity' }, bob)).status, 200)
})

test('The policy of a queue opens it to others, and closes it to its own account', async () => {
  const ann = await newUser('ann')
  assert.equal((await sending(ann)).status, 400)
  const arn = `arn:aws:iam::${ACCOUNT}:user/ann`
  const statement = { ...allow('sqs:SendMessage', QUEUE), Principal: { AWS: arn } }
  const put = (document: string): Promise<Answer> =>
    sqs(to, ROOT, 'SetQueueAttributes', { QueueUrl: url, Attributes: { Policy: document } })
  assert.equal((await put(policy(statement))).status, 200)
  assert.equal((await sending(ann)).status, 200)
  await put(policy({ ...statement, Effect: 'Deny' }))
  assert.match(errorOf(await sending(ann)).message, /with an explicit deny in a resource-based policy$/)
  await put('')
})

test('A role is assumed by whom its trust policy names, and by nobody else', async () => {
  const role = async (name: string, Principal: object): Promise<string> => {
    const document = policy({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' })
    await iam({ Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument: document })
    return `arn:aws:iam::${ACCOUNT}:role/${name}`
  }
  const assume = (RoleArn: string, keys: Keys, more = {}): Promise<Answer> =>
    sts({ Action: 'AssumeRole', RoleArn, RoleSessionName: 'night', ...more }, keys)
  const closed = await role('closed', { Service: 'lambda.amazonaws.com' })
  const open = await role('open', { AWS: `arn:aws:iam::${ACCOUNT}:user/bob` })
  const refused = errorOf(await assume(closed, bob))
  assert.deepEqual([refused.status, refused.code], [403, 'AccessDenied'])
  assert.match(refused.message, /not authorized to perform: sts:AssumeRole on resource: .*:role\/closed/)
  assert.equal(errorOf(await assume(open, ROOT)).message, 'Roles may not be assumed by root accounts.')
  const none = `arn:aws:iam::${ACCOUNT}:role/none`
  assert.equal(errorOf(await assume(none, bob)).code, 'AccessDenied')
  const session = sessionIn(await assume(open, bob))
  assert.match(errorOf(await sending(session)).message, /assumed-role\/open\/night is not authorized/)
  const PolicyDocument = policy(allow('sqs:*'))
  await iam({ Action: 'PutRolePolicy', RoleName: 'open', PolicyName: 'p', PolicyDocument })
  assert.equal((await sending(session)).status, 200)
  const Policy = policy(allow('sqs:ReceiveMessage'))
  const bounded = sessionIn(await assume(open, bob, { Policy }))
  assert.match(
    errorOf(await sending(bounded)).message,
    /because no session policy allows the sqs:SendMessage/,
  )
  const stolen = errorOf(await sending({ ...session, token: 'IQoJother' }))
  assert.equal(stolen.code, 'InvalidClientTokenId')
  assert.equal(errorOf(await sending({ ...session, token: undefined })).code, 'InvalidClientTokenId')
})

test('A permissions boundary bounds what a user’s policies give', async () => {
  const dan = await newUser('dan')
  await policyOf('dan', policy(allow('*')))
  assert.equal((await sending(dan)).status, 200)
  const made = await iam({
    Action: 'CreatePolicy',
    PolicyName: 'edge',
    PolicyDocument: policy(allow('s3:*')),
  })
  const PermissionsBoundary = element(made, 'Arn') ?? ''
  await iam({ Action: 'PutUserPermissionsBoundary', UserName: 'dan', PermissionsBoundary })
  assert.match(errorOf(await sending(dan)).message, /because no permissions boundary allows/)
})

test('A bucket that anybody may read is read by the unsigned, and written by nobody', async () => {
  const s3 = (method: string, path: string, body = ''): Promise<Answer> =>
    signed(to, ROOT, { service: 's3', method, path, body })
  assert.equal((await s3('PUT', '/public')).status, 200)
  assert.equal((await s3('PUT', '/public/a', 'hello')).status, 200)
  const get = (): Promise<Answer> => send(to, { method: 'GET', path: '/public/a' })
  assert.deepEqual([(await get()).status, errorOf(await get()).code], [403, 'AccessDenied'])
  await s3('DELETE', '/public?publicAccessBlock=')
  const document = policy({ ...allow('s3:GetObject', 'arn:aws:s3:::public/*'), Principal: '*' })
  assert.equal((await s3('PUT', '/public?policy=', document)).status, 204)
  assert.equal((await get()).body, 'hello')
  const put = await send(to, { method: 'PUT', path: '/public/a', body: 'x' })
  assert.equal(put.status, 403)
})

test('A bucket in the host name is signed with that host', async () => {
  await signed(to, ROOT, { service: 's3', method: 'PUT', path: '/hosted' })
  const host = `hosted.s3.localhost:${to.port}`
  const put = { service: 's3', method: 'PUT', path: '/a%20b%2Bc', body: 'x', headers: { host } }
  assert.equal((await signed(to, ROOT, put)).status, 200)
  const wrong = await signed(to, { ...ROOT, secret: 'x' }, put)
  assert.equal(errorOf(wrong).code, 'SignatureDoesNotMatch')
  assert.equal(
    (await signed(to, ROOT, { service: 's3', method: 'GET', path: '/hosted/a%20b%2Bc' })).body,
    'x',
  )
})

test('An API with IAM authorisation takes signatures that are good, and no others', async () => {
  const make = async (path: string, input: object): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json' }
    const made = await signed(to, ROOT, { service: 'apigateway', path, headers, body: JSON.stringify(input) })
    assert.equal(made.status, 201, made.body)
    return JSON.parse(made.body) as Record<string, string>
  }
  const { apiId = '' } = await make('/v2/apis', { name: 'a', protocolType: 'HTTP' })
  const { integrationId = '' } = await make(`/v2/apis/${apiId}/integrations`, {
    integrationType: 'HTTP_PROXY',
    integrationMethod: 'ANY',
    integrationUri: 'http://127.0.0.1:9/',
    payloadFormatVersion: '1.0',
  })
  const target = `integrations/${integrationId}`
  await make(`/v2/apis/${apiId}/routes`, { routeKey: 'POST /x', authorizationType: 'AWS_IAM', target })
  await make(`/v2/apis/${apiId}/stages`, { stageName: '$default', autoDeploy: true })
  const path = `/_aws/execute-api/${apiId}/x`
  const asked = (keys: Keys, more = {}): Promise<Answer> =>
    signed(to, keys, { service: 'execute-api', path, body: 'x', ...more })
  assert.equal((await send(to, { path, body: 'x' })).status, 403)
  assert.equal((await asked({ ...ROOT, secret: 'wrong' })).status, 403)
  assert.equal((await asked(ROOT, { sentBody: 'y' })).status, 403)
  const reached = await asked(ROOT)
  assert.ok(reached.status >= 500, `${reached.status} is the unreachable integration's`)
})

test('A session that is over is refused, whatever it signs', async () => {
  const session = sessionIn(await sts({ Action: 'GetSessionToken', DurationSeconds: '900' }, bob))
  assert.equal((await sending(session)).status, 200)
  const moved = await send(to, {
    path: '/_windtunnel/clock',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'advance', ms: 901_000 }),
  })
  assert.equal(moved.status, 200, moved.body)
  const late = errorOf(await sending(session))
  assert.match(late.code, /^ExpiredToken/)
  assert.equal((await sending(bob)).status, 200)
  assert.ok(to.alive())
})
