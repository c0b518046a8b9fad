import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '#base/bytes.ts'
import { instant } from '#base/time.ts'
import { FakeExtension, startedWith } from '#services/lambda/extensions/fake-extension.ts'
import { subscriptionOf } from '#services/lambda/extensions/subscription.ts'
import { Telemetry } from '#services/lambda/extensions/telemetry.ts'
import { invoke, world } from '#services/lambda/fake-invoke.ts'
import { ManualClock, turns } from '#services/lambda/fake-platform.ts'

const WISH = {
  schemaVersion: '2022-12-13',
  destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080/t' },
  types: ['platform', 'function', 'extension'],
  buffering: { maxItems: 1_000, maxBytes: 262_144, timeoutMs: 100 },
}

interface Line {
  readonly type: string
  readonly record: Record<string, unknown>
}

/** A telemetry with one subscriber, and what that one got. */
function gathering(more: object = {}): {
  telemetry: Telemetry
  clock: ManualClock
  batches: Line[][]
  readonly say: (record: string) => void
  /** What a listener does with the next batch. */
  answer: { taken: boolean | Promise<boolean> }
} {
  const clock = new ManualClock()
  const batches: Line[][] = []
  const answer: { taken: boolean | Promise<boolean> } = { taken: true }
  const telemetry = new Telemetry({
    clock,
    jsonLines: true,
    send: async (_to, body) => {
      batches.push(JSON.parse(text(body)) as Line[])
      return await answer.taken
    },
    quiet: () => undefined,
  })
  const [reply] = telemetry.subscribe('one', { ...WISH, ...more }, 'telemetry')
  assert.equal(reply.status, 200)
  const say = (record: string): void =>
    telemetry.emit({ kind: 'function', type: 'function', record, at: instant(0) })
  return { telemetry, clock, batches, say, answer }
}

test('subscriptionOf() names everything that is wrong', () => {
  assert.deepEqual(subscriptionOf({}, 'telemetry'), {
    ok: false,
    error:
      'schemaVersion should be one of 2022-07-01, 2022-12-13, 2025-01-29; destination URI should be of the form http://sandbox.localdomain:{port}/{path}; types should not be empty',
  })
  const wrong = (more: object): unknown => {
    const found = subscriptionOf({ ...WISH, ...more }, 'telemetry')
    return found.ok ? undefined : found.error
  }
  const to = (URI: string): object => ({ destination: { protocol: 'HTTP', URI } })
  assert.equal(wrong(to('http://sandbox.localdomain')), 'URI port is not provided')
  assert.equal(wrong(to('http://sandbox.localdomain:9001')), 'port 9001 cannot be subscribed with')
  assert.match(String(wrong(to('http://169.254.169.254:80'))), /of the form/)
  assert.match(String(wrong({ types: ['noise'] })), /^types should be of platform, function, extension$/)
  assert.match(String(wrong({ buffering: { timeoutMs: 5 } })), /^timeoutMs should be between 25 and 30000$/)
})

test('subscriptionOf() knows both APIs, both protocols and the defaults', () => {
  const tcp = subscriptionOf({ destination: { protocol: 'TCP', port: 8080 }, types: ['function'] }, 'logs')
  assert.deepEqual(tcp.ok && [tcp.value.to, tcp.value.buffering], [
    { protocol: 'TCP', port: 8080, path: '/' },
    { maxItems: 1_000, maxBytes: 262_144, timeoutMs: 1_000 },
  ])
})

test('emit() gathers until the time is over, or a batch is full', async () => {
  const { clock, batches, say } = gathering()
  say('a\n')
  say('{"level":"INFO"}\n')
  clock.advance(99)
  assert.equal(batches.length, 0)
  clock.advance(1)
  assert.deepEqual(
    batches[0]?.map(({ record }) => record),
    ['a', { level: 'INFO' }],
  )
  await turns()
  for (let i = 0; i < 1_000; i++) say(`${i}\n`)
  assert.equal(batches[1]?.length, 1_000)
})

test('one batch is on its way at a time; a subscriber that is far behind loses records and is told', async () => {
  const { clock, batches, say, answer } = gathering()
  const slow = Promise.withResolvers<boolean>()
  answer.taken = slow.promise
  for (let i = 0; i < 1_000; i++) say('x\n')
  assert.equal(batches.length, 1)
  for (let i = 0; i < 4_100; i++) say('y\n')
  answer.taken = true
  slow.resolve(true)
  await turns(200)
  clock.advance(1_000)
  await turns(200)
  const dropped = batches.flat().find(({ type }) => type === 'platform.logsDropped')
  assert.equal(dropped?.record['droppedRecords'], 100)
  assert.match(String(dropped?.record['reason']), /fallen behind/)
  assert.equal(batches.flat().filter(({ type }) => type === 'function').length, 5_000)
})

