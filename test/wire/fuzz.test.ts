/** Whatever comes in, only faults go out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import { answering, faultOf, into, json, wires } from './intake.ts'

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
