/** One account does not see another's things, nor one region another's, whatever the name. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { invoke, json, madeFunction, query, rest } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const OTHER = { account: '111111111111' } as const
const FAR = { region: 'eu-west-1' } as const

let on: Platform
before(async () => (on = await platform()))
after(async () => assert.equal(await on.stop(), 0))

const API = { Version: '2010-05-15' }

test('functions, stacks, buckets, logs, roles and APIs are seen by their own account and region only', async () => {
  await madeFunction(on, { name: 'mine', code: 'console.log("a line"); exports.handler = async () => 1' })
  assert.equal((await invoke(on, 'mine')).payload, '1')
  assert.equal((await rest(on, 's3 PUT /mine-bucket')).status, 200)
  await json(on, 'logs.CreateLogGroup', { logGroupName: 'mine-group' })
  await query(on, 'cloudformation', {
    ...API,
    Action: 'CreateStack',
    StackName: 'mine-stack',
    TemplateBody:
      '{"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":"mine-of-stack"}}}}',
  })
  await query(on, 'iam', {
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'mine-role',
    AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
  })
  await rest(on, 'apigateway POST /restapis', { name: 'mine-rest' })
  await rest(on, 'apigateway POST /v2/apis', { name: 'mine-http', protocolType: 'HTTP' })

  const lists = async (as: { account?: string; region?: string }): Promise<Record<string, string>> => ({
    functions: (await rest(on, 'lambda GET /2015-03-31/functions', undefined, as)).body,
    buckets: (await rest(on, 's3 GET /', undefined, as)).body,
    groups: (await json(on, 'logs.DescribeLogGroups', {}, as)).body,
    stacks: (await query(on, 'cloudformation', { ...API, Action: 'ListStacks' }, as)).body,
    roles: (await query(on, 'iam', { Action: 'ListRoles', Version: '2010-05-08' }, as)).body,
    rest: (await rest(on, 'apigateway GET /restapis', undefined, as)).body,
    http: (await rest(on, 'apigateway GET /v2/apis', undefined, as)).body,
  })
  for (const [name, body] of Object.entries(await lists({}))) assert.match(body, /mine/, name)
  for (const [name, body] of Object.entries(await lists(OTHER))) assert.doesNotMatch(body, /mine/, name)
  // buckets and roles are of the whole account
  const { buckets = '', roles = '', ...regional } = await lists(FAR)
  assert.match(buckets, /mine-bucket/)
  assert.match(roles, /mine-role/)
  for (const [name, body] of Object.entries(regional)) assert.doesNotMatch(body, /mine/, name)
})

test('what another account names is not found, and cannot be changed', async () => {
  await madeFunction(on, { name: 'target', code: 'exports.handler = async () => "mine"' })
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:target'
  for (const name of ['target', encodeURIComponent(arn)]) {
    const got = await rest(on, `lambda GET /2015-03-31/functions/${name}`, undefined, OTHER)
    assert.ok(got.status === 404 || got.status === 403, `${name}: ${got.status} ${got.body}`)
    const gone = await rest(on, `lambda DELETE /2015-03-31/functions/${name}`, undefined, OTHER)
    assert.ok(gone.status === 404 || gone.status === 403, `${name}: ${gone.status} ${gone.body}`)
  }
  assert.equal((await invoke(on, 'target')).payload, '"mine"')
  const logs = await json(on, 'logs.FilterLogEvents', { logGroupName: '/aws/lambda/target' }, OTHER)
  assert.equal(logs.status, 400)
  const stack = await query(
    on,
    'cloudformation',
    { ...API, Action: 'DescribeStacks', StackName: 'mine-stack' },
    OTHER,
  )
  assert.equal(stack.status, 400)
})

test('the same name in two accounts is two things', async () => {
  const code = (word: string): string => `exports.handler = async () => ${JSON.stringify(word)}`
  await madeFunction(on, { name: 'twice', code: code('first') })
  await madeFunction(on, { name: 'twice', code: code('second'), ...OTHER })
  const path = 'lambda POST /2015-03-31/functions/twice/invocations'
  assert.equal((await rest(on, path, '{}')).body, '"first"')
  assert.equal((await rest(on, path, '{}', OTHER)).body, '"second"')
  assert.equal((await rest(on, 'lambda DELETE /2015-03-31/functions/twice', undefined, OTHER)).status, 204)
  assert.equal((await rest(on, path, '{}')).body, '"first"')
})
