/** What spans, usage and log events owe on every kind of telemetry; run on memory and on disk by `telemetry.test.ts`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { instant } from '#base/time.ts'
import { logEventsOn } from '#host/telemetry/log-events.ts'
import { spansOn } from '#host/telemetry/spans.ts'
import type { Telemetry } from '#host/telemetry/stream.ts'
import { usageOn } from '#host/telemetry/usage.ts'
import type { LogEventQuery } from '#ports/log-events.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'

export interface Subject {
  readonly name: string
  open(): Promise<Telemetry>
  /** The same telemetry after an end of the process, where it outlives one. */
  readonly reopen?: (telemetry: Telemetry) => Promise<Telemetry>
  dispose(): Promise<void>
}

export const spanAt = (at: number, traceId = '1-00000001-000000000000000000000001'): Span => ({
  traceId,
  id: at.toString(16).padStart(16, '0'),
  service: 'lambda',
  operation: 'Invoke',
  account: '000000000000',
  region: 'us-east-1',
  start: instant(at),
  durationMs: 1.25,
  outcome: 'ok',
  bytesIn: 1,
  bytesOut: 2,
  attributes: { cold: true, note: 'line\nbreak\tand tab' },
})

export const usageAt = (at: number, quantity = 1): UsageRecord => ({
  at: instant(at),
  account: '000000000000',
  region: 'us-east-1',
  service: 'lambda',
  dimension: 'requests',
  quantity,
  unit: 'count',
  resource: 'hello',
})

const event = (series: string, at: number, message: string) => ({ series, at, ingestedAt: at + 1, message })

export function telemetryContract(subject: Subject): void {
  const check = (name: string, run: (telemetry: Telemetry) => Promise<void>): void => {
    test(`${subject.name}: ${name}`, async () => {
      const telemetry = await subject.open()
      try {
        await run(telemetry)
      } finally {
        await telemetry.close()
        await subject.dispose()
      }
    })
  }
  describe(`telemetry contract on ${subject.name}`, () => {
    records(check)
    logEvents(check)
    const { reopen } = subject
    if (reopen !== undefined) persistence(check, reopen)
  })
}

type Check = (name: string, run: (telemetry: Telemetry) => Promise<void>) => void

function records(check: Check): void {
  check('spans come back as recorded, ordered by start and bounded', async (telemetry) => {
    const spans = spansOn(telemetry)
    for (const at of [30, 10.5, 20, 10, 40]) spans.record(spanAt(at))
    assert.deepEqual(
      await spans.read({ limit: 10 }),
      [10, 10.5, 20, 30, 40].map((at) => spanAt(at)),
    )
    const some = await spans.read({ from: instant(10.5), to: instant(40), limit: 2 })
    assert.deepEqual(
      some.map((span) => span.start),
      [10.5, 20],
    )
  })

  check('spans of one trace are found among thousands', async (telemetry) => {
    const spans = spansOn(telemetry)
    for (let i = 0; i < 6_000; i++) spans.record(spanAt(i, `1-00000001-${`${i % 1_000}`.padStart(24, '0')}`))
    const trace = await spans.read({ traceId: `1-00000001-${'7'.padStart(24, '0')}`, limit: 100 })
    assert.deepEqual(
      trace.map((span) => span.start),
      [7, 1_007, 2_007, 3_007, 4_007, 5_007],
    )
    assert.deepEqual(await spans.read({ traceId: '1-00000001-', limit: 100 }), [])
  })

  check('usage adds up exactly, while it is written', async (telemetry) => {
    const usage = usageOn(telemetry)
    let expected = 0
    for (let turn = 0; turn < 20; turn++) {
      for (let i = 0; i < 200; i++) {
        usage.record(usageAt(turn * 200 + i, i))
        expected += i
      }
      const all = await usage.read({ limit: 1_000_000 })
      assert.equal(
        all.reduce((sum, record) => sum + record.quantity, 0),
        expected,
      )
    }
  })

  check('clear() forgets all lines, and later ones are kept', async (telemetry) => {
    const usage = usageOn(telemetry)
    const events = logEventsOn(telemetry)
    for (let i = 0; i < 3_000; i++) usage.record(usageAt(i))
    events.append([event('g/s', 1, 'old')])
    await events.forget('h/')
    await telemetry.clear()
    assert.deepEqual(await usage.read({ limit: 10 }), [])
    assert.deepEqual(await events.read({ seriesPrefix: '', limit: 10 }), [])
    usage.record(usageAt(5))
    assert.deepEqual(await usage.read({ limit: 10 }), [usageAt(5)])
  })
}

