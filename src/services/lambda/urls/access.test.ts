import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyStatement } from '#services/lambda/record.ts'
import { missingPermissions, signedBy } from '#services/lambda/urls/access.ts'

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'
const statement = (Action: string, more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Sid: Action,
  Effect: 'Allow',
  Principal: '*',
  Action,
  Resource: ARN,
  ...more,
})
const equals = (authType: string): Partial<PolicyStatement> => ({
  Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': authType } },
})
const VIA_URL = { Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } }
const ANYBODY = { authType: 'NONE', arn: ARN, account: undefined }

test('missingPermissions() wants both actions for everybody, with conditions that hold for a URL', () => {
  const url = statement('lambda:InvokeFunctionUrl', equals('NONE'))
  const invoke = statement('lambda:InvokeFunction', VIA_URL)
  assert.deepEqual(missingPermissions([url, invoke], ANYBODY), [])
  assert.deepEqual(missingPermissions([url], ANYBODY), ['lambda:InvokeFunction'])
  assert.deepEqual(missingPermissions([], ANYBODY), ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'])
  assert.deepEqual(missingPermissions([statement('lambda:*')], ANYBODY), [])
})

test('missingPermissions() does not take a grant of another kind', () => {
  const invoke = statement('lambda:InvokeFunction', VIA_URL)
  const others: readonly PolicyStatement[] = [
    statement('lambda:InvokeFunctionUrl', equals('AWS_IAM')),
    statement('lambda:InvokeFunctionUrl', { Principal: { Service: 'sns.amazonaws.com' } }),
    statement('lambda:InvokeFunctionUrl', { Principal: { AWS: 'arn:aws:iam::111111111111:root' } }),
    statement('lambda:InvokeFunctionUrl', { Resource: `${ARN}:live` }),
    statement('lambda:InvokeFunctionUrl', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
  ]
  for (const other of others)
    assert.deepEqual(missingPermissions([other, invoke], ANYBODY), ['lambda:InvokeFunctionUrl'])
})

test('missingPermissions() grants an account what its own principal has', () => {
  const other = { Principal: { AWS: 'arn:aws:iam::111111111111:root' } }
  const both = [statement('lambda:InvokeFunctionUrl', other), statement('lambda:InvokeFunction', other)]
  assert.deepEqual(missingPermissions(both, { ...ANYBODY, authType: 'AWS_IAM', account: '111111111111' }), [])
  assert.equal(missingPermissions(both, { ...ANYBODY, account: '222222222222' }).length, 2)
})

test('signedBy() finds the key of a signature for Lambda in header or query, and of no other', () => {
  const scope = 'AKIA/20261125/us-east-1/lambda/aws4_request'
  const header = (credential: string): Parameters<typeof signedBy>[0] => ({
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0a`,
    },
    query: '',
  })
  assert.equal(signedBy(header(scope)), 'AKIA')
  assert.equal(signedBy(header(scope.replace('lambda', 's3'))), undefined)
  const query = `X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Signature=0a`
  assert.equal(signedBy({ headers: {}, query }), 'AKIA')
  assert.equal(signedBy({ headers: {}, query: 'X-Amz-Credential=x' }), undefined)
  assert.equal(signedBy({ headers: { authorization: 'Bearer x' }, query: '' }), undefined)
})
