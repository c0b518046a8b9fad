/** Outputs and faults into answers, over the tables of AWS's own services. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { ID, answering, bodyText, wires } from './intake.ts'

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
  assert.match(bodyText(location), /<LocationConstraint xmlns="[^"]+">eu-west-1<\/LocationConstraint>$/)
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
    bodyText(asQuery),
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
  assert.deepEqual(JSON.parse(bodyText(asRest)), {
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
    bodyText(asS3),
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
  async function* events(): AsyncGenerator {
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

test('encode() and encodeFault() answer query clients that accept JSON in objects of the same names', () => {
  const asking = { ...answering, headers: { accept: 'application/json' } }
  const sts = wires.of('sts')
  const assumed = sts.encode(
    { operation: 'AssumeRole', protocol: 'awsQuery' },
    {
      Credentials: {
        AccessKeyId: 'ASIA',
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration: 1_460_355_675_000,
      },
      AssumedRoleUser: { AssumedRoleId: 'AROA:me', Arn: 'arn' },
    },
    asking,
  )
  assert.ok(assumed.headers.some(([name, value]) => name === 'Content-Type' && value === 'application/json'))
  assert.partialDeepStrictEqual(JSON.parse(bodyText(assumed)), {
    AssumeRoleResponse: {
      AssumeRoleResult: {
        Credentials: {
          AccessKeyId: 'ASIA',
          SecretAccessKey: 's',
          SessionToken: 't',
          Expiration: 1_460_355_675,
        },
        AssumedRoleUser: { AssumedRoleId: 'AROA:me', Arn: 'arn' },
        PackedPolicySize: null,
        SourceIdentity: null,
      },
      ResponseMetadata: { RequestId: ID },
    },
  })
  const fault = sts.encodeFault('awsQuery', new Fault('ExpiredToken', 'over', { status: 403 }), asking)
  assert.equal(fault.status, 403)
  assert.deepEqual(JSON.parse(bodyText(fault)), {
    Error: { Code: 'ExpiredToken', Message: 'over', Type: 'Sender' },
    RequestId: ID,
  })
  const bare = wires.of('iam').encode({ operation: 'DeleteRole', protocol: 'awsQuery' }, {}, asking)
  assert.deepEqual(JSON.parse(bodyText(bare)), {
    DeleteRoleResponse: { ResponseMetadata: { RequestId: ID } },
  })
  for (const accept of ['*/*', 'text/xml, application/json', 'application/jsonx']) {
    const other = { ...answering, headers: { accept } }
    const answer = sts.encode(
      { operation: 'GetCallerIdentity', protocol: 'awsQuery' },
      { Account: '1' },
      other,
    )
    assert.match(bodyText(answer), /^<\?xml/)
  }
})
