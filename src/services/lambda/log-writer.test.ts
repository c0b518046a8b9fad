/** Batches for the Logs service, and what happens when it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { memoryStores } from '#host/store/memory.ts'
import { type FakeLambda, fakeLambda } from '#services/lambda/fake-platform.ts'
import { LOG_BUFFER_EVENTS } from '#services/lambda/limits.ts'
import { LogWriter, batchesOf } from '#services/lambda/log-writer.ts'

function writerOn(fake: FakeLambda): LogWriter {
  return new LogWriter(fake.state.ports, {
    group: '/aws/lambda/f',
    stream: 's',
    functionArn: 'arn',
    as: { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION },
  })
}

const puts = (fake: FakeLambda): string[][] =>
  fake.calls
    .filter(({ name }) => name === 'logs:PutLogEvents')
    .map(({ input }) =>
      (input as { logEvents: { message: string }[] }).logEvents.map(({ message }) => message),
    )

test('LogWriter makes group and stream once and writes in batches', async () => {
  const fake = fakeLambda(memoryStores())
  const writer = writerOn(fake)
  writer.add(1, 'a')
  writer.add(2, 'b')
  await writer.flush()
  writer.add(3, 'c')
  await writer.flush()
  assert.deepEqual(
    fake.calls.map(({ name }) => name),
    ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutLogEvents'],
  )
  assert.deepEqual(puts(fake), [['a', 'b'], ['c']])
})

test('LogWriter goes on when the group is there, and makes it again when it was deleted', async () => {
  const fake = fakeLambda(memoryStores())
  let gone = false
  fake.answers['logs:CreateLogGroup'] = () => {
    throw new Fault('ResourceAlreadyExistsException', '')
  }
  fake.answers['logs:PutLogEvents'] = () => {
    if (!gone) return {}
    gone = false
    throw new Fault('ResourceNotFoundException', '')
  }
  const writer = writerOn(fake)
  writer.add(1, 'a')
  await writer.flush()
  gone = true
  writer.add(2, 'b')
  await writer.flush()
  assert.deepEqual(puts(fake), [['a'], ['b'], ['b']])
  assert.deepEqual(fake.warnings, [])
})

test('LogWriter says that lines were refused and takes further ones', async () => {
  const fake = fakeLambda(memoryStores())
  fake.answers['logs:PutLogEvents'] = () => {
    throw new Fault('ServiceUnavailableException', 'no')
  }
  const writer = writerOn(fake)
  writer.add(1, 'a')
  await writer.flush()
  assert.deepEqual(fake.warnings, ['lambda.logs.refused'])
  delete fake.answers['logs:PutLogEvents']
  writer.add(2, 'b')
  await writer.flush()
  assert.deepEqual(puts(fake).at(-1), ['b'])
})

test('LogWriter drops what goes beyond its buffer, and says how much', async () => {
  const fake = fakeLambda(memoryStores())
  const writer = writerOn(fake)
  for (let i = 0; i < LOG_BUFFER_EVENTS + 3; i++) writer.add(1, 'x')
  await writer.flush()
  const written = puts(fake).flat()
  assert.equal(written.length, LOG_BUFFER_EVENTS + 1)
  assert.equal(written.at(-1), '3 log events were dropped.\n')
})

test('batchesOf() keeps order and stays within one PutLogEvents', () => {
  const event = fc.record({
    timestamp: fc.nat(),
    message: fc.string({ maxLength: 20 }).map((s) => s.repeat(20_000)),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const batches = batchesOf(events)
      assert.deepEqual(batches.flat(), events)
      for (const batch of batches) {
        const bytes = batch.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0)
        assert.ok(batch.length === 1 || bytes <= 1_048_576)
      }
    }),
    { numRuns: 30 },
  )
})
