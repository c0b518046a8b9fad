import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { text, utf8 } from '#base/bytes.ts'
import { zipOf } from '#engines/zip/write.ts'

test('zipOf() writes entries that inflate to what went in, and the same bytes each time', () => {
  const body = utf8('exports.handler = async () => 1\n'.repeat(20))
  const zip = zipOf([
    { name: 'src/é.js', bytes: body },
    { name: 'bootstrap', bytes: utf8('x'), executable: true },
  ])
  const view = new DataView(zip.buffer, zip.byteOffset)
  assert.equal(view.getUint32(0, true), 0x04034b50)
  const nameLength = view.getUint16(26, true)
  assert.equal(text(zip.subarray(30, 30 + nameLength)), 'src/é.js')
  const packed = zip.subarray(30 + nameLength, 30 + nameLength + view.getUint32(18, true))
  assert.deepEqual(new Uint8Array(inflateRawSync(packed)), body)
  assert.equal(view.getUint16(zip.length - 12, true), 2, 'the end record counts two entries')
  assert.deepEqual(
    zip,
    zipOf([
      { name: 'src/é.js', bytes: body },
      { name: 'bootstrap', bytes: utf8('x'), executable: true },
    ]),
  )
})
