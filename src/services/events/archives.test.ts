/** Archives, replays and schedules on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import {
  BUS,
  type FakeEvents,
  fakeEvents,
  FUNCTION,
  jsonOf,
  QUEUE,
  START,
} from '#services/events/fake-events.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): Promise<FakeEvents> => fakeEvents(memoryStores(), turn)
const MINUTE = 60_000
const DAY = 86_400_000
const ARCHIVE = 'arn:aws:events:us-east-1:000000000000:archive/a'
const TARGET = { Id: '1', Arn: QUEUE }

const archive = async (events: FakeEvents, more: { EventPattern?: string; RetentionDays?: number } = {}) =>
  await events.call('CreateArchive', { ArchiveName: 'a', EventSourceArn: BUS, ...more })

const counts = async (events: FakeEvents): Promise<readonly (number | undefined)[]> => {
  const { EventCount, SizeBytes } = await events.call('DescribeArchive', { ArchiveName: 'a' })
  return [EventCount, SizeBytes]
}

const replay = async (events: FakeEvents, ReplayName: string, FilterArns?: readonly string[]) =>
  await events.call('StartReplay', {
    ReplayName,
    EventSourceArn: ARCHIVE,
    EventStartTime: instant(START - DAY),
    EventEndTime: instant(START + DAY),
    Destination: { Arn: BUS, ...(FilterArns === undefined ? {} : { FilterArns }) },
  })

interface Seen {
  readonly id: string
  readonly detail: { readonly n: number }
  readonly 'replay-name'?: string
}

const seen = (events: FakeEvents): readonly Seen[] =>
  events.delivered.splice(0).map((delivery) => jsonOf(delivery) as Seen)

/** Until its state is that, in turns of the event loop. */
async function until(events: FakeEvents, ReplayName: string, state: string): Promise<void> {
  for (let i = 0; i < 10_000; i++) {
    if ((await events.call('DescribeReplay', { ReplayName })).State === state) return
    await turn()
  }
  assert.fail(`the replay never came to ${state}`)
}

test('an archive keeps what its pattern matches, and has a rule that says so', async () => {
  const events = await fresh()
  await archive(events, { EventPattern: '{"detail":{"n":[1,2]}}' })
  for (const n of [1, 2, 3]) await events.put({ n })
  const [count, bytes] = await counts(events)
  assert.equal(count, 2)
  assert.ok((bytes ?? 0) > 300)
  const rule = await events.call('DescribeRule', { Name: 'Events-Archive-a' })
  assert.equal(rule.ManagedBy, 'prod.vhs.events.aws.internal')
  assert.equal(rule.EventPattern, '{"detail":{"n":[1,2]},"replay-name":[{"exists":false}]}')
  assert.match(await events.refusal('DisableRule', { Name: 'Events-Archive-a' }), /^ManagedRuleException: /)
  assert.match(
    await events.refusal('PutRule', { Name: 'Events-Archive-a', EventPattern: '{"a":[1]}' }),
    /^ManagedRule/,
  )
  const billed = events.usage.filter(({ dimension }) => dimension === 'archiveProcessing')
  assert.equal(
    billed.reduce((sum, { quantity }) => sum + quantity, 0),
    bytes,
  )
  await events.call('UpdateArchive', { ArchiveName: 'a', EventPattern: '{"detail":{"n":[3]}}' })
  await events.put({ n: 3 })
  await events.put({ n: 1 })
  assert.equal((await counts(events))[0], 3)
  const forced =
    "ManagedRuleException: Events-Archive-a is a managed rule. Set 'force' parameter to true to override."
  assert.equal(await events.refusal('DeleteRule', { Name: 'Events-Archive-a' }), forced)
  await events.call('DeleteArchive', { ArchiveName: 'a' })
  assert.match(
    await events.refusal('DescribeRule', { Name: 'Events-Archive-a' }),
    /^ResourceNotFoundException: /,
  )
})

test('an archive forgets what is older than it keeps', async () => {
  const events = await fresh()
  await archive(events, { RetentionDays: 2 })
  await events.put({ n: 1 })
  await events.clock.advance(DAY)
  await events.put({ n: 2 })
  assert.equal((await counts(events))[0], 2)
  await events.clock.advance(DAY + 2 * 60 * MINUTE)
  assert.equal((await counts(events))[0], 1)
  await events.clock.advance(DAY)
  assert.deepEqual(await counts(events), [0, 0])
})

test('a new archive of an old name is empty', async () => {
  const events = await fresh()
  await archive(events)
  await events.put({ n: 1 })
  await events.call('DeleteArchive', { ArchiveName: 'a' })
  await archive(events)
  assert.deepEqual(await counts(events), [0, 0])
  await events.clock.settle()
  assert.deepEqual(await counts(events), [0, 0])
})

