import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowing, call, ops, policyText, refusal, world } from '#services/iam/fake-world.ts'

const decisions = (answer: {
  readonly EvaluationResults?: readonly { readonly EvalDecision: string }[] | undefined
}): readonly string[] => (answer.EvaluationResults ?? []).map((one) => one.EvalDecision)

test('SimulateCustomPolicy tells each action and resource what the policies say, and where', async () => {
  const document = policyText(allowing('dynamodb:*'), { ...allowing('dynamodb:Delete*'), Effect: 'Deny' })
  const answer = await ops.SimulateCustomPolicy(
    {
      PolicyInputList: [document],
      ActionNames: ['dynamodb:PutItem', 'dynamodb:DeleteTable', 's3:GetObject'],
      ResourceArns: ['arn:aws:dynamodb:us-east-1:000000000000:table/a'],
    },
    world(),
    call,
  )
  assert.deepEqual(decisions(answer), ['allowed', 'explicitDeny', 'implicitDeny'])
  const [allowed, denied, silent] = answer.EvaluationResults ?? []
  const start = document.indexOf('{"Effect"') + 2
  assert.deepEqual(allowed?.MatchedStatements, [
    {
      SourcePolicyId: 'PolicyInputList.1',
      SourcePolicyType: 'none',
      StartPosition: { Line: 1, Column: start },
      EndPosition: { Line: 1, Column: document.indexOf('}') + 2 },
    },
  ])
  assert.equal(denied?.MatchedStatements?.length, 1)
  assert.deepEqual(silent?.MatchedStatements, [])
})

test('SimulateCustomPolicy uses the context given and names the keys that are missing', async () => {
  const Condition = { StringEquals: { 'aws:RequestTag/team': 'a' } }
  const input = {
    PolicyInputList: [policyText(allowing('s3:*', '*', { Condition }))],
    ActionNames: ['s3:PutObject'],
  }
  const without = await ops.SimulateCustomPolicy(input, world(), call)
  assert.deepEqual(decisions(without), ['implicitDeny'])
  assert.deepEqual(without.EvaluationResults?.[0]?.MissingContextValues, ['aws:RequestTag/team'])
  const ContextEntries = [
    { ContextKeyName: 'aws:requesttag/team', ContextKeyValues: ['a'], ContextKeyType: 'string' },
  ]
  const with_ = await ops.SimulateCustomPolicy({ ...input, ContextEntries }, world(), call)
  assert.deepEqual(decisions(with_), ['allowed'])
  assert.deepEqual(with_.EvaluationResults?.[0]?.MissingContextValues, [])
})

test('SimulateCustomPolicy pages, and refuses what is no policy or action', async () => {
  const state = world()
  const input = {
    PolicyInputList: [policyText(allowing('s3:*'))],
    ActionNames: ['s3:GetObject', 's3:PutObject'],
  }
  const first = await ops.SimulateCustomPolicy({ ...input, MaxItems: 1 }, state, call)
  assert.deepEqual([first.EvaluationResults?.length, first.IsTruncated], [1, true])
  const rest = await ops.SimulateCustomPolicy({ ...input, Marker: first.Marker }, state, call)
  assert.deepEqual(
    rest.EvaluationResults?.map((one) => one.EvalActionName),
    ['s3:PutObject'],
  )
  const bad = (more: object): Promise<string> =>
    refusal(() => ops.SimulateCustomPolicy({ ...input, ...more }, state, call))
  assert.match(await bad({ PolicyInputList: ['{'] }), /^InvalidInput/)
  assert.match(await bad({ ActionNames: ['GetObject'] }), /^InvalidInput/)
})

test('SimulatePrincipalPolicy knows a user’s own policies, its groups’ and its boundary', async () => {
  const state = world()
  await ops.CreateUser({ UserName: 'bob' }, state, call)
  await ops.CreateGroup({ GroupName: 'g' }, state, call)
  await ops.AddUserToGroup({ GroupName: 'g', UserName: 'bob' }, state, call)
  const home = policyText(allowing('s3:*', 'arn:aws:s3:::b/${aws:username}/*'))
  await ops.PutUserPolicy({ UserName: 'bob', PolicyName: 'home', PolicyDocument: home }, state, call)
  await ops.AttachGroupPolicy(
    { GroupName: 'g', PolicyArn: 'arn:aws:iam::aws:policy/AmazonSQSFullAccess' },
    state,
    call,
  )
  const input = {
    PolicySourceArn: 'arn:aws:iam::000000000000:user/bob',
    ActionNames: ['s3:GetObject', 'sqs:SendMessage'],
    ResourceArns: ['arn:aws:s3:::b/bob/x'],
  }
  const both = await ops.SimulatePrincipalPolicy(input, state, call)
  assert.deepEqual(decisions(both), ['allowed', 'allowed'])
  const sources = both.EvaluationResults?.map((one) => one.MatchedStatements?.[0])
  assert.deepEqual(
    sources?.map((one) => [one?.SourcePolicyId, one?.SourcePolicyType]),
    [
      ['user_bob_home', 'user'],
      ['AmazonSQSFullAccess', 'aws-managed'],
    ],
  )
  const { Policy } = await ops.CreatePolicy(
    { PolicyName: 'edge', PolicyDocument: policyText(allowing('sqs:*')) },
    state,
    call,
  )
  const PermissionsBoundary = Policy?.Arn ?? ''
  await ops.PutUserPermissionsBoundary({ UserName: 'bob', PermissionsBoundary }, state, call)
  const bounded = await ops.SimulatePrincipalPolicy(input, state, call)
  assert.deepEqual(decisions(bounded), ['implicitDeny', 'allowed'])
  assert.deepEqual(bounded.EvaluationResults?.[0]?.PermissionsBoundaryDecisionDetail, {
    AllowedByPermissionsBoundary: false,
  })
  const PolicyExclusionList = [{ PolicyArn: 'arn:aws:iam::aws:policy/AmazonSQSFullAccess' }]
  const less = await ops.SimulatePrincipalPolicy({ ...input, PolicyExclusionList }, state, call)
  assert.deepEqual(decisions(less), ['implicitDeny', 'implicitDeny'])
})

test('SimulatePrincipalPolicy is about users, groups and roles that are there', async () => {
  const state = world()
  const of = (PolicySourceArn: string): Promise<string> =>
    refusal(ops.SimulatePrincipalPolicy({ PolicySourceArn, ActionNames: ['s3:GetObject'] }, state, call))
  assert.match(await of('arn:aws:iam::000000000000:user/none'), /^NoSuchEntity/)
  assert.match(await of('arn:aws:iam::000000000000:policy/none'), /^InvalidInput/)
})

test('GetContextKeysForCustomPolicy and …ForPrincipalPolicy list what policies ask for', async () => {
  const state = world()
  const text = policyText(allowing('s3:*', 'arn:aws:s3:::${aws:username}'))
  const custom = await ops.GetContextKeysForCustomPolicy({ PolicyInputList: [text] }, state, call)
  assert.deepEqual(custom.ContextKeyNames, ['aws:username'])
  await ops.CreateUser({ UserName: 'bob' }, state, call)
  await ops.PutUserPolicy({ UserName: 'bob', PolicyName: 'p', PolicyDocument: text }, state, call)
  const PolicySourceArn = 'arn:aws:iam::000000000000:user/bob'
  const principal = await ops.GetContextKeysForPrincipalPolicy({ PolicySourceArn }, state, call)
  assert.deepEqual(principal.ContextKeyNames, ['aws:username'])
})
