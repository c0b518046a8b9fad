/** The platform is killed while mappings work: every message that was acknowledged is processed, none is left over. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringAt } from '#base/json.ts'
import { platform } from '../support/platform.ts'
import { until } from '../lambda/waiting.ts'
import { ask } from '../sqs/client.ts'
import { isEmpty, seen, telling, wired, witness } from './world.ts'

test('every acknowledged message is processed, though the platform is killed again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-event-sources-'))
  const heard = await witness()
  const sent: string[] = []
  let on = await platform(['--data', folder])
  try {
    const queue = { VisibilityTimeout: '3' }
    const mapping = { ScalingConfig: { MaximumConcurrency: 3 } }
    const { url } = await wired(on, { name: 'crash', code: telling(), witness: heard, queue, mapping })
    const path = new URL(url).pathname
    for (let round = 0; round < 3; round++) {
      const to = on
      const sending = async (who: number): Promise<void> => {
        for (let n = 0; to.alive(); n++) {
          const body = `${round}.${who}.${n}`
          const told = await ask(to, 'SendMessage', {
            QueueUrl: `${to.url}${path}`,
            MessageBody: body,
          }).catch(() => undefined)
          if (stringAt(told, 'MessageId') === undefined) return
          sent.push(body)
        }
      }
      const before = seen(heard).length
      const senders = [0, 1, 2].map(sending)
      await until(async () => seen(heard).length - before > 60 + 50 * round)
      await on.kill()
      await Promise.all(senders)
      on = await platform(['--data', folder])
    }
    await until(async () => {
      const processed = new Set(seen(heard))
      return sent.every((body) => processed.has(body))
    })
    await until(async () => await isEmpty(on, `${on.url}${path}`))
    assert.ok(sent.length > 200, `${sent.length} messages`)
    assert.equal(await on.stop(), 0)
  } finally {
    if (on.alive()) await on.kill()
    heard.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
