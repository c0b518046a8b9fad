import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { text } from '#base/bytes.ts'
import { keysBelow } from '#base/key.ts'
import { later } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { PutParameterRequest } from '#model/ssm.ts'
import { call, START, world } from '#services/ssm/fake-ssm.ts'
import { ssm, type SsmState } from '#services/ssm/index.ts'

const { operations: op } = ssm

const put = async (state: SsmState, input: Partial<PutParameterRequest>) =>
  await op.PutParameter({ Name: '/a', Value: 'v', ...input }, state, call)
const string = async (state: SsmState, Name: string, Value = 'v') =>
  await put(state, { Name, Value, Type: 'String' })

async function refused(work: () => unknown, code: string, message?: string | RegExp): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.code, code)
      if (typeof message === 'string') assert.equal(error.message, message)
      else if (message !== undefined) assert.match(error.message, message)
      return true
    },
  )
}

test('PutParameter makes a parameter, and versions of it when it may overwrite', async () => {
  const { state } = world(memoryStores())
  const first = { Name: '/a/b', Type: 'String', Description: 'd', AllowedPattern: 'v.*' }
  assert.deepEqual(await put(state, first), { Version: 1, Tier: 'Standard' })
  await refused(
    () => put(state, first),
    'ParameterAlreadyExists',
    'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
  )
  assert.deepEqual(await put(state, { Name: '/a/b', Value: 'v2', Overwrite: true }), {
    Version: 2,
    Tier: 'Standard',
  })
  assert.deepEqual(await op.GetParameter({ Name: '/a/b' }, state, call), {
    Parameter: {
      Name: '/a/b',
      Type: 'String',
      Value: 'v2',
      Version: 2,
      LastModifiedDate: START,
      ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b',
      DataType: 'text',
    },
  })
  const { Parameters } = await op.DescribeParameters({}, state, call)
  assert.deepEqual(Parameters?.[0], {
    Name: '/a/b',
    ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b',
    Type: 'String',
    LastModifiedDate: START,
    LastModifiedUser: 'arn:aws:iam::000000000000:root',
    Description: 'd',
    AllowedPattern: 'v.*',
    Version: 2,
    Tier: 'Standard',
    Policies: [],
    DataType: 'text',
  })
  await refused(
    () => put(state, { Name: '/a/b', Value: 'x', Overwrite: true }),
    'ParameterPatternMismatchException',
    'Parameter value, cannot be validated against allowedPattern: v.*',
  )
})

