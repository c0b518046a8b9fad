/** Custom resources whose functions answer as published ones do: by AWS's modules, and by https whatever the address says. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { element, query } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => {
  on = await platform()
})
after(async () => assert.equal(await on.stop(), 0))

const API = { Version: '2010-05-15' }
const ROLE = {
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
}
const functionOf = (Runtime: string, ZipFile: string): Record<string, unknown> => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime,
    Handler: 'index.handler',
    Timeout: 30,
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Code: { ZipFile },
  },
})

const NODE_MODULE = `
const response = require('cfn-response')
exports.handler = (event, context) => response.send(event, context, response.SUCCESS, { Who: 'node module' }, 'n')
`
const NODE_BY_HTTPS = `
const https = require('https')
const url = require('url')
exports.handler = (event) => new Promise((resolve, reject) => {
  const { hostname, path } = url.parse(event.ResponseURL)
  const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'h', StackId: event.StackId,
    RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId, Data: { Who: 'node https' } })
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) }
  const request = https.request({ hostname, port: 443, path, method: 'PUT', headers }, resolve)
  request.on('error', reject)
  request.end(body)
})
`
const PYTHON_MODULE = `
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {'Who': 'python module'}, 'p')
`
const PYTHON_BY_HTTPS = `
import json
from http.client import HTTPSConnection
from urllib.parse import urlsplit
def handler(event, context):
    url = urlsplit(event['ResponseURL'])
    connection = HTTPSConnection(url.hostname)
    answer = {'Status': 'SUCCESS', 'PhysicalResourceId': 'q', 'StackId': event['StackId'],
              'RequestId': event['RequestId'], 'LogicalResourceId': event['LogicalResourceId'],
              'Data': {'Who': 'python https'}}
    connection.request('PUT', url.path + '?' + url.query, body=json.dumps(answer))
    assert connection.getresponse().status == 200
`

async function ended(stack: string): Promise<string> {
  const cut = AbortSignal.timeout(90_000)
  for (;;) {
    const answer = await query(on, 'cloudformation', { ...API, Action: 'DescribeStacks', StackName: stack })
    if (!(element(answer, 'StackStatus') ?? '').endsWith('_IN_PROGRESS')) return answer.body
    cut.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('Functions of Node and Python answer by AWS’s modules and by plain https', async () => {
  const providers = {
    NodeModule: functionOf('nodejs24.x', NODE_MODULE),
    NodeHttps: functionOf('nodejs22.x', NODE_BY_HTTPS),
    PythonModule: functionOf('python3.12', PYTHON_MODULE),
    PythonHttps: functionOf('python3.12', PYTHON_BY_HTTPS),
  }
  const things = Object.keys(providers).map((name) => [
    `Of${name}`,
    { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': [name, 'Arn'] } } },
  ])
  const outputs = Object.keys(providers).map((name) => [
    name,
    { Value: { 'Fn::GetAtt': [`Of${name}`, 'Who'] } },
  ])
  const template = {
    Resources: { Role: ROLE, ...providers, ...Object.fromEntries(things) },
    Outputs: Object.fromEntries(outputs),
  }
  const made = await query(on, 'cloudformation', {
    ...API,
    Action: 'CreateStack',
    StackName: 'custom',
    TemplateBody: JSON.stringify(template),
    'Capabilities.member.1': 'CAPABILITY_IAM',
  })
  assert.equal(made.status, 200, made.body)
  const stack = await ended('custom')
  assert.match(stack, /<StackStatus>CREATE_COMPLETE</)
  for (const who of ['node module', 'node https', 'python module', 'python https'])
    assert.ok(stack.includes(`<OutputValue>${who}</OutputValue>`), stack)
  await query(on, 'cloudformation', { ...API, Action: 'DeleteStack', StackName: 'custom' })
  assert.match(await ended('custom'), /Stack with id custom does not exist/)
})
