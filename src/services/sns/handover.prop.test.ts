/** Nothing lost: whatever receivers answer, and when, each message comes to each subscription or its dead-letter queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { memoryStores } from '#host/store/memory.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import { bodyOf, DEAD, fakeSns, QUEUE } from '#services/sns/fake-sns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const OUTCOMES: Readonly<Record<string, DeliveryOutcome>> = {
  accepted: { kind: 'accepted' },
  throttled: { kind: 'throttled', message: 'slow down' },
  late: { kind: 'timed-out' },
  gone: { kind: 'refused', code: 'QueueDoesNotExist', message: 'gone' },
}

const run = fc.record({
  isFifo: fc.boolean(),
  answers: fc.array(fc.array(fc.constantFrom(...Object.keys(OUTCOMES)), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 4,
  }),
  messages: fc.integer({ min: 1, max: 6 }),
  restart: fc.boolean(),
})

test('every message comes to every subscription once, or to its dead-letter queue', async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ isFifo, answers, messages, restart }) => {
      const suffix = isFifo ? '.fifo' : ''
      let sns = fakeSns(memoryStores(), turn)
      const arn = await sns.topic(`one${suffix}`, isFifo ? { FifoTopic: 'true' } : {})
      const queues = answers.map((_, i) => `${QUEUE}${i}${suffix}`)
      for (const [i, queue] of queues.entries()) {
        const deadLetterTargetArn = `${DEAD}${i}${suffix}`
        const RedrivePolicy = JSON.stringify({ deadLetterTargetArn })
        await sns.subscribe(arn, 'sqs', queue, { RedrivePolicy, RawMessageDelivery: 'true' })
        sns.outcomes.set(
          queue,
          (answers[i] ?? []).map((name) => OUTCOMES[name] ?? { kind: 'accepted' }),
        )
      }
      const before = sns
      for (let i = 0; i < messages; i++)
        await sns.call('Publish', {
          TopicArn: arn,
          Message: `${i}`,
          ...(isFifo ? { MessageGroupId: 'g', MessageDeduplicationId: `${i}` } : {}),
        })
      if (restart) {
        await sns.clock.settle()
        await sns.state.stop()
        sns = sns.restarted()
        for (const [queue, left] of before.outcomes) sns.outcomes.set(queue, left)
        await sns.state.start()
        sns.state.ready()
      }
      for (let i = 0; i < 200; i++) await sns.clock.advance(20_000)
      const all = [...before.delivered, ...(restart ? sns.delivered : [])]
      const wanted = Array.from({ length: messages }, (_, i) => `${i}`)
      for (const [i, queue] of queues.entries()) {
        const asked = all.filter((delivery) => delivery.arn === queue).map(bodyOf)
        const taken = asked.filter((_, k) => !['throttled', 'late', 'gone'].includes(answers[i]?.[k] ?? ''))
        const dead = all.filter((delivery) => delivery.arn === `${DEAD}${i}${suffix}`).map(bodyOf)
        assert.deepEqual([...taken, ...dead].toSorted(), wanted)
        if (isFifo) assert.deepEqual(taken, taken.toSorted())
      }
    }),
    { numRuns: 60 },
  )
})
