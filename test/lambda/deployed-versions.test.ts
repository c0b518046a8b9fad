/** Versions, aliases and layers as stacks make them: a new version for new code, its alias moved, all gone at the end. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { element, query, rest, zip } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { until } from './waiting.ts'

let on: Platform

before(async () => {
  on = await platform()
})
after(async () => {
  assert.equal(await on.stop(), 0)
})

const template = (word: string, version: string): string =>
  JSON.stringify({
    Resources: {
      Layer: {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: { LayerName: 'deployed', Content: { S3Bucket: 'layers', S3Key: 'layer.zip' } },
      },
      Shared: {
        Type: 'AWS::Lambda::LayerVersionPermission',
        Properties: {
          Action: 'lambda:GetLayerVersion',
          LayerVersionArn: { Ref: 'Layer' },
          Principal: '111122223333',
        },
      },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'deployed',
          Role: 'arn:aws:iam::000000000000:role/test',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Layers: [{ Ref: 'Layer' }],
          Code: {
            ZipFile: `exports.handler = async () => [${JSON.stringify(word)}, require('dep'), process.env.AWS_LAMBDA_INITIALIZATION_TYPE]`,
          },
        },
      },
      [version]: {
        Type: 'AWS::Lambda::Version',
        DeletionPolicy: 'Retain',
        Properties: { FunctionName: { Ref: 'Function' } },
      },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          Name: 'live',
          FunctionName: { Ref: 'Function' },
          FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
          ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
        },
      },
    },
    Outputs: { Alias: { Value: { Ref: 'Alias' } } },
  })

/** Does it and waits until the stack rests; answers its state. */
async function deploy(action: 'CreateStack' | 'UpdateStack', body: string): Promise<string> {
  const done = await query(on, 'cloudformation', {
    Version: '2010-05-15',
    Action: action,
    StackName: 'versions',
    TemplateBody: body,
  })
  assert.equal(done.status, 200, done.body)
  let status = ''
  await until(async () => {
    const shown = await query(on, 'cloudformation', {
      Version: '2010-05-15',
      Action: 'DescribeStacks',
      StackName: 'versions',
    })
    status = element(shown, 'StackStatus') ?? ''
    return !status.endsWith('IN_PROGRESS')
  })
  return status
}

async function run(): Promise<unknown> {
  const path = 'lambda POST /2015-03-31/functions/deployed/invocations?Qualifier=live' as const
  return JSON.parse((await rest(on, path, '{}')).body)
}

test('a stack publishes a version for new code and moves its alias, and the old version stays', async () => {
  await rest(on, 's3 PUT /layers')
  const layer = zip({ 'nodejs/node_modules/dep/index.js': "module.exports = 'of the layer'" })
  assert.equal((await rest(on, 's3 PUT /layers/layer.zip', layer)).status, 200)
  assert.equal(await deploy('CreateStack', template('one', 'First')), 'CREATE_COMPLETE')
  assert.deepEqual(await run(), ['one', 'of the layer', 'provisioned-concurrency'])
  assert.equal(await deploy('UpdateStack', template('two', 'Second')), 'UPDATE_COMPLETE')
  assert.deepEqual(await run(), ['two', 'of the layer', 'provisioned-concurrency'])
  const versions = await rest(on, 'lambda GET /2015-03-31/functions/deployed/versions')
  const numbers = (JSON.parse(versions.body) as { Versions: { Version: string }[] }).Versions
  assert.deepEqual(
    numbers.map(({ Version }) => Version),
    ['$LATEST', '1', '2'],
  )
  const policy = await rest(on, 'lambda GET /2018-10-31/layers/deployed/versions/1/policy')
  assert.match(policy.body, /arn:aws:iam::111122223333:root/)
  await query(on, 'cloudformation', { Version: '2010-05-15', Action: 'DeleteStack', StackName: 'versions' })
  await until(async () => (await rest(on, 'lambda GET /2015-03-31/functions/deployed')).status === 404)
  await until(async () => !(await rest(on, 'lambda GET /2018-10-31/layers')).body.includes('deployed'))
})
