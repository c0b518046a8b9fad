/**
 * Requests that nobody can mean: AWS's own refusal in each protocol's form, and a platform that answers the next one.
 * What the model's constraints refuse is tried case by case in `test/wire`.
 */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type Answer, element, errorOf, json, query, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => (on = await platform()))
after(async () => assert.equal(await on.stop(), 0))

/** Every refusal leaves a platform that answers, and no word of a defect in its log. */
async function stillThere(): Promise<void> {
  assert.ok(on.alive())
  assert.equal((await query(on, 'sts', { Action: 'GetCallerIdentity', Version: '2011-06-15' })).status, 200)
  assert.equal(on.stderr(), '')
}

const CBOR = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
const cbor = async (operation: string, body: Uint8Array): Promise<Answer> =>
  await send(on, {
    service: 'logs',
    path: `/service/Logs_20140328/operation/${operation}`,
    headers: CBOR,
    body,
  })

test('an operation that the service does not have is refused in the form of its protocol', async () => {
  assert.deepEqual(errorOf(await json(on, 'logs.Frobnicate', {})), {
    status: 400,
    code: 'UnknownOperationException',
    message: 'Unknown operation: Frobnicate',
  })
  assert.equal(errorOf(await rest(on, 'lambda GET /2015-03-31/frobnicate')).status, 404)
  assert.deepEqual(
    errorOf(await query(on, 'cloudformation', { Action: 'Frobnicate', Version: '2010-05-15' })),
    {
      status: 400,
      code: 'InvalidAction',
      message: 'Could not find operation Frobnicate for version 2010-05-15',
    },
  )
  assert.equal(errorOf(await rest(on, 's3 PATCH /some-bucket/key')).code, 'MethodNotAllowed')
  const unknown = await cbor('Frobnicate', new Uint8Array([0xa0]))
  assert.equal(unknown.status, 404)
  assert.match(unknown.body, /UnknownOperationException/)
  await stillThere()
})

test('an operation that nobody wrote yet says so with its name, and never succeeds', async () => {
  const answers = [
    await json(on, 'logs.StartQuery', {}),
    await rest(on, 's3 GET /some-bucket?inventory'),
    await query(on, 'cloudformation', { Action: 'CreateStackSet', Version: '2010-05-15', StackSetName: 'x' }),
    await rest(on, 'lambda GET /2025-11-30/capacity-providers'),
  ]
  for (const answer of answers) {
    assert.equal(answer.status, 501, answer.body)
    assert.match(answer.body, /is not implemented yet/)
  }
  await stillThere()
})

test('a body that is no JSON, no XML, no CBOR or no form is refused as malformed', async () => {
  const text = 'Could not parse the request body as JSON'
  for (const body of [
    '{"logGroupName": ',
    'hello',
    '{"a":1}x',
    '['.repeat(100_000),
    '{"logGroupName":"\u0000"',
  ]) {
    const error = errorOf(await json(on, 'logs.CreateLogGroup', body))
    assert.deepEqual(error, { status: 400, code: 'SerializationException', message: text })
  }
  const invalidUtf8 = await send(on, {
    service: 'logs',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.CreateLogGroup',
    },
    body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  })
  assert.equal(errorOf(invalidUtf8).code, 'SerializationException')
  for (const what of [
    'lambda POST /2015-03-31/functions',
    'apigateway POST /restapis',
    'apigateway POST /v2/apis',
  ] as const) {
    const error = errorOf(await rest(on, what, '{"name":'))
    assert.deepEqual(error, { status: 400, code: 'SerializationException', message: text })
  }
  await rest(on, 's3 PUT /some-bucket')
  for (const body of [
    '<Delete><Object>',
    '<Nope/>',
    '',
    '<Delete><Object><Key>&none;</Key></Object></Delete>',
  ]) {
    const answer = await rest(on, 's3 POST /some-bucket?delete', body)
    assert.equal(answer.status, 400)
    assert.equal(element(answer, 'Code'), 'MalformedXML')
  }
  const truncated = await cbor('CreateLogGroup', new Uint8Array([0xbf, 0x61]))
  assert.equal(truncated.status, 400)
  assert.match(truncated.body, /SerializationException/)
  const form = await send(on, {
    service: 'cloudformation',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=CreateStack&StackName=%zz&%',
  })
  assert.equal(errorOf(form).code, 'MalformedQueryString')
  await stillThere()
})

