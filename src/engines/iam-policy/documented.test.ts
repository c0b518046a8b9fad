/** Policies that AWS's IAM user guide prints, and what it says of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { present } from '#base/assert.ts'
import { type Policy, readPolicy } from '#engines/iam-policy/document.ts'
import { type Policies, type Principal, evaluate } from '#engines/iam-policy/evaluate.ts'
import { contextOf } from '#engines/iam-policy/glob.ts'

const policy = (...Statement: readonly object[]): Policy =>
  present(readPolicy(JSON.stringify({ Version: '2012-10-17', Statement })), 'a policy')

interface Asked {
  readonly action: string
  readonly resource?: string
  readonly keys?: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly principal?: Principal
  readonly resourceAccount?: string
}

const anybody: Principal = {
  kind: 'user',
  account: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/somebody',
}

function decide(policies: Omit<Policies, 'identity'> & { readonly identity?: Policy }, asked: Asked): string {
  const { action, resource = '*', keys = {}, principal = anybody, resourceAccount } = asked
  const context = contextOf(Object.entries(keys).map(([key, value]) => [key, [value].flat()]))
  const identity = policies.identity === undefined ? [] : [{ id: 'identity', policy: policies.identity }]
  return evaluate({ principal, action, resource, resourceAccount, context }, { ...policies, identity }).kind
}

test('AWS: allows access based on date and time', () => {
  const identity = policy({
    Effect: 'Allow',
    Action: 'service-prefix:action-name',
    Resource: '*',
    Condition: {
      DateGreaterThan: { 'aws:CurrentTime': '2020-04-01T00:00:00Z' },
      DateLessThan: { 'aws:CurrentTime': '2020-06-30T23:59:59Z' },
    },
  })
  const at = (time: string): string =>
    decide({ identity }, { action: 'service-prefix:action-name', keys: { 'aws:CurrentTime': time } })
  assert.equal(at('2020-05-01T00:00:00Z'), 'allowed')
  assert.equal(at('2020-03-31T23:59:59Z'), 'implicitDeny')
  assert.equal(at('2020-07-01T00:00:00Z'), 'implicitDeny')
})

test('AWS: denies access based on the requested Region, but to global services', () => {
  const identity = policy(
    { Effect: 'Allow', Action: '*', Resource: '*' },
    {
      Sid: 'DenyAllOutsideRequestedRegions',
      Effect: 'Deny',
      NotAction: ['cloudfront:*', 'iam:*', 'route53:*', 'support:*'],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1'] } },
    },
  )
  const in_ = (region: string, action: string): string =>
    decide({ identity }, { action, keys: { 'aws:RequestedRegion': region } })
  assert.equal(in_('eu-west-1', 'ec2:RunInstances'), 'allowed')
  assert.equal(in_('us-east-1', 'ec2:RunInstances'), 'explicitDeny')
  assert.equal(in_('us-east-1', 'iam:CreateUser'), 'allowed')
})

test('AWS: denies access to AWS based on the source IP, but through services', () => {
  const identity = policy(
    { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: {
        NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '203.0.113.0/24'] },
        Bool: { 'aws:ViaAWSService': 'false' },
      },
    },
  )
  const from = (address: string, via: string): string =>
    decide(
      { identity },
      { action: 's3:GetObject', keys: { 'aws:SourceIp': address, 'aws:ViaAWSService': via } },
    )
  assert.equal(from('203.0.113.7', 'false'), 'allowed')
  assert.equal(from('198.51.100.7', 'false'), 'explicitDeny')
  assert.equal(from('198.51.100.7', 'true'), 'allowed')
})

test('AWS: allows users to manage their own credentials with MFA only', () => {
  const identity = policy(
    { Effect: 'Allow', Action: '*', Resource: '*' },
    {
      Sid: 'DenyAllExceptListedIfNoMFA',
      Effect: 'Deny',
      NotAction: ['iam:EnableMFADevice', 'iam:GetUser', 'sts:GetSessionToken'],
      Resource: '*',
      Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
    },
  )
  const keys = (value: string): Asked['keys'] => ({ 'aws:MultiFactorAuthPresent': value })
  assert.equal(decide({ identity }, { action: 's3:GetObject', keys: keys('true') }), 'allowed')
  assert.equal(decide({ identity }, { action: 's3:GetObject', keys: keys('false') }), 'explicitDeny')
  // Long-term keys carry no such key: IfExists counts that as a match.
  assert.equal(decide({ identity }, { action: 's3:GetObject' }), 'explicitDeny')
  assert.equal(decide({ identity }, { action: 'iam:EnableMFADevice' }), 'allowed')
})

test('AWS: lets a session’s tag decide by the resource’s (ABAC)', () => {
  const identity = policy({
    Effect: 'Allow',
    Action: ['ec2:startInstances', 'ec2:stopInstances'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:ResourceTag/CostCenter': '${aws:PrincipalTag/CostCenter}' } },
  })
  const tags = (resource: string, principal?: string): Asked['keys'] => ({
    'aws:ResourceTag/CostCenter': resource,
    ...(principal === undefined ? {} : { 'aws:PrincipalTag/CostCenter': principal }),
  })
  const action = 'ec2:StartInstances'
  assert.equal(decide({ identity }, { action, keys: tags('12345', '12345') }), 'allowed')
  assert.equal(decide({ identity }, { action, keys: tags('12345', '67890') }), 'implicitDeny')
  assert.equal(decide({ identity }, { action, keys: tags('12345') }), 'implicitDeny')
})

test('AWS: allows specific columns of a DynamoDB table with ForAllValues', () => {
  const identity = policy({
    Effect: 'Allow',
    Action: ['dynamodb:GetItem', 'dynamodb:Query'],
    Resource: ['arn:aws:dynamodb:*:*:table/Thread'],
    Condition: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['ID', 'Message', 'Tags'] },
      StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
    },
  })
  const get = (...attributes: readonly string[]): string =>
    decide(
      { identity },
      {
        action: 'dynamodb:GetItem',
        resource: 'arn:aws:dynamodb:us-west-2:111122223333:table/Thread',
        keys: { 'dynamodb:Attributes': attributes, 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
      },
    )
  assert.equal(get('ID', 'Tags'), 'allowed')
  assert.equal(get('ID', 'PostedBy'), 'implicitDeny')
})

test('AWS: the permissions boundary of Shirley lets S3, CloudWatch and EC2 through, whatever her policy says', () => {
  const boundary = [
    {
      id: 'XCompanyBoundaries',
      policy: policy({ Effect: 'Allow', Action: ['s3:*', 'cloudwatch:*', 'ec2:*'], Resource: '*' }),
    },
  ]
  const identity = policy({ Effect: 'Allow', Action: ['iam:CreateUser', 's3:PutObject'], Resource: '*' })
  assert.equal(decide({ identity, boundary }, { action: 'iam:CreateUser' }), 'implicitDeny')
  assert.equal(decide({ identity, boundary }, { action: 's3:PutObject' }), 'allowed')
  assert.equal(decide({ identity, boundary }, { action: 's3:GetObject' }), 'implicitDeny')
})

test('AWS: Carlos reads another account’s Production bucket, and no logs', () => {
  const carlos: Principal = {
    kind: 'user',
    account: '111111111111',
    arn: 'arn:aws:iam::111111111111:user/carlossalazar',
  }
  const identity = policy(
    { Sid: 'AllowS3ListRead', Effect: 'Allow', Action: ['s3:ListAllMyBuckets'], Resource: 'arn:aws:s3:::*' },
    {
      Sid: 'AllowS3ProductionObjectActions',
      Effect: 'Allow',
      Action: 's3:*Object*',
      Resource: 'arn:aws:s3:::Production/*',
    },
    {
      Sid: 'DenyS3Logs',
      Effect: 'Deny',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::*log*', 'arn:aws:s3:::*log*/*'],
    },
  )
  const bucket = policy({
    Effect: 'Allow',
    Action: ['s3:GetObject*', 's3:PutObject*', 's3:ReplicateObject', 's3:RestoreObject'],
    Principal: { AWS: carlos.arn },
    Resource: 'arn:aws:s3:::Production/*',
  })
  const resource = { id: 'Production', policy: bucket }
  const of = (action: string, key: string, with_: Omit<Policies, 'identity'> = { resource }): string =>
    decide(
      { identity, ...with_ },
      {
        action,
        resource: `arn:aws:s3:::${key}`,
        principal: carlos,
        resourceAccount: '222222222222',
      },
    )
  assert.equal(of('s3:PutObject', 'Production/cat.jpg'), 'allowed')
  assert.equal(of('s3:DeleteObject', 'Production/cat.jpg'), 'implicitDeny')
  assert.equal(of('s3:GetObject', 'Production/logs/today'), 'explicitDeny')
  assert.equal(of('s3:PutObject', 'Production/cat.jpg', {}), 'implicitDeny')
})
