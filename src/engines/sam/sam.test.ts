import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type SamTables, transformSam } from '#engines/sam/transform.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { type Dict, dictAt, memberOf, textAt, type Value } from '#engines/templates/value.ts'

const tables = JSON.parse(
  readFileSync(new URL('../../model/resources/sam.json', import.meta.url), 'utf8'),
) as SamTables

function transformed(
  text: string,
  parameterValues: Record<string, Value> = {},
): ReturnType<typeof transformSam> {
  const parsed = parseTemplate(text)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.message)
  return transformSam(parsed.value.body, {
    region: 'us-east-1',
    account: '123456789012',
    partition: 'aws',
    parameterValues,
    tables,
  })
}

function resources(text: string, parameters: Record<string, Value> = {}): Dict {
  const result = transformed(text, parameters)
  assert.ok(result.ok, result.ok ? '' : result.error.message)
  assert.equal(memberOf(result.value, 'Transform'), undefined)
  return dictAt(result.value, 'Resources') ?? {}
}

const properties = (all: Dict, id: string): Dict => dictAt(all[id], 'Properties') ?? {}
const typesIn = (all: Dict): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(all).map(([id, resource]) => [id, textAt(resource, 'Type')]))

const FUNCTION = `
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: nodejs22.x
      CodeUri: s3://bucket/key?versionId=3`

test('a function with an Api event becomes a function, its role, a permission and an implicit REST API', () => {
  const all = resources(`
Resources:
  Hello:${FUNCTION}
      Events:
        Get: { Type: Api, Properties: { Path: '/hello/{name}', Method: GET } }
`)
  const deployment = Object.keys(all).find((id) => id.startsWith('ServerlessRestApiDeployment')) ?? ''
  assert.match(deployment, /^ServerlessRestApiDeployment[0-9a-f]{10}$/)
  assert.deepEqual(typesIn(all), {
    Hello: 'AWS::Lambda::Function',
    HelloRole: 'AWS::IAM::Role',
    HelloGetPermissionProd: 'AWS::Lambda::Permission',
    ServerlessRestApi: 'AWS::ApiGateway::RestApi',
    [deployment]: 'AWS::ApiGateway::Deployment',
    ServerlessRestApiProdStage: 'AWS::ApiGateway::Stage',
  })
  assert.deepEqual(properties(all, 'Hello')['Code'], {
    S3Bucket: 'bucket',
    S3Key: 'key',
    S3ObjectVersion: '3',
  })
  assert.deepEqual(properties(all, 'Hello')['Tags'], [{ Key: 'lambda:createdBy', Value: 'SAM' }])
  assert.deepEqual(properties(all, 'HelloGetPermissionProd')['SourceArn'], {
    'Fn::Sub': [
      'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/GET/hello/*',
      { __ApiId__: { Ref: 'ServerlessRestApi' }, __Stage__: '*' },
    ],
  })
  const paths = dictAt(dictAt(properties(all, 'ServerlessRestApi'), 'Body'), 'paths')
  assert.deepEqual(paths, {
    '/hello/{name}': {
      get: {
        'x-amazon-apigateway-integration': {
          type: 'aws_proxy',
          httpMethod: 'POST',
          uri: {
            'Fn::Sub':
              'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Hello.Arn}/invocations',
          },
        },
        responses: {},
      },
    },
  })
})

test('a deployment gets a new logical id when the API changes, and only then', () => {
  const idOf = (path: string, timeout: number): string | undefined =>
    Object.keys(
      resources(`
Resources:
  Hello:${FUNCTION}
      Timeout: ${timeout}
      Events: { Get: { Type: Api, Properties: { Path: ${path}, Method: get } } }
`),
    ).find((id) => id.includes('Deployment'))
  assert.equal(idOf('/a', 3), idOf('/a', 9))
  assert.notEqual(idOf('/a', 3), idOf('/b', 3))
})

test('an HttpApi event without a path takes everything through $default', () => {
  const all = resources(`
Resources:
  Hello:${FUNCTION}
      Events: { Any: { Type: HttpApi } }
`)
  assert.equal(textAt(all['ServerlessHttpApi'], 'Type'), 'AWS::ApiGatewayV2::Api')
  assert.equal(properties(all, 'ServerlessHttpApiApiGatewayDefaultStage')['AutoDeploy'], true)
  const route = dictAt(dictAt(dictAt(properties(all, 'ServerlessHttpApi'), 'Body'), 'paths'), '$default')
  assert.equal(memberOf(dictAt(route, 'x-amazon-apigateway-any-method'), 'isDefaultRoute'), true)
})

test('Globals are merged: maps by key, lists joined, the rest overruled', () => {
  const all = resources(`
Globals:
  Function: { Timeout: 9, MemorySize: 512, Layers: [one], Environment: { Variables: { A: 1, B: 2 } } }
Resources:
  Hello:${FUNCTION}
      MemorySize: 128
      Layers: [two]
      Environment: { Variables: { B: 3 } }
`)
  const { Timeout, MemorySize, Layers, Environment } = properties(all, 'Hello')
  assert.deepEqual([Timeout, MemorySize, Layers], [9, 128, ['one', 'two']])
  assert.deepEqual(Environment, { Variables: { A: 1, B: 3 } })
})

