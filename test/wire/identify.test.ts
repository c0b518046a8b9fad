/** Which service a request is for, in the order that matters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withForm } from '#wire/forms.ts'
import { type Sent, requestOf, signed, wires } from './intake.ts'

async function serviceOf(sent: Sent): Promise<string> {
  const { request, form } = await withForm(requestOf(sent))
  const found = wires.identify(request, form)
  return found.kind === 'unknown' ? found.fault.code : `${found.service} ${found.protocol}`
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }

const CASES: readonly (readonly [why: string, sent: Sent, wanted: string])[] = [
  [
    'a CBOR path is more than a signature',
    {
      path: '/service/GraniteServiceVersion20100801/operation/PutMetricData',
      headers: { ...signed('s3'), 'smithy-protocol': 'rpc-v2-cbor' },
    },
    'cloudwatch rpcv2Cbor',
  ],
  [
    'a target is more than a signature',
    {
      headers: {
        ...signed('s3'),
        'x-amz-target': 'AWSEvents.PutEvents',
        'content-type': 'application/x-amz-json-1.1',
      },
    },
    'events awsJson1_1',
  ],
  [
    'an unknown target is not S3',
    { headers: { ...signed('s3'), 'x-amz-target': 'secretsmanager.GetSecretValue' } },
    'UnknownOperationException',
  ],
  [
    'streams share a scope with tables, the target decides',
    { headers: { ...signed('dynamodb'), 'x-amz-target': 'DynamoDBStreams_20120810.ListStreams' } },
    'dynamodbstreams awsJson1_0',
  ],
  [
    'the path decides between the two API Gateways',
    { method: 'GET', path: '/v2/apis', headers: signed('apigateway') },
    'apigatewayv2 restJson1',
  ],
  [
    'the path decides between the two API Gateways',
    { method: 'GET', path: '/restapis', headers: signed('apigateway') },
    'apigateway restJson1',
  ],
  [
    'connections are managed under a scope that APIs share',
    { path: '/prod/@connections/abc', headers: signed('execute-api') },
    'apigatewaymanagementapi restJson1',
  ],
  [
    'a scope that nobody has is not S3',
    { path: '/bucket/key', headers: signed('rds') },
    'UnknownOperationException',
  ],
  [
    'a presigned query is a signature',
    { method: 'GET', path: '/b/k', query: 'X-Amz-Credential=a%2F20261125%2Fus-east-1%2Fs3%2Faws4_request' },
    's3 restXml',
  ],
  ['SigV2 is S3', { method: 'GET', path: '/b/k', headers: { authorization: 'AWS a:b' } }, 's3 restXml'],
  [
    'SigV2 with an action is query',
    { headers: { authorization: 'AWS a:b', ...form }, body: 'Action=GetCallerIdentity&Version=2011-06-15' },
    'sts awsQuery',
  ],
  [
    'actions of several services are told apart by version',
    { headers: form, body: 'Action=AddPermission&Version=2010-03-31' },
    'sns awsQuery',
  ],
  [
    'actions of several services are told apart by version',
    { headers: form, body: 'Action=AddPermission&Version=2012-11-05' },
    'sqs awsQuery',
  ],
  [
    'an action may stand in the query string',
    { method: 'GET', query: 'Action=GetCallerIdentity&Version=2011-06-15' },
    'sts awsQuery',
  ],
  [
    'an unsigned POST to a queue is SQS',
    { path: '/000000000000/q', headers: form, body: 'x=1' },
    'sqs awsQuery',
  ],
  [
    'an unsigned dated path is its service',
    { path: '/2015-03-31/functions/f/invocations' },
    'lambda restJson1',
  ],
  [
    'an unsigned dated path is its service',
    { method: 'GET', path: '/2020-05-31/distribution' },
    'cloudfront restXml',
  ],
  [
    'shared tag paths are told apart by the ARN',
    { method: 'GET', path: '/tags/arn%3Aaws%3Apipes%3Aus-east-1%3A000000000000%3Apipe%2Fp' },
    'pipes restJson1',
  ],
  [
    'shared tag paths are told apart by the ARN',
    { method: 'GET', path: '/tags/arn%3Aaws%3Ascheduler%3Aus-east-1%3A000000000000%3Aschedule%2Fp' },
    'scheduler restJson1',
  ],
  ['what looks like a bucket is S3, last', { method: 'GET', path: '/my-bucket/key' }, 's3 restXml'],
  ['what looks like nothing is nobody', { method: 'GET', path: '/' }, 'UnknownOperationException'],
]

for (const [why, sent, wanted] of CASES) {
  test(`identify() answers ${wanted} for ${sent.method ?? 'POST'} ${sent.path ?? '/'}: ${why}`, async () => {
    assert.equal(await serviceOf(sent), wanted)
  })
}

test('the index names every service once, and targets are distinct', () => {
  const { services } = wires.index
  assert.equal(services.length, 23)
  assert.equal(new Set(services.map(({ service }) => service)).size, 23)
  const targets = services.flatMap(({ target }) => target ?? [])
  assert.equal(new Set(targets).size, targets.length)
})