test('a replay gives events again, in the order of their times, under its name', async () => {
  const events = await fresh()
  await archive(events)
  await events.rule([TARGET])
  for (let n = 0; n < 250; n++) await events.put({ n }, { Time: instant(START - n * 1_000) })
  await events.clock.settle()
  const originals = new Set(seen(events).map(({ id }) => id))
  assert.equal((await replay(events, 'again')).State, 'STARTING')
  await until(events, 'again', 'COMPLETED')
  await events.clock.settle()
  const replayed = seen(events)
  assert.deepEqual(
    replayed.map(({ detail }) => detail.n),
    Array.from({ length: 250 }, (_, i) => 249 - i),
  )
  assert.ok(replayed.every((event) => event['replay-name'] === 'again' && !originals.has(event.id)))
  assert.equal((await counts(events))[0], 250)
  const shown = await events.call('DescribeReplay', { ReplayName: 'again' })
  assert.equal(shown.EventLastReplayedTime, START)
  assert.ok(shown.ReplayEndTime !== undefined)
  assert.equal(
    events.usage
      .filter(({ dimension }) => dimension === 'replayEvents')
      .reduce((sum, { quantity }) => sum + quantity, 0),
    250,
  )
})

test('what an archive holds is billed each hour, as bytes of a month, until it is deleted', async () => {
  const events = await fresh()
  await archive(events)
  for (let n = 0; n < 20; n++) await events.put({ n, pad: 'x'.repeat(1_000) })
  const [, bytes = 0] = await counts(events)
  await events.clock.advance(30 * DAY)
  const billed = (): number =>
    events.usage
      .filter(
        ({ dimension, unit, resource }) =>
          dimension === 'archiveStorage' && unit === 'bytes' && resource === ARCHIVE,
      )
      .reduce((sum, { quantity }) => sum + quantity, 0)
  assert.ok(Math.abs(billed() - bytes) <= 1 + bytes / 700, `${billed()} of ${bytes}`)
  await events.call('DeleteArchive', { ArchiveName: 'a' })
  await events.clock.advance(MINUTE)
  const until = billed()
  await events.clock.advance(DAY)
  assert.equal(billed(), until)
})

test('a replay goes to the rules it names', async () => {
  const events = await fresh()
  await archive(events)
  await events.rule([TARGET])
  await events.rule([{ Id: '1', Arn: FUNCTION }], { Name: 'other' })
  await events.put({ n: 1 })
  await events.clock.settle()
  events.delivered.length = 0
  await replay(events, 'again', ['arn:aws:events:us-east-1:000000000000:rule/other'])
  await until(events, 'again', 'COMPLETED')
  await events.clock.settle()
  assert.deepEqual(
    events.delivered.map(({ arn }) => arn),
    [FUNCTION],
  )
})

test('a replay that was cut off goes on in another process and gives no event twice', async () => {
  const stores = memoryStores()
  const events = await fakeEvents(stores, turn)
  await archive(events)
  await events.rule([TARGET])
  for (let n = 0; n < 1_000; n++) await events.put({ n }, { Time: instant(START - n) })
  await events.clock.settle()
  while (events.state.handover.size > 0) await events.clock.settle()
  events.delivered.length = 0
  await replay(events, 'again')
  const described = async () => await events.call('DescribeReplay', { ReplayName: 'again' })
  while ((await described()).EventLastReplayedTime === undefined) await Promise.resolve()
  await events.state.stop()
  const before = seen(events)
  assert.equal((await described()).State, 'RUNNING')
  const next = await events.restarted()
  await until(next, 'again', 'COMPLETED')
  while (next.state.handover.size > 0) await next.clock.settle()
  const all = [...before, ...seen(next)].map(({ detail }) => detail.n)
  assert.equal(all.length, 1_000)
  assert.equal(new Set(all).size, 1_000)
})

test('a replay can be cancelled while it runs', async () => {
  const events = await fresh()
  await archive(events)
  await events.rule([TARGET])
  for (let n = 0; n < 300; n++) await events.put({ n }, { Time: instant(START - n) })
  await replay(events, 'again')
  assert.equal((await events.call('CancelReplay', { ReplayName: 'again' })).State, 'CANCELLING')
  await until(events, 'again', 'CANCELLED')
  assert.equal(
    await events.refusal('CancelReplay', { ReplayName: 'again' }),
    'IllegalStatusException: Replay again is not in a valid state for this operation.',
  )
})

