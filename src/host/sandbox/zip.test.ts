import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readZip } from '#host/sandbox/zip.ts'

test('readZip() never throws and never finds entries in random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const directory = readZip(bytes)
      assert.ok(directory.kind === 'refused' || directory.entries.length === 0)
    }),
  )
})

test('readZip() survives an end record that points anywhere', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.uint8Array({ maxLength: 200 }),
      (count, offset, junk) => {
        const end = Buffer.alloc(22)
        end.writeUInt32LE(0x06054b50, 0)
        end.writeUInt16LE(count, 10)
        end.writeUInt32LE(offset, 16)
        const directory = readZip(Buffer.concat([junk, end]))
        assert.ok(directory.kind === 'refused' || count === 0)
      },
    ),
  )
})
