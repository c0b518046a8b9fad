/**
 * Kills a platform with SIGKILL while topics are published to, and starts it again on its folder: every acknowledged
 * message is in its queue, and a FIFO topic's are there once, in order. The moments are random; CRASH_SEED sets them.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seeded } from '#base/random.ts'
import { query } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { queue, received, subscribe, topic } from './topics.ts'

const ROUNDS = Number(process.env['PLATFORM_ROUNDS'] ?? 2)
const RAW = { RawMessageDelivery: 'true' }

interface Load {
  /** Texts whose publish was answered. */
  readonly acknowledged: string[]
  stopped: boolean
}

/** Publishes one after the other until the platform is gone. */
async function publishing(
  to: Platform,
  load: Load,
  prefix: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  for (let i = 0; !load.stopped; i++) {
    const Message = `${prefix}-${i}`
    const input = { Version: '2010-03-31', Action: 'Publish', Message, ...fields }
    const answer = await query(to, 'sns', input).catch(() => undefined)
    if (answer === undefined) return
    assert.equal(answer.status, 200, answer.body)
    load.acknowledged.push(Message)
  }
}

test(`every acknowledged message arrives after ${ROUNDS} kills under load, FIFO ones once and in order`, async (t) => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
  const random = seeded(seed)
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-sns-crash-'))
  const standard: Load = { acknowledged: [], stopped: false }
  const fifo: Load = { acknowledged: [], stopped: false }
  let at = await platform(['--data', folder])
  const topicArn = await topic(at, 'crash')
  const fifoArn = await topic(at, 'crash.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' })
  const queues = [await queue(at, 'crash-1'), await queue(at, 'crash-2')]
  const ordered = await queue(at, 'crash.fifo', { FifoQueue: 'true' })
  for (const { arn } of queues)
    await subscribe(at, topicArn, { protocol: 'sqs', endpoint: arn, attributes: RAW })
  await subscribe(at, fifoArn, { protocol: 'sqs', endpoint: ordered.arn, attributes: RAW })
  for (let round = 0; round < ROUNDS; round++) {
    const loads = [0, 1, 2, 3].flatMap((i) => [
      publishing(at, standard, `${round}-${i}`, { TopicArn: topicArn }),
      publishing(at, fifo, `${round}-${i}`, { TopicArn: fifoArn, MessageGroupId: `g${i}` }),
    ])
    await new Promise((resolve) => setTimeout(resolve, 300 + random.below(700)))
    await at.kill()
    await Promise.all(loads)
    at = await platform(['--data', folder])
  }
  const told = `seed ${seed}: ${standard.acknowledged.length} and ${fifo.acknowledged.length} acknowledged`
  t.diagnostic(told)
  assert.ok(standard.acknowledged.length > 20 && fifo.acknowledged.length > 20, told)
  for (const each of queues) {
    const there = new Set((await received(at, each, standard.acknowledged.length)).map(({ Body }) => Body))
    const lost = standard.acknowledged.filter((text) => !there.has(text))
    assert.deepEqual(lost, [], told)
  }
  const inOrder = (await received(at, ordered, fifo.acknowledged.length)).map(({ Body }) => Body)
  assert.equal(new Set(inOrder).size, inOrder.length, `none twice, ${told}`)
  assert.deepEqual(
    fifo.acknowledged.filter((text) => !inOrder.includes(text)),
    [],
    told,
  )
  for (let i = 0; i < 4; i++)
    for (let round = 0; round < ROUNDS; round++) {
      const numbers = inOrder.flatMap((text) => {
        const [r, group, number] = text.split('-').map(Number)
        return r === round && group === i && number !== undefined ? [number] : []
      })
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        told,
      )
    }
  await at.stop()
  await rm(folder, { recursive: true })
})
