import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { packBlockSync, readHeader, unpackBlock } from '#host/telemetry/block.ts'
import { type Line, linesIn } from '#host/telemetry/lines.ts'
import { FRAME_BYTES, OpenBlock } from '#host/telemetry/open-block.ts'

const LINES = fc
  .array(
    fc.record({
      at: fc.double({ noNaN: true, noDefaultInfinity: true }),
      series: fc.constantFrom('', 'a', 'a/b', 'tab\tand\\', '\u00fc\u2713'),
      text: fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => JSON.stringify(text)),
    }),
    { maxLength: 40 },
  )
  .map((lines) => lines.map((line, index): Line => ({ ...line, at: line.at + 0, ordinal: 7 + index })))

const all = (): boolean => true

test('OpenBlock gives each line out once in checked frames, in its order, however its buffer grew', () => {
  fc.assert(
    fc.property(LINES, fc.nat({ max: 200 }), fc.nat({ max: 5 }), (lines, room, every) => {
      const block = new OpenBlock(room)
      const found: Line[] = []
      const take = (): void => {
        const frame = block.frame()
        if (frame === undefined) return
        const rows = frame.subarray(FRAME_BYTES)
        assert.deepEqual([frame.readUInt32LE(0), frame.readUInt32LE(4)], [rows.length, crc32(rows)])
        found.push(...linesIn(rows.toString(), all))
      }
      for (const [index, line] of lines.entries()) {
        block.push(line)
        if (index % (every + 1) === 0) take()
      }
      take()
      assert.deepEqual(found, lines)
      assert.equal(block.frame(), undefined)
      assert.deepEqual(block.lines(all, ''), lines)
    }),
  )
})

test('OpenBlock answers only lines of the series and the filter that were asked for', () => {
  const block = new OpenBlock(0)
  const lines = ['a', 'b', 'a/b', 'a'].map((series, index): Line => ({
    at: index,
    ordinal: 10 + index,
    series,
    text: `"${index}"`,
  }))
  for (const line of lines) block.push(line)
  assert.deepEqual([block.size, block.firstOrdinal, block.minAt, block.maxAt], [4, 10, 0, 3])
  assert.deepEqual(
    block.lines((at, ordinal, series) => at > 0 && ordinal > 11 && series !== 'b', 'a'),
    lines.slice(2),
  )
})

test('a sealed block holds all lines, by series and then by time', () => {
  fc.assert(
    fc.property(LINES, (lines) => {
      const packed = packBlockSync(3, lines)
      const header = readHeader(packed)
      assert.ok(header !== undefined)
      const found = unpackBlock(header, packed.subarray(64), { wanted: all }) ?? []
      assert.deepEqual(
        found.toSorted((a, b) => a.ordinal - b.ordinal),
        lines,
      )
      for (const [index, line] of found.entries()) {
        const before = found[index - 1]
        if (before === undefined) continue
        if (before.series !== line.series) assert.ok(before.series < line.series)
        else assert.ok(before.at < line.at || (before.at === line.at && before.ordinal < line.ordinal))
      }
    }),
  )
})
