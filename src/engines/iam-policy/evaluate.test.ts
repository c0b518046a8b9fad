import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { present } from '#base/assert.ts'
import { contextKeysOf } from '#engines/iam-policy/context-keys.ts'
import { denialText } from '#engines/iam-policy/denial.ts'
import { type Policy, readPolicy } from '#engines/iam-policy/document.ts'
import { type Access, type Policies, type Principal, evaluate } from '#engines/iam-policy/evaluate.ts'
import { contextOf } from '#engines/iam-policy/glob.ts'

const account = '123456789012'
const user: Principal = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/bob` }
const role: Principal = {
  kind: 'role',
  account,
  arn: `arn:aws:iam::${account}:role/worker`,
  sessionArn: `arn:aws:sts::${account}:assumed-role/worker/one`,
}

const policy = (...Statement: readonly object[]): Policy =>
  present(readPolicy(JSON.stringify({ Version: '2012-10-17', Statement })), 'a policy')
const sourced = (...statements: readonly object[]): { id: string; policy: Policy } => ({
  id: 'p',
  policy: policy(...statements),
})
const access = (more: Partial<Access> & { keys?: Record<string, string | string[]> } = {}): Access => ({
  principal: user,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::photos/a.jpg',
  context: contextOf(Object.entries(more.keys ?? {}).map(([key, value]) => [key, [value].flat()])),
  ...more,
})
const decide = (request: Access, ...statements: readonly object[]): string =>
  evaluate(request, { identity: [sourced(...statements)] }).kind

const allow = { Effect: 'Allow', Action: '*', Resource: '*' }
const deny = { Effect: 'Deny', Action: '*', Resource: '*' }

test('evaluate() denies by default, allows what is allowed, and lets a denial win', () => {
  assert.equal(evaluate(access(), { identity: [] }).kind, 'implicitDeny')
  assert.equal(decide(access(), allow), 'allowed')
  assert.equal(decide(access(), allow, deny), 'explicitDeny')
  assert.equal(decide(access(), { ...allow, Action: 's3:get*' }), 'allowed')
  assert.equal(decide(access(), { ...allow, Action: 's3:Put*' }), 'implicitDeny')
  assert.equal(decide(access(), { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }), 'allowed')
  assert.equal(decide(access(), { ...allow, Resource: 'arn:aws:s3:::photos/*' }), 'allowed')
  assert.equal(decide(access(), { ...allow, Resource: 'arn:aws:s3:::PHOTOS/*' }), 'implicitDeny')
  const others = { Effect: 'Deny', Action: 's3:*', NotResource: ['arn:aws:s3:::HRBucket/Payroll/*'] }
  assert.equal(decide(access(), allow, others), 'explicitDeny')
})

test('evaluate() replaces variables by the values of the context, as the user guide’s home folders do', () => {
  const home = { ...allow, Action: 's3:*', Resource: 'arn:aws:s3:::bucket/home/${aws:username}/*' }
  const keys = { 'aws:username': 'bob' }
  const file = (name: string): string => `arn:aws:s3:::bucket/home/${name}`
  assert.equal(decide(access({ resource: file('bob/a'), keys }), home), 'allowed')
  assert.equal(decide(access({ resource: file('eve/a'), keys }), home), 'implicitDeny')
  assert.equal(decide(access({ resource: file('bob/a') }), home), 'implicitDeny')
  const starred = access({ resource: file('eve/a'), keys: { 'aws:username': '*' } })
  assert.equal(decide(starred, home), 'implicitDeny')
  const team = {
    ...allow,
    Resource: "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'company-wide'}/*",
  }
  assert.equal(decide(access({ resource: 'arn:aws:s3:::bucket/company-wide/a' }), team), 'allowed')
  const literal = { ...allow, Resource: 'arn:aws:s3:::bucket/${*}' }
  assert.equal(decide(access({ resource: 'arn:aws:s3:::bucket/a' }), literal), 'implicitDeny')
  assert.equal(decide(access({ resource: 'arn:aws:s3:::bucket/*' }), literal), 'allowed')
})

test('evaluate() does not replace variables in policies of 2008-10-17', () => {
  const old = readPolicy(
    JSON.stringify({ Statement: { ...allow, Resource: 'arn:aws:s3:::b/${aws:username}' } }),
  )
  const identity = [{ id: 'old', policy: present(old, 'a policy') }]
  const keys = { 'aws:username': 'bob' }
  assert.equal(evaluate(access({ resource: 'arn:aws:s3:::b/bob', keys }), { identity }).kind, 'implicitDeny')
  const literal = access({ resource: 'arn:aws:s3:::b/${aws:username}', keys })
  assert.equal(evaluate(literal, { identity }).kind, 'allowed')
})

test('evaluate() compares ARNs part by part', () => {
  const resource = 'arn:aws:sqs:us-east-1:123456789012:jobs'
  const cases: readonly (readonly [string, boolean])[] = [
    ['arn:aws:sqs:*:*:jobs', true],
    ['arn:aws:sqs:us-east-1:123456789012:*', true],
    ['arn:aws:sqs', true],
    ['arn:aws:sqs:*:jobs', false],
    ['arn:aws:sqs:us-*:123456789012:j?bs', true],
    ['arn:*', true],
    ['arn:aws:sns:*:*:*', false],
  ]
  for (const [pattern, expected] of cases)
    assert.equal(
      decide(access({ resource }), { ...allow, Resource: pattern }) === 'allowed',
      expected,
      pattern,
    )
})

test('A boundary and a session policy each bound what the identity policy gives', () => {
  const s3 = [sourced({ ...allow, Action: 's3:*' })]
  const sqs = [sourced({ ...allow, Action: 'sqs:*' })]
  const all = [sourced(allow)]
  const request = access({ principal: role })
  const by = (policies: Policies): string => {
    const { kind, deniedBy } = evaluate(request, policies)
    return `${kind} ${deniedBy ?? ''}`
  }
  assert.equal(by({ identity: all, boundary: s3, session: all }), 'allowed ')
  assert.equal(by({ identity: all, boundary: sqs, session: all }), 'implicitDeny boundary')
  assert.equal(by({ identity: all, boundary: s3, session: sqs }), 'implicitDeny session')
  assert.equal(by({ identity: sqs, boundary: s3 }), 'implicitDeny identity')
  assert.equal(by({ identity: all, organization: [all, sqs] }), 'implicitDeny organization')
  assert.equal(by({ identity: all, boundary: [sourced(allow, deny)] }), 'explicitDeny boundary')
})

const bucket = (principal: unknown, Effect = 'Allow'): Policies['resource'] =>
  sourced({ ...allow, Effect, Principal: principal })

test('A resource policy allows within an account what no identity policy does', () => {
  const none: Policies = { identity: [] }
  const kind = (principal: Principal, policies: Policies): string =>
    evaluate(access({ principal }), policies).kind
  assert.equal(kind(user, { ...none, resource: bucket({ AWS: user.arn }) }), 'allowed')
  assert.equal(kind(user, { ...none, resource: bucket('*') }), 'allowed')
  assert.equal(kind(user, { ...none, resource: bucket({ AWS: account }) }), 'implicitDeny')
  assert.equal(kind(user, { ...none, resource: bucket({ AWS: user.arn }, 'Deny') }), 'explicitDeny')
  const bounded: Policies = { ...none, boundary: [] }
  assert.equal(kind(user, { ...bounded, resource: bucket({ AWS: user.arn }) }), 'allowed')
  assert.equal(kind(role, { ...bounded, resource: bucket({ AWS: role.arn }) }), 'implicitDeny')
  assert.equal(kind(role, { ...bounded, resource: bucket({ AWS: role.sessionArn }) }), 'allowed')
  assert.equal(kind({ kind: 'anonymous' }, { ...none, resource: bucket('*') }), 'allowed')
  assert.equal(kind({ kind: 'anonymous' }, { ...none, resource: bucket({ AWS: account }) }), 'implicitDeny')
  const service: Principal = { kind: 'service', service: 'lambda.amazonaws.com' }
  assert.equal(kind(service, { ...none, resource: bucket({ Service: 'lambda.amazonaws.com' }) }), 'allowed')
  assert.equal(kind(service, { ...none, resource: bucket({ Service: 'sqs.amazonaws.com' }) }), 'implicitDeny')
})

test('Across accounts both sides must allow', () => {
  const resourceAccount = '999999999999'
  const kind = (policies: Policies, principal = user): string =>
    evaluate(access({ principal, resourceAccount }), policies).kind
  const mine = [sourced(allow)]
  assert.equal(kind({ identity: mine }), 'implicitDeny')
  assert.equal(kind({ identity: [], resource: bucket({ AWS: user.arn }) }), 'implicitDeny')
  assert.equal(kind({ identity: mine, resource: bucket({ AWS: account }) }), 'allowed')
  assert.equal(kind({ identity: mine, resource: bucket({ AWS: `arn:aws:iam::${account}:root` }) }), 'allowed')
  const root: Principal = { kind: 'root', account, arn: `arn:aws:iam::${account}:root` }
  assert.equal(kind({ identity: [] }, root), 'implicitDeny')
  assert.equal(kind({ identity: [], resource: bucket({ AWS: account }) }, root), 'allowed')
})

test('A trust policy must allow, even within an account where an identity policy does', () => {
  const mine = [sourced(allow)]
  const kind = (policies: Policies): string => evaluate(access({ mustGrant: true }), policies).kind
  assert.equal(kind({ identity: mine }), 'implicitDeny')
  assert.equal(
    kind({ identity: mine, resource: bucket({ Service: 'lambda.amazonaws.com' }) }),
    'implicitDeny',
  )
  assert.equal(kind({ identity: mine, resource: bucket({ AWS: account }) }), 'allowed')
  assert.equal(kind({ identity: [], resource: bucket({ AWS: account }) }), 'implicitDeny')
  assert.equal(kind({ identity: [], resource: bucket({ AWS: user.arn }) }), 'allowed')
})

test('The root of an account may all but what a resource policy denies it', () => {
  const root: Principal = { kind: 'root', account, arn: `arn:aws:iam::${account}:root` }
  const request = access({ principal: root })
  assert.equal(evaluate(request, { identity: [] }).kind, 'allowed')
  assert.equal(evaluate(request, { identity: [], resource: bucket('*', 'Deny') }).kind, 'explicitDeny')
})

test('NotPrincipal denies all but those it names', () => {
  const resource = sourced({ ...deny, NotPrincipal: { AWS: user.arn } })
  assert.equal(evaluate(access(), { identity: [sourced(allow)], resource }).kind, 'allowed')
  const other: Principal = { ...user, arn: `arn:aws:iam::${account}:user/eve` }
  assert.equal(
    evaluate(access({ principal: other }), { identity: [sourced(allow)], resource }).kind,
    'explicitDeny',
  )
})

test('evaluate() gives back the statements that decided', () => {
  const identity = [sourced({ ...allow, Action: 'sqs:*' }, allow, { ...deny, Action: 's3:Put*' })]
  assert.deepEqual(
    evaluate(access(), { identity }).matched.map(({ index, layer }) => [layer, index]),
    [['identity', 1]],
  )
  assert.deepEqual(
    evaluate(access({ action: 's3:PutObject' }), { identity }).matched.map(({ index }) => index),
    [2],
  )
})

test('denialText() speaks as AWS does', () => {
  const resource = 'arn:aws:sqs:us-east-1:123456789012:q'
  const denied = { caller: 'arn:aws:iam::1:user/u', action: 'sqs:SendMessage', resource }
  assert.equal(
    denialText({ ...denied, decision: { kind: 'implicitDeny', matched: [], deniedBy: 'identity' } }),
    `User: arn:aws:iam::1:user/u is not authorized to perform: sqs:SendMessage on resource: ${resource} because no identity-based policy allows the sqs:SendMessage action`,
  )
  assert.match(
    denialText({ ...denied, decision: { kind: 'explicitDeny', matched: [], deniedBy: 'identity' } }),
    /with an explicit deny in an identity-based policy$/,
  )
  assert.match(
    denialText({ ...denied, decision: { kind: 'explicitDeny', matched: [], deniedBy: 'boundary' } }),
    /with an explicit deny in a permissions boundary$/,
  )
})

test('contextKeysOf() lists the keys of conditions and variables once', () => {
  const keys = contextKeysOf([
    policy({
      ...allow,
      Resource: 'arn:aws:s3:::b/${aws:username}/${*}',
      Condition: { StringLike: { 's3:prefix': '${aws:userid}/*' }, Null: { 'AWS:UserName': 'false' } },
    }),
  ])
  assert.deepEqual(keys, ['aws:username', 's3:prefix', 'aws:userid'])
})

test('readPolicy() takes what the grammar takes and nothing else', () => {
  const of = (statement: object): Policy | undefined =>
    readPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statement }))
  assert.equal(of(allow)?.statements.length, 1)
  assert.deepEqual(of({ ...allow, Condition: { Bool: { a: [true, 1] } } })?.statements[0]?.conditions, [
    { operator: 'Bool', key: 'a', values: ['true', '1'] },
  ])
  for (const bad of [
    { ...allow, Effect: 'Maybe' },
    { ...allow, NotAction: 'a:b' },
    { ...allow, Action: 5 },
    { Effect: 'Allow', Resource: '*' },
    { ...allow, Condition: { Bool: 'x' } },
    { ...allow, Principal: ['*'] },
  ])
    assert.equal(of(bad), undefined, JSON.stringify(bad))
  for (const bad of ['', '[]', '{"Version":"2013-01-01","Statement":[]}', '{"Version":"2012-10-17"}'])
    assert.equal(readPolicy(bad), undefined, bad)
})

/** What the guide says, in one sentence a line, with regular expressions for the patterns. */
function naive(request: Access, identity: readonly object[], bounds: readonly object[] | undefined): string {
  const hit = (one: object): boolean => {
    const { Action, Resource } = one as { Action: string; Resource: string }
    const like = (pattern: string, text: string, flags: string): boolean =>
      new RegExp(
        `^${pattern
          .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
        `s${flags}`,
      ).test(text)
    return like(Action, request.action, 'i') && like(Resource, request.resource, '')
  }
  const with_ = (list: readonly object[], effect: string): boolean =>
    list.some((one) => (one as { Effect: string }).Effect === effect && hit(one))
  if (with_(identity, 'Deny') || with_(bounds ?? [], 'Deny')) return 'explicitDeny'
  if (!with_(identity, 'Allow')) return 'implicitDeny'
  return bounds === undefined || with_(bounds, 'Allow') ? 'allowed' : 'implicitDeny'
}

