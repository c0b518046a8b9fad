/** Events of buckets on a whole platform: into queues, below the request's span, and over a crash. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { errorOf, query, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:events'

const configuration = (inside: string): string =>
  `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</NotificationConfiguration>`

const rule = (id: string, filter = ''): string =>
  `<QueueConfiguration><Id>${id}</Id><Queue>${QUEUE}</Queue><Event>s3:ObjectCreated:*</Event>${filter}</QueueConfiguration>`

const prefix = (value: string): string =>
  `<Filter><S3Key><FilterRule><Name>prefix</Name><Value>${value}</Value></FilterRule></S3Key></Filter>`

const sqs = async (on: Platform, fields: Readonly<Record<string, string>>): Promise<string> => {
  const QueueUrl = `${on.url}/000000000000/events`
  const answer = await query(on, 'sqs', { Version: '2012-11-05', QueueUrl, ...fields })
  assert.equal(answer.status, 200, answer.body)
  return answer.body
}

interface Event {
  readonly Event?: string
  readonly Records?: readonly {
    readonly eventName: string
    readonly s3: { readonly object: { key: string } }
  }[]
}

/** Bodies of messages, taken as they come until so many are there. */
async function messages(on: Platform, count: number): Promise<Event[]> {
  const found: Event[] = []
  const cut = AbortSignal.timeout(30_000)
  while (found.length < count) {
    cut.throwIfAborted()
    const received = await sqs(on, {
      Action: 'ReceiveMessage',
      MaxNumberOfMessages: '10',
      WaitTimeSeconds: '5',
    })
    for (const [, body = ''] of received.matchAll(/<Body>([^<]*)<\/Body>/g))
      found.push(JSON.parse(body.replaceAll('&quot;', '"').replaceAll('&amp;', '&')) as Event)
    for (const [, handle = ''] of received.matchAll(/<ReceiptHandle>([^<]*)<\/ReceiptHandle>/g))
      await sqs(on, { Action: 'DeleteMessage', ReceiptHandle: handle.replaceAll('&amp;', '&') })
  }
  return found
}

const keysOf = (events: readonly Event[]): string[] =>
  events.flatMap(({ Records = [] }) => Records.map(({ s3 }) => s3.object.key)).toSorted()

async function listening(on: Platform, rules: string): Promise<void> {
  await query(on, 'sqs', { Version: '2012-11-05', Action: 'CreateQueue', QueueName: 'events' })
  assert.equal((await rest(on, 's3 PUT /photos')).status, 200)
  const put = await rest(on, 's3 PUT /photos?notification', configuration(rules))
  assert.equal(put.status, 200, put.body)
}

test('a queue gets the test event, then one message for each object that its rule concerns', async (t) => {
  const on = await platform()
  t.after(() => on.stop())
  await listening(on, rule('in', prefix('in/')))
  assert.deepEqual(
    (await messages(on, 1)).map(({ Event: event }) => event),
    ['s3:TestEvent'],
  )
  await rest(on, 's3 PUT /photos/out/a.jpg', 'x')
  await rest(on, 's3 PUT /photos/in/a%20b.jpg', 'x')
  await rest(on, 's3 PUT /photos/in/copy.jpg', undefined, {
    headers: { 'x-amz-copy-source': '/photos/out/a.jpg' },
  })
  assert.deepEqual(keysOf(await messages(on, 2)), ['in/a+b.jpg', 'in/copy.jpg'])
  const stored = await rest(on, 's3 GET /photos?notification')
  assert.match(stored.body, /<FilterRule><Name>Prefix<\/Name><Value>in\/<\/Value><\/FilterRule>/)
  const overlapping = configuration(rule('one') + rule('two', prefix('in/')))
  const refused = errorOf(await rest(on, 's3 PUT /photos?notification', overlapping))
  assert.deepEqual([refused.status, refused.code], [400, 'InvalidArgument'])
})

interface Span {
  readonly id: string
  readonly parentId?: string
  readonly traceId: string
  readonly service: string
  readonly operation: string
}

test('the hand-over hangs below the span of the request, and the message goes on with its trace', async (t) => {
  const on = await platform()
  t.after(() => on.stop())
  await listening(on, rule('all'))
  await messages(on, 1)
  const root = '1-5759e988-bd862e3fe1be46a994272793'
  await rest(on, 's3 PUT /photos/k', 'x', { headers: { 'x-amzn-trace-id': `Root=${root}` } })
  await messages(on, 1)
  const read = await send(on, { method: 'GET', path: `/_windtunnel/spans?traceId=${root}` })
  const spans = read.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Span)
    .filter(({ traceId }) => traceId === root)
  const request = spans.find(({ operation }) => operation === 'PutObject')
  const handOver = spans.find(({ operation }) => operation === 'notify')
  assert.ok(request !== undefined && handOver !== undefined, read.body)
  assert.equal(handOver.parentId, request.id)
})

test('events of objects that were acknowledged before a crash arrive after it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-s3-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const first = await platform(['--data', folder])
  await listening(first, rule('all'))
  await messages(first, 1)
  const acknowledged: string[] = []
  const writes = Array.from({ length: 40 }, async (_, i) => {
    const key = `k${String(i).padStart(2, '0')}`
    const answer = await rest(first, `s3 PUT /photos/${key}`, 'x').catch(() => undefined)
    if (answer?.status === 200) acknowledged.push(key)
    if (acknowledged.length === 20) await first.kill()
  })
  await Promise.all(writes)
  const second = await platform(['--data', folder])
  t.after(() => second.stop())
  const seen = new Set<string>()
  const cut = AbortSignal.timeout(30_000)
  while (!acknowledged.every((key) => seen.has(key))) {
    cut.throwIfAborted()
    for (const key of keysOf(await messages(second, 1))) seen.add(key)
  }
})
