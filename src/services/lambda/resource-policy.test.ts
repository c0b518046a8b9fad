/** Statements against what services ask: principals, actions, conditions, and patterns of ARNs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyStatement } from '#services/lambda/record.ts'
import { allows, arnLike } from '#services/lambda/resource-policy.ts'

const asking = {
  principal: 's3.amazonaws.com',
  sourceArn: 'arn:aws:s3:::bucket',
  sourceAccount: '111122223333',
}
const statement = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Sid: 's',
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Resource: 'arn',
  ...more,
})

test('allows() takes the service, an action that invokes, and conditions that all hold', () => {
  const cases: readonly [Partial<PolicyStatement>, boolean][] = [
    [{}, true],
    [{ Principal: '*' }, true],
    [{ Action: 'lambda:*' }, true],
    [{ Principal: { Service: 'sns.amazonaws.com' } }, false],
    [{ Principal: { AWS: 'arn:aws:iam::111122223333:root' } }, false],
    [{ Action: 'lambda:GetFunction' }, false],
    [{ Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::*' } } }, true],
    [{ Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::other' } } }, false],
    [{ Condition: { StringEquals: { 'AWS:SourceAccount': '111122223333' } } }, true],
    [
      {
        Condition: {
          StringEquals: { 'AWS:SourceAccount': '444455556666' },
          ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::bucket' },
        },
      },
      false,
    ],
    [{ Condition: { StringEquals: { 'lambda:EventSourceToken': 't' } } }, false],
  ]
  for (const [more, expected] of cases)
    assert.equal(allows([statement(more)], asking), expected, JSON.stringify(more))
  assert.equal(allows([], asking), false)
})

test('arnLike() keeps the parts of an ARN apart, and reads the last as one', () => {
  const arn = 'arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/a:b'
  const cases: readonly [string, boolean][] = [
    [arn, true],
    ['arn:aws:execute-api:us-east-1:111122223333:abc/*/GET/*', true],
    ['arn:aws:execute-api:*:*:abc/*', true],
    ['arn:aws:execute-api:us-east-?:111122223333:*', true],
    ['arn:aws:execute-api:*', false],
    ['*', false],
    ['arn:aws:execute-api:us-east-1:111122223333:abc/*/POST/*', false],
    ['arn:aws:execute-api:us-east-1:111122223333:abc/prod/GET/a', false],
  ]
  for (const [pattern, expected] of cases) assert.equal(arnLike(pattern, arn), expected, pattern)
})
