/** What every implementation of `ports/blobs.ts` owes; run on memory and on files by `blobs.test.ts`. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concat } from '#base/bytes.ts'
import type { Blobs, ByteRange } from '#ports/blobs.ts'

export interface Subject {
  readonly name: string
  open(): Promise<Blobs>
  dispose(): Promise<void>
}

export const bytesOf = (size: number): Uint8Array =>
  new Uint8Array(size).map((_, i) => (i * 31 + (i >>> 8)) & 255)

export async function* inChunks(body: Uint8Array, chunkBytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes)
}

export async function whole(blobs: Blobs, id: string, range?: ByteRange): Promise<Uint8Array | undefined> {
  const stream = await blobs.read(id, range)
  if (stream === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const chunk of stream) parts.push(chunk)
  return new Uint8Array(concat(parts))
}

export function blobsContract(subject: Subject): void {
  const check = (name: string, run: (blobs: Blobs) => Promise<void>): void => {
    test(`${subject.name}: ${name}`, async () => {
      const blobs = await subject.open()
      try {
        await run(blobs)
      } finally {
        await subject.dispose()
      }
    })
  }
  describe(`blobs contract on ${subject.name}`, () => {
    for (const size of [0, 1, 1_000, 32_768, 32_769, 300_000, 5_000_000]) {
      check(`a body of ${size} bytes comes back whole, with its checksums`, async (blobs) => {
        const body = bytesOf(size)
        const seen: Uint8Array[] = []
        const written = await blobs.write(inChunks(body, 60_000), (chunk) => seen.push(chunk))
        assert.equal(written.sizeBytes, size)
        assert.equal(written.md5, createHash('md5').update(body).digest('hex'))
        assert.equal(written.sha256, createHash('sha256').update(body).digest('hex'))
        assert.deepEqual(new Uint8Array(concat(seen)), body)
        assert.deepEqual(await whole(blobs, written.id), body)
      })
    }

    check('any range gives exactly its bytes', async (blobs) => {
      const bodies = [bytesOf(100), bytesOf(400_000)]
      for (const body of bodies) {
        const { id } = await blobs.write(inChunks(body, 50_000))
        const place = fc.nat(body.length - 1)
        await fc.assert(
          fc.asyncProperty(place, place, async (a, b) => {
            const range = { start: Math.min(a, b), end: Math.max(a, b) }
            assert.deepEqual(await whole(blobs, id, range), body.slice(range.start, range.end + 1))
          }),
          { numRuns: 50 },
        )
        assert.deepEqual(await whole(blobs, id, { start: 90, end: body.length + 50 }), body.slice(90))
      }
    })

    check('ids differ, also of equal bodies written at once', async (blobs) => {
      const written = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          blobs.write(inChunks(bytesOf(i % 2 === 0 ? 10 : 40_000), 9_999)),
        ),
      )
      assert.equal(new Set(written.map(({ id }) => id)).size, 50)
      for (const { id, sizeBytes } of written) assert.deepEqual(await whole(blobs, id), bytesOf(sizeBytes))
    })

    for (const size of [10, 200_000]) {
      check(`write() rejects with the source's error when it fails after ${size} bytes`, async (blobs) => {
        async function* failing(): AsyncIterable<Uint8Array> {
          yield* inChunks(bytesOf(size), 50_000)
          throw new RangeError('the sender has gone')
        }
        await assert.rejects(blobs.write(failing()), RangeError)
      })
    }

    check('delete() is final, and harmless when repeated', async (blobs) => {
      for (const size of [10, 100_000]) {
        const { id } = await blobs.write(inChunks(bytesOf(size), 9_999))
        await blobs.delete(id)
        await blobs.delete(id)
        assert.equal(await blobs.read(id), undefined)
      }
    })

    check('ids() names every body that is there and no other', async (blobs) => {
      const written: string[] = []
      for (let i = 0; i < 230; i++) written.push((await blobs.write(inChunks(bytesOf(i * 200), 9_999))).id)
      for (const id of written.splice(0, 20)) await blobs.delete(id)
      const found: string[] = []
      for await (const id of blobs.ids()) found.push(id)
      assert.deepEqual(new Set(found), new Set(written))
      assert.equal(found.length, written.length)
    })

    check('a reader that has begun is not disturbed by delete()', async (blobs) => {
      const body = bytesOf(2_000_000)
      const { id } = await blobs.write(inChunks(body, 99_999))
      const stream = await blobs.read(id)
      await blobs.delete(id)
      const parts: Uint8Array[] = []
      for await (const chunk of stream ?? []) parts.push(chunk)
      assert.deepEqual(new Uint8Array(concat(parts)), body)
    })

    check('an id that is none reads nothing and deletes nothing', async (blobs) => {
      for (const id of ['', 'f1-99', 's1-99', '../run', 'f1-0/../../run', 'f1-0\0']) {
        assert.equal(await blobs.read(id), undefined)
        await blobs.delete(id)
      }
    })

    check('clear() removes all bodies, and later ones are kept', async (blobs) => {
      const before = [
        await blobs.write(inChunks(bytesOf(10), 10)),
        await blobs.write(inChunks(bytesOf(100_000), 50_000)),
      ]
      await blobs.clear()
      for (const { id } of before) assert.equal(await blobs.read(id), undefined)
      const { id } = await blobs.write(inChunks(bytesOf(100_000), 50_000))
      assert.ok(!before.some((earlier) => earlier.id === id))
      assert.deepEqual(await whole(blobs, id), bytesOf(100_000))
    })
  })
}
