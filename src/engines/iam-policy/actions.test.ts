import assert from 'node:assert/strict'
import { test } from 'node:test'
import { neededFor } from '#engines/iam-policy/actions.ts'

const ask = (name: string, input: object = {}, more: object = {}): readonly string[] => {
  const [service = '', operation = ''] = name.split(':')
  const asked = {
    service,
    operation,
    input,
    account: '123456789012',
    region: 'us-east-1',
    method: 'GET',
    path: '/',
  }
  return neededFor({ ...asked, ...more }).map(({ action, resource }) => `${action} ${resource}`)
}

const regional = (service: string, resource: string): string =>
  `arn:aws:${service}:us-east-1:123456789012:${resource}`

test('neededFor() names the action and the resource of a request, service by service', () => {
  const cases: readonly (readonly [string, object, string])[] = [
    [
      'sqs:SendMessageBatch',
      { QueueUrl: 'http://h/210987654321/q' },
      'sqs:SendMessage arn:aws:sqs:us-east-1:210987654321:q',
    ],
    ['sqs:CreateQueue', { QueueName: 'q' }, `sqs:CreateQueue ${regional('sqs', 'q')}`],
    ['sqs:ListQueues', {}, 'sqs:ListQueues *'],
    ['sns:Publish', { TopicArn: regional('sns', 't') }, `sns:Publish ${regional('sns', 't')}`],
    ['sns:CreateTopic', { Name: 't' }, `sns:CreateTopic ${regional('sns', 't')}`],
    ['sns:PublishBatch', { TopicArn: regional('sns', 't') }, `sns:Publish ${regional('sns', 't')}`],
    ['lambda:Invoke', { FunctionName: 'f' }, `lambda:InvokeFunction ${regional('lambda', 'function:f')}`],
    [
      'lambda:Invoke',
      { FunctionName: 'f:live' },
      `lambda:InvokeFunction ${regional('lambda', 'function:f:live')}`,
    ],
    [
      'lambda:GetFunction',
      { FunctionName: regional('lambda', 'function:f:3') },
      `lambda:GetFunction ${regional('lambda', 'function:f:3')}`,
    ],
    ['lambda:ListFunctions', {}, 'lambda:ListFunctions *'],
    [
      'lambda:PublishLayerVersion',
      { LayerName: 'l' },
      `lambda:PublishLayerVersion ${regional('lambda', 'layer:l')}`,
    ],
    [
      'logs:PutLogEvents',
      { logGroupName: '/a', logStreamName: 's' },
      `logs:PutLogEvents ${regional('logs', 'log-group:/a:log-stream:s')}`,
    ],
    ['events:PutRule', { Name: 'r' }, `events:PutRule ${regional('events', 'rule/r')}`],
    [
      'events:PutTargets',
      { Rule: 'r', EventBusName: 'b' },
      `events:PutTargets ${regional('events', 'rule/b/r')}`,
    ],
    ['iam:GetUser', { UserName: 'u' }, 'iam:GetUser arn:aws:iam::123456789012:user/u'],
    ['iam:CreateRole', { RoleName: 'r', Path: '/x/' }, 'iam:CreateRole arn:aws:iam::123456789012:role/x/r'],
    [
      'iam:AttachRolePolicy',
      { RoleName: 'r', PolicyArn: 'p' },
      'iam:AttachRolePolicy arn:aws:iam::123456789012:role/r',
    ],
    ['ssm:GetParameter', { Name: '/a/b' }, `ssm:GetParameter ${regional('ssm', 'parameter/a/b')}`],
    ['ecr:DescribeImages', { repositoryName: 'r' }, `ecr:DescribeImages ${regional('ecr', 'repository/r')}`],
    [
      'cloudformation:DescribeStacks',
      { StackName: 's' },
      `cloudformation:DescribeStacks ${regional('cloudformation', 'stack/s/*')}`,
    ],
    ['dynamodb:PutItem', { TableName: 't' }, `dynamodb:PutItem ${regional('dynamodb', 'table/t')}`],
    [
      'stepfunctions:StartExecution',
      { stateMachineArn: regional('states', 'stateMachine:m') },
      `states:StartExecution ${regional('states', 'stateMachine:m')}`,
    ],
    ['s3:GetObject', { Bucket: 'b', Key: 'k' }, 's3:GetObject arn:aws:s3:::b/k'],
    ['s3:GetObject', { Bucket: 'b', Key: 'k', VersionId: 'v' }, 's3:GetObjectVersion arn:aws:s3:::b/k'],
    ['s3:HeadBucket', { Bucket: 'b' }, 's3:ListBucket arn:aws:s3:::b'],
    ['s3:UploadPart', { Bucket: 'b', Key: 'k' }, 's3:PutObject arn:aws:s3:::b/k'],
    ['s3:ListBuckets', {}, 's3:ListAllMyBuckets *'],
  ]
  for (const [name, input, expected] of cases) assert.deepEqual(ask(name, input), [expected], name)
})

test('neededFor() names several actions where AWS asks for several', () => {
  assert.deepEqual(ask('s3:CopyObject', { Bucket: 'b', Key: 'k', CopySource: '/c/a%20b?versionId=1' }), [
    's3:PutObject arn:aws:s3:::b/k',
    's3:GetObject arn:aws:s3:::c/a b',
  ])
  assert.deepEqual(
    ask('s3:DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'x' }, { Key: 'y' }] } }),
    ['s3:DeleteObject arn:aws:s3:::b/x', 's3:DeleteObject arn:aws:s3:::b/y'],
  )
  assert.deepEqual(ask('events:PutEvents', { Entries: [{}, { EventBusName: 'b' }, {}] }), [
    `events:PutEvents ${regional('events', 'event-bus/default')}`,
    `events:PutEvents ${regional('events', 'event-bus/b')}`,
  ])
  const Role = 'arn:aws:iam::123456789012:role/r'
  assert.deepEqual(ask('lambda:CreateFunction', { FunctionName: 'f', Role }), [
    `lambda:CreateFunction ${regional('lambda', 'function:f')}`,
    `iam:PassRole ${Role}`,
  ])
  const RoleArn = Role
  assert.deepEqual(
    ask('sts:AssumeRole', { RoleArn, Tags: [{ Key: 'a', Value: 'b' }], SourceIdentity: 'me' }),
    [`sts:AssumeRole ${Role}`, `sts:TagSession ${Role}`, `sts:SetSourceIdentity ${Role}`],
  )
})

test('neededFor() asks nothing for what anybody may, and API Gateway’s methods by path', () => {
  assert.deepEqual(ask('sts:GetCallerIdentity'), [])
  assert.deepEqual(ask('apigatewayv2:GetApis', {}, { method: 'GET', path: '/v2/apis' }), [
    'apigateway:GET arn:aws:apigateway:us-east-1::/v2/apis',
  ])
})

test('neededFor() tells trust policies the external id and buckets’ policies the prefix', () => {
  const base = { account: '1', region: 'us-east-1', method: 'POST', path: '/' }
  const [assume] = neededFor({
    ...base,
    service: 'sts',
    operation: 'AssumeRole',
    input: { RoleArn: 'r', ExternalId: 'x', RoleSessionName: 's' },
  })
  assert.deepEqual(assume?.keys, { 'sts:ExternalId': ['x'], 'sts:RoleSessionName': ['s'] })
  const [list] = neededFor({
    ...base,
    service: 's3',
    operation: 'ListObjectsV2',
    input: { Bucket: 'b', Prefix: 'p/', MaxKeys: 5 },
  })
  assert.deepEqual(list?.keys, { 's3:prefix': ['p/'], 's3:max-keys': ['5'] })
})
