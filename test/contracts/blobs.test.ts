/** The blobs contract on each implementation, and what only files have: restarts, half-written bodies, open files. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { concat, lentOf } from '#base/bytes.ts'
import { fileBlobs } from '#host/blobs/files.ts'
import { memoryBlobs } from '#host/blobs/memory.ts'
import { memoryStores } from '#host/store/memory.ts'
import { blobsContract, bytesOf, inChunks, whole } from './blobs.ts'

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'windtunnel-blobs-'))
let folder = ''
const dispose = (): Promise<void> => rm(folder, { recursive: true })

blobsContract({ name: 'memory', open: async () => memoryBlobs(), dispose: async () => undefined })
blobsContract({
  name: 'files',
  open: async () => fileBlobs({ folder: (folder = await newFolder()) }),
  dispose,
})
blobsContract({
  name: 'files with small bodies in a store',
  open: async () => fileBlobs({ folder: (folder = await newFolder()), small: memoryStores().open('blobs') }),
  dispose,
})

test('bodies outlive a restart, ids are never met again, half-written files are swept', async () => {
  folder = await newFolder()
  const small = memoryStores().open('blobs')
  const body = bytesOf(100_000)
  const ids = new Set<string>()
  for (let life = 0; life < 3; life++) {
    const blobs = await fileBlobs({ folder, small })
    for (const id of ids) assert.equal((await whole(blobs, id)) === undefined, false)
    for (const size of [10, 100_000]) {
      const { id } = await blobs.write(inChunks(body.subarray(0, size), 50_000))
      assert.equal(ids.has(id), false)
      ids.add(id)
    }
    await mkdir(join(folder, 'half-written'), { recursive: true })
    await writeFile(join(folder, 'half-written', 'f9-9'), 'half')
  }
  const blobs = await fileBlobs({ folder, small })
  assert.deepEqual(await readdir(join(folder, 'half-written')), [])
  assert.equal((await whole(blobs, [...ids][1] ?? ''))?.length, 100_000)
  await dispose()
})

test('a failed write and a reader that gives up leave no file behind and none open', async () => {
  folder = await newFolder()
  const blobs = await fileBlobs({ folder })
  async function* failing(): AsyncIterable<Uint8Array> {
    yield bytesOf(100_000)
    throw new RangeError('the sender has gone')
  }
  await assert.rejects(blobs.write(failing()), RangeError)
  assert.deepEqual(await readdir(join(folder, 'half-written')), [])
  const { id } = await blobs.write(inChunks(bytesOf(2_000_000), 99_999))
  const before = (await readdir('/proc/self/fd')).length
  for (let i = 0; i < 20; i++) for await (const _ of (await blobs.read(id)) ?? []) break
  for (let i = 0; i < 20; i++) await (await blobs.read(id))?.[Symbol.asyncIterator]().return?.()
  assert.equal((await readdir('/proc/self/fd')).length, before)
  await dispose()
})

test('lent pieces are the body, one after the other, in two pieces of memory', async () => {
  folder = await newFolder()
  const blobs = await fileBlobs({ folder })
  const body = bytesOf(2_000_000)
  const { id } = await blobs.write(inChunks(body, 99_999))
  for (const range of [undefined, { start: 1_000, end: 1_500_000 }]) {
    const memory = new Set<ArrayBufferLike>()
    const parts: Uint8Array[] = []
    const stream = await blobs.read(id, range)
    for await (const piece of lentOf(stream ?? inChunks(body, 1))) {
      parts.push(new Uint8Array(piece))
      memory.add(piece.buffer)
    }
    assert.deepEqual(concat(parts), body.slice(range?.start ?? 0, (range?.end ?? body.length) + 1))
    assert.equal(memory.size, 2)
  }
  await dispose()
})
