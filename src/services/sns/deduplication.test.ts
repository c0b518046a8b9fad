/** What FIFO topics remember is forgotten when its time is over, and only then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysBelow } from '#base/key.ts'
import { memoryStores } from '#host/store/memory.ts'
import { fakeSns } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('ids are erased from the store after five minutes, sequence numbers go on', async () => {
  const sns = fakeSns(memoryStores(), turn)
  const TopicArn = await sns.topic('one.fifo', { FifoTopic: 'true' })
  const kept = async (...parts: string[]): Promise<number> =>
    (await sns.state.messages.read.range({ ...keysBelow(...parts), limit: 1_000 })).length
  const ids = ['000000000000', 'us-east-1', 'sns-deduplication'] as const
  const publish = async (id: string): Promise<string> => {
    const input = { TopicArn, Message: 'x', MessageGroupId: 'g', MessageDeduplicationId: id }
    return (await sns.call('Publish', input)).SequenceNumber ?? ''
  }
  const first = await publish('a')
  await sns.clock.advance(200_000)
  await publish('b')
  assert.equal(await kept(...ids), 2)
  await sns.clock.advance(200_000)
  assert.equal(await kept(...ids), 1)
  await sns.clock.advance(400_000)
  assert.equal(await kept(...ids), 0)
  assert.equal(await kept('sns-deduplication-time'), 0)
  const later = await publish('a')
  assert.ok(later > first && later.length === 20)
  await sns.call('DeleteTopic', { TopicArn })
  assert.equal(await kept('000000000000'), 0)
})
