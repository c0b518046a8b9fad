/** Windows and visibility on a virtual clock: no minute is waited for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platform } from '../support/platform.ts'
import { until } from '../lambda/waiting.ts'
import { advance } from '../sqs/client.ts'
import { counts, isEmpty, seen, sendAll, telling, wired, witness } from './world.ts'

test('a window of five minutes and a visibility of fifteen minutes pass with the clock', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  const heard = await witness()
  try {
    const once = `if (event.Records[0].attributes.ApproximateReceiveCount === '1') throw new Error('once')`
    const { url } = await wired(on, {
      name: 'window',
      code: telling(once),
      witness: heard,
      queue: { VisibilityTimeout: '900' },
      mapping: { BatchSize: 100, MaximumBatchingWindowInSeconds: 300 },
    })
    await sendAll(on, url, ['a'])
    await until(async () => (await counts(on, url))[1] === 1)
    await advance(on, 299_000)
    assert.deepEqual(seen(heard), [])
    await advance(on, 2_000)
    await until(async () => seen(heard).length === 1)
    // It has failed: it comes again when its visibility is over, and waits for its window once more.
    await advance(on, 598_000)
    assert.equal(seen(heard).length, 1)
    await advance(on, 2_000)
    await advance(on, 301_000)
    await until(async () => await isEmpty(on, url))
    assert.deepEqual(seen(heard), ['a', 'a'])
    assert.equal(await on.stop(), 0)
  } finally {
    if (on.alive()) await on.kill()
    heard.close()
  }
})