test('PutParameter refuses in AWS words', async () => {
  const { state } = world(memoryStores())
  const cases: readonly (readonly [Partial<PutParameterRequest>, string, (string | RegExp)?])[] = [
    [{}, 'ValidationException', 'A parameter type is required when you create a parameter.'],
    [
      { Type: 'String', Value: '' },
      'ValidationException',
      /^1 validation error detected: Value '' at 'value'/,
    ],
    [{ Type: 'String', Value: '{{a}}' }, 'ValidationException', /can't nest another parameter/],
    [{ Type: 'String', Name: 'awsome' }, 'ValidationException', /can't be prefixed with "aws" or "ssm"/],
    [{ Type: 'String', Name: '/ssm/a' }, 'ValidationException', /can't be prefixed with "ssm"/],
    [
      { Type: 'String', Name: '/aws/a' },
      'ValidationException',
      'No access to reserved parameter name: /aws/a.',
    ],
    [
      { Type: 'String', Name: 'a/b' },
      'ValidationException',
      'Parameter name must be a fully qualified name.',
    ],
    [{ Type: 'String', Name: '/a b' }, 'ValidationException', /each sub-path can be formed as a mix/],
    [{ Type: 'String', Name: '/a'.repeat(16) }, 'HierarchyLevelLimitExceededException'],
    [{ Type: 'String', Name: `/${'a'.repeat(1_000)}` }, 'ValidationException', /longer than 1011/],
    [
      { Type: 'String', DataType: 'other' },
      'ValidationException',
      /^The following data type is not supported: other/,
    ],
    [{ Type: 'String', AllowedPattern: '(' }, 'InvalidAllowedPatternException'],
    [
      { Type: 'String', AllowedPattern: '(a+)+$', Value: `${'a'.repeat(4_000)}!` },
      'ParameterPatternMismatchException',
    ],
    [
      { Type: 'String', Value: 'x'.repeat(4_097) },
      'ValidationException',
      /^Standard tier parameters support/,
    ],
    [{ Type: 'String', Value: 'x'.repeat(8_193), Tier: 'Advanced' }, 'ValidationException', /^Advanced tier/],
    [
      { Type: 'String', Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] },
      'ValidationException',
      /^Invalid request: tags and overwrite can't be used together/,
    ],
  ]
  for (const [input, code, message] of cases) await refused(() => put(state, input), code, message)
  await put(state, { Type: 'SecureString' })
  await refused(() => put(state, { Type: 'String', Overwrite: true }), 'HierarchyTypeMismatchException')
  await string(state, 'bare')
  await refused(
    () => put(state, { Name: '/bare', Type: 'String', Overwrite: true }),
    'ParameterAlreadyExists',
  )
})

test('SecureString is sealed at rest under a key of its KeyId, and opened only when asked', async () => {
  const stores = memoryStores()
  const { state } = world(stores)
  await put(state, { Name: '/s', Value: 'open sesame', Type: 'SecureString' })
  await put(state, { Name: '/t', Value: 'open sesame', Type: 'SecureString', KeyId: 'alias/mine' })
  const { from, to } = keysBelow('000000000000')
  const rows = await stores.open('control').read.range({ from, to, limit: 100 })
  assert.ok(rows.length > 0 && rows.every(([, value]) => !text(value).includes('sesame')))
  const value = async (Name: string, WithDecryption: boolean) =>
    (await op.GetParameter({ Name, WithDecryption }, state, call)).Parameter?.Value
  assert.equal(await value('/s', true), 'open sesame')
  assert.equal(await value('/t', true), 'open sesame')
  assert.match((await value('/s', false)) ?? '', /^[A-Za-z0-9+/]{40,}={0,2}$/)
  const keyIds = async () =>
    (await op.DescribeParameters({}, state, call)).Parameters?.map(({ KeyId }) => KeyId)
  assert.deepEqual(await keyIds(), ['alias/aws/ssm', 'alias/mine'])
  const again = world(stores)
  const read = await op.GetParameter({ Name: '/s', WithDecryption: true }, again.state, call)
  assert.equal(read.Parameter?.Value, 'open sesame')
})

test('Selectors name versions and labels, by name and by ARN', async () => {
  const { state } = world(memoryStores())
  for (const value of ['one', 'two', 'three'])
    await put(state, { Name: '/p', Value: value, Type: 'String', Overwrite: true })
  const labelled = { Name: '/p', ParameterVersion: 1, Labels: ['old', '9no', 'awsno', 'a/b'] }
  assert.deepEqual(await op.LabelParameterVersion(labelled, state, call), {
    InvalidLabels: ['9no', 'awsno', 'a/b'],
    ParameterVersion: 1,
  })
  const read = async (Name: string) => (await op.GetParameter({ Name }, state, call)).Parameter
  const arn = 'arn:aws:ssm:us-east-1:000000000000:parameter/p'
  assert.deepEqual((await read('/p:2'))?.Value, 'two')
  assert.deepEqual((await read('/p:2'))?.Selector, ':2')
  assert.equal((await read('/p:old'))?.Value, 'one')
  assert.equal((await read(`${arn}:old`))?.Value, 'one')
  assert.equal((await read(arn))?.Value, 'three')
  await refused(
    () => read('/p:7'),
    'ParameterVersionNotFound',
    'Systems Manager could not find version 7 of /p. Verify the version and try again.',
  )
  await refused(
    () => read('/p:new'),
    'ParameterVersionNotFound',
    'Systems Manager could not find label new for parameter /p. Verify the label and try again.',
  )
  for (const name of [
    '/q',
    '/p:1:2',
    'p',
    arn.replace('us-east-1', 'us-east-2'),
    arn.replace('aws', 'aws-cn'),
  ])
    await refused(() => read(name), 'ParameterNotFound', `Parameter ${name} not found.`)
  const many = await op.GetParameters({ Names: ['/p', '/p', '/p:old', '/q'] }, state, call)
  assert.deepEqual(
    many.Parameters?.map(({ Value }) => Value),
    ['three', 'one'],
  )
  assert.deepEqual(many.InvalidParameters, ['/q'])
})

test('Labels move, are taken off, and are ten at most on one version', async () => {
  const { state } = world(memoryStores())
  for (const Value of ['1', '2']) await put(state, { Name: 'p', Value, Type: 'String', Overwrite: true })
  const label = async (Labels: string[], ParameterVersion?: number) =>
    await op.LabelParameterVersion({ Name: 'p', Labels, ParameterVersion }, state, call)
  await label(['a', 'b'], 1)
  assert.deepEqual(await label(['b']), { InvalidLabels: [], ParameterVersion: 2 })
  const history = async () =>
    (await op.GetParameterHistory({ Name: 'p' }, state, call)).Parameters?.map(({ Labels }) => Labels)
  assert.deepEqual(await history(), [['a'], ['b']])
  assert.deepEqual(
    await op.UnlabelParameterVersion({ Name: 'p', ParameterVersion: 1, Labels: ['a', 'b'] }, state, call),
    { RemovedLabels: ['a'], InvalidLabels: ['b'] },
  )
  assert.deepEqual(await history(), [[], ['b']])
  const nine = Array.from({ length: 9 }, (_, n) => `l${n}`)
  await label(nine, 2)
  await refused(() => label(['eleventh'], 2), 'ParameterVersionLabelLimitExceeded')
  await refused(() => label(['a'], 3), 'ParameterVersionNotFound')
})

test('A hundred versions are kept; the oldest goes unless it has a label', async () => {
  const { state } = world(memoryStores())
  const more = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++)
      await put(state, { Name: 'p', Value: `${n}`, Type: 'String', Overwrite: true })
  }
  await more(101)
  const first = await op.GetParameterHistory({ Name: 'p' }, state, call)
  assert.equal(first.Parameters?.length, 50)
  assert.equal(first.Parameters[0]?.Version, 2)
  const second = await op.GetParameterHistory({ Name: 'p', NextToken: first.NextToken }, state, call)
  assert.deepEqual([second.Parameters?.length, second.Parameters?.at(-1)?.Version], [50, 101])
  assert.equal(second.NextToken, undefined)
  await op.LabelParameterVersion({ Name: 'p', ParameterVersion: 2, Labels: ['keep'] }, state, call)
  await refused(
    () => more(1),
    'ParameterMaxVersionLimitExceeded',
    "You attempted to create a new version of p by calling the PutParameter API with the overwrite flag. Version 2, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.",
  )
  await op.LabelParameterVersion({ Name: 'p', ParameterVersion: 50, Labels: ['keep'] }, state, call)
  await more(1)
  await refused(() => op.GetParameter({ Name: 'p:2' }, state, call), 'ParameterVersionNotFound')
})

