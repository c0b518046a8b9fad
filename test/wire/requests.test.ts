/** Requests into inputs, over the tables of AWS's own services. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '#base/bytes.ts'
import type { Fault } from '#base/fault.ts'
import { encodeCbor } from '#wire/cbor.ts'
import { type Sent, faultOf, into, json, signed } from './intake.ts'

test('Wires reads one operation by four protocols alike', async () => {
  const input = {
    QueueUrl: 'http://q',
    MessageBody: 'hi',
    DelaySeconds: 5,
    MessageAttributes: { a: { DataType: 'String', StringValue: 'v' } },
  }
  const asJson = await into(json('AmazonSQS.SendMessage', JSON.stringify(input)))
  const asQuery = await into({
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: 'Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fq&MessageBody=hi&DelaySeconds=5&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v',
  })
  const asCbor = await into({
    path: '/prefix/service/AmazonSQS/operation/SendMessage',
    headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' },
    body: encodeCbor(input),
  })
  for (const each of [asJson, asQuery, asCbor]) {
    assert.equal(each.service, 'sqs')
    assert.deepEqual(each.input, input)
  }
  assert.deepEqual(
    [asJson.protocol, asQuery.protocol, asCbor.protocol],
    ['awsJson1_0', 'awsQuery', 'rpcv2Cbor'],
  )
})

test('decode() takes the queue from the path when a query request leaves it out', async () => {
  const { input } = await into({
    path: '/000000000000/orders',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=SendMessage&MessageBody=hi',
  })
  assert.equal(input['QueueUrl'], 'http://localhost:4566/000000000000/orders')
})

test('decode() binds labels, query, headers and a blob payload of a REST JSON request', async () => {
  const { operation, input } = await into({
    path: '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations',
    query: 'Qualifier=live',
    headers: { ...signed('lambda'), 'x-amz-invocation-type': 'RequestResponse', 'x-amz-log-type': 'Tail' },
    body: '{"a":1}',
  })
  assert.equal(operation, 'Invoke')
  assert.equal(input['FunctionName'], 'arn:aws:lambda:us-east-1:000000000000:function:f')
  assert.equal(input['Qualifier'], 'live')
  assert.equal(input['LogType'], 'Tail')
  assert.ok(input['Payload'] instanceof Uint8Array)
})

test('decode() keeps S3 keys as they are: dots, double slashes, plus and escapes', async () => {
  for (const [path, key] of [
    ['/bucket/a/../b', 'a/../b'],
    ['/bucket//a', '/a'],
    ['/bucket/a+b%2Fc', 'a+b/c'],
    ['/bucket/dir/', 'dir/'],
  ]) {
    const { operation, input } = await into({ method: 'GET', path: path ?? '', headers: signed('s3') })
    assert.deepEqual([operation, input['Bucket'], input['Key']], ['GetObject', 'bucket', key])
  }
})

test('recognise() tells the operations of one S3 template apart', async () => {
  const cases: readonly (readonly [string, string, string, Record<string, string>])[] = [
    ['GET', '/b', 'ListObjects', {}],
    ['GET', '/b/', 'ListObjects', {}],
    ['GET', '/b?list-type=2', 'ListObjectsV2', {}],
    ['GET', '/b?location', 'GetBucketLocation', {}],
    ['PUT', '/b', 'CreateBucket', {}],
    ['PUT', '/b/k', 'PutObject', {}],
    ['PUT', '/b/k?x-id=PutObject', 'PutObject', {}],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart', {}],
    ['PUT', '/b/k', 'CopyObject', { 'x-amz-copy-source': '/a/b' }],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', { 'x-amz-copy-source': '/a/b' }],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload', {}],
    ['GET', '/', 'ListBuckets', {}],
    ['HEAD', '/b/k', 'HeadObject', {}],
  ]
  for (const [method, target, wanted, headers] of cases) {
    const [path = '', query = ''] = target.split('?')
    const { operation } = await into({ method, path, query, headers: { ...signed('s3'), ...headers } })
    assert.equal(operation, wanted, `${method} ${target}`)
  }
})

test('decode() hands a streaming body on without the chunk signatures, and its trailers as members', async () => {
  const chunked =
    '5;chunk-signature=aa\r\nhello\r\n6;chunk-signature=bb\r\n world\r\n0;chunk-signature=cc\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n'
  const { input } = await into({
    method: 'PUT',
    path: '/b/k',
    headers: {
      ...signed('s3'),
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'content-encoding': 'gzip,aws-chunked',
      'x-amz-decoded-content-length': '11',
      'content-length': String(chunked.length),
    },
    body: chunked,
  })
  assert.equal(input['ContentLength'], 11)
  assert.equal(input['ContentEncoding'], 'gzip')
  assert.equal(input['ChecksumCRC32'], undefined)
  const parts: string[] = []
  for await (const part of input['Body'] as AsyncIterable<Uint8Array>) parts.push(text(part))
  assert.equal(parts.join(''), 'hello world')
  assert.equal(input['ChecksumCRC32'], 'DUoRhQ==')
})

test('decode() refuses chunks that end early', async () => {
  const { input } = await into({
    method: 'PUT',
    path: '/b/k',
    headers: { ...signed('s3'), 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
    body: '10\r\nhello',
  })
  await assert.rejects(
    async () => {
      for await (const _ of input['Body'] as AsyncIterable<Uint8Array>) void _
    },
    { code: 'IncompleteBody' },
  )
})

test('decode() refuses wrong types, broken documents and unknown targets with faults', async () => {
  const cases: readonly (readonly [Sent, string, number | undefined])[] = [
    [json('AmazonSQS.SendMessage', '{"QueueUrl":5}'), 'SerializationException', 400],
    [json('AmazonSQS.SendMessage', '{"QueueUrl"'), 'SerializationException', 400],
    [json('AmazonSQS.SendMessage', '[]'), 'SerializationException', 400],
    [json('AmazonSQS.Nothing', '{}'), 'UnknownOperationException', 400],
    [json('Nobody.SendMessage', '{}'), 'UnknownOperationException', 400],
    [
      {
        headers: { 'smithy-protocol': 'rpc-v2-cbor' },
        path: '/service/AmazonSQS/operation/SendMessage',
        body: Uint8Array.of(0xff),
      },
      'SerializationException',
      400,
    ],
    [
      { method: 'PUT', path: '/b', query: 'versioning', headers: signed('s3'), body: '<a><b></a>' },
      'MalformedXML',
      400,
    ],
    [
      { method: 'PUT', path: '/b', query: 'versioning', headers: signed('s3'), body: '<!DOCTYPE a><a/>' },
      'MalformedXML',
      400,
    ],
    [{ method: 'PATCH', path: '/b', headers: signed('s3') }, 'MethodNotAllowed', 405],
    [{ method: 'GET', path: '/b', query: 'max-keys=x', headers: signed('s3') }, 'InvalidArgument', 400],
    [
      {
        headers: { ...signed('sts'), 'content-type': 'application/x-www-form-urlencoded' },
        body: 'Version=2011-06-15',
      },
      'MissingAction',
      400,
    ],
    [
      {
        headers: { ...signed('sts'), 'content-type': 'application/x-www-form-urlencoded' },
        body: 'Action=Nothing&Version=2011-06-15',
      },
      'InvalidAction',
      400,
    ],
    [{ path: '/x', headers: signed('rds') }, 'UnknownOperationException', 404],
    [
      { path: '/2015-03-31/functions/f/nothing', headers: signed('lambda') },
      'UnknownOperationException',
      404,
    ],
  ]
  for (const [sent, code, status] of cases) {
    const fault = await faultOf(sent)
    assert.deepEqual([fault.code, fault.status], [code, status], JSON.stringify(sent).slice(0, 200))
  }
})

test('validate() says what AWS says', async () => {
  const lambda = (path: string, body: string, method = 'POST'): Sent => ({
    method,
    path,
    headers: signed('lambda'),
    body,
  })
  const missing = await faultOf(
    lambda('/2015-03-31/functions', '{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r"}'),
  )
  assert.equal(missing.code, 'ValidationException')
  assert.equal(
    missing.message,
    "1 validation error detected: Value null at 'code' failed to satisfy constraint: Member must not be null",
  )
  const range = await faultOf(
    lambda(
      '/2015-03-31/functions',
      '{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Timeout":0,"PackageType":"Tar"}',
    ),
  )
  assert.match(
    range.message,
    /^2 validation errors detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1; Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: \[Zip, Image\]$/,
  )
  const missingParameter = await faultOf(json('AmazonSQS.SendMessage', '{"QueueUrl":"q"}'))
  assert.deepEqual(
    [missingParameter.code, missingParameter.message],
    ['MissingParameter', 'The request must contain the parameter MessageBody.'],
  )
  const query = await faultOf({
    headers: { ...signed('iam'), 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=CreateRole&Version=2010-05-08&RoleName=',
  })
  assert.equal(query.code, 'ValidationError')
})

test('validate() counts code points, prints lists whole and names members of maps and lists', async () => {
  const logs = async (operation: string, body: unknown): Promise<Fault> =>
    faultOf({
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${operation}` },
      body: JSON.stringify(body),
    })
  const name = await logs('CreateLogGroup', { logGroupName: 'a'.repeat(513) })
  assert.equal(name.code, 'InvalidParameterException')
  assert.match(name.message, /Member must have length less than or equal to 512$/)
  const events = await logs('PutLogEvents', {
    logGroupName: 'g',
    logStreamName: 's',
    logEvents: [{ message: '', timestamp: 1 }],
  })
  assert.equal(
    events.message,
    "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1",
  )
  const tags = await faultOf({
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
    },
    body: '{"RequestItems":{}}',
  })
  assert.match(
    tags.message,
    /^1 validation error detected: Value '\{\}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1$/,
  )
})

test('decode() reads the headers that a presigned address of S3 carries in its query', async () => {
  const presigned =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=000000000000%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261125T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0'
  const put = await into({
    method: 'PUT',
    path: '/bucket/key',
    query: `${presigned}&x-amz-meta-Color=red%20one&x-amz-meta-size=5&x-amz-tagging=a%3Db&x-amz-acl=private`,
    headers: { 'x-amz-meta-size': '6' },
  })
  assert.equal(put.operation, 'PutObject')
  assert.deepEqual(put.input['Metadata'], { color: 'red one', size: '6' })
  assert.deepEqual([put.input['Tagging'], put.input['ACL']], ['a=b', 'private'])
  const copy = await into({
    method: 'PUT',
    path: '/b2/key',
    query: `${presigned}&x-amz-copy-source=%2Fa%2Fb`,
  })
  assert.deepEqual([copy.operation, copy.input['CopySource']], ['CopyObject', '/a/b'])
  const unsigned = await into({ method: 'PUT', path: '/bucket/key', query: 'x-amz-meta-color=red' })
  assert.equal(unsigned.input['Metadata'], undefined)
})
