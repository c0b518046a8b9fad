import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryTelemetry } from '#host/telemetry/memory.ts'

test('a stream in memory drops its oldest lines beyond the bound, and counts them', async () => {
  const stream = memoryTelemetry({ bytesMax: 1_000_000 }).stream('spans')
  for (let i = 0; i < 20_000; i++) stream.append('s', i, 'x'.repeat(50))
  const { lines, bytes, droppedLines } = stream.stats()
  assert.equal(lines + droppedLines, 20_000)
  assert.ok(droppedLines > 10_000)
  assert.ok(bytes <= 1_000_000)
  const found = await stream.read({ limit: 100_000 })
  assert.equal(found.length, lines)
  assert.equal(found[0]?.ordinal, stream.oldest().ordinal)
  assert.equal(found.at(-1)?.ordinal, 20_000)
})