test('GetParametersByPath goes one level down or all, page by page, each parameter once', async () => {
  const { state } = world(memoryStores())
  for (const name of ['/a/1', '/a/2', '/a/b/3', '/a/b/4', '/ab', 'bare', '/a/b/c/5'])
    await string(state, name)
  const below = async (Path: string, more: Record<string, unknown> = {}): Promise<string[]> => {
    const names: string[] = []
    let NextToken: string | undefined
    do {
      const page = await op.GetParametersByPath({ Path, MaxResults: 2, NextToken, ...more }, state, call)
      names.push(...(page.Parameters ?? []).map(({ Name }) => Name ?? ''))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return names
  }
  assert.deepEqual(await below('/a'), ['/a/1', '/a/2'])
  assert.deepEqual(await below('/a/'), ['/a/1', '/a/2'])
  assert.deepEqual(await below('/a', { Recursive: true }), ['/a/1', '/a/2', '/a/b/3', '/a/b/4', '/a/b/c/5'])
  assert.deepEqual(await below('/'), ['/ab', 'bare'])
  assert.equal((await below('/', { Recursive: true })).length, 7)
  assert.deepEqual(await below('/none'), [])
  await refused(() => below('a'), 'ValidationException', /must begin with a forward slash/)
  await refused(() => below('/a', { NextToken: 'bm8=' }), 'InvalidNextToken')
  await refused(
    () => below('/a', { ParameterFilters: [{ Key: 'Name', Values: ['x'] }] }),
    'InvalidFilterKey',
    'The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId].',
  )
  await put(state, { Name: '/a/1', Value: 'new', Overwrite: true })
  await op.LabelParameterVersion({ Name: '/a/1', ParameterVersion: 1, Labels: ['live'] }, state, call)
  const { Parameters } = await op.GetParametersByPath(
    { Path: '/a', ParameterFilters: [{ Key: 'Label', Values: ['live'] }] },
    state,
    call,
  )
  assert.deepEqual(
    Parameters?.map(({ Name, Value }) => [Name, Value]),
    [['/a/1', 'v']],
  )
})

test('DescribeParameters filters by name, path, type, key, tier and tag', async () => {
  const { state } = world(memoryStores())
  await put(state, { Name: '/x/one', Type: 'String', Tags: [{ Key: 'team', Value: 'red' }] })
  await put(state, { Name: '/x/two', Type: 'SecureString' })
  await put(state, { Name: 'three', Type: 'StringList', Tier: 'Advanced' })
  const names = async (Key: string, Values: string[], Option?: string): Promise<string> => {
    const ParameterFilters = [{ Key, Values, Option }]
    const { Parameters } = await op.DescribeParameters({ ParameterFilters }, state, call)
    return Parameters?.map(({ Name }) => Name).join() ?? ''
  }
  assert.equal(await names('Name', ['/three']), 'three')
  assert.equal(await names('Name', ['/x'], 'BeginsWith'), '/x/one,/x/two')
  assert.equal(await names('Name', ['/t'], 'Contains'), 'three,/x/two')
  assert.equal(await names('Path', ['/x']), '/x/one,/x/two')
  assert.equal(await names('Path', ['/'], 'Recursive'), 'three,/x/one,/x/two')
  assert.equal(await names('Type', ['SecureString']), '/x/two')
  assert.equal(await names('KeyId', ['alias/aws/ssm']), '/x/two')
  assert.equal(await names('Tier', ['Advanced']), 'three')
  assert.equal(await names('tag:team', ['r'], 'BeginsWith'), '/x/one')
  assert.equal(await names('tag:team', []), '/x/one')
  assert.equal(await names('tag:none', []), '')
  await refused(
    () => names('Type', ['x']),
    'InvalidFilterValue',
    /Valid values include: \[String, StringList, SecureString\]/,
  )
  await refused(() => names('Path', ['x'], 'Equals'), 'InvalidFilterOption', /\[Recursive, OneLevel\]/)
  await refused(() => names('Name', ['x'], 'Like'), 'InvalidFilterOption', /\[BeginsWith, Equals\]/)
  await refused(
    () => names('Name', []),
    'InvalidFilterValue',
    /values are missing : null for filter key Name/,
  )
  await refused(() => names('Label', ['x']), 'InvalidFilterKey')
})

test('Tags are put, listed and taken off by name and by ARN', async () => {
  const { state } = world(memoryStores())
  await string(state, '/t')
  const of = { ResourceType: 'Parameter', ResourceId: '/t' } as const
  const arn = 'arn:aws:ssm:us-east-1:000000000000:parameter/t'
  const tags = ['a', 'b'].map((Key) => ({ Key, Value: '1' }))
  await op.AddTagsToResource({ ...of, Tags: tags }, state, call)
  await op.RemoveTagsFromResource({ ...of, ResourceId: arn, TagKeys: ['a', 'none'] }, state, call)
  assert.deepEqual(await op.ListTagsForResource(of, state, call), { TagList: [{ Key: 'b', Value: '1' }] })
  const fifty = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }))
  await refused(() => op.AddTagsToResource({ ...of, Tags: fifty }, state, call), 'TooManyTagsError')
  await refused(() => op.ListTagsForResource({ ...of, ResourceId: '/u' }, state, call), 'InvalidResourceId')
  await refused(
    () => op.ListTagsForResource({ ...of, ResourceType: 'Document' }, state, call),
    'InvalidResourceId',
  )
})