test('archives and replays are refused as AWS does', async () => {
  const events = await fresh()
  await archive(events)
  const bus = BUS.replace('default', 'nowhere')
  const create = async (ArchiveName: string, EventSourceArn: string) =>
    await events.refusal('CreateArchive', { ArchiveName, EventSourceArn })
  assert.equal(await create('a', BUS), 'ResourceAlreadyExistsException: Archive a already exists.')
  assert.equal(await create('b', bus), 'ResourceNotFoundException: Event bus nowhere does not exist.')
  const given = {
    ReplayName: 'r',
    EventSourceArn: ARCHIVE,
    EventStartTime: instant(START),
    EventEndTime: instant(START + 1),
    Destination: { Arn: BUS },
  }
  const start = async (more: Partial<typeof given>) =>
    await events.refusal('StartReplay', { ...given, ...more })
  const parameter = 'ValidationException: Parameter'
  assert.equal(
    await start({ Destination: { Arn: 'x' } }),
    `${parameter} Destination.Arn is not valid. Reason: Must contain an event bus ARN.`,
  )
  assert.equal(
    await start({ Destination: { Arn: bus } }),
    'ResourceNotFoundException: Event bus nowhere does not exist.',
  )
  assert.equal(
    await start({ EventSourceArn: `${ARCHIVE}x` }),
    `${parameter} EventSourceArn is not valid. Reason: Archive ax does not exist.`,
  )
  assert.equal(
    await start({ EventEndTime: instant(START) }),
    `${parameter} EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.`,
  )
  await events.call('CreateEventBus', { Name: 'other' })
  assert.equal(
    await start({ Destination: { Arn: BUS.replace('default', 'other') } }),
    `${parameter} Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.`,
  )
  assert.equal(
    await events.refusal('ListArchives', { NamePrefix: 'a', State: 'ENABLED' }),
    'ValidationException: At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix.',
  )
  assert.equal(
    await events.refusal('CancelReplay', { ReplayName: 'x' }),
    'ResourceNotFoundException: Replay x does not exist.',
  )
})

test('a schedule gives its rule, and no other, an event at its times', async () => {
  const events = await fresh()
  await events.rule([TARGET], { ScheduleExpression: 'rate(5 minutes)', EventPattern: '' })
  await events.rule([{ Id: '1', Arn: FUNCTION }], { Name: 'all', EventPattern: '{"source":["aws.events"]}' })
  await events.clock.advance(11 * MINUTE)
  assert.deepEqual(
    events.delivered.map(({ arn, atMs }) => [arn, atMs]),
    [
      [QUEUE, 5 * MINUTE],
      [QUEUE, 10 * MINUTE],
    ],
  )
  const [first] = events.delivered.map(jsonOf)
  assert.ok(first !== null && typeof first === 'object')
  assert.deepEqual(
    { ...first, id: '' },
    {
      version: '0',
      id: '',
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '000000000000',
      time: '2026-09-21T14:18:20Z',
      region: 'us-east-1',
      resources: ['arn:aws:events:us-east-1:000000000000:rule/rule'],
      detail: {},
    },
  )
})

test('a schedule stops and begins anew with its rule', async () => {
  const events = await fresh()
  await events.rule([TARGET], { ScheduleExpression: 'rate(5 minutes)', EventPattern: '' })
  await events.clock.advance(2 * MINUTE)
  await events.call('DisableRule', { Name: 'rule' })
  await events.clock.advance(10 * MINUTE)
  assert.equal(events.delivered.length, 0)
  await events.call('EnableRule', { Name: 'rule' })
  await events.clock.advance(5 * MINUTE)
  assert.deepEqual(
    events.delivered.map(({ atMs }) => atMs),
    [17 * MINUTE],
  )
  await events.call('PutRule', { Name: 'rule', ScheduleExpression: 'cron(0 15 * * ? *)' })
  await events.clock.advance(60 * MINUTE)
  assert.deepEqual(
    events.delivered.map(({ atMs }) => START + atMs),
    [START + 17 * MINUTE, Date.UTC(2026, 8, 21, 15)],
  )
  await events.call('RemoveTargets', { Rule: 'rule', Ids: ['1'] })
  await events.call('DeleteRule', { Name: 'rule' })
  await events.clock.advance(2 * DAY)
  assert.equal(events.delivered.length, 2)
})

test('what a schedule misses while no process is there stays missed', async () => {
  const events = await fresh()
  await events.rule([TARGET], { ScheduleExpression: 'rate(5 minutes)', EventPattern: '' })
  await events.state.stop()
  await events.clock.advance(17 * MINUTE)
  assert.equal(events.delivered.length, 0)
  const next = await events.restarted()
  await next.clock.advance(5 * MINUTE)
  assert.deepEqual(
    next.delivered.map(({ atMs }) => atMs),
    [20 * MINUTE],
  )
})
