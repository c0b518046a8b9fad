import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { keyOf } from '#base/key.ts'
import { type Due, DueHeap } from '#services/sqs/due-heap.ts'
import { Line } from '#services/sqs/line.ts'
import { Message } from '#services/sqs/message.ts'
import { Ready } from '#services/sqs/ready.ts'
import { openReceipt, printReceipt } from '#services/sqs/receipt.ts'
import { MessageKeys, decodeHead, decodeInline, encodeMessage, seqOfKey } from '#services/sqs/rows.ts'

test('DueHeap gives the earliest first, whatever leaves from the middle', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ at: fc.nat(50), leaves: fc.boolean() })), (given) => {
      const heap = new DueHeap<Due>()
      const items = given.map(({ at }) => ({ dueAt: at, slot: -1 }))
      for (const item of items) heap.add(item)
      const kept = items.filter((item, index) => {
        if (given[index]?.leaves === true) heap.remove(item)
        return given[index]?.leaves !== true
      })
      const order: number[] = []
      for (let next = heap.popDue(25); next !== undefined; next = heap.popDue(25)) order.push(next.dueAt)
      const due = kept.map(({ dueAt }) => dueAt).filter((at) => at <= 25)
      assert.deepEqual(
        order,
        due.sort((a, b) => a - b),
      )
      assert.equal(heap.size, kept.length - due.length)
    }),
  )
})

test('Line shows the first of those that are left', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
      const line = new Line<number, object>()
      const model = new Map<number, object>()
      for (const [adds, key] of steps) {
        if (adds && !model.has(key)) {
          const value = {}
          line.add(key, value)
          model.set(key, value)
        } else if (!adds) {
          line.delete(key)
          model.delete(key)
        }
        assert.equal(line.first(), [...model.values()][0])
        assert.equal(line.size, model.size)
      }
    }),
  )
})

test('Ready gives messages in the order of their numbers, also those that return', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('send', 'take', 'return', 'end'), { maxLength: 80 }), (steps) => {
      const ready = new Ready()
      const inside: Message[] = []
      const outside: Message[] = []
      let seq = 0
      for (const step of steps) {
        if (step === 'send') {
          const message = new Message(++seq, 0, undefined)
          ready.push(message)
          inside.push(message)
        } else if (step === 'take') {
          const expected = inside.sort((a, b) => a.seq - b.seq).shift()
          assert.equal(ready.pop(), expected)
          if (expected !== undefined) outside.push(expected)
        } else if (step === 'return') {
          const message = outside.pop()
          if (message === undefined) continue
          ready.push(message)
          inside.push(message)
        } else {
          const message = inside.pop()
          if (message !== undefined) message.state = 'gone'
        }
      }
    }),
  )
})

test('openReceipt() reads what printReceipt() wrote, and nothing of another queue', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 2 ** 50 }),
      fc.nat(),
      (secret, generation, seq, receive) => {
        const handle = printReceipt({ secret, generation }, { seq, receive })
        assert.deepEqual(openReceipt(secret, handle), { generation, seq, receive })
        assert.equal(openReceipt(secret + 1, handle), undefined)
        const at = 4 + (receive % 32)
        const mangled = `${handle.slice(0, at)}${handle[at] === 'A' ? 'B' : 'A'}${handle.slice(at + 1)}`
        assert.equal(openReceipt(secret, mangled), undefined)
      },
    ),
  )
  assert.equal(openReceipt(1, 'garbage'), undefined)
})

test('keys of messages are those of keyOf(), and rows read back as they were written', () => {
  const name = { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION, name: 'q' }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.string({ unit: 'grapheme' }),
      fc.option(fc.string({ unit: 'grapheme', minLength: 1 })),
      (seq, body, group) => {
        const key = new MessageKeys(name, 7).of('content', seq)
        assert.deepEqual(Uint8Array.from(key), keyOf(name.account, name.region, 'content', 7, seq))
        assert.equal(seqOfKey(key), seq)
        const message = new Message(seq, 1.5, undefined)
        const content = { id: 'i', body, md5: 'm', sender: 's', ...(group === null ? {} : { group }) }
        const { row } = encodeMessage(message, content)
        assert.deepEqual(decodeHead(row), {
          sentAt: 1.5,
          group: group ?? undefined,
          isContentApart: false,
        })
        assert.deepEqual(decodeInline(row), content)
      },
    ),
  )
})