test('DeleteParameter takes the parameter with its versions; what comes after begins anew', async () => {
  const { state } = world(memoryStores())
  for (const Value of ['1', '2']) await put(state, { Name: '/d', Value, Type: 'String', Overwrite: true })
  await refused(() => op.DeleteParameter({ Name: '/none' }, state, call), 'ParameterNotFound')
  await refused(
    () => op.DeleteParameter({ Name: 'arn:aws:ssm:us-east-1:000000000000:parameter/d' }, state, call),
    'ValidationException',
  )
  assert.deepEqual(await op.DeleteParameters({ Names: ['/d', '/e'] }, state, call), {
    DeletedParameters: ['/d'],
    InvalidParameters: ['/e'],
  })
  assert.equal((await put(state, { Name: '/d', Type: 'SecureString' })).Version, 1)
  await refused(() => op.GetParameter({ Name: '/d:2' }, state, call), 'ParameterVersionNotFound')
})

test('Advanced parameters are larger, expire by their policy, are billed, and stay advanced', async () => {
  const { state, clock, billed } = world(memoryStores())
  const at = '2026-10-01T00:00:00.000Z'
  const policy = JSON.stringify([{ Type: 'Expiration', Version: '1.0', Attributes: { Timestamp: at } }])
  await refused(
    () => put(state, { Type: 'String', Policies: policy }),
    'ValidationException',
    /advanced-tier/,
  )
  const notify = policy.replace('Expiration', 'NoChangeNotification')
  await refused(
    () => put(state, { Type: 'String', Tier: 'Advanced', Policies: notify }),
    'InvalidPolicyTypeException',
    /^Windtunnel does not act on NoChangeNotification/,
  )
  const large = { Type: 'String', Value: 'x'.repeat(8_192), Tier: 'Intelligent-Tiering', Policies: policy }
  assert.equal((await put(state, large)).Tier, 'Advanced')
  await refused(
    () => put(state, { Tier: 'Standard', Overwrite: true }),
    'ValidationException',
    /You can't downgrade a parameter/,
  )
  await op.GetParameter({ Name: '/a' }, state, call)
  const { Parameters } = await op.DescribeParameters({}, state, call)
  assert.equal(Parameters?.[0]?.Policies?.[0]?.PolicyType, 'Expiration')
  assert.deepEqual(
    billed.map(({ service, dimension, quantity }) => [service, dimension, quantity]),
    [
      ['ssm', 'advancedApiInteractions', 1],
      ['ssm', 'advancedApiInteractions', 1],
    ],
  )
  clock.at = later(clock.at, 30 * 86_400_000)
  await refused(() => op.GetParameter({ Name: '/a' }, state, call), 'ParameterNotFound')
  assert.deepEqual((await op.DescribeParameters({}, state, call)).Parameters, [])
  assert.deepEqual(await put(state, { Type: 'SecureString' }), { Version: 1, Tier: 'Standard' })
})
