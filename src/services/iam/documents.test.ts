import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDocument, checkSize, type DocumentKind, encodedDocument } from '#services/iam/documents.ts'

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }
const SIDS =
  'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
const VENDOR = 'Resource vendor must be fully qualified and cannot contain regexes.'
const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
const of = (Statement: unknown, more: object = { Version: '2012-10-17' }): string =>
  JSON.stringify({ ...more, Statement })

function message(document: string, kind: DocumentKind): string | undefined {
  try {
    checkDocument(document, kind)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

test('checkDocument() takes policies of identities', () => {
  for (const document of [
    of(statement),
    of([statement, { ...statement, Resource: '*', Condition: { StringEquals: { a: 'b' } } }]),
    of({ ...statement, Resource: ['arn:aws:lambda:*', 'arn:aws:sqs'] }),
    of({ Effect: 'Deny', NotAction: ['iam:*', 's3:*'], NotResource: 'arn:aws:sqs:*:*:q' }),
  ])
    assert.equal(message(document, 'managed'), undefined, document)
})

test('checkDocument() refuses policies of identities in AWS’s words', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{', 'This policy contains invalid Json'],
    ['[]', 'Syntax errors in policy.'],
    [of(statement, {}), 'Policy document must be version 2012-10-17 or greater.'],
    [of(statement, { Version: '2099-01-01' }), 'Syntax errors in policy.'],
    [of([]), 'Syntax errors in policy.'],
    [of({ ...statement, Effect: 'maybe' }), 'Syntax errors in policy.'],
    [of({ ...statement, Effect: 'allow' }), 'The policy failed legacy parsing'],
    [of({ ...statement, Resource: 'arn:aws:s3::b' }), 'The policy failed legacy parsing'],
    [of({ ...statement, Condition: { DateLessThan: { a: 'x' } } }), 'The policy failed legacy parsing'],
    [of({ ...statement, Condition: { Like: { a: 'x' } } }), 'Syntax errors in policy.'],
    [of({ ...statement, NotAction: 's3:*' }), 'Syntax errors in policy.'],
    [of({ ...statement, Sid: 'a b' }), SIDS],
    [
      of({ ...statement, Resource: 'arn:aws:s3:eu-west-1::b' }),
      'Resource arn:aws:s3:eu-west-1::b can not contain region information.',
    ],
    [of({ ...statement, Resource: 'arn:aws' }), VENDOR],
    [of({ ...statement, Resource: 'arn:aws:*:*:*:b' }), VENDOR],
    [of({ ...statement, Extra: 1 }), 'Syntax errors in policy.'],
    [of({ ...statement, Action: 5 }), 'Syntax errors in policy.'],
    [of({ ...statement, Action: undefined }), 'Policy statement must contain actions.'],
    [of({ ...statement, Resource: [] }), 'Policy statement must contain resources.'],
    [of({ ...statement, Principal: '*' }), 'Policy document should not specify a principal.'],
    [
      of({ ...statement, Action: 'GetObject' }),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [of({ ...statement, Action: 's3:a:b' }), 'Actions/Condition can contain only one colon.'],
    [of({ ...statement, Action: 'a a:b' }), 'Vendor a a is not valid'],
    [of({ ...statement, Resource: 'b' }), 'Resource b must be in ARN format or "*".'],
    [
      of({ ...statement, Resource: 'arn:error:s3:::b' }),
      'Partition "error" is not valid for resource "arn:error:s3:::b".',
    ],
    [
      of([
        { ...statement, Sid: 'a' },
        { ...statement, Sid: 'a' },
      ]),
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ]
  for (const [document, expected] of cases) assert.equal(message(document, 'managed'), expected, document)
})

test('checkDocument() keeps resources out of trust and wants a principal', () => {
  assert.equal(message(of(trust), 'trust'), undefined)
  assert.equal(message(of(trust, {}), 'trust'), undefined)
  assert.equal(message(of({ ...trust, Resource: '*' }), 'trust'), 'Has prohibited field Resource.')
  assert.equal(message(of({ ...trust, Principal: undefined }), 'trust'), 'Missing required field Principal')
  assert.match(
    message(of({ ...trust, Action: 'sts:GetCallerIdentity' }), 'trust') ?? '',
    /can only be sts:AssumeRole/,
  )
})

test('checkSize() counts no white space', () => {
  checkSize(['a b\n', 'c'], 'Size', 3)
  assert.throws(() => checkSize(['ab', 'cd'], 'Size', 3), { message: 'Cannot exceed quota for Size: 3' })
})

test('encodedDocument() is undone by percent-decoding', () => {
  const document = '{"a": "!\'()*+ %"}'
  assert.equal(decodeURIComponent(encodedDocument(document)), document)
  assert.doesNotMatch(encodedDocument(document), /[!'()* "]/)
})

test('checkDocument() takes an inline policy without a version and refuses a managed one', () => {
  const document = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] })
  checkDocument(document, 'inline')
  assert.throws(() => checkDocument(document, 'managed'), /must be version 2012-10-17/)
})
