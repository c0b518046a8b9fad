/**
 * Kills a platform with SIGKILL while clients put events, and looks at what the next one delivers: every acknowledged event
 * reaches every target of its rule, and every archived one is counted. PLATFORM_ROUNDS sets the rounds, CRASH_SEED the
 * moments. It waits in real time: the moments are the subject.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { numberAt, stringAt } from '#base/json.ts'
import { seeded } from '#base/random.ts'
import { type Platform, platform } from '../support/platform.ts'
import { ask, put, received, ruleTo } from './client.ts'

const ROUNDS = Number(process.env['PLATFORM_ROUNDS'] ?? 3)
const QUEUES = ['one', 'two'] as const
const CLIENTS = 8

/** Puts batches until the platform is gone; ids of what it acknowledged. */
async function putting(on: Platform, client: number, acknowledged: Set<string>): Promise<void> {
  for (let i = 0; on.alive(); i++) {
    const details = Array.from({ length: 1 + (i % 3) }, (_, at) => ({
      client,
      i,
      at,
      pad: 'x'.repeat(i % 400),
    }))
    try {
      for (const id of await put(on, details)) acknowledged.add(id)
    } catch {
      return
    }
  }
}

test('every acknowledged event reaches its targets over kill -9', { timeout: 110_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-events-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  const random = seeded(Number(process.env['CRASH_SEED'] ?? 11))
  const acknowledged = new Set<string>()
  const arrived = new Map<string, Set<string>>(QUEUES.map((queue) => [queue, new Set()]))
  const take = async (on: Platform, quietMs: number): Promise<void> => {
    for (const queue of QUEUES)
      for (const { body } of await received(on, queue, { quietMs }))
        arrived.get(queue)?.add(stringAt(body, 'id') ?? '')
  }
  for (let round = 0; round < ROUNDS; round++) {
    const on = await platform(['--data', folder])
    t.after(async () => await on.kill())
    if (round === 0) {
      await ruleTo(on, 'rule', QUEUES)
      const EventSourceArn = 'arn:aws:events:us-east-1:000000000000:event-bus/default'
      await ask(on, 'events', 'CreateArchive', { ArchiveName: 'all', EventSourceArn })
    }
    const clients = Array.from({ length: CLIENTS }, (_, client) => putting(on, client, acknowledged))
    await new Promise((resolve) => setTimeout(resolve, 300 + random.below(700)))
    await on.kill()
    await Promise.all(clients)
  }
  const last = await platform(['--data', folder])
  t.after(() => last.stop())
  await take(last, 3_000)
  assert.ok(acknowledged.size > 50 * ROUNDS, `${acknowledged.size} were acknowledged`)
  for (const queue of QUEUES) {
    const missing = [...acknowledged].filter((id) => arrived.get(queue)?.has(id) !== true)
    assert.deepEqual(missing, [], `${queue} lacks ${missing.length} of ${acknowledged.size}`)
  }
  const archive = await ask(last, 'events', 'DescribeArchive', { ArchiveName: 'all' })
  assert.ok((numberAt(archive, 'EventCount') ?? 0) >= acknowledged.size)
})
