/** Frames of log entries between plain output, in chunks of any size. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unframed } from '#host/sandbox/log-frames.ts'

function frame(message: string, type = 0x03): Buffer {
  const bytes = Buffer.from(message)
  const head = Buffer.alloc(16)
  head.writeUInt32BE(0xa55a0000 + type, 0)
  head.writeUInt32BE(bytes.length, 4)
  head.writeBigUInt64BE(1_795_000_000_000_000n, 8)
  return Buffer.concat([head, bytes])
}

/** What is handed on when the bytes come in chunks that end at these places. */
function handed(bytes: Buffer, cuts: readonly number[] = []): string {
  const out: Uint8Array[] = []
  const read = unframed((chunk) => out.push(chunk))
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let from = 0
  for (const end of ends) {
    if (end > from) read(bytes.subarray(from, end), 0)
    from = Math.max(from, end)
  }
  return Buffer.concat(out).toString()
}

test('an entry becomes one line, whatever line ends it has', () => {
  assert.equal(
    handed(Buffer.concat([frame('one'), frame('two\nlines'), frame('three\n')])),
    'one\ntwo\rlines\nthree\n',
  )
  assert.equal(handed(frame('', 0x13)), '')
})

test('plain output passes as it is, and ends its line before an entry', () => {
  const mixed = Buffer.concat([Buffer.from('out\nhalf'), frame('entry'), Buffer.from('more ¥Z\n')])
  assert.equal(handed(mixed), 'out\nhalf\nentry\nmore ¥Z\n')
})

test('chunks of any size give the same lines', () => {
  const part = fc.oneof(
    fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((text) => Buffer.from(`${text.replaceAll('\0', '')}\n`)),
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => frame(text)),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (parts, cuts) => {
      const bytes = Buffer.concat(parts)
      assert.equal(handed(bytes, cuts), handed(bytes))
    }),
  )
})

test('after a loss of output the next entry is read again', () => {
  const out: string[] = []
  const read = unframed((chunk, dropped) => out.push(`${Buffer.from(chunk).toString()}|${dropped}`))
  read(frame('a long message').subarray(0, 20), 10)
  read(Buffer.from('plain\n'), 0)
  read(frame('next'), 0)
  assert.deepEqual(out, ['a lo|10', 'plain\n|0', 'next\n|0'])
})
