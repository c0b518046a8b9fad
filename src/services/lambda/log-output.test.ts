/** Output as events: whole for any cut of the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '#base/bytes.ts'
import { EnvironmentLog, tailOf } from '#services/lambda/environment-log.ts'
import { ManualClock } from '#services/lambda/fake-platform.ts'
import type { LogWriter } from '#services/lambda/log-writer.ts'
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

test('EnvironmentLog shows lines that carriage returns part as lines of one event, and JSON as it is', () => {
  const seen = (logFormat: string, written: string): string[] => {
    const messages: string[] = []
    const writer = { add: (_at: number, message: string) => void messages.push(message) }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const log = new EnvironmentLog(new ManualClock(), writer as unknown as LogWriter, {
      logFormat,
      systemLogLevel: undefined,
      applicationLogLevel: undefined,
    })
    log.output(utf8(written), 0)
    log.close([])
    return messages
  }
  assert.deepEqual(seen('Text', 'a\rb\r\r\nc\r\nd\r'), ['a\nb\n\r\n', 'c\r\n', 'd\n'])
  assert.deepEqual(seen('JSON', '{"a":1}\r{}\n'), ['{"a":1}\r{}\n'])
})

test('tailOf() keeps the last 4,096 bytes from a character on', () => {
  assert.equal(tailOf(['a\n', 'b\n']), 'a\nb\n')
  assert.equal(tailOf(['x'.repeat(5_000), 'end']), `${'x'.repeat(4_093)}end`)
  const tail = tailOf([`${'\u00e9'.repeat(3_000)}!`])
  assert.equal(tail, `${'\u00e9'.repeat(2_047)}!`)
})
