/**
 * The start: the hot index of every queue is rebuilt from the store. Contents stay where they are. A queue's rows are
 * read in the order they were sent, so that nothing has to be sorted.
 */
import { assert } from '#base/assert.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { numberAt, parseJson, stringAt } from '#base/json.ts'
import { text } from '#base/bytes.ts'
import { keysBelow, partsOf } from '#base/key.ts'
import type { Entry, Read } from '#ports/store.ts'
import { LOAD_ROWS, RECREATE_MS } from '#services/sqs/limits.ts'
import { Message } from '#services/sqs/message.ts'
import type { QueueName } from '#services/sqs/names.ts'
import type { Queue, Remembered } from '#services/sqs/queue.ts'
import { clearRecords, graveRecords, queueOf, queueRecords } from '#services/sqs/record.ts'
import { decodeHead, memoriesOf, memoryOfKey, readTaken, rowsOf, seqOfKey } from '#services/sqs/rows.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { place } from '#services/sqs/step.ts'
import { groupOf } from '#services/sqs/take.ts'

type Owner = Omit<QueueName, 'name'>

/** Reads all of it; call it once, before the first request. Resolves to how many messages there are. */
export async function loadSqs(state: SqsState): Promise<number> {
  const { store } = state.queues
  let messages = 0
  for await (const owner of owners(store.read)) messages += await loadOwner(state, owner)
  return messages
}

/** Accounts and regions that have anything: one read each. */
async function* owners(read: Read): AsyncGenerator<Owner> {
  let from: Uint8Array = new Uint8Array(0)
  const to = Uint8Array.of(0xff)
  for (;;) {
    const [first] = await read.range({ from, to, limit: 1 })
    if (first === undefined) return
    const [account, region] = partsOf(first[0]).map(String)
    const owner = { account: accountId(account ?? ''), region: regionOf(region ?? '') }
    assert(owner.account !== undefined && owner.region !== undefined, 'keys begin with account and region')
    yield { account: owner.account, region: owner.region }
    from = keysBelow(owner.account, owner.region).to
  }
}

async function loadOwner(state: SqsState, owner: Owner): Promise<number> {
  const { queues } = state
  const read = queues.store.read
  const parts = [owner.account, owner.region]
  for (const [, value] of await everything(read, keysBelow(...parts, clearRecords.kind))) {
    const name = { ...owner, name: '' }
    const what = clearRecords.decode(value)
    queues.noteGeneration(what.generation)
    queues.clearing.resume(name, what)
  }
  const now = state.clock.now()
  for (const [key, value] of await everything(read, keysBelow(...parts, graveRecords.kind))) {
    const name = String(partsOf(key)[3])
    const { at } = graveRecords.decode(value)
    if (at + RECREATE_MS > now) queues.bury({ ...owner, name }, at)
    else queues.journal.delete(key)
  }
  let messages = 0
  for (const [, value] of await everything(read, keysBelow(...parts, queueRecords.kind))) {
    const record = queueRecords.decode(value)
    const queue = queueOf({ ...owner, name: record.name }, record)
    await loadQueue(read, queue)
    queues.adopt(queue)
    queues.schedule(queue)
    messages += queue.messages.size
  }
  await state.moves.load(owner)
  return messages
}

async function loadQueue(read: Read, queue: Queue): Promise<void> {
  const { name, generation } = queue
  for await (const page of pages(read, rowsOf('message', name, generation))) {
    for (const [key, row] of page) {
      const head = decodeHead(row)
      const group = head.group === undefined ? undefined : groupOf(queue, head.group)
      const message = new Message(seqOfKey(key), head.sentAt, group)
      message.hasContentRow = head.isContentApart
      readTaken(row, message)
      place(queue, message)
    }
  }
  const memories: Remembered[] = []
  for await (const page of pages(read, memoriesOf(name, queue.secret))) {
    for (const [key, row] of page) {
      const stored = parseJson(text(row))
      const [seq, at] = [numberAt(stored, 'seq') ?? 0, numberAt(stored, 'at') ?? 0]
      memories.push({ key: memoryOfKey(key), seq, at, id: stringAt(stored, 'id') ?? '' })
    }
  }
  for (const entry of memories.sort((a, b) => a.seq - b.seq)) queue.remembered.add(entry.key, entry)
}

/** All entries of a range, a page at a time. */
async function* pages(read: Read, range: { from: Uint8Array; to: Uint8Array }): AsyncGenerator<Entry[]> {
  let { from } = range
  for (;;) {
    const page = await read.range({ from, to: range.to, limit: LOAD_ROWS })
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (page.length < LOAD_ROWS || last === undefined) return
    from = after(last[0])
  }
}

/** All entries of a small range. */
async function everything(read: Read, range: { from: Uint8Array; to: Uint8Array }): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const page of pages(read, range)) all.push(...page)
  return all
}

/** The least key behind that one. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