function logEvents(check: Check): void {
  const read = async (telemetry: Telemetry, query: Partial<LogEventQuery>): Promise<string[]> =>
    (await logEventsOn(telemetry).read({ seriesPrefix: '', limit: 100, ...query })).map(
      (found) => found.message,
    )

  check(
    'events of a prefix come in order of time, then of arrival, in both directions',
    async (telemetry) => {
      const events = logEventsOn(telemetry)
      events.append([event('g/s', 2, 'c'), event('g/s', 1, 'a'), event('g/t', 1, 'b'), event('h/s', 1, 'x')])
      events.append([event('g/s', 3, 'd\n')])
      assert.deepEqual(await read(telemetry, { seriesPrefix: 'g/' }), ['a', 'b', 'c', 'd\n'])
      assert.deepEqual(await read(telemetry, { seriesPrefix: 'g/', reverse: true, limit: 2 }), ['d\n', 'c'])
      assert.deepEqual(await read(telemetry, { seriesPrefix: 'g/s', from: 2, to: 3 }), ['c'])
      const [first] = await events.read({ seriesPrefix: 'h/', limit: 1 })
      assert.deepEqual(first, {
        series: 'h/s',
        at: 1,
        ingestedAt: 2,
        message: 'x',
        sequence: first?.sequence,
      })
    },
  )

  check('paging with `after` visits every event once when many have one time', async (telemetry) => {
    const events = logEventsOn(telemetry)
    const count = 2_500
    for (let i = 0; i < count; i++) events.append([event('g/s', Math.floor(i / 1_000), `${i}`)])
    for (const reverse of [false, true]) {
      const seen: string[] = []
      let after: LogEventQuery['after']
      for (;;) {
        const page = await events.read({ seriesPrefix: 'g/s', limit: 333, reverse, after })
        seen.push(...page.map((found) => found.message))
        const last = page.at(-1)
        if (last === undefined) break
        after = { at: last.at, sequence: last.sequence }
      }
      const all = Array.from({ length: count }, (_, i) => `${i}`)
      assert.deepEqual(seen, reverse ? all.reverse() : all)
    }
  })

  check('forget() hides what is there, not what comes; expire() hides what is older', async (telemetry) => {
    const events = logEventsOn(telemetry)
    events.append([event('g/s', 1, 'forgotten'), event('g/t', 1, 'old'), event('g/t', 9, 'young')])
    await events.forget('g/s')
    await events.expire('g/t', instant(5))
    events.append([event('g/s', 2, 'new')])
    assert.deepEqual(await read(telemetry, { seriesPrefix: 'g/' }), ['new', 'young'])
  })
}

function persistence(check: Check, reopen: NonNullable<Subject['reopen']>): void {
  check('all of it is there after an end of the process, and sequences go on', async (telemetry) => {
    const events = logEventsOn(telemetry)
    for (let i = 0; i < 4_000; i++) {
      events.append([event(`g/${i % 3}`, i, `${i}`)])
      usageOn(telemetry).record(usageAt(i))
      spansOn(telemetry).record(spanAt(i))
    }
    await events.forget('g/1')
    await events.expire('g/2', instant(3_000))
    const before = await events.read({ seriesPrefix: '', limit: 10_000 })
    const again = await reopen(telemetry)
    try {
      assert.deepEqual(await logEventsOn(again).read({ seriesPrefix: '', limit: 10_000 }), before)
      assert.equal((await usageOn(again).read({ limit: 10_000 })).length, 4_000)
      assert.deepEqual((await spansOn(again).read({ limit: 10_000 }))[3_999], spanAt(3_999))
      logEventsOn(again).append([event('g/1', 1, 'after')])
      const [after] = await logEventsOn(again).read({ seriesPrefix: 'g/1', limit: 10 })
      assert.deepEqual([after?.message, after?.sequence], ['after', 4_001])
    } finally {
      await again.close()
    }
  })
}
