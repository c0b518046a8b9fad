import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { HttpRequest } from '#ports/http.ts'
import { bodyOf } from '#wire/bodies.ts'
import { encodeCbor } from '#wire/cbor.ts'
import { withForm } from '#wire/forms.ts'
import { type Answering, Wires } from '#wire/wire.ts'

const data = join(import.meta.dirname, '..', '..', 'src', 'model', 'data')
const tableOf = (name: string): unknown => JSON.parse(readFileSync(join(data, `${name}.json`), 'utf8'))
const wires = new Wires(tableOf('index'), tableOf)
const ID = '8a1b4c1e-0000-4000-8000-000000000001'
const answering: Answering = { requestId: ID, method: 'POST', headers: {} }

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

function requestOf(sent: Sent): HttpRequest {
  const bytes = typeof sent.body === 'string' ? utf8(sent.body) : (sent.body ?? new Uint8Array(0))
  return {
    method: sent.method ?? 'POST',
    path: sent.path ?? '/',
    query: sent.query ?? '',
    headers: sent.headers ?? {},
    rawHeaders: [],
    host: 'localhost',
    hostPort: 'localhost:4566',
    body: bodyOf(bytes),
    remote: { address: '127.0.0.1', port: 1 },
  }
}

const signed = (service: string): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20261125/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
})

/** The whole way in, as the platform goes it. */
async function into(
  sent: Sent,
): Promise<{ service: string; operation: string; protocol: string; input: Record<string, unknown> }> {
  const { request, form } = await withForm(requestOf(sent))
  const identified = wires.identify(request, form)
  if (identified.kind === 'unknown') throw identified.fault
  const wire = wires.of(identified.service)
  const target = wire.recognise(request, identified)
  const input = await wire.decode(target, request)
  const fault = wire.validate(target.operation, input)
  if (fault !== undefined) throw fault
  return { service: identified.service, operation: target.operation, protocol: target.protocol, input }
}

