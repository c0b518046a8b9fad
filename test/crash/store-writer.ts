/**
 * The process that the crash test kills: 64 senders, each transaction a body, its index entry and a shared counter.
 * An acknowledged body's number is written to the file of acknowledgements only after its transaction resolved; the
 * page cache keeps what write(2) took, whatever happens to this process.
 */
import { openSync, writeSync } from 'node:fs'
import { text, utf8 } from '#base/bytes.ts'
import { keyOf } from '#base/key.ts'
import { present } from '#base/assert.ts'
import { openStores } from '#host/store/sqlite.ts'
import { silent, unexpected } from '../contracts/silent.ts'
import { bodyOf } from './store-bodies.ts'

const [folder, acknowledgements, first] = process.argv.slice(2)
const acknowledged = openSync(present(acknowledgements, 'the second argument'), 'a')
const stores = await openStores({
  folder: present(folder, 'the first argument'),
  log: silent,
  fatal: unexpected,
})
const store = stores.open('queues')
let next = Number(first)
let batch: number[] = []

function acknowledge(number: number): void {
  if (batch.push(number) > 1) return
  setImmediate(() => {
    writeSync(acknowledged, Buffer.from(Uint32Array.from(batch).buffer))
    batch = []
  })
}

async function sender(): Promise<never> {
  for (;;) {
    const number = next++
    await store.tx(async (tx) => {
      const counter = await tx.get(keyOf('counter'))
      tx.put(keyOf('body', number), bodyOf(number))
      tx.put(keyOf('index', number % 97, number), utf8(`${number}`))
      tx.put(keyOf('counter'), utf8(`${Number(text(counter ?? utf8('0'))) + 1}`))
    })
    acknowledge(number)
  }
}

await Promise.all(Array.from({ length: 64 }, sender))
