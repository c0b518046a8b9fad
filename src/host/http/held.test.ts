import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldBodies } from '#host/http/held.ts'

test('HeldBodies cuts the longest silent first, and only as many as it must', () => {
  const bodies = new HeldBodies(100)
  const cut: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map((name) => bodies.open(() => cut.push(name)))
  a?.add(40)
  b?.add(40)
  a?.add(10)
  assert.equal(cut.length, 0)
  c?.add(20)
  assert.deepEqual(cut, ['b'])
  c?.add(40)
  assert.deepEqual(cut, ['b', 'a'])
})

test('HeldBodies forgets what has ended, and ignores what was cut', () => {
  const bodies = new HeldBodies(100)
  const cut: string[] = []
  const first = bodies.open(() => cut.push('first'))
  first.add(90)
  first.end()
  first.end()
  const second = bodies.open(() => cut.push('second'))
  second.add(100)
  assert.equal(cut.length, 0)
  second.add(1)
  assert.equal(cut.join(), 'second')
  second.add(1_000)
  bodies.open(() => cut.push('third')).add(100)
  assert.equal(cut.join(), 'second')
})
