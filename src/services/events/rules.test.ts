/** Buses, rules, targets, tags and permissions: what is stored and shown, and what is refused and how. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Target } from '#model/events.ts'
import { memoryStores } from '#host/store/memory.ts'
import { BUS, type FakeEvents, fakeEvents, FUNCTION, QUEUE } from '#services/events/fake-events.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): Promise<FakeEvents> => fakeEvents(memoryStores(), turn)
const VALIDATION = 'ValidationException: '
const MISSING = 'ResourceNotFoundException: '
const LIMIT = 'LimitExceededException: The requested resource exceeds the maximum number allowed.'
const PATTERN = '{"source":["app"]}'

test('a bus is made, shown, changed and deleted', async () => {
  const events = await fresh()
  const made = await events.call('CreateEventBus', { Name: 'orders', Description: 'one' })
  const Arn = 'arn:aws:events:us-east-1:000000000000:event-bus/orders'
  assert.equal(made.EventBusArn, Arn)
  await events.clock.advance(5_000)
  await events.call('UpdateEventBus', { Name: 'orders', Description: 'two' })
  const shown = await events.call('DescribeEventBus', { Name: Arn })
  assert.deepEqual(
    [shown.Name, shown.Arn, shown.Description, (shown.LastModifiedTime ?? 0) - (shown.CreationTime ?? 0)],
    ['orders', Arn, 'two', 5_000],
  )
  const listed = await events.call('ListEventBuses', {})
  assert.deepEqual(
    listed.EventBuses?.map(({ Name }) => Name),
    ['default', 'orders'],
  )
  await events.call('PutRule', { Name: 'r', EventBusName: 'orders', EventPattern: PATTERN })
  assert.match(
    await events.refusal('DeleteEventBus', { Name: 'orders' }),
    /: EventBus can't be deleted since it has rules\.$/,
  )
  await events.call('DeleteRule', { Name: 'r', EventBusName: 'orders' })
  await events.call('DeleteEventBus', { Name: 'orders' })
  await events.call('DeleteEventBus', { Name: 'orders' })
  assert.equal(
    await events.refusal('DescribeEventBus', { Name: 'orders' }),
    `${MISSING}Event bus orders does not exist.`,
  )
})

test('buses are refused as AWS does', async () => {
  const events = await fresh()
  await events.call('CreateEventBus', { Name: 'orders' })
  const create = async (Name: string, EventSourceName?: string) =>
    await events.refusal('CreateEventBus', { Name, EventSourceName })
  const exists = 'ResourceAlreadyExistsException: Event bus'
  assert.equal(await create('orders'), `${exists} orders already exists.`)
  assert.equal(await create('default'), `${exists} default already exists.`)
  assert.equal(await create('a/b'), `${VALIDATION}Event bus name must not contain '/'.`)
  assert.equal(
    await create('aws.partner/a', 'aws.partner/a'),
    `${MISSING}Event source aws.partner/a does not exist.`,
  )
  assert.equal(
    await events.refusal('DeleteEventBus', { Name: 'default' }),
    `${VALIDATION}Cannot delete event bus default.`,
  )
})

test('a policy is put, shown and removed', async () => {
  const events = await fresh()
  const policy = async () =>
    JSON.parse((await events.call('DescribeEventBus', {})).Policy ?? 'null') as unknown
  assert.equal(await policy(), null)
  const Action = 'events:PutEvents'
  await events.call('PutPermission', { Action, Principal: '111111111111', StatementId: 'one' })
  const Condition = { Type: 'StringEquals', Key: 'aws:PrincipalOrgID', Value: 'o-1' }
  await events.call('PutPermission', { Action, Principal: '*', StatementId: 'two', Condition })
  assert.deepEqual(await policy(), {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'one',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111111111111:root' },
        Action,
        Resource: BUS,
      },
      {
        Sid: 'two',
        Effect: 'Allow',
        Principal: '*',
        Action,
        Resource: BUS,
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
      },
    ],
  })
  await events.call('RemovePermission', { StatementId: 'one' })
  const remove = async (StatementId: string) => await events.refusal('RemovePermission', { StatementId })
  assert.equal(await remove('one'), `${MISSING}Statement with the provided id does not exist.`)
  await events.call('RemovePermission', { RemoveAllPermissions: true })
  assert.equal(await remove('two'), `${MISSING}EventBus does not have a policy.`)
  assert.equal(
    await events.refusal('PutPermission', { Action: 'events:PutRule', Principal: '*', StatementId: 'x' }),
    `${VALIDATION}Provided value in parameter 'action' is not supported.`,
  )
  assert.match(
    await events.refusal('PutPermission', { Policy: 'no json' }),
    /^ValidationException: Parameter Policy/,
  )
})

test('a rule is put, shown and put again', async () => {
  const events = await fresh()
  const made = await events.call('PutRule', {
    Name: 'r',
    EventPattern: PATTERN,
    Description: 'first',
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  assert.equal(made.RuleArn, 'arn:aws:events:us-east-1:000000000000:rule/r')
  await events.call('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: QUEUE }] })
  await events.call('PutRule', { Name: 'r', ScheduleExpression: 'rate(1 day)', State: 'DISABLED' })
  assert.deepEqual(await events.call('DescribeRule', { Name: 'r' }), {
    Name: 'r',
    Arn: made.RuleArn,
    EventPattern: undefined,
    ScheduleExpression: 'rate(1 day)',
    State: 'DISABLED',
    Description: undefined,
    RoleArn: undefined,
    ManagedBy: undefined,
    EventBusName: 'default',
    CreatedBy: '000000000000',
  })
  const targets = await events.call('ListTargetsByRule', { Rule: 'r' })
  assert.deepEqual(targets.Targets, [{ Id: '1', Arn: QUEUE }])
  const tags = await events.call('ListTagsForResource', { ResourceARN: made.RuleArn ?? '' })
  assert.deepEqual(tags.Tags, [{ Key: 'a', Value: 'b' }])
})

test('rules are refused as AWS does', async () => {
  const events = await fresh()
  await events.call('CreateEventBus', { Name: 'orders' })
  const put = async (more: Partial<Parameters<typeof events.call<'PutRule'>>[1]>) =>
    await events.refusal('PutRule', { Name: 'r', ...more })
  assert.equal(
    await put({ EventPattern: PATTERN, EventBusName: 'nowhere' }),
    `${MISSING}Event bus nowhere does not exist.`,
  )
  assert.equal(
    await put({ ScheduleExpression: 'rate(1 minute)', EventBusName: 'orders' }),
    `${VALIDATION}ScheduleExpression is supported only on the default event bus.`,
  )
  assert.equal(
    await put({ ScheduleExpression: 'rate(1 minutes)' }),
    `${VALIDATION}Parameter ScheduleExpression is not valid.`,
  )
  assert.match(
    await put({ EventPattern: '{"a":[]}' }),
    /^InvalidEventPatternException: Event pattern is not valid\. Reason: Empty arrays are not allowed/,
  )
  assert.match(
    await put({ EventPattern: '' }),
    /^ValidationException: Parameter\(s\) EventPattern or ScheduleExpression/,
  )
  assert.equal(
    await put({ EventPattern: `{"source":["${'x'.repeat(2_048)}"]}` }),
    `${VALIDATION}Parameter EventPattern for rule r exceeds limit of 2048.`,
  )
  const missing = (bus: string): string => `${MISSING}Rule r does not exist on EventBus ${bus}.`
  assert.equal(await events.refusal('DescribeRule', { Name: 'r' }), missing('default'))
  assert.equal(await events.refusal('EnableRule', { Name: 'r', EventBusName: 'orders' }), missing('orders'))
  assert.equal(
    await events.refusal('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: QUEUE }] }),
    missing('default'),
  )
  assert.equal(await events.refusal('RemoveTargets', { Rule: 'r', Ids: ['1'] }), missing('default'))
  await events.call('DeleteRule', { Name: 'r' })
  await events.rule([{ Id: '1', Arn: QUEUE }])
  assert.equal(
    await events.refusal('DeleteRule', { Name: 'rule' }),
    `${VALIDATION}Rule can't be deleted since it has targets.`,
  )
})

test('a bus has 300 rules, a rule five targets', async () => {
  const events = await fresh()
  for (let i = 0; i < 300; i++) await events.call('PutRule', { Name: `r${i}`, EventPattern: PATTERN })
  assert.equal(await events.refusal('PutRule', { Name: 'more', EventPattern: PATTERN }), LIMIT)
  await events.call('PutRule', { Name: 'r7', EventPattern: PATTERN })
  const targets = (count: number): Target[] =>
    Array.from({ length: count }, (_, i) => ({ Id: `${i}`, Arn: QUEUE }))
  await events.call('PutTargets', { Rule: 'r7', Targets: targets(5) })
  await events.call('PutTargets', { Rule: 'r7', Targets: targets(5) })
  assert.equal(await events.refusal('PutTargets', { Rule: 'r7', Targets: targets(6) }), LIMIT)
})

test('targets are refused as AWS does', async () => {
  const events = await fresh()
  await events.rule([])
  const put = async (more: Partial<Target>) =>
    await events.refusal('PutTargets', { Rule: 'rule', Targets: [{ Id: 'a', Arn: FUNCTION, ...more }] })
  assert.equal(
    await put({ Arn: 'queue' }),
    `${VALIDATION}Parameter queue is not valid. Reason: Provided Arn is not in correct format.`,
  )
  assert.equal(
    await put({ Arn: `${QUEUE}.fifo` }),
    `${VALIDATION}Parameter(s) SqsParameters must be specified for target: a.`,
  )
  const both = { Input: '{}', InputPath: '$.a' }
  assert.equal(
    await put(both),
    `${VALIDATION}Only one of Input, InputPath, or InputTransformer must be provided for target a.`,
  )
  assert.equal(await put({ Input: '{' }), `${VALIDATION}JSON syntax error in input for target a`)
  const InputTransformer = { InputPathsMap: { a: '$.a' }, InputTemplate: '"<a> <b>"' }
  assert.equal(
    await put({ InputTransformer }),
    `${VALIDATION}InputTemplate for target a contains invalid placeholder b.`,
  )
  const destination = 'arn:aws:events:us-east-1:000000000000:api-destination/d/1'
  assert.equal(await put({ Arn: destination }), `${VALIDATION}RoleArn is required for target ${destination}.`)
  assert.match(
    await put({ Arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:m' }),
    /^NotImplemented: .*states/,
  )
  const dead = async (Arn: string) => await put({ DeadLetterConfig: { Arn } })
  assert.equal(await dead(FUNCTION), `${VALIDATION}lambda is not supported as a dead letter resource.`)
  assert.equal(await dead(`${QUEUE}.fifo`), `${VALIDATION}SQS FIFO is not supported by Dead Letter Queues.`)
  assert.match(await dead('arn:aws:sqs:eu-west-1:000000000000:q'), /^ValidationException: .* same region/)
  for (const InputPath of ['detail', "$.detail['a']", '$.'])
    assert.equal(await put({ InputPath }), `${VALIDATION}InputPath for target a is invalid.`)
  assert.equal(
    await put({ InputTransformer: { InputTemplate: '[<aws.events.event.json>]' } }),
    `${VALIDATION}InputTemplate for target a contains placeholder aws.events.event.json valid only for JSON template.`,
  )
  assert.equal(
    await put({ EcsParameters: { TaskDefinitionArn: 't' } }),
    `${VALIDATION}Parameter(s) EcsParameters not supported for target: a.`,
  )
  assert.equal(
    await put({ HttpParameters: {} }),
    `${VALIDATION}Parameter(s) HttpParameters not supported for target: a.`,
  )
  const twice = { Id: 'a', Arn: QUEUE }
  assert.equal(
    await events.refusal('PutTargets', { Rule: 'rule', Targets: [twice, twice] }),
    `${VALIDATION}Parameter targets is not valid. Reason: More than one target with Id 'a' is provided.`,
  )
})

test('lists are given in pages', async () => {
  const events = await fresh()
  for (const Name of ['b1', 'a1', 'a2']) await events.call('PutRule', { Name, EventPattern: PATTERN })
  await events.call('PutTargets', { Rule: 'a1', Targets: ['z', 'x', 'y'].map((Id) => ({ Id, Arn: QUEUE })) })
  await events.call('PutTargets', { Rule: 'b1', Targets: [{ Id: 'x', Arn: QUEUE }] })
  const first = await events.call('ListRules', { NamePrefix: 'a', Limit: 1 })
  assert.deepEqual(
    first.Rules?.map(({ Name }) => Name),
    ['a1'],
  )
  const { NextToken } = first
  assert.ok(NextToken)
  const rest = await events.call('ListRules', { NamePrefix: 'a', NextToken })
  assert.deepEqual(
    rest.Rules?.map(({ Name }) => Name),
    ['a2'],
  )
  assert.equal(rest.NextToken, undefined)
  const targets = await events.call('ListTargetsByRule', { Rule: 'a1', Limit: 2 })
  assert.deepEqual(
    targets.Targets?.map(({ Id }) => Id),
    ['x', 'y'],
  )
  const names = await events.call('ListRuleNamesByTarget', { TargetArn: QUEUE })
  assert.deepEqual(names.RuleNames, ['a1', 'b1'])
  assert.match(
    await events.refusal('ListRules', { NextToken: '%' }),
    /^ValidationException: Parameter NextToken/,
  )
})

test('buses and rules have tags', async () => {
  const events = await fresh()
  await events.rule([])
  const rule = 'arn:aws:events:us-east-1:000000000000:rule/rule'
  for (const ResourceARN of [rule, BUS]) {
    await events.call('TagResource', {
      ResourceARN,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    })
    await events.call('UntagResource', { ResourceARN, TagKeys: ['a'] })
    assert.deepEqual((await events.call('ListTagsForResource', { ResourceARN })).Tags, [
      { Key: 'b', Value: '2' },
    ])
  }
  assert.equal(
    await events.refusal('ListTagsForResource', { ResourceARN: `${rule}x` }),
    `${MISSING}Rule rulex does not exist on EventBus default.`,
  )
  const Tags = Array.from({ length: 51 }, (_, i) => ({ Key: `${i}`, Value: '' }))
  assert.equal(await events.refusal('TagResource', { ResourceARN: BUS, Tags }), LIMIT)
})
