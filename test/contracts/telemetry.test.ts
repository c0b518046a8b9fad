/** The telemetry contract in memory and on disk, and what only the disk has: recovery from torn files and retention. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryTelemetry } from '#host/telemetry/memory.ts'
import type { Telemetry } from '#host/telemetry/stream.ts'
import { openTelemetry, type TelemetryOptions } from '#host/telemetry/telemetry.ts'
import { usageOn } from '#host/telemetry/usage.ts'
import { unexpected } from './silent.ts'
import { telemetryContract, usageAt } from './telemetry.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const opened = (folder: string, more: Partial<TelemetryOptions> = {}): Promise<Telemetry> =>
  openTelemetry({
    folder,
    now: () => 0,
    fatal: unexpected,
    blockBytes: 20_000,
    segmentBytes: 50_000,
    ...more,
  })
const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'windtunnel-telemetry-'))

let folder = ''
telemetryContract({ name: 'memory', open: async () => memoryTelemetry(), dispose: async () => undefined })
telemetryContract({
  name: 'disk',
  open: async () => opened((folder = await newFolder())),
  reopen: async (telemetry) => {
    await telemetry.close()
    return opened(folder)
  },
  dispose: () => rm(folder, { recursive: true }),
})

/** Usage of `count` records, some a turn, as a kill would leave it: written, not closed. */
async function killed(count: number, perTurn: number, run: (folder: string) => Promise<void>): Promise<void> {
  const original = await newFolder()
  const telemetry = await opened(original)
  const usage = usageOn(telemetry)
  for (let i = 0; i < count; i++) {
    usage.record(usageAt(i))
    if (i % perTurn === perTurn - 1) await turn()
  }
  await turn()
  const copy = await newFolder()
  await cp(original, copy, { recursive: true })
  await telemetry.close()
  try {
    await run(join(copy, 'usage'))
  } finally {
    await rm(original, { recursive: true })
    await rm(copy, { recursive: true })
  }
}

async function recovered(folder: string): Promise<number[]> {
  const telemetry = await opened(join(folder, '..'))
  const found = await usageOn(telemetry).read({ limit: 1_000_000 })
  await telemetry.close()
  return found.map((record) => record.at)
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('a killed process loses no record of a turn that ended', async () => {
  await killed(1_250, 100, async (usage) => assert.deepEqual(await recovered(usage), upTo(1_250)))
})

test('a torn frame at the end of the tail is ignored and every whole one is read, wherever it is cut', async () => {
  await killed(50, 10, async (usage) => {
    const [tail = ''] = (await readdir(usage)).filter((file) => file.startsWith('tail-'))
    const whole = await readFile(join(usage, tail))
    const counts = new Set<number>()
    for (let cut = whole.length; cut >= 0; cut -= 97) {
      for (const file of await readdir(usage)) await rm(join(usage, file))
      await writeFile(join(usage, tail), whole.subarray(0, cut))
      const found = await recovered(usage)
      assert.deepEqual(found, upTo(found.length))
      counts.add(found.length)
    }
    assert.ok(
      counts.size === 6 && [...counts].every((count) => count % 10 === 0),
      'turns come back whole or not at all',
    )
  })
})

test('a torn last block is cut off and comes back from its tail', async () => {
  await killed(1_250, 100, async (usage) => {
    const files = (await readdir(usage)).sort()
    const segment = join(usage, files.filter((file) => file.endsWith('.seg')).at(-1) ?? '')
    const size = (await readFile(segment)).length
    for (const cut of [1, 40, size - 1]) {
      const copy = await newFolder()
      await cp(join(usage, '..'), copy, { recursive: true })
      await truncate(join(copy, 'usage', segment.slice(usage.length + 1)), size - cut)
      assert.deepEqual(await recovered(join(copy, 'usage')), upTo(1_250))
      await rm(copy, { recursive: true })
    }
  })
})

test('a block that never reached the disk comes back from its tail when later ones did', async () => {
  await killed(1_250, 100, async (usage) => {
    const segments = (await readdir(usage)).filter((file) => file.endsWith('.seg')).sort()
    const first = join(usage, segments[0] ?? '')
    const bytes = await readFile(first)
    bytes.fill(0, 100, 600)
    await writeFile(first, bytes)
    assert.deepEqual(await recovered(usage), upTo(1_250))
  })
})

test('a damaged block whose tail is gone is skipped and its lines are counted', async () => {
  const folder = await newFolder()
  let telemetry = await opened(folder)
  for (let i = 0; i < 1_250; i++) {
    usageOn(telemetry).record(usageAt(i))
    if (i % 100 === 99) await turn()
  }
  await telemetry.close()
  const segment = join(
    folder,
    'usage',
    (await readdir(join(folder, 'usage'))).find((file) => file.endsWith('.seg')) ?? '',
  )
  const bytes = await readFile(segment)
  bytes.fill(0, 100, 200)
  await writeFile(segment, bytes)
  telemetry = await opened(folder)
  const found = await usageOn(telemetry).read({ limit: 1_000_000 })
  const { droppedLines } = telemetry.stream('usage').stats()
  assert.ok(droppedLines > 0)
  assert.equal(found.length + droppedLines, 1_250)
  await telemetry.close()
  await rm(folder, { recursive: true })
})

test('retention drops the oldest sealed segments by age and by bytes, and counts what it dropped', async () => {
  const folder = await newFolder()
  const noise = (i: number): string => JSON.stringify(`${i}`.repeat(3) + Math.sin(i) * 1e16)
  let now = 0
  let telemetry = await opened(folder, { now: () => now })
  const fill = async (from: number): Promise<void> => {
    for (let i = from; i < from + 20_000; i++) {
      telemetry.stream('usage').append('s', i, noise(i))
      if (i % 100 === 99) await turn()
    }
    await telemetry.close()
  }
  await fill(0)
  const retention = { usage: { ageMs: 5_000, bytesMax: 1e9 } }
  now = 20_000
  telemetry = await opened(folder, { now: () => now, retention })
  await fill(20_000)
  telemetry = await opened(folder, { now: () => now, retention })
  await telemetry.sweep()
  const aged = telemetry.stream('usage').stats()
  assert.ok(aged.droppedLines > 10_000 && aged.droppedLines < 15_000, `${aged.droppedLines} dropped by age`)
  assert.equal(aged.lines + aged.droppedLines, 40_000)
  const [oldest] = await telemetry.stream('usage').read({ limit: 1 })
  assert.equal(oldest?.ordinal, aged.droppedLines + 1)
  await telemetry.close()
  telemetry = await opened(folder, { now: () => 0, retention: { usage: { ageMs: 1e9, bytesMax: 150_000 } } })
  await telemetry.sweep()
  const bounded = telemetry.stream('usage').stats()
  assert.ok(bounded.bytes <= 150_000)
  assert.equal(bounded.lines + bounded.droppedLines, aged.lines)
  await telemetry.close()
  await rm(folder, { recursive: true })
})