test('a batch that is not taken is lost and told, and what follows is sent all the same', async () => {
  const { clock, batches, say, answer } = gathering()
  answer.taken = false
  say('lost\n')
  clock.advance(100)
  await turns()
  answer.taken = true
  say('kept\n')
  clock.advance(100)
  await turns()
  assert.deepEqual(
    batches[1]?.map(({ type }) => type),
    ['platform.logsDropped', 'function'],
  )
  assert.equal(batches[1]?.[0]?.record['droppedRecords'], 1)
})

test('nothing is sent while the environment is frozen', () => {
  const { telemetry, clock, batches, say } = gathering()
  say('a\n')
  telemetry.pause()
  clock.advance(10_000)
  assert.equal(batches.length, 0)
  telemetry.resume()
  clock.advance(100)
  assert.equal(batches.length, 1)
})

test('an extension gets the records of init and invokes, and freezing waits for what is on its way', async () => {
  const fake = await world()
  const pending = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  const one = startedWith(sandbox, ['one'])[0] ?? assert.fail()
  one.register().subscribe(WISH).next()
  assert.equal(sandbox.calls.includes('begin'), true)
  sandbox.next()
  sandbox.write('hello\n')
  sandbox.spec.extensions?.onOutput(new TextEncoder().encode('from one\n'), 0)
  fake.clock.advance(40)
  sandbox.work('1')
  fake.clock.advance(100)
  const types = (): string[] =>
    sandbox.sent.flatMap(({ body }) => (JSON.parse(body) as Line[]).map(({ type }) => type))
  assert.deepEqual(types(), [
    'platform.initStart',
    'platform.telemetrySubscription',
    'platform.extension',
    'platform.initRuntimeDone',
    'platform.initReport',
    'platform.start',
    'function',
    'extension',
    'platform.runtimeDone',
  ])
  const done = (JSON.parse(sandbox.sent.at(-1)?.body ?? '[]') as Line[]).at(-1)?.record
  assert.deepEqual(done?.['metrics'], { durationMs: 40, producedBytes: 1 })
  const spans = done?.['spans'] as { name: string; durationMs: number }[]
  assert.deepEqual(
    spans.map(({ name, durationMs }) => [name, durationMs]),
    [
      ['responseLatency', 40],
      ['responseDuration', 0],
      ['runtimeOverhead', 0],
    ],
  )
  assert.deepEqual(sandbox.sent[0]?.to, { protocol: 'HTTP', port: 8080, path: '/t' })
  one.next()
  await pending.answer
  fake.clock.advance(99)
  assert.equal(sandbox.calls.at(-1), 'freeze')
  assert.equal(types().includes('platform.report'), false)
  const again = invoke(fake)
  await turns()
  fake.clock.advance(100)
  assert.equal(types()[9], 'platform.report')
  sandbox.work('2')
  one.next()
  await again.answer
})

test('the Logs API has its own types; nobody subscribes after init', async () => {
  const fake = await world()
  const pending = invoke(fake)
  await turns()
  const sandbox = fake.sandboxes.last()
  const one = startedWith(sandbox, ['one'])[0] ?? assert.fail()
  const { schemaVersion: _, ...wish } = WISH
  one.register().subscribe(wish, '/2020-08-15/logs')
  assert.equal(one.last?.body, 'OK')
  one.next()
  sandbox.next()
  sandbox.work('1')
  one.next()
  await pending.answer
  const again = invoke(fake)
  await turns()
  fake.clock.advance(1_000)
  const types = (JSON.parse(sandbox.sent[0]?.body ?? '[]') as Line[]).map(({ type }) => type)
  assert.deepEqual(types, [
    'platform.logsSubscription',
    'platform.extension',
    'platform.start',
    'platform.runtimeDone',
    'platform.end',
    'platform.report',
    'platform.start',
  ])
  assert.deepEqual(one.subscribe(WISH).said(), [403, 'Telemetry.SubscriptionClosed'])
  assert.deepEqual(new FakeExtension(sandbox, 'x').subscribe(WISH).said()[0], 403)
  sandbox.work('2')
  one.next()
  await again.answer
})
