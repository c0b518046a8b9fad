import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Line } from '#host/telemetry/lines.ts'
import { Chunk } from '#host/telemetry/memory.ts'
import { type LineQuery, select } from '#host/telemetry/select.ts'

function chunksOf(times: readonly number[], size: number): { chunks: Chunk[]; lines: Line[] } {
  const lines = times.map((at, ordinal) => ({
    at,
    ordinal,
    series: at % 2 === 0 ? 'even' : 'odd',
    text: `${at}`,
  }))
  const chunks: Chunk[] = []
  for (const line of lines) {
    if (line.ordinal % size === 0) chunks.push(new Chunk())
    chunks.at(-1)?.push(line)
  }
  return { chunks, lines }
}

function plainly(lines: readonly Line[], query: LineQuery): Line[] {
  const { from = -Infinity, to = Infinity, after, reverse = false, seriesPrefix = '' } = query
  const sorted = lines.toSorted((a, b) => a.at - b.at || a.ordinal - b.ordinal)
  if (reverse) sorted.reverse()
  const behind = ({ at, ordinal }: Line): boolean => {
    if (after === undefined) return true
    const order = at - after.at || ordinal - after.ordinal
    return reverse ? order < 0 : order > 0
  }
  return sorted
    .filter((line) => line.at >= from && line.at < to && line.series.startsWith(seriesPrefix) && behind(line))
    .slice(0, query.limit)
}

const time = fc.nat(40)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const query = fc.record({
  from: maybe(time),
  to: maybe(time),
  limit: fc.oneof(fc.nat(10), fc.constant(1_000)),
  reverse: fc.boolean(),
  after: maybe(fc.record({ at: time, ordinal: fc.nat(60) })),
  seriesPrefix: fc.constantFrom('', 'e', 'odd', 'x'),
})

test('select() over overlapping blocks equals a sort and a filter over all lines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(time, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      query,
      async (times, size, query) => {
        const { chunks, lines } = chunksOf(times, size)
        assert.deepEqual(await select(chunks, query), plainly(lines, query))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('select() reads no block beyond the one that fills the limit', async () => {
  const { chunks } = chunksOf(
    Array.from({ length: 1_000 }, (_, i) => i),
    10,
  )
  let read = 0
  const blocks = chunks.map((chunk) => ({
    minAt: chunk.minAt,
    maxAt: chunk.maxAt,
    lines: (...asked: Parameters<Chunk['lines']>) => {
      read++
      return chunk.lines(...asked)
    },
  }))
  await select(blocks, { limit: 15 })
  assert.equal(read, 2)
  await select(blocks, { limit: 15, reverse: true, to: 500 })
  assert.equal(read, 4)
})
