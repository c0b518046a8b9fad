/** Freezing off the event loop on plain files: what the kernel would be told, and in which order. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Freezer, FreezeQueue } from '#host/sandbox/freezer.ts'

const folder = mkdtempSync(join(tmpdir(), 'wt-freezer-'))
after(() => rmSync(folder, { recursive: true }))

function fileOf(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '0')
  return path
}

/** The queue works in order, so a freezer that is frozen last tells when all before it are done. */
async function settled(queue: FreezeQueue): Promise<void> {
  const last = new Freezer(join(folder, 'none'), queue)
  await new Promise<void>((resolve) => {
    last.freezeNow = (then) => {
      then()
      resolve()
    }
    last.freeze()
  })
}

test('freeze() is written later, thaw() at once', async () => {
  const queue = new FreezeQueue()
  const path = fileOf('a')
  const freezer = new Freezer(path, queue)
  freezer.freeze()
  await settled(queue)
  assert.equal(readFileSync(path, 'latin1'), '1')
  freezer.thaw()
  assert.equal(readFileSync(path, 'latin1'), '0')
  freezer.close()
})

test('thaw() wins when the freeze is still under way or still waits', async () => {
  const queue = new FreezeQueue()
  const paths = ['b', 'c'].map(fileOf)
  const freezers = paths.map((path) => new Freezer(path, queue))
  for (const freezer of freezers) freezer.freeze() // the first is under way, the second waits
  for (const freezer of freezers) freezer.thaw()
  await settled(queue)
  assert.deepEqual(
    paths.map((path) => readFileSync(path, 'latin1')),
    ['0', '0'],
  )
  for (const freezer of freezers) freezer.close()
})

test('close() waits for a write that is under way', async () => {
  const queue = new FreezeQueue()
  const path = fileOf('d')
  const freezer = new Freezer(path, queue)
  freezer.freeze()
  freezer.close()
  await settled(queue)
  assert.equal(readFileSync(path, 'latin1'), '1')
})

test('a group that is gone is no error', async () => {
  const queue = new FreezeQueue()
  const freezer = new Freezer(join(folder, 'never'), queue)
  freezer.freeze()
  await settled(queue)
  freezer.thaw()
  freezer.close()
})
