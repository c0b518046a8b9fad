/** What only the durable store has: its folder and lock, restarts, bounded logs, and its end when the disk fails. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fdatasync, statSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { keyOf } from '#base/key.ts'
import { Trouble } from '#base/trouble.ts'
import { openStores, type StoresOptions } from '#host/store/sqlite.ts'
import type { Store, Stores } from '#ports/store.ts'
import { silent, unexpected } from './silent.ts'

const opened = (folder: string, more: Partial<StoresOptions> = {}): Promise<Stores> =>
  openStores({ folder, log: silent, fatal: unexpected, ...more })
const put = (store: Store, key: string): Promise<void> => store.tx((tx) => tx.put(utf8(key), utf8(key)))

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-sqlite-'))
  try {
    await run(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('what was written is there after closing and opening again, without a log left behind', () =>
  inFolder(async (folder) => {
    const stores = await opened(folder)
    await put(stores.open('control'), 'a')
    await put(stores.open('queues'), 'b')
    await stores.close()
    assert.deepEqual(
      (await readdir(folder)).filter((file) => file.endsWith('-wal')),
      [],
    )
    const again = await opened(folder)
    assert.equal(text((await again.open('control').read.get(utf8('a'))) ?? utf8('')), 'a')
    assert.equal(text((await again.open('queues').read.get(utf8('b'))) ?? utf8('')), 'b')
    await again.close()
  }))

test('close() waits for a checkpoint of one file while others are closed already', () =>
  inFolder(async (folder) => {
    const stores = await opened(folder)
    await put(stores.open('control'), 'first to be closed')
    const objects = stores.open('objects')
    const large = new Uint8Array(200_000)
    const writes = Array.from({ length: 400 }, (_, i) =>
      objects.tx((tx) => tx.put(utf8(`large-${i}`), large)),
    )
    await Promise.all(writes)
    await stores.close()
  }))

test('clear() empties files of the folder that were not opened', () =>
  inFolder(async (folder) => {
    const stores = await opened(folder)
    await put(stores.open('queues'), 'b')
    await stores.close()
    const again = await opened(folder)
    await again.clear()
    assert.equal(await again.open('queues').read.get(utf8('b')), undefined)
    await again.close()
  }))

test('openStores() names the process that has the folder, also within one process', () =>
  inFolder(async (folder) => {
    const stores = await opened(folder)
    await assert.rejects(opened(folder), (error: unknown) => {
      assert.ok(error instanceof Trouble)
      assert.match(error.message, new RegExp(`process ${process.pid}\\)`))
      assert.match(error.remedy, /--data/)
      return true
    })
    await put(stores.open('control'), 'still mine')
    await stores.close()
    await (await opened(folder)).close()
  }))

test('openStores() takes the folder over at once when its owner was killed', () =>
  inFolder(async (folder) => {
    const script = `const { openStores } = await import(process.argv[1])
      const stores = await openStores({ folder: process.argv[2], log: console, fatal: console.error })
      await stores.open('control').tx((tx) => tx.put(Buffer.from('k'), Buffer.from('theirs')))
      console.log('ready'); setInterval(() => undefined, 1_000)`
    const owner = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, import.meta.resolve('#host/store/sqlite.ts'), folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(owner.stdout, 'data')
    await assert.rejects(opened(folder), new RegExp(`process ${owner.pid}\\)`))
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    const stores = await opened(folder)
    assert.equal(text((await stores.open('control').read.get(utf8('k'))) ?? utf8('')), 'theirs')
    await stores.close()
  }))

test('a failed fdatasync acknowledges nothing more in any file and ends the platform once', () =>
  inFolder(async (folder) => {
    const troubles: Trouble[] = []
    let failing = false
    const stores = await opened(folder, {
      fatal: (trouble) => troubles.push(trouble),
      sync: (fd, done) =>
        failing ? setImmediate(() => done(new Error('EIO: i/o error'))) : fdatasync(fd, done),
    })
    const [control, queues] = [stores.open('control'), stores.open('queues')]
    await put(control, 'before')
    failing = true
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, (_, i) => put(control, `k${i}`)))
    assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason instanceof Trouble))
    failing = false
    await assert.rejects(put(control, 'later'), /EIO/)
    await assert.rejects(put(queues, 'elsewhere'), /EIO/)
    assert.equal(troubles.length, 1)
    await stores.close()
  }))

test('an acknowledgement waits for an fdatasync that began after the commit', () =>
  inFolder(async (folder) => {
    const syncs: (() => void)[] = []
    const stores = await opened(folder, { sync: (_, done) => void syncs.push(() => done(null)) })
    const store = stores.open('control')
    const acknowledged: string[] = []
    const writing = (key: string): Promise<number> => put(store, key).then(() => acknowledged.push(key))
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const first = writing('a')
    await turn()
    const second = writing('b')
    await turn()
    assert.deepEqual([syncs.length, acknowledged.length], [1, 0])
    syncs.shift()?.()
    await first
    await turn()
    assert.deepEqual(acknowledged, ['a'], 'the sync that ran when b was committed does not cover it')
    syncs.shift()?.()
    await second
    await stores.close()
  }))

test('the log stays bounded under constant load, and every write survives its checkpoints', () =>
  inFolder(async (folder) => {
    const stores = await opened(folder, { cacheBytes: 8 * 1_024 * 1_024 })
    const store = stores.open('tables')
    const body = new Uint8Array(4_000).fill(7)
    let written = 0
    let longest = 0
    const sender = async (): Promise<void> => {
      while (written < 30_000) {
        const number = written++
        await store.tx((tx) => tx.put(keyOf((number * 7_919) % 30_011), body))
        if (number % 500 === 0) longest = Math.max(longest, statSync(join(folder, 'tables.db-wal')).size)
      }
    }
    await Promise.all(Array.from({ length: 64 }, sender))
    assert.ok(longest > 8e6, 'the load was long enough to need checkpoints')
    assert.ok(longest < 100e6, `the log grew to ${longest} bytes`)
    for (let i = 0; i < 30_011; i += 97) {
      const number = (i * 7_919) % 30_011
      if (i < 30_000) assert.equal((await store.read.get(keyOf(number)))?.byteLength, 4_000)
    }
    await stores.close()
  }))

test('openStores() refuses a file of a newer format and one that is no store, and leaves both alone', () =>
  inFolder(async (folder) => {
    const newer = new DatabaseSync(join(folder, 'control.db'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    await writeFile(
      join(folder, 'queues.db'),
      'no database at all, but long enough to have a header of its own'.repeat(40),
    )
    const stores = await opened(folder)
    assert.throws(() => stores.open('control'), /its format is 99/)
    assert.throws(() => stores.open('queues'), Trouble)
    await stores.close()
  }))
