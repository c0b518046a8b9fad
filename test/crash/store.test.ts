/**
 * Kills a writing process with SIGKILL at random moments and looks at what is left: every acknowledged write is there,
 * none is torn, and the counter that each transaction raised equals the bodies. CRASH_ROUNDS sets the rounds (5, and
 * 50 in CI), CRASH_SEED the moments. It waits in real time: the moments are the subject. A kill is no loss of power:
 * for that the order of system calls (write, fdatasync, answer) is the evidence.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { type KeyPart, keysBelow, partsOf } from '#base/key.ts'
import { seeded } from '#base/random.ts'
import { openStores } from '#host/store/sqlite.ts'
import type { Entry, Read } from '#ports/store.ts'
import { silent, unexpected } from '../contracts/silent.ts'
import { bodyOf } from './store-bodies.ts'

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 5)
/** Rounds on one folder: a crash of a recovered store is a case of its own. */
const ROUNDS_PER_FOLDER = 5

test(`every acknowledged write survives ${ROUNDS} kills under load, whole`, async (t) => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
  const random = seeded(seed)
  const total = { acknowledged: 0, kept: 0, reopenMs: 0 }
  for (let done = 0; done < ROUNDS; done += ROUNDS_PER_FOLDER) {
    const folder = await mkdtemp(join(tmpdir(), 'windtunnel-crash-'))
    let numbersFrom = 0
    for (let round = done; round < Math.min(ROUNDS, done + ROUNDS_PER_FOLDER); round++) {
      await killDuringLoad(folder, numbersFrom, 50 + random.below(350))
      const found = await examine(folder)
      numbersFrom = found.highest + 1_000
      total.reopenMs = Math.max(total.reopenMs, found.reopenMs)
      if (round % ROUNDS_PER_FOLDER === ROUNDS_PER_FOLDER - 1 || round === ROUNDS - 1) {
        total.acknowledged += found.acknowledged
        total.kept += found.bodies
      }
    }
    await rm(folder, { recursive: true })
  }
  const message = `${ROUNDS} kills, seed ${seed}: ${total.acknowledged} acknowledged, 0 lost, ${total.kept} kept, slowest reopening ${total.reopenMs.toFixed(0)} ms`
  t.diagnostic(message)
  console.error(message)
  assert.ok(total.acknowledged > ROUNDS * 10, 'the writer wrote before it was killed')
})

async function killDuringLoad(folder: string, numbersFrom: number, afterMs: number): Promise<void> {
  const acknowledgements = join(folder, 'acknowledged')
  const before = existsSync(acknowledgements) ? (await readFile(acknowledgements)).length : 0
  const writer = spawn(
    process.execPath,
    [join(import.meta.dirname, 'store-writer.ts'), folder, acknowledgements, `${numbersFrom}`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const exited = once(writer, 'exit')
  await writes(folder, acknowledgements, before, writer)
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  writer.kill('SIGKILL')
  const [code, signal] = await exited
  assert.equal(signal, 'SIGKILL', `the writer ended by itself with code ${code}`)
}

/** Until the first new acknowledgement is there; a writer that ends earlier is a failure. */
async function writes(folder: string, path: string, before: number, writer: ChildProcess): Promise<void> {
  const over = new AbortController()
  writer.once('exit', () => over.abort(new Error('the writer ended before it wrote')))
  for await (const _ of watch(folder, { signal: over.signal })) {
    if (existsSync(path) && (await readFile(path)).length > before) return
  }
}

interface Found {
  readonly acknowledged: number
  readonly bodies: number
  readonly highest: number
  readonly reopenMs: number
}

async function examine(folder: string): Promise<Found> {
  const raw = await readFile(join(folder, 'acknowledged'))
  const acknowledged = new Set(
    Array.from({ length: Math.floor(raw.length / 4) }, (_, i) => raw.readUInt32LE(i * 4)),
  )
  const began = performance.now()
  const stores = await openStores({ folder, log: silent, fatal: unexpected })
  const { read } = stores.open('queues')
  const counter = Number(text((await read.get(keysBelow('counter').from)) ?? utf8('0')))
  const reopenMs = performance.now() - began
  const bodies = new Set<number>()
  for await (const [key, value] of everything(read, 'body')) {
    const number = Number(partsOf(key)[1])
    assert.deepEqual(Buffer.from(value), Buffer.from(bodyOf(number)), `body ${number} is whole`)
    bodies.add(number)
  }
  let indexed = 0
  for await (const [key] of everything(read, 'index')) {
    assert.ok(bodies.has(Number(partsOf(key)[2])), 'an index entry has its body')
    indexed++
  }
  for (const number of acknowledged) assert.ok(bodies.has(number), `${number} was acknowledged and is lost`)
  assert.equal(indexed, bodies.size, 'each body has its index entry')
  assert.equal(counter, bodies.size, 'each transaction is whole')
  await stores.close()
  return {
    acknowledged: acknowledged.size,
    bodies: bodies.size,
    highest: Math.max(0, ...[...bodies].slice(-100)),
    reopenMs,
  }
}

async function* everything(read: Read, ...parts: KeyPart[]): AsyncIterable<Entry> {
  let { from, to } = keysBelow(...parts)
  for (;;) {
    const page = await read.range({ from, to, limit: 2_000 })
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    from = new Uint8Array([...last[0], 0])
  }
}
