/** Topics in memory: read once, bounded, and never behind the store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import type { Read } from '#ports/store.ts'
import { fakeSns, QUEUE } from '#services/sns/fake-sns.ts'
import { HotTopics } from '#services/sns/hot.ts'
import { topicOfArn, type TopicName } from '#services/sns/names.ts'
import { present } from '#base/assert.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const named = (arn: string): TopicName => present(topicOfArn(arn), 'it is the ARN of a topic')

/** Counts what is read, and can be held. */
function counting(read: Read): Read & { reads: number; hold: Promise<void> | undefined } {
  const counted = {
    reads: 0,
    hold: undefined as Promise<void> | undefined,
    get: async (key: Uint8Array) => {
      counted.reads++
      return await read.get(key)
    },
    range: async (range: Parameters<Read['range']>[0]) => {
      counted.reads++
      const found = await read.range(range)
      await counted.hold
      return found
    },
  }
  return counted
}

test('get() reads a topic once, and answers at once from then on', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const arn = await sns.topic('one')
  await sns.subscribe(arn, 'sqs', QUEUE)
  const read = counting(sns.state.control.read)
  const hot = new HotTopics()
  const first = await hot.get(read, named(arn))
  assert.equal(first?.subscriptions.size, 1)
  const { reads } = read
  assert.equal(hot.get(read, named(arn)), first)
  assert.equal(read.reads, reads)
  assert.equal(await hot.get(read, { ...named(arn), name: 'other' }), undefined)
})

test('a topic that changes while it is read is read again', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const arn = await sns.topic('one')
  const name = named(arn)
  const hot = new HotTopics()
  const read = counting(sns.state.control.read)
  const held = Promise.withResolvers<void>()
  read.hold = held.promise
  const reading = hot.get(read, name)
  await turn()
  const SubscriptionArn = await sns.subscribe(arn, 'sqs', QUEUE)
  const record = [...(await sns.state.topic(name)).subscriptions.values()][0]?.record
  hot.put(name, present(record, 'it was subscribed'))
  held.resolve()
  read.hold = undefined
  const topic = await reading
  assert.deepEqual(
    [...(topic?.subscriptions.values() ?? [])].map((each) => each.arn),
    [SubscriptionArn],
  )
})

test('a change is seen by the next publish, and a deleted topic is gone', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const arn = await sns.topic('one')
  const SubscriptionArn = await sns.subscribe(arn, 'sqs', QUEUE, { RawMessageDelivery: 'true' })
  const publish = async (): Promise<number> => {
    await sns.call('Publish', { TopicArn: arn, Message: 'hello' })
    return sns.delivered.length
  }
  assert.equal(await publish(), 1)
  const set = { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"a":["b"]}' }
  await sns.call('SetSubscriptionAttributes', set)
  assert.equal(await publish(), 1)
  await sns.call('SetSubscriptionAttributes', { ...set, AttributeValue: '{}' })
  assert.equal(await publish(), 2)
  await sns.call('Unsubscribe', { SubscriptionArn })
  assert.equal(await publish(), 2)
  await sns.call('DeleteTopic', { TopicArn: arn })
  assert.match(await sns.refusal('Publish', { TopicArn: arn, Message: 'x' }), /^NotFoundException/)
})