const faultOf = async (sent: Sent): Promise<Fault> => {
  try {
    await into(sent)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  return assert.fail('the request was accepted')
}

const json = (target: string, body: string): Sent => ({
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
  body,
})

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

test('encode() writes each protocol with its envelope and content type', () => {
  const output = { QueueUrls: ['http://a?b&c'] }
  const sqs = wires.of('sqs')
  const asJson = sqs.encode({ operation: 'ListQueues', protocol: 'awsJson1_0' }, output, answering)
  assert.deepEqual([asJson.status, asJson.body], [200, '{"QueueUrls":["http://a?b&c"]}'])
  assert.ok(
    asJson.headers.some(([name, value]) => name === 'Content-Type' && value === 'application/x-amz-json-1.0'),
  )
  const asQuery = sqs.encode({ operation: 'ListQueues', protocol: 'awsQuery' }, output, answering)
  assert.equal(
    asQuery.body,
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListQueuesResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ListQueuesResult><QueueUrl>http://a?b&amp;c</QueueUrl></ListQueuesResult><ResponseMetadata><RequestId>${ID}</RequestId></ResponseMetadata></ListQueuesResponse>`,
  )
  const asS3 = wires
    .of('s3')
    .encode(
      { operation: 'ListObjectsV2', protocol: 'restXml' },
      { Name: 'b', KeyCount: 1, Contents: [{ Key: 'k', ETag: '"e"', LastModified: 0 }] },
      answering,
    )
  assert.equal(
    asS3.body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents><Key>k</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag></Contents><Name>b</Name><KeyCount>1</KeyCount></ListBucketResult>',
  )
  const location = wires
    .of('s3')
    .encode(
      { operation: 'GetBucketLocation', protocol: 'restXml' },
      { LocationConstraint: 'eu-west-1' },
      answering,
    )
  assert.match(String(location.body), /<LocationConstraint xmlns="[^"]+">eu-west-1<\/LocationConstraint>$/)
})

test('encode() puts status and headers where the model says, and no body on HEAD or 204', () => {
  const s3 = wires.of('s3')
  const put = s3.encode(
    { operation: 'PutObject', protocol: 'restXml' },
    { ETag: '"e"' },
    { ...answering, method: 'PUT' },
  )
  assert.deepEqual([put.status, put.body], [200, ''])
  assert.ok(put.headers.some(([name, value]) => name.toLowerCase() === 'etag' && value === '"e"'))
  const part = s3.encode(
    { operation: 'GetObject', protocol: 'restXml' },
    { StatusCode: 206, Body: utf8('abc') },
    { ...answering, method: 'GET' },
  )
  assert.equal(part.status, 206)
  const head = s3.encode(
    { operation: 'HeadObject', protocol: 'restXml' },
    { ContentLength: 3, ETag: '"e"' },
    { ...answering, method: 'HEAD' },
  )
  assert.equal(head.body, undefined)
  const deleted = wires
    .of('lambda')
    .encode({ operation: 'DeleteFunction', protocol: 'restJson1' }, {}, { ...answering, method: 'DELETE' })
  assert.ok(deleted.status === 204 || deleted.status === 200)
})

test('encodeFault() writes each protocol with its names, codes and statuses', () => {
  const gone = new Fault('QueueDoesNotExist', 'The specified queue does not exist.')
  const sqs = wires.of('sqs')
  const asJson = sqs.encodeFault('awsJson1_0', gone, answering)
  assert.deepEqual(
    [asJson.status, asJson.body],
    [400, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}'],
  )
  assert.ok(
    asJson.headers.some(
      ([name, value]) =>
        name === 'x-amzn-query-error' && value === 'AWS.SimpleQueueService.NonExistentQueue;Sender',
    ),
  )
  const asQuery = sqs.encodeFault('awsQuery', gone, answering)
  assert.match(
    String(asQuery.body),
    /<Error><Type>Sender<\/Type><Code>AWS\.SimpleQueueService\.NonExistentQueue<\/Code><Message>The specified queue does not exist\.<\/Message><\/Error><RequestId>/,
  )
  const asRest = wires.of('lambda').encodeFault(
    'restJson1',
    new Fault('TooManyRequestsException', 'Rate Exceeded.', {
      members: { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', retryAfterSeconds: '1' },
    }),
    answering,
  )
  assert.equal(asRest.status, 429)
  assert.deepEqual(JSON.parse(String(asRest.body)), {
    message: 'Rate Exceeded.',
    Reason: 'ConcurrentInvocationLimitExceeded',
    Type: 'User',
  })
  assert.ok(asRest.headers.some(([name, value]) => name === 'Retry-After' && value === '1'))
  assert.ok(
    asRest.headers.some(
      ([name, value]) => name === 'x-amzn-ErrorType' && value === 'TooManyRequestsException',
    ),
  )
  const asS3 = wires
    .of('s3')
    .encodeFault(
      'restXml',
      new Fault('NoSuchKey', 'The specified key does not exist.', { status: 404, members: { Key: 'a&b' } }),
      answering,
    )
  assert.match(
    String(asS3.body),
    /^<\?xml [^>]+>\n<Error><Code>NoSuchKey<\/Code><Message>The specified key does not exist\.<\/Message><Key>a&amp;b<\/Key><RequestId>/,
  )
  const head = wires
    .of('s3')
    .encodeFault('restXml', new Fault('NoSuchKey', '', { status: 404 }), { ...answering, method: 'HEAD' })
  assert.equal(head.body, undefined)
})

test('notImplemented() answers 501 with a code of its own', () => {
  assert.deepEqual(
    [
      wires.of('s3').notImplemented('SelectObjectContent').code,
      wires.of('lambda').notImplemented('CreateAlias').status,
    ],
    ['NotImplemented', 501],
  )
})

test('encode() frames event streams', async () => {
  async function* events(): AsyncGenerator<unknown> {
    yield { PayloadChunk: { Payload: utf8('hi') } }
    yield { InvokeComplete: {} }
  }
  const response = wires
    .of('lambda')
    .encode(
      { operation: 'InvokeWithResponseStream', protocol: 'restJson1' },
      { StatusCode: 200, EventStream: events() },
      answering,
    )
  const parts: Uint8Array[] = []
  for await (const part of response.body as AsyncIterable<Uint8Array>) parts.push(part)
  assert.equal(parts.length, 2)
  const [first] = parts
  assert.ok(first !== undefined && new DataView(first.buffer).getUint32(0) === first.length)
  assert.match(text(first), /:event-type.*PayloadChunk.*hi/s)
})

const line = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'),
  path: fc.oneof(
    fc.webPath(),
    fc.string().map((part) => `/${part}`),
    fc.constantFrom(
      '/',
      '//',
      '/b/k',
      '/2015-03-31/functions/%',
      '/v2/apis/%zz',
      '/restapis/a/resources',
      '/tags/arn%3Aaws%3Apipes',
    ),
  ),
  query: fc.oneof(
    fc.webQueryParameters(),
    fc.string(),
    fc.constantFrom('', '%', 'Action=SendMessage', 'uploads', 'max-keys=%00'),
  ),
  headers: fc.dictionary(
    fc.constantFrom(
      'x-amz-target',
      'authorization',
      'content-type',
      'smithy-protocol',
      'content-encoding',
      'x-amz-date',
      'x-amz-content-sha256',
      'x-amz-copy-source',
      'range',
    ),
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        'AmazonSQS.SendMessage',
        'DynamoDB_20120810.PutItem',
        'gzip',
        'rpc-v2-cbor',
        'application/x-www-form-urlencoded',
        'application/x-amz-json-1.0',
        'aws-chunked',
        'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'AWS x:y',
        'AWS4-HMAC-SHA256 Credential=a/20261125/us-east-1/s3/aws4_request',
        'AWS4-HMAC-SHA256 Credential=a/20261125/us-east-1/apigateway/aws4_request',
        'AWS4-HMAC-SHA256 Credential=a/20261125/us-east-1/cloudfront/aws4_request',
        'AWS4-HMAC-SHA256 Credential=///',
      ),
    ),
  ),
  body: fc.oneof(
    fc.string(),
    fc.json(),
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom(
      '{"__proto__":{"a":1}}',
      '<a>',
      '<a b="c">&lt;</a>',
      'Action=SendMessage&Version=2012-11-05&MessageAttribute.1.Name=__proto__',
      'A.__proto__.b=1',
      '{"Item":{"a":{"L":[null]}},"TableName":"t"}',
    ),
  ),
})

test('the way in throws nothing but faults, whatever comes', async () => {
  await fc.assert(
    fc.asyncProperty(line, async (sent) => {
      try {
        const { input } = await into(sent)
        for (const value of Object.values(input)) {
          if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
            for await (const _ of value as AsyncIterable<Uint8Array>) void _
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        for (const protocol of [
          'awsJson1_0',
          'awsJson1_1',
          'restJson1',
          'restXml',
          'awsQuery',
          'rpcv2Cbor',
        ] as const)
          assert.ok(wires.of('s3').encodeFault(protocol, error, answering).status >= 400)
      }
      assert.equal(Reflect.get({}, 'a'), undefined)
    }),
    { numRuns: 2_000 },
  )
})

test('decode() refuses documents nested beyond its bound', async () => {
  const deep = `${'{"L":['.repeat(5_000)}{"S":"x"}${']}'.repeat(5_000)}`
  const fault = await faultOf(json('DynamoDB_20120810.PutItem', `{"TableName":"t","Item":{"a":${deep}}}`))
  assert.equal(fault.code, 'SerializationException')
})
