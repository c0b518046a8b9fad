/** PutEvents, TestEventPattern, and what other services hand over: what is refused and how, what is billed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { accountId, DEFAULT_ACCOUNT, DEFAULT_REGION, regionOf } from '#base/ids.ts'
import { instant } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import { acceptEvents } from '#services/events/accept.ts'
import {
  BUS,
  bodyOf,
  type FakeEvents,
  fakeCall,
  fakeEvents,
  jsonOf,
  QUEUE,
  START,
} from '#services/events/fake-events.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): Promise<FakeEvents> => fakeEvents(memoryStores(), turn)
const TARGET = { Id: '1', Arn: QUEUE }

test('PutEvents delivers what a rule matches, as AWS writes events', async () => {
  const events = await fresh()
  await events.rule([TARGET], { EventPattern: '{"source":["app"],"detail":{"n":[1]}}' })
  const id = await events.put({ n: 1 }, { Resources: ['a', 'b'], Time: instant(START - 1_500) })
  await events.put({ n: 2 })
  await events.put({ n: 1 }, { Source: 'other' })
  await events.clock.settle()
  assert.equal(events.delivered.length, 1)
  const [delivery] = events.delivered
  assert.ok(delivery)
  assert.equal(
    bodyOf(delivery),
    `{"version":"0","id":"${id}","detail-type":"type","source":"app","account":"000000000000",` +
      `"time":"2026-09-21T14:13:18Z","region":"us-east-1","resources":["a","b"],"detail":{"n":1}}`,
  )
  assert.deepEqual(
    [delivery.principal, delivery.sourceArn, delivery.mode, delivery.message],
    ['events.amazonaws.com', 'arn:aws:events:us-east-1:000000000000:rule/rule', 'hand-over', undefined],
  )
})

test('PutEvents keeps the detail as it was written, without its blanks', async () => {
  const events = await fresh()
  await events.rule([TARGET])
  await events.put({}, { Detail: ' { "big" : 12345678901234567890, "n": 1.50 }\n' })
  await events.clock.settle()
  assert.match(events.delivered.map(bodyOf).join(''), /"detail":\{"big":12345678901234567890,"n":1\.50\}\}$/)
})

test('PutEvents refuses entries one by one', async () => {
  const events = await fresh()
  const required = (name: string) => ({
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  })
  const malformed = { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  const good = { Source: 'app', DetailType: 'type', Detail: '{}' }
  const answer = await events.call('PutEvents', {
    Entries: [
      {},
      { Source: '' },
      { Source: 'app' },
      { ...good, Detail: '' },
      { ...good, Detail: 'text' },
      { ...good, Detail: '[]' },
      { ...good, Detail: '1' },
      { ...good, Source: 'aws.ec2' },
      { ...good, EventBusName: 'nowhere' },
    ],
  })
  assert.equal(answer.FailedEntryCount, 8)
  assert.deepEqual(answer.Entries?.slice(0, 8), [
    required('Source'),
    required('Source'),
    required('DetailType'),
    required('Detail'),
    malformed,
    malformed,
    malformed,
    { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
  ])
  assert.match(answer.Entries?.[8]?.EventId ?? '', /^[0-9a-f-]{36}$/)
})

test('PutEvents takes exactly 1 MB, all entries together', async () => {
  const events = await fresh()
  const frame = { Source: 'app', DetailType: 'type' }
  const room = 1_048_576 - 'app'.length - 'type'.length
  const detail = (bytes: number): string => `{"a":"${'ä'.repeat((bytes - 8) / 2)}"}`
  assert.equal(utf8(detail(room - 1)).length, room - 1)
  const one = { ...frame, Detail: detail(room - 1) }
  await events.call('PutEvents', { Entries: [{ ...one, Resources: ['x'] }] })
  const refusal = 'ValidationException: Total size of the entries in the request is over the limit.'
  assert.equal(await events.refusal('PutEvents', { Entries: [{ ...one, Resources: ['xx'] }] }), refusal)
  const timed = { ...frame, Detail: '{}', Time: instant(START) }
  assert.equal(await events.refusal('PutEvents', { Entries: [one, timed] }), refusal)
})

test('PutEvents goes to buses by name and by ARN, of other regions and accounts too', async () => {
  const events = await fresh()
  const other = {
    account: accountId('111111111111') ?? DEFAULT_ACCOUNT,
    region: regionOf('eu-west-1') ?? DEFAULT_REGION,
  }
  for (const more of [{}, other]) {
    await events.call('CreateEventBus', { Name: 'orders' }, more)
    const rule = { Name: 'rule', EventBusName: 'orders' }
    await events.call('PutRule', { ...rule, EventPattern: '{"source":["app"]}' }, more)
    await events.call('PutTargets', { Rule: 'rule', EventBusName: 'orders', Targets: [TARGET] }, more)
  }
  await events.put({ to: 'name' }, { EventBusName: 'orders' })
  const arn = 'arn:aws:events:eu-west-1:111111111111:event-bus/orders'
  await events.put({ to: 'arn' }, { EventBusName: arn })
  await events.clock.settle()
  assert.deepEqual(
    events.delivered.map(({ sourceArn }) => sourceArn),
    [
      'arn:aws:events:us-east-1:000000000000:rule/orders/rule',
      'arn:aws:events:eu-west-1:111111111111:rule/orders/rule',
    ],
  )
})

test('PutEvents follows changes of rules at once', async () => {
  const events = await fresh()
  const put = async (): Promise<number> => {
    await events.put({})
    await events.clock.settle()
    return events.delivered.splice(0).length
  }
  assert.equal(await put(), 0)
  await events.rule([TARGET])
  assert.equal(await put(), 1)
  await events.call('DisableRule', { Name: 'rule' })
  assert.equal(await put(), 0)
  await events.call('EnableRule', { Name: 'rule' })
  assert.equal(await put(), 1)
  await events.call('PutRule', { Name: 'rule', EventPattern: '{"source":["other"]}' })
  assert.equal(await put(), 0)
  await events.call('PutRule', { Name: 'rule', EventPattern: '{"source":[{"prefix":"a"}]}' })
  assert.equal(await put(), 1)
  await events.call('RemoveTargets', { Rule: 'rule', Ids: ['1'] })
  assert.equal(await put(), 0)
})

test('an event is billed by 64 KB', async () => {
  const events = await fresh()
  await events.put({ a: 'x'.repeat(65_536) })
  await events.put({})
  assert.deepEqual(
    events.usage.map(({ service, dimension, quantity, resource }) => [
      service,
      dimension,
      quantity,
      resource,
    ]),
    [
      ['eventbridge', 'customEvents', 2, BUS],
      ['eventbridge', 'customEvents', 1, BUS],
    ],
  )
})

test("an event goes on with its own trace, else with the call's", async () => {
  const events = await fresh()
  await events.rule([TARGET])
  const TraceHeader = 'Root=1-11111111-222222222222222222222222;Parent=3333333333333333;Sampled=1'
  await events.put({}, { TraceHeader })
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(
    events.delivered.map(({ span }) => span.header()),
    [TraceHeader, fakeCall().span.header()],
  )
})

test('TestEventPattern holds a pattern against an event', async () => {
  const events = await fresh()
  const Event = JSON.stringify({
    id: '1',
    'detail-type': 't',
    source: 's',
    account: '1',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: { n: 5 },
  })
  const tested = async (pattern: unknown) =>
    await events.call('TestEventPattern', { EventPattern: JSON.stringify(pattern), Event })
  assert.deepEqual(await tested({ detail: { n: [{ numeric: ['>', 4] }] } }), { Result: true })
  assert.deepEqual(await tested({ detail: { n: [4] } }), { Result: false })
  assert.match(
    await events.refusal('TestEventPattern', { EventPattern: '{"a":1}', Event }),
    /^InvalidEventPatternException: Event pattern is not valid\. Reason: "a" must be an object or an array/,
  )
  assert.match(
    await events.refusal('TestEventPattern', { EventPattern: '{"a":[1]}', Event: '{}' }),
    /^ValidationException: Parameter Event is not valid\. Reason: id /,
  )
})

test('acceptEvents() takes one entry of a service, which may speak for AWS', async () => {
  const events = await fresh()
  await events.rule([TARGET], { EventPattern: '{"source":["aws.s3"]}' })
  const accept = acceptEvents(events.state)
  const hand = async (entry: unknown, more: { arn?: string; principal?: string } = {}) =>
    await accept({
      arn: BUS,
      payload: utf8(typeof entry === 'string' ? entry : JSON.stringify(entry)),
      mode: 'hand-over',
      principal: 's3.amazonaws.com',
      account: DEFAULT_ACCOUNT,
      region: DEFAULT_REGION,
      span: fakeCall().span,
      ...more,
    })
  const entry = {
    Source: 'aws.s3',
    DetailType: 'Object Created',
    Detail: '{}',
    Resources: ['r'],
    Time: 1_600_000_000,
  }
  assert.deepEqual(await hand(entry), { kind: 'accepted' })
  await events.clock.settle()
  const [body] = events.delivered.map(jsonOf)
  assert.ok(body !== null && typeof body === 'object')
  assert.equal(Reflect.get(body, 'time'), '2020-09-13T12:26:40Z')
  assert.deepEqual(Reflect.get(body, 'resources'), ['r'])
  assert.equal(events.usage[0]?.dimension, 'optInDataEvents')
  const codeOf = async (...given: Parameters<typeof hand>): Promise<string> => {
    const outcome = await hand(...given)
    return outcome.kind === 'refused' ? outcome.code : outcome.kind
  }
  assert.equal(await codeOf({ ...entry, Detail: 'x' }), 'MalformedDetail')
  assert.equal(await codeOf('no json'), 'InvalidArgument')
  assert.equal(await codeOf(entry, { arn: `${BUS}x` }), 'ResourceNotFoundException')
  assert.equal(await codeOf(entry, { principal: 'somebody' }), 'NotAuthorizedForSourceException')
})
