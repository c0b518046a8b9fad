/**
 * Queues that invoke functions, through a whole platform: batches, failures, order, filters, and who waits for whom. Its
 * clock is virtual, so that no message becomes visible again because the machine is slow.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseJson, stringAt } from '#base/json.ts'
import { rest } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { until } from '../lambda/waiting.ts'
import { advance, ask, made, receive } from '../sqs/client.ts'
import { counts, isEmpty, seen, sendAll, telling, wired, witness } from './world.ts'

let on: Platform

before(async () => {
  on = await platform(['--memory', '--virtual-time'])
})
after(async () => {
  if (on.alive()) await on.stop()
})

/** Until it holds, with time passing so that what has failed becomes visible again. */
const untilVisible = (holds: () => Promise<boolean>): Promise<void> =>
  until(async () => {
    if (await holds()) return true
    await advance(on, 1_000)
    return false
  })

const numbered = (count: number, name = 'n'): string[] =>
  Array.from({ length: count }, (_, i) => `${name}-${i}`)

for (const size of [1, 10])
  test(`every message is processed once and deleted when the batch size is ${size}`, async () => {
    const heard = await witness()
    try {
      const name = `size-${size}`
      const { url } = await wired(on, { name, code: telling(), witness: heard, mapping: { BatchSize: size } })
      const all = numbered(120)
      await sendAll(on, url, all)
      await until(async () => await isEmpty(on, url))
      assert.deepEqual(seen(heard).toSorted(), all.toSorted())
      assert.ok(heard.invokes.every(({ bodies }) => bodies.length <= size))
    } finally {
      heard.close()
    }
  })

test('partial failures: what was named comes again and ends in the dead-letter queue, nothing else', async () => {
  const heard = await witness()
  try {
    const dead = await made(on, 'partial-dead')
    const redrive = {
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:partial-dead',
      maxReceiveCount: 2,
    }
    const fails = `return { batchItemFailures: event.Records.filter((record) => record.body.endsWith('7'))
      .map((record) => ({ itemIdentifier: record.messageId })) }`
    const { url } = await wired(on, {
      name: 'partial',
      code: telling(fails),
      witness: heard,
      queue: { RedrivePolicy: JSON.stringify(redrive) },
      mapping: { FunctionResponseTypes: ['ReportBatchItemFailures'] },
    })
    const all = numbered(40)
    await sendAll(on, url, all)
    await untilVisible(async () => (await counts(on, dead))[0] === 4)
    await until(async () => await isEmpty(on, url))
    const left = await receive(on, dead)
    assert.deepEqual(left.map(({ body }) => body).toSorted(), ['n-17', 'n-27', 'n-37', 'n-7'])
    const times = (body: string): number => seen(heard).filter((each) => each === body).length
    assert.deepEqual([...new Set(all.filter((body) => !body.endsWith('7')).map(times))], [1])
    assert.deepEqual([...new Set(left.map(({ body }) => times(body)))], [2])
  } finally {
    heard.close()
  }
})

test('FIFO: groups run beside one another, each in its order, also over a failed batch', async () => {
  const heard = await witness()
  try {
    const fails = `for (const { body, attributes } of event.Records)
      if (body.endsWith('-3') && attributes.ApproximateReceiveCount === '1') throw new Error('not yet')`
    const { url } = await wired(on, {
      name: 'fifo',
      code: telling(fails),
      witness: heard,
      queue: { FifoQueue: 'true', ContentBasedDeduplication: 'true' },
      mapping: { BatchSize: 3, ScalingConfig: { MaximumConcurrency: 2 } },
    })
    for (let n = 0; n < 8; n++)
      for (const group of ['a', 'b', 'c'])
        await ask(on, 'SendMessage', { QueueUrl: url, MessageBody: `${group}-${n}`, MessageGroupId: group })
    await untilVisible(async () => await isEmpty(on, url))
    for (const group of ['a', 'b', 'c']) {
      const order = seen(heard)
        .filter((body) => body.startsWith(group))
        .map((body) => Number(body.slice(2)))
      // A message that comes again takes what follows it along: no number before it is missing, ever.
      let next = 0
      for (const n of order) {
        assert.ok(n <= next, `${group}: ${order.join(' ')}`)
        next = Math.max(next, n + 1)
      }
      assert.equal(next, 8)
      assert.ok(order.length > 8, 'something came again')
    }
  } finally {
    heard.close()
  }
})

