/** Lines: put, read forwards and backwards, filtered, billed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { memoryStores } from '#host/store/memory.ts'
import { logEventsOn } from '#host/telemetry/log-events.ts'
import { memoryTelemetry } from '#host/telemetry/memory.ts'
import { cursorOf, cursorToken, placeDigits, placeOf } from '#services/logs/cursor.ts'
import {
  type FakeLogs,
  START,
  fakeCall,
  fakeLogs,
  makeStream,
  put,
  refusal,
} from '#services/logs/fake-logs.ts'
import { logs } from '#services/logs/index.ts'
import { acceptable } from '#services/logs/operations/put-log-events.ts'

const { operations } = logs
const DAY = 86_400_000

async function world(...streams: string[]): Promise<FakeLogs> {
  const fake = fakeLogs(memoryStores(), logEventsOn(memoryTelemetry()))
  for (const stream of streams) await makeStream(fake, 'g', stream)
  return fake
}

interface Got {
  readonly lines: string
  readonly forward: string
  readonly backward: string
}

async function get(fake: FakeLogs, input: object): Promise<Got> {
  const out = await operations.GetLogEvents(
    { logGroupName: 'g', logStreamName: 's', ...input },
    fake.state,
    fakeCall(),
  )
  return {
    lines: (out.events ?? []).map(({ message }) => message).join(''),
    forward: out.nextForwardToken ?? '',
    backward: out.nextBackwardToken ?? '',
  }
}

test('GetLogEvents goes forwards to the end, where the token stays, and finds what comes later', async () => {
  const fake = await world('s')
  await put(fake, 's', [
    [1, 'a'],
    [1, 'b'],
    [2, 'c'],
    [3, 'd'],
    [4, 'e'],
  ])
  const first = await get(fake, { startFromHead: true, limit: 2 })
  const second = await get(fake, { nextToken: first.forward, limit: 2 })
  const third = await get(fake, { nextToken: second.forward, limit: 2 })
  const end = await get(fake, { nextToken: third.forward, limit: 2 })
  assert.deepEqual([first.lines, second.lines, third.lines, end.lines], ['ab', 'cd', 'e', ''])
  assert.equal(end.forward, third.forward)
  await put(fake, 's', [[5, 'f']])
  assert.equal((await get(fake, { nextToken: end.forward })).lines, 'f')
})

test('GetLogEvents begins with the newest lines and goes backwards to the first', async () => {
  const fake = await world('s')
  await put(fake, 's', [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
    [5, 'e'],
  ])
  const first = await get(fake, { limit: 2 })
  const second = await get(fake, { nextToken: first.backward, limit: 2 })
  const third = await get(fake, { nextToken: second.backward, limit: 2 })
  const end = await get(fake, { nextToken: third.backward, limit: 2 })
  assert.deepEqual([first.lines, second.lines, third.lines, end.lines], ['de', 'bc', 'a', ''])
  assert.equal(end.backward, third.backward)
  assert.equal((await get(fake, { nextToken: end.forward, limit: 2 })).lines, 'ab')
})

test('GetLogEvents from an end turns back without losing a line', async () => {
  const fake = await world('s')
  await put(fake, 's', [
    [1, 'a'],
    [2, 'b'],
  ])
  const all = await get(fake, { startFromHead: true })
  const end = await get(fake, { nextToken: all.forward })
  assert.equal((await get(fake, { nextToken: end.backward })).lines, 'ab')
  const empty = await world('s')
  const nothing = await get(empty, {})
  assert.equal(nothing.lines, '')
  await put(empty, 's', [[0, 'x']])
  assert.equal((await get(empty, { nextToken: nothing.forward })).lines, 'x')
})

test('GetLogEvents includes its start and not its end, and refuses foreign tokens', async () => {
  const fake = await world('s')
  await put(fake, 's', [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
  assert.equal((await get(fake, { startTime: START + 2, endTime: START + 3 })).lines, 'b')
  assert.equal(
    await refusal(get(fake, { nextToken: 'f/1' })),
    'InvalidParameterException: The specified nextToken is invalid.',
  )
})

interface Filtered {
  readonly lines: string
  readonly ids: readonly string[]
  readonly next: string | undefined
}

async function filter(fake: FakeLogs, input: object): Promise<Filtered> {
  const out = await operations.FilterLogEvents({ logGroupName: 'g', ...input }, fake.state, fakeCall())
  return {
    lines: (out.events ?? []).map(({ message }) => message).join(''),
    ids: (out.events ?? []).map(({ eventId }) => eventId ?? ''),
    next: out.nextToken,
  }
}

test('FilterLogEvents merges streams by time, includes both ends, and pages by token', async () => {
  const fake = await world('s', 't')
  await put(fake, 's', [
    [1, 'a'],
    [3, 'c'],
    [5, 'e'],
  ])
  await put(fake, 't', [
    [2, 'b'],
    [4, 'd'],
  ])
  const first = await filter(fake, { limit: 3 })
  const second = await filter(fake, { limit: 3, nextToken: first.next })
  assert.deepEqual([first.lines, second.lines, second.next], ['abc', 'de', undefined])
  assert.equal((await filter(fake, { startTime: START + 2, endTime: START + 4 })).lines, 'bcd')
  assert.equal((await filter(fake, { logStreamNames: ['t'] })).lines, 'bd')
  assert.equal((await filter(fake, { logStreamNames: ['t', 's'], filterPattern: '?b ?e' })).lines, 'be')
  assert.equal((await filter(fake, { logStreamNamePrefix: 's' })).lines, 'ace')
  assert.equal(new Set([...first.ids, ...second.ids]).size, 5)
  assert.match(
    await refusal(filter(fake, { logStreamNames: ['t'], logStreamNamePrefix: 't' })),
    /mutually exclusive/,
  )
  assert.match(await refusal(filter(fake, { logStreamNames: ['x'] })), /log stream does not exist/)
  assert.match(await refusal(filter(fake, { nextToken: 'x' })), /The specified nextToken is invalid\.$/)
})

test('FilterLogEvents polled from the last time, as `aws logs tail --follow` does, shows each line once', async () => {
  const fake = await world('s')
  const seen = new Set<string>()
  const shown: string[] = []
  let startTime = START
  const poll = async (): Promise<void> => {
    const out = await operations.FilterLogEvents(
      { logGroupName: 'g', startTime, interleaved: true },
      fake.state,
      fakeCall(),
    )
    for (const { eventId = '', message = '', timestamp = 0 } of out.events ?? []) {
      startTime = Math.max(startTime, timestamp)
      if (seen.has(eventId)) continue
      seen.add(eventId)
      shown.push(message)
    }
  }
  await put(fake, 's', [
    [1, 'a'],
    [1, 'b'],
  ])
  await poll()
  await put(fake, 's', [
    [1, 'c'],
    [2, 'd'],
  ])
  await poll()
  await poll()
  assert.deepEqual(shown, ['a', 'b', 'c', 'd'])
})

test('PutLogEvents refuses disorder and size, and needs group and stream', async () => {
  const fake = await world('s')
  assert.equal(
    await refusal(
      put(fake, 's', [
        [2, 'a'],
        [1, 'b'],
      ]),
    ),
    'InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.',
  )
  assert.equal(
    await refusal(put(fake, 'x', [[1, 'a']])),
    'ResourceNotFoundException: The specified log stream does not exist.',
  )
  assert.equal(
    await refusal(put(fake, 's', [[1, 'x'.repeat(1_048_551)]])),
    'InvalidParameterException: Upload too large: 1048577 bytes exceeds limit of 1048576',
  )
  assert.match(
    await refusal(
      put(fake, 's', [
        [-DAY - 1, 'a'],
        [0, 'b'],
      ]),
    ),
    /cannot span more than 24 hours\.$/,
  )
})

test('PutLogEvents keeps what is neither too old nor too new, and says what is', async () => {
  const fake = await world('s')
  const out = (await put(fake, 's', [
    [0, 'ok'],
    [2 * 3_600_000 + 1, 'new'],
  ])) as { rejectedLogEventsInfo?: object }
  assert.deepEqual(out.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 })
  assert.equal((await filter(fake, {})).lines, 'ok')
  const events = [-15 * DAY, -3 * DAY, 0].map((ms) => ({ timestamp: START + ms, message: 'x' }))
  assert.deepEqual(acceptable(events, START, START - DAY), {
    events: [events[2]],
    rejected: { tooOldLogEventEndIndex: 1, expiredLogEventEndIndex: 2 },
  })
})

test('PutLogEvents bills the bytes of messages and 26 for each event, Lambda\u2019s apart', async () => {
  const fake = await world('s')
  await put(fake, 's', [
    [1, '\u00e9'],
    [2, 'ab'],
  ])
  await operations.PutLogEvents(
    {
      logGroupName: 'g',
      logStreamName: 's',
      logEvents: [{ timestamp: START, message: 'x' }],
      entity: { keyAttributes: { ResourceType: 'AWS::Lambda::Function' } },
    },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(
    fake.usage.map(({ service, dimension, quantity, unit }) => [service, dimension, quantity, unit]),
    [
      ['cloudwatch', 'logsIngestStandard', 56, 'bytes'],
      ['cloudwatch', 'lambdaLogsIngestStandard', 27, 'bytes'],
    ],
  )
})

test('cursors come back as they went', () => {
  const place = fc
    .tuple(fc.maxSafeNat(), fc.maxSafeNat())
    .map(([at, sequence]) => ({ at, sequence: sequence - 1 }))
  fc.assert(
    fc.property(place, fc.constantFrom('f' as const, 'b' as const), (at, direction) => {
      assert.deepEqual(placeOf(placeDigits(at)), at)
      assert.deepEqual(cursorOf(cursorToken(direction, at)), { direction, place: at })
    }),
  )
})

test('over any lines and limits: paging forwards or backwards shows each line once, in order', async () => {
  const times = fc.array(fc.nat(5), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 6 }), fc.boolean(), async (given, limit, forwards) => {
      const fake = await world('s')
      const sorted = given.sort((a, b) => a - b)
      await put(
        fake,
        's',
        sorted.map((ms, index) => [ms, `${index};`]),
      )
      const pages: string[] = []
      for (let token: string | undefined; ;) {
        const page = await get(fake, {
          limit,
          startFromHead: forwards,
          ...(token === undefined ? {} : { nextToken: token }),
        })
        if (page.lines === '') break
        pages.push(page.lines)
        token = forwards ? page.forward : page.backward
      }
      const all = (forwards ? pages : pages.reverse()).join('')
      assert.equal(all, sorted.map((_, index) => `${index};`).join(''))
    }),
    { numRuns: 50 },
  )
})
