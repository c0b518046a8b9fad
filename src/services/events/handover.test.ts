/** Deliveries: targets of all kinds, retries, dead letters, a restart; all on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import { DEFAULT_REGION, regionOf } from '#base/ids.ts'
import { stringAt } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import {
  BUS,
  bodyOf,
  DEAD,
  type FakeEvents,
  fakeEvents,
  FUNCTION,
  jsonOf,
  QUEUE,
} from '#services/events/fake-events.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): Promise<FakeEvents> => fakeEvents(memoryStores(), turn)
const throttled: DeliveryOutcome = { kind: 'throttled', message: 'slow down' }
const missing: DeliveryOutcome = {
  kind: 'refused',
  code: 'AWS.SimpleQueueService.NonExistentQueue',
  message: 'The specified queue does not exist.',
}
const RULE = 'arn:aws:events:us-east-1:000000000000:rule/rule'
const MINUTE = 60_000

const deadLetters = (events: FakeEvents) =>
  events.delivered
    .filter(({ arn }) => arn === DEAD)
    .map((delivery) => ({
      body: jsonOf(delivery),
      attributes: Object.fromEntries(
        Object.entries(delivery.message?.attributes ?? {}).map(([name, { stringValue }]) => [
          name,
          stringValue,
        ]),
      ),
    }))

test('each target gets its own input, a FIFO queue its group', async () => {
  const events = await fresh()
  const SqsParameters = { MessageGroupId: 'g' }
  await events.rule([
    { Id: '1', Arn: `${QUEUE}.fifo`, SqsParameters, InputPath: '$.detail' },
    { Id: '2', Arn: FUNCTION, Input: '{"constant":true}' },
  ])
  await events.put({ n: 1 })
  await events.clock.settle()
  assert.deepEqual(
    events.delivered.map((delivery) => [delivery.arn, bodyOf(delivery), delivery.message]),
    [
      [`${QUEUE}.fifo`, '{"n":1}', { groupId: 'g' }],
      [FUNCTION, '{"constant":true}', undefined],
    ],
  )
})

test('what one target does not take is tried again for it alone', async () => {
  const events = await fresh()
  await events.rule([
    { Id: '1', Arn: QUEUE },
    { Id: '2', Arn: FUNCTION },
  ])
  events.outcomes.set(QUEUE, [throttled, { kind: 'timed-out' }])
  await events.put({})
  await events.clock.advance(10_000)
  assert.deepEqual(
    events.delivered.map(({ arn }) => arn),
    [QUEUE, FUNCTION, QUEUE, QUEUE],
  )
  const [first = 0, , second = 0, third = 0] = events.delivered.map(({ atMs }) => atMs)
  assert.ok(second - first >= 500 && second - first <= 1_000, `${second - first} ms`)
  assert.ok(third - second >= 1_000 && third - second <= 2_000, `${third - second} ms`)
  assert.equal(events.state.handover.size, 0)
})

test('an event that is not taken is tried 186 times in all, within a day', async () => {
  const events = await fresh()
  await events.rule([{ Id: '1', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } }])
  events.outcomes.set(
    QUEUE,
    Array.from({ length: 400 }, () => throttled),
  )
  const id = await events.put({ n: 1 })
  await events.clock.advance(26 * 60 * MINUTE)
  const tries = events.delivered.filter(({ arn }) => arn === QUEUE)
  const [letter] = deadLetters(events)
  assert.ok(letter)
  assert.equal((letter.body as { id: string }).id, id)
  const { EXHAUSTED_RETRY_CONDITION: condition, RETRY_ATTEMPTS: retries, ...rest } = letter.attributes
  assert.deepEqual(rest, {
    RULE_ARN: RULE,
    TARGET_ARN: QUEUE,
    ERROR_CODE: 'THROTTLING',
    ERROR_MESSAGE: 'slow down',
  })
  assert.equal(Number(retries), tries.length - 1)
  assert.ok(condition === 'MaximumRetryAttempts' ? tries.length === 186 : tries.length > 100, condition)
  assert.ok((tries.at(-1)?.atMs ?? 0) <= 24 * 60 * MINUTE)
  assert.equal(events.state.handover.size, 0)
})

test('a retry policy bounds attempts and age', async () => {
  const events = await fresh()
  const target = { Id: '1', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } }
  const run = async (policy: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number }) => {
    await events.rule([{ ...target, RetryPolicy: policy }])
    events.outcomes.set(
      QUEUE,
      Array.from({ length: 400 }, () => throttled),
    )
    events.delivered.length = 0
    await events.put({})
    await events.clock.advance(60 * MINUTE)
    const { EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS } = deadLetters(events)[0]?.attributes ?? {}
    return [EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS, events.delivered.length - 1]
  }
  assert.deepEqual(await run({ MaximumRetryAttempts: 0 }), ['MaximumRetryAttempts', '0', 1])
  assert.deepEqual(await run({ MaximumRetryAttempts: 2 }), ['MaximumRetryAttempts', '2', 3])
  const [condition, retries, tries] = await run({ MaximumEventAgeInSeconds: 60 })
  assert.equal(condition, 'MaximumEventAgeInSeconds')
  assert.equal(Number(retries) + 1, tries)
})

test('what would be refused again goes to the dead-letter queue at once', async () => {
  const events = await fresh()
  await events.rule([
    { Id: '1', Arn: QUEUE, DeadLetterConfig: { Arn: DEAD } },
    { Id: '2', Arn: FUNCTION },
  ])
  events.outcomes.set(QUEUE, [missing])
  events.outcomes.set(FUNCTION, [{ kind: 'refused', code: 'ResourceNotFoundException', message: 'gone' }])
  await events.put({})
  await events.clock.advance(MINUTE)
  assert.deepEqual(
    deadLetters(events).map(({ attributes }) => attributes),
    [
      {
        RULE_ARN: RULE,
        TARGET_ARN: QUEUE,
        ERROR_CODE: 'NO_RESOURCE',
        ERROR_MESSAGE: 'The specified queue does not exist.',
        RETRY_ATTEMPTS: '0',
      },
    ],
  )
  assert.equal(events.warnings.length, 2)
  assert.match(events.warnings[1] ?? '', /"deadLetter":"none"/)
})

test('an event whose template gives no JSON is a dead letter', async () => {
  const events = await fresh()
  const InputTransformer = { InputPathsMap: { a: '$.detail' }, InputTemplate: '{"a": <a> <a>}' }
  await events.rule([{ Id: '1', Arn: QUEUE, InputTransformer, DeadLetterConfig: { Arn: DEAD } }])
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(
    deadLetters(events).map(({ attributes }) => attributes['ERROR_CODE']),
    ['INVALID_JSON'],
  )
})

test('whatever targets answer, each gets each event once or its dead-letter queue does', async () => {
  const outcome = fc.constantFrom<DeliveryOutcome>(
    throttled,
    missing,
    { kind: 'timed-out' },
    { kind: 'accepted' },
    { kind: 'accepted' },
  )
  const answers = fc.tuple(fc.array(outcome, { maxLength: 12 }), fc.array(outcome, { maxLength: 12 }))
  await fc.assert(
    fc.asyncProperty(answers, fc.integer({ min: 1, max: 6 }), async ([toQueue, toFunction], count) => {
      const events = await fresh()
      const DeadLetterConfig = { Arn: DEAD }
      const RetryPolicy = { MaximumRetryAttempts: 3 }
      await events.rule([
        { Id: '1', Arn: QUEUE, DeadLetterConfig, RetryPolicy },
        { Id: '2', Arn: FUNCTION, DeadLetterConfig, RetryPolicy },
      ])
      const told = new Map([
        [QUEUE, [...toQueue]],
        [FUNCTION, [...toFunction]],
      ])
      events.outcomes.set(QUEUE, [...toQueue])
      events.outcomes.set(FUNCTION, [...toFunction])
      const ids: string[] = []
      for (let n = 0; n < count; n++) ids.push(await events.put({ n }))
      await events.clock.advance(30 * MINUTE)
      const ended = events.delivered.flatMap((delivery) => {
        const id = (jsonOf(delivery) as { id: string }).id
        if (delivery.arn === DEAD)
          return [`${id} ${delivery.message?.attributes?.['TARGET_ARN']?.stringValue}`]
        const answer = told.get(delivery.arn)?.shift() ?? { kind: 'accepted' }
        return answer.kind === 'accepted' ? [`${id} ${delivery.arn}`] : []
      })
      const due = ids.flatMap((id) => [`${id} ${QUEUE}`, `${id} ${FUNCTION}`])
      assert.deepEqual(new Set(ended), new Set(due))
      assert.equal(ended.length, due.length)
      assert.equal(events.state.handover.size, 0)
    }),
    { numRuns: 60 },
  )
})

test('another process goes on with what was promised', async () => {
  const stores = memoryStores()
  const events = await fakeEvents(stores, turn)
  await events.rule([{ Id: '1', Arn: QUEUE }])
  events.outcomes.set(QUEUE, [throttled, throttled])
  const id = await events.put({})
  await events.clock.settle()
  assert.equal(events.delivered.length, 1)
  await events.state.stop()
  const next = await events.restarted()
  await next.clock.advance(MINUTE)
  assert.deepEqual(
    next.delivered.map((delivery) => (jsonOf(delivery) as { id: string }).id),
    [id],
  )
})

test('an event goes to another bus as it is, and no further', async () => {
  const events = await fresh()
  const bus = (name: string): string => `arn:aws:events:us-east-1:000000000000:event-bus/${name}`
  for (const [name, to] of [
    ['one', bus('two')],
    ['two', bus('three')],
    ['three', QUEUE],
  ] as const) {
    await events.call('CreateEventBus', { Name: name })
    await events.rule([{ Id: '1', Arn: to, DeadLetterConfig: { Arn: DEAD } }], { EventBusName: name })
  }
  await events.call('PutRule', { Name: 'queue', EventBusName: 'two', EventPattern: '{"source":["app"]}' })
  await events.call('PutTargets', {
    Rule: 'queue',
    EventBusName: 'two',
    Targets: [{ Id: '1', Arn: FUNCTION }],
  })
  const id = await events.put({ n: 1 }, { EventBusName: 'one' })
  await events.clock.settle()
  const toFunction = events.delivered.filter(({ arn }) => arn === FUNCTION).map(jsonOf)
  assert.deepEqual(
    toFunction.map((event) => (event as { id: string }).id),
    [id],
  )
  assert.deepEqual(
    deadLetters(events).map(({ attributes }) => [attributes['ERROR_CODE'], attributes['RULE_ARN']]),
    [['THIRD_ACCOUNT_HOP_DETECTED', 'arn:aws:events:us-east-1:000000000000:rule/two/rule']],
  )
  assert.ok(!events.delivered.some(({ arn }) => arn === QUEUE))
})

test('an event that goes to another region gets another id there', async () => {
  const events = await fresh()
  const region = regionOf('eu-west-1') ?? DEFAULT_REGION
  const Arn = BUS.replace('us-east-1', region)
  await events.rule([{ Id: '1', Arn }])
  const far = { region }
  await events.call('PutRule', { Name: 'far', EventPattern: '{"source":["app"]}' }, far)
  await events.call('PutTargets', { Rule: 'far', Targets: [{ Id: '1', Arn: FUNCTION }] }, far)
  const id = await events.put({ n: 1 })
  await events.clock.settle()
  const [event] = events.delivered.map(jsonOf)
  assert.equal(stringAt(event, 'region'), DEFAULT_REGION)
  assert.match(stringAt(event, 'id') ?? '', /^[0-9a-f-]{36}$/)
  assert.notEqual(stringAt(event, 'id'), id)
})

test('an event for a bus of another account is billed as such', async () => {
  const events = await fresh()
  const arn = 'arn:aws:events:us-east-1:111111111111:event-bus/default'
  await events.rule([{ Id: '1', Arn: arn }])
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(
    events.usage.map(({ account, dimension, resource }) => [account, dimension, resource]),
    [
      ['000000000000', 'customEvents', BUS],
      ['000000000000', 'crossAccountDelivery', arn],
    ],
  )
})

test('a log group gets a line in a stream that is made for it', async () => {
  const events = await fresh()
  const Arn = 'arn:aws:logs:us-east-1:000000000000:log-group:/app/events'
  await events.rule([{ Id: '1', Arn: `${Arn}:*`, InputPath: '$.detail' }])
  events.faults.set('logs:PutLogEvents', [new Fault('ResourceNotFoundException', 'no stream')])
  await events.put({ n: 1 })
  await events.clock.settle()
  await events.put({ message: 'line', timestamp: '2026-09-21T14:00:00Z' })
  await events.clock.settle()
  assert.deepEqual(
    events.called.map(([name]) => name),
    ['logs:PutLogEvents', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutLogEvents'],
  )
  const lines = events.called.map(([, input]) => input as { logGroupName: string; logEvents?: unknown })
  assert.deepEqual(new Set(lines.map(({ logGroupName }) => logGroupName)), new Set(['/app/events']))
  assert.deepEqual(lines[2]?.logEvents, [{ timestamp: events.clock.now(), message: '{"n":1}' }])
  assert.deepEqual(lines[3]?.logEvents, [{ timestamp: Date.UTC(2026, 8, 21, 14), message: 'line' }])
})

test('a log group that is not there is a dead letter', async () => {
  const events = await fresh()
  const Arn = 'arn:aws:logs:us-east-1:000000000000:log-group:none'
  await events.rule([{ Id: '1', Arn, DeadLetterConfig: { Arn: DEAD } }])
  const gone = () => new Fault('ResourceNotFoundException', 'The specified log group does not exist.')
  events.faults.set('logs:PutLogEvents', [gone()])
  events.faults.set('logs:CreateLogStream', [gone()])
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(
    deadLetters(events).map(({ attributes }) => attributes['ERROR_CODE']),
    ['NO_RESOURCE'],
  )
})
