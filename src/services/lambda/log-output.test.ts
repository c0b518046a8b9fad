/** Output as events: whole for any cut of the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '#base/bytes.ts'
import { tailOf } from '#services/lambda/environment-log.ts'
import { OutputLines } from '#services/lambda/log-output.ts'

test('OutputLines makes an event of each line, with its end, and of the rest when flushed', () => {
  const lines = new OutputLines()
  assert.deepEqual(lines.push(utf8('a\nb')), ['a\n'])
  assert.deepEqual(lines.push(utf8('c\n\nd')), ['bc\n', '\n'])
  assert.deepEqual(lines.flush(), ['d'])
  assert.deepEqual(lines.flush(), [])
})

test('OutputLines cuts long lines without cutting a character', () => {
  const lines = new OutputLines(5)
  assert.deepEqual(lines.push(utf8('aaaa\u00e9bbb\n')), ['aaaa', '\u00e9bbb', '\n'])
  assert.deepEqual(
    [...lines.push(utf8('\u{1f600}\u{1f600}x')), ...lines.flush()],
    ['\u{1f600}', '\u{1f600}x'],
  )
})

test('OutputLines loses and changes nothing, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\n', '\u00e9', '\u{1f600}') }),
      fc.array(fc.nat(7)),
      fc.integer({ min: 4, max: 9 }),
      (text, cuts, max) => {
        const bytes = utf8(text)
        const lines = new OutputLines(max)
        const events: string[] = []
        let at = 0
        for (const cut of cuts) {
          events.push(...lines.push(bytes.subarray(at, at + cut)))
          at = Math.min(bytes.length, at + cut)
        }
        events.push(...lines.push(bytes.subarray(at)), ...lines.flush())
        assert.equal(events.join(''), text)
        for (const event of events) {
          assert.ok(utf8(event).length <= max)
          assert.ok(!event.slice(0, -1).includes('\n'))
        }
      },
    ),
  )
})

test('tailOf() keeps the last 4,096 bytes from a character on', () => {
  assert.equal(tailOf(['a\n', 'b\n']), 'a\nb\n')
  assert.equal(tailOf(['x'.repeat(5_000), 'end']), `${'x'.repeat(4_093)}end`)
  const tail = tailOf([`${'\u00e9'.repeat(3_000)}!`])
  assert.equal(tail, `${'\u00e9'.repeat(2_047)}!`)
})