test('filtered messages are deleted and never seen', async () => {
  const heard = await witness()
  try {
    const { url } = await wired(on, {
      name: 'filtered',
      code: telling(),
      witness: heard,
      mapping: {
        FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"],"n":[{"numeric":[">",2]}]}}' }] },
      },
    })
    const all = Array.from({ length: 12 }, (_, n) =>
      JSON.stringify({ kind: n % 2 === 0 ? 'order' : 'other', n }),
    )
    await sendAll(on, url, all)
    await until(async () => await isEmpty(on, url))
    const kept = seen(heard).map((body) => (JSON.parse(body) as { n: number }).n)
    assert.deepEqual(
      kept.toSorted((a, b) => a - b),
      [4, 6, 8, 10],
    )
  } finally {
    heard.close()
  }
})

test('a slow batch holds neither another mapping nor the other batches of its own', async () => {
  const heard = await witness()
  try {
    const slow = `if (bodies.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 25000))`
    const one = await wired(on, {
      name: 'slow',
      code: telling(slow),
      witness: heard,
      mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 3 } },
    })
    const other = await wired(on, { name: 'quick', code: telling(), witness: heard })
    await sendAll(on, one.url, ['slow'])
    await until(async () => seen(heard).includes('slow'))
    await sendAll(on, one.url, numbered(20, 'own'))
    await sendAll(on, other.url, numbered(20, 'other'))
    await until(async () => (await isEmpty(on, other.url)) && (await counts(on, one.url)).join() === '0,1')
    assert.equal(seen(heard).filter((body) => body.startsWith('own')).length, 20)
    await rest(on, `lambda DELETE /2015-03-31/event-source-mappings/${one.id}`)
  } finally {
    heard.close()
  }
})

interface Span {
  readonly service: string
  readonly operation: string
  readonly resource?: string
  readonly id: string
  readonly parentId?: string
}

test('one trace shows the sender, the batch and the function', async () => {
  const heard = await witness()
  try {
    const { url, id } = await wired(on, { name: 'traced', code: telling(), witness: heard })
    const root = '1-5759e988-bd862e3fe1be46a994272793'
    const header = `Root=${root};Parent=53995c3f42cd8ad8;Sampled=1`
    await ask(on, 'SendMessage', {
      QueueUrl: url,
      MessageBody: 'm',
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: header } },
    })
    await until(async () => await isEmpty(on, url))
    let spans: Span[] = []
    await until(async () => {
      const lines = await (await fetch(`${on.url}/_windtunnel/spans?trace=${root}`)).text()
      spans = lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Span)
      return spans.some(({ operation }) => operation === 'poll')
    })
    const poll = spans.find(({ operation }) => operation === 'poll')
    assert.equal(poll?.parentId, '53995c3f42cd8ad8')
    assert.equal(poll.resource, `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${id}`)
    const invoke = spans.find(({ operation }) => operation === 'Invoke')
    assert.equal(invoke?.parentId, poll.id)
  } finally {
    heard.close()
  }
})

test('a mapping says that its queue is gone, and its end is the end of its polls', async () => {
  const heard = await witness()
  try {
    const { url, id } = await wired(on, { name: 'gone', code: telling(), witness: heard })
    await ask(on, 'DeleteQueue', { QueueUrl: url })
    const path = `/2015-03-31/event-source-mappings/${id}` as const
    await until(async () => {
      const got = await rest(on, `lambda GET ${path}`)
      return stringAt(parseJson(got.body), 'LastProcessingResult')?.startsWith('PROBLEM: ') === true
    })
    assert.equal((await rest(on, `lambda DELETE ${path}`)).status, 202)
    await until(async () => (await rest(on, `lambda GET ${path}`)).status === 404)
  } finally {
    heard.close()
  }
})
