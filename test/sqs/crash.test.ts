/**
 * Kills a platform with SIGKILL while clients send, receive and delete, and looks at what the next one has: every
 * acknowledged message, none that was deleted, those in flight only after their visibility, and what FIFO queues
 * remember. PLATFORM_ROUNDS sets the rounds, CRASH_SEED the moments. It waits in real time: the moments are the subject.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringAt } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { type Platform, platform } from '../support/platform.ts'
import { type Received, advance, ask, drained, made, receive } from './client.ts'

const ROUNDS = Number(process.env['PLATFORM_ROUNDS'] ?? 3)
const VISIBILITY_SECONDS = 600

/** What clients were told, by message id. A message with an operation under way when the power went is in doubt. */
interface Told {
  readonly sent: Set<string>
  readonly taken: Set<string>
  readonly deleted: Set<string>
  readonly doubted: Set<string>
  /** FIFO: deduplication id and the message id it was answered with. */
  readonly remembered: Map<string, string>
  /** Receives under way: which messages they took is not known. */
  receiving: number
}

const nothing = (): Told => ({
  sent: new Set(),
  taken: new Set(),
  deleted: new Set(),
  doubted: new Set(),
  remembered: new Map(),
  receiving: 0,
})

async function sending(to: Platform, url: string, told: Told, name: string): Promise<void> {
  for (let i = 0; ; i++) {
    const MessageBody = `${name}.${i} ${'x'.repeat(i % 7 === 0 ? 6_000 : 50)}`
    const answer = await ask(to, 'SendMessage', { QueueUrl: url, MessageBody })
    told.sent.add(stringAt(answer, 'MessageId') ?? '')
  }
}

async function sendingInOrder(to: Platform, url: string, told: Told, name: string): Promise<void> {
  for (let i = 0; ; i++) {
    const MessageDeduplicationId = `${name}.${i}`
    const input = { QueueUrl: url, MessageBody: 'x', MessageGroupId: name, MessageDeduplicationId }
    const answer = await ask(to, 'SendMessage', input)
    told.remembered.set(MessageDeduplicationId, stringAt(answer, 'MessageId') ?? '')
  }
}

/** Receives three, deletes the first of them. */
async function taking(to: Platform, url: string, told: Told): Promise<void> {
  for (;;) {
    told.receiving++
    const received = await receive(to, url, { MaxNumberOfMessages: 3, VisibilityTimeout: VISIBILITY_SECONDS })
    told.receiving--
    for (const { id } of received) told.taken.add(id)
    const [first] = received
    if (first === undefined) continue
    told.doubted.add(first.id)
    await ask(to, 'DeleteMessage', { QueueUrl: url, ReceiptHandle: first.handle })
    told.doubted.delete(first.id)
    told.deleted.add(first.id)
  }
}

async function underLoad(
  to: Platform,
  urls: readonly [string, string],
  moment: { told: Told; afterMs: number },
): Promise<void> {
  const [standard, fifo] = urls
  const { told, afterMs } = moment
  const name = `${told.remembered.size}.${afterMs}`
  const clients = [
    ...Array.from({ length: 6 }, (_, i) => sending(to, standard, told, `s${name}.${i}`)),
    ...Array.from({ length: 3 }, (_, i) => sendingInOrder(to, fifo, told, `f${name}.${i}`)),
    ...Array.from({ length: 2 }, () => taking(to, standard, told)),
  ]
  const over = Promise.allSettled(clients)
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  await to.kill()
  await over
}