test('evaluate() agrees with a naive evaluator on random policies', () => {
  const name = fc.stringMatching(/^[a-cA-C*?]{0,4}$/)
  const statement = fc.record({
    Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
    Action: fc.oneof(
      fc.constant('*'),
      name.map((text) => `s3:${text}`),
    ),
    Resource: fc.oneof(
      fc.constant('*'),
      name.map((text) => `arn:aws:s3:::${text}`),
    ),
  })
  const list = fc.array(statement, { maxLength: 3 })
  const plain = fc.stringMatching(/^[a-cA-C]{0,4}$/)
  const seen = new Set<string>()
  fc.assert(
    fc.property(list, fc.option(list, { nil: undefined }), plain, plain, (identity, bounds, action, key) => {
      const request = access({ action: `s3:${action}`, resource: `arn:aws:s3:::${key}` })
      const boundary = bounds === undefined ? undefined : [sourced(...bounds)]
      const { kind } = evaluate(request, { identity: [sourced(...identity)], boundary })
      seen.add(kind)
      assert.equal(kind, naive(request, identity, bounds))
    }),
    { numRuns: 2_000, seed: 7 },
  )
  assert.equal(seen.size, 3)
})

/** Each kind of policy says one thing of the request, and the guide's sentences say what follows. */
test('evaluate() agrees with the guide’s sentences on every mix of policies, principals and accounts', () => {
  const says = { no: [], yes: [sourced(allow)], never: [sourced(deny)] } as const
  const word = fc.constantFrom('no', 'yes', 'never')
  const grants = fc.constantFrom('none', 'self', 'role', 'account', 'deny')
  fc.assert(
    fc.property(
      fc.record({
        principal: fc.constantFrom(user, role),
        isOwn: fc.boolean(),
        identity: word,
        boundary: fc.option(word, { nil: undefined }),
        session: fc.option(word, { nil: undefined }),
        grant: grants,
      }),
      ({ principal, isOwn, identity, boundary, session, grant }) => {
        const self =
          principal.kind === 'role' ? principal.sessionArn : principal.kind === 'user' ? principal.arn : ''
        const named = {
          none: 'arn:aws:iam::1:user/x',
          self,
          role: role.kind === 'role' ? role.arn : '',
          account,
          deny: '*',
        }
        const AWS = named[grant]
        const resource = sourced({
          ...allow,
          Effect: grant === 'deny' ? 'Deny' : 'Allow',
          Principal: { AWS },
        })
        const decision = evaluate(access({ principal, resourceAccount: isOwn ? account : '999999999999' }), {
          identity: says[identity],
          boundary: boundary === undefined ? undefined : says[boundary],
          session: session === undefined ? undefined : says[session],
          resource,
        })
        const isDenied = [identity, boundary, session].includes('never') || grant === 'deny'
        const isBounded = [boundary, session].some((one) => one === 'no')
        const isSelf = grant === 'self'
        const isGranted = isSelf || grant === 'account' || (grant === 'role' && principal.kind === 'role')
        const byRole = grant === 'role' && principal.kind === 'role'
        const within = isSelf || (!isBounded && (identity === 'yes' || byRole))
        const across = !isBounded && identity === 'yes' && isGranted
        const expected = isDenied ? 'explicitDeny' : (isOwn ? within : across) ? 'allowed' : 'implicitDeny'
        assert.equal(decision.kind, expected)
      },
    ),
    { numRuns: 2_000 },
  )
})