test('an XML document that names other documents is not read', async () => {
  const body =
    '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/hostname">]><Delete><Object><Key>&y;</Key></Object></Delete>'
  const answer = await rest(on, 's3 POST /some-bucket?delete', body)
  assert.equal(element(answer, 'Code'), 'MalformedXML')
  await stillThere()
})

test('a member of another type is refused in the words of the service that reads it', async () => {
  const message = 'NUMBER_VALUE can not be converted to a String'
  assert.equal(errorOf(await json(on, 'logs.CreateLogGroup', { logGroupName: 5 })).message, message)
  const create = { FunctionName: 5, Role: 'arn:aws:iam::000000000000:role/x', Code: {} }
  assert.equal(errorOf(await rest(on, 'lambda POST /2015-03-31/functions', create)).message, message)
  assert.equal(
    errorOf(
      await rest(on, 'lambda POST /2015-03-31/functions', {
        ...create,
        FunctionName: 'x',
        MemorySize: 'big',
      }),
    ).message,
    'STRING_VALUE can not be converted to Integer',
  )
  assert.equal(errorOf(await json(on, 'logs.CreateLogGroup', '[]')).code, 'SerializationException')
  assert.equal(
    errorOf(
      await query(on, 'cloudformation', {
        Action: 'CreateStack',
        Version: '2010-05-15',
        StackName: 'x',
        TimeoutInMinutes: 'abc',
      }),
    ).message,
    "'abc' is not a valid integer",
  )
  assert.equal(element(await rest(on, 's3 GET /some-bucket?max-keys=abc'), 'Code'), 'InvalidArgument')
  await stillThere()
})

test('a key named __proto__ is a key like any other', async () => {
  const answer = await json(on, 'logs.CreateLogGroup', '{"__proto__": {"logGroupName": "polluted"}}')
  assert.equal(errorOf(answer).code, 'InvalidParameterException')
  const fine = await rest(on, 'lambda GET /2015-03-31/functions?__proto__=x&constructor=y')
  assert.equal(fine.status, 200)
  await stillThere()
})

test('a body beyond its bound is refused before it is kept', async () => {
  const large = Buffer.alloc(7 << 20, 0x20)
  const invoked = await rest(on, 'lambda POST /2015-03-31/functions/none/invocations', large)
  assert.equal(invoked.status, 413)
  assert.equal(errorOf(invoked).code, 'RequestEntityTooLargeException')
  assert.equal((await json(on, 'logs.CreateLogGroup', 'x'.repeat(20 << 20))).status, 413)
  const template = JSON.stringify({ Description: 'x'.repeat(60_000), Resources: {} })
  const error = errorOf(
    await query(on, 'cloudformation', {
      Action: 'CreateStack',
      Version: '2010-05-15',
      StackName: 'x',
      TemplateBody: template,
    }),
  )
  assert.match(
    error.message,
    /'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200/,
  )
  await stillThere()
})

test('a large body to a thing that is not there gets the answer, not a reset connection', async () => {
  const answer = await rest(on, 's3 PUT /no-such-bucket/key', Buffer.alloc(12 << 20))
  assert.equal(answer.status, 404)
  assert.equal(element(answer, 'Code'), 'NoSuchBucket')
  const foreign = await send(on, {
    path: '/_windtunnel/reset',
    headers: { origin: 'http://example.com' },
    body: Buffer.alloc(12 << 20),
  })
  assert.equal(foreign.status, 403)
  await stillThere()
})

test('a request without a service, or for one that AWS does not have, is told so', async () => {
  assert.equal((await send(on, { method: 'GET' })).status, 404)
  const unknown = await send(on, { service: 'frobnicate', body: '{}' })
  assert.equal(unknown.status, 404)
  assert.match(unknown.body, /The service frobnicate is not known here/)
  await stillThere()
})

/** What the platform says to bytes that need not be HTTP. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(on.port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.on('data', (part) => (answer += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer in 20 s')))
  })

test('bytes that are no HTTP get 400 and an end', async () => {
  const two =
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  for (const bytes of ['\u0016\u0003\u0001\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / x\r\n\r\n', two])
    assert.match(await raw(bytes), /^HTTP\/1\.1 400 /, JSON.stringify(bytes))
  await stillThere()
})