test('policy templates, managed policies and statements end in the role', () => {
  const all = resources(`
Resources:
  Hello:${FUNCTION}
      Policies:
        - AmazonDynamoDBFullAccess
        - arn:aws:iam::123456789012:policy/own
        - SQSPollerPolicy: { QueueName: !GetAtt Queue.QueueName }
        - Statement: [{ Effect: Allow, Action: 's3:*', Resource: '*' }]
`)
  const role = properties(all, 'HelloRole')
  assert.deepEqual(role['ManagedPolicyArns'], [
    'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    'arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess',
    'arn:aws:iam::123456789012:policy/own',
  ])
  const policies = role['Policies']
  assert.ok(Array.isArray(policies))
  assert.deepEqual(
    policies.map((policy) => textAt(policy, 'PolicyName')),
    ['HelloRolePolicy2', 'HelloRolePolicy3'],
  )
  assert.match(JSON.stringify(policies[0]), /"queueName":\{"Fn::GetAtt":\["Queue","QueueName"\]\}/)
})

test('AutoPublishAlias makes a version for each new code and an alias that others refer to', () => {
  const text = (key: string): string => `
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: nodejs22.x
      CodeUri: s3://bucket/${key}
      AutoPublishAlias: live
      Events: { Queue: { Type: SQS, Properties: { Queue: 'arn:aws:sqs:us-east-1:123456789012:q' } } }
Outputs: { Alias: { Value: !Ref Hello.Alias } }
`
  const result = transformed(text('one'))
  assert.ok(result.ok)
  const all = dictAt(result.value, 'Resources') ?? {}
  const version = Object.keys(all).find((id) => id.startsWith('HelloVersion')) ?? ''
  assert.match(version, /^HelloVersion[0-9a-f]{10}$/)
  assert.equal(memberOf(all[version], 'DeletionPolicy'), 'Retain')
  assert.deepEqual(memberOf(memberOf(dictAt(result.value, 'Outputs'), 'Alias'), 'Value'), {
    Ref: 'HelloAliaslive',
  })
  assert.deepEqual(properties(all, 'HelloQueue')['FunctionName'], { Ref: 'HelloAliaslive' })
  assert.ok(!Object.hasOwn(resources(text('two')), version))
})

test('a layer is named after its content, and everyone follows the name', () => {
  const result = transformed(`
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: 's3://bucket/layer' }
  Hello:${FUNCTION}
      Layers: [!Ref Shared]
`)
  assert.ok(result.ok)
  const all = dictAt(result.value, 'Resources') ?? {}
  const layer = Object.keys(all).find((id) => id.startsWith('Shared')) ?? ''
  assert.match(layer, /^Shared[0-9a-f]{10}$/)
  assert.deepEqual(properties(all, 'Hello')['Layers'], [{ Ref: layer }])
})

test('events that need other services become their resources', () => {
  const all = resources(`
Resources:
  Bucket: { Type: 'AWS::S3::Bucket' }
  Hello:${FUNCTION}
      Events:
        Hourly: { Type: Schedule, Properties: { Schedule: rate(1 hour), Enabled: false } }
        Put: { Type: S3, Properties: { Bucket: !Ref Bucket, Events: 's3:ObjectCreated:*' } }
        Topic: { Type: SNS, Properties: { Topic: arn:aws:sns:us-east-1:123456789012:t } }
`)
  assert.equal(properties(all, 'HelloHourly')['State'], 'DISABLED')
  assert.equal(textAt(all['HelloTopic'], 'Type'), 'AWS::SNS::Subscription')
  assert.deepEqual(memberOf(all['Bucket'], 'DependsOn'), ['HelloPutPermission'])
  assert.deepEqual(memberOf(properties(all, 'Bucket')['NotificationConfiguration'], 'LambdaConfigurations'), [
    { Function: { 'Fn::GetAtt': ['Hello', 'Arn'] }, Event: 's3:ObjectCreated:*' },
  ])
})

test('transformSam() counts what is wrong and names it in the order of its ids', () => {
  const result = transformed(`
Resources:
  Second:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: 's3://bucket/key', Runtime: nodejs22.x }
  First:
    Type: AWS::Serverless::Api
    Properties: { DefinitionUri: 's3://bucket/key' }
`)
  assert.ok(!result.ok)
  assert.equal(
    result.error.message,
    'Invalid Serverless Application Specification document. Number of errors found: 2. ' +
      "Resource with id [First] is invalid. Missing required property 'StageName'. " +
      'Resource with id [Second] is invalid. Runtime and Handler needs to be present when PackageType is of type `Zip`',
  )
})

test('transformSam() leaves the template that it was given', () => {
  const text = `
Resources:
  Hello:${FUNCTION}
      Events: { Get: { Type: Api, Properties: { Path: /, Method: get } } }
`
  const parsed = parseTemplate(text)
  assert.ok(parsed.ok)
  const before = JSON.stringify(parsed.value.body)
  transformSam(parsed.value.body, {
    region: 'us-east-1',
    account: '123456789012',
    partition: 'aws',
    parameterValues: {},
    tables,
  })
  assert.equal(JSON.stringify(parsed.value.body), before)
})
