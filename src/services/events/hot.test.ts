/** What is in memory is what the store says, after whatever was done to rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { parseJson } from '#base/json.ts'
import { memoryStores } from '#host/store/memory.ts'
import { type FakeEvents, fakeEvents, QUEUE } from '#services/events/fake-events.ts'
import type { BusName } from '#services/events/names.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const BUS: BusName = { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION, bus: 'default' }
const NAMES = ['a', 'b', 'c'] as const
const SAMPLES = [1, 2, 3].map((n) => ({ source: 'app', detail: { n } }))

const step = fc.record({
  name: fc.constantFrom(...NAMES),
  what: fc.constantFrom('put', 'disable', 'enable', 'delete', 'target', 'untarget', 'archive'),
  n: fc.integer({ min: 1, max: 3 }),
  schedule: fc.boolean(),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function done(events: FakeEvents, { name, what, n, schedule }: Step): Promise<unknown> {
  switch (what) {
    case 'put':
      return await events.call('PutRule', {
        Name: name,
        EventPattern: JSON.stringify({ detail: { n: [n] } }),
        ...(schedule ? { ScheduleExpression: 'rate(1 minute)' } : {}),
      })
    case 'disable':
      return await events.call('DisableRule', { Name: name })
    case 'enable':
      return await events.call('EnableRule', { Name: name })
    case 'delete':
      return await events.call('DeleteRule', { Name: name })
    case 'target':
      return await events.call('PutTargets', { Rule: name, Targets: [{ Id: `${n}`, Arn: QUEUE }] })
    case 'untarget':
      return await events.call('RemoveTargets', { Rule: name, Ids: [`${n}`] })
    case 'archive': {
      const EventSourceArn = 'arn:aws:events:us-east-1:000000000000:event-bus/default'
      return await events.call('CreateArchive', { ArchiveName: name, EventSourceArn })
    }
    default:
      return what satisfies never
  }
}

const refused = (): undefined => undefined

/** Rules as they are held, and which of them match each sample. */
async function held(events: FakeEvents): Promise<unknown> {
  const bus = await events.state.bus(BUS)
  const byName = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
    a[0] < b[0] ? -1 : 1
  return {
    // As the store writes them: members that are absent and undefined are one.
    rules: parseJson(JSON.stringify([...(bus?.rules ?? [])].sort(byName))),
    matched: SAMPLES.map((sample) => new Set(bus?.patterns.match(sample))),
  }
}

test('rules in memory are those that another process reads', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const events = await fakeEvents(memoryStores(), turn)
      await events.state.bus(BUS)
      // What is refused must change nothing either.
      for (const each of steps) await done(events, each).catch(refused)
      const next = await events.restarted()
      assert.deepEqual(await held(events), await held(next))
    }),
    { numRuns: 60 },
  )
})

test('alarms are those that another process sets', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const events = await fakeEvents(memoryStores(), turn)
      for (const each of steps) await done(events, each).catch(refused)
      await events.clock.settle()
      events.delivered.length = 0
      await events.clock.advance(60_500)
      await events.state.stop()
      const here = events.delivered.map(({ sourceArn }) => sourceArn)
      const next = await events.restarted()
      await next.clock.advance(60_000)
      const there = next.delivered.map(({ sourceArn }) => sourceArn)
      assert.deepEqual(new Set(there), new Set(here))
    }),
    { numRuns: 40 },
  )
})