test(`every acknowledged message survives ${ROUNDS} kills under load; what was deleted stays so`, async (t) => {
  const random = seeded(Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000))
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-sqs-crash-'))
  const options = ['--data', folder, '--virtual-time']
  const told = nothing()
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const to = await platform(options)
      const urls = [await made(to, 'orders'), await made(to, 'orders.fifo', { FifoQueue: 'true' })] as const
      await underLoad(to, urls, { told, afterMs: 200 + random.below(500) })
    }
    const after = await platform(options)
    await examine(after, told)
    await after.stop()
    t.diagnostic(
      `${told.sent.size} sent, ${told.taken.size} received, ${told.deleted.size} deleted, ${told.remembered.size} in order, 0 lost`,
    )
    assert.ok(told.deleted.size > ROUNDS && told.remembered.size > ROUNDS, 'there was load')
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function examine(to: Platform, told: Told): Promise<void> {
  const url = `${to.url}/000000000000/orders`
  const now = await drained(to, url, VISIBILITY_SECONDS)
  const visible = new Set(now.map(({ id }) => id))
  for (const id of visible) {
    assert.ok(!told.deleted.has(id), `${id} was deleted and is back`)
    assert.ok(!told.taken.has(id), `${id} is in flight and was received again`)
  }
  // Receives that nobody heard of may have taken up to three messages each, per kill.
  const missing = [...told.sent].filter((id) => !visible.has(id) && !told.taken.has(id))
  assert.ok(
    missing.length <= 3 * told.receiving,
    `${missing.length} messages are neither visible nor received`,
  )
  await rememberedStill(to, told)
  await advance(to, (VISIBILITY_SECONDS + 1) * 1_000)
  const later = await drained(to, url, VISIBILITY_SECONDS)
  const all = new Set(later.map(({ id }) => id))
  assert.equal(all.size, later.length, 'each message is there once')
  for (const id of told.sent)
    assert.ok(
      all.has(id) || told.deleted.has(id) || told.doubted.has(id),
      `${id} was acknowledged and is lost`,
    )
  for (const id of told.deleted) assert.ok(!all.has(id), `${id} was deleted and is back`)
}

/** A duplicate of an acknowledged message is answered with that message's id. */
async function rememberedStill(to: Platform, { remembered }: Told): Promise<void> {
  const QueueUrl = `${to.url}/000000000000/orders.fifo`
  for (const [MessageDeduplicationId, id] of [...remembered].slice(-100)) {
    const MessageGroupId = MessageDeduplicationId.slice(0, MessageDeduplicationId.lastIndexOf('.'))
    const input = { QueueUrl, MessageBody: 'x', MessageGroupId, MessageDeduplicationId }
    assert.equal(
      stringAt(await ask(to, 'SendMessage', input), 'MessageId'),
      id,
      'sent twice within five minutes',
    )
  }
}

test('FIFO queues remember ids over a kill, and keep the order of a group', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-sqs-crash-'))
  try {
    const before = await platform(['--data', folder])
    const url = await made(before, 'orders.fifo', { FifoQueue: 'true' })
    const first = await ask(before, 'SendMessage', ordered(url, 0))
    for (let i = 1; i < 20; i++) await ask(before, 'SendMessage', ordered(url, i))
    const [taken] = await receive(before, url, { MaxNumberOfMessages: 1, VisibilityTimeout: 600 })
    await ask(before, 'DeleteMessage', { QueueUrl: url, ReceiptHandle: taken?.handle })
    await before.kill()
    const after = await platform(['--data', folder])
    const again = `${after.url}/000000000000/orders.fifo`
    assert.deepEqual(await ask(after, 'SendMessage', ordered(again, 0)), first)
    const received: Received[] = []
    while (received.length < 19) {
      const some = await receive(after, again)
      assert.ok(some.length > 0, 'the group is not blocked')
      received.push(...some)
      for (const { handle } of some)
        await ask(after, 'DeleteMessage', { QueueUrl: again, ReceiptHandle: handle })
    }
    assert.deepEqual(
      received.map(({ body }) => body),
      Array.from({ length: 19 }, (_, i) => String(i + 1)),
    )
    assert.deepEqual(await receive(after, again), [])
    await after.stop()
  } finally {
    await rm(folder, { recursive: true })
  }
})

const ordered = (url: string, index: number): unknown => ({
  QueueUrl: url,
  MessageBody: String(index),
  MessageGroupId: 'g',
  MessageDeduplicationId: `d${index}`,
})
