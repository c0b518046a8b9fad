import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '#host/sandbox/turns.ts'

test('take() never has more under way than allowed, in the order they came, when a hundred ask at once', async () => {
  const turns = new Turns(3)
  const begun: number[] = []
  let underWay = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      turns.take(async () => {
        begun.push(index)
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay--
      }),
    ),
  )
  assert.equal(most, 3)
  assert.deepEqual(
    begun,
    Array.from({ length: 100 }, (_, index) => index),
  )
})

test('take() gives its turn on when the work fails', async () => {
  const turns = new Turns(1)
  const failing = turns.take(() => Promise.reject(new Error('no')))
  const after = turns.take(() => Promise.resolve('yes'))
  await assert.rejects(failing, /no/)
  assert.equal(await after, 'yes')
})

test('take() begins at once when nobody is before it', () => {
  let begun = false
  void new Turns(1).take(() => {
    begun = true
    return Promise.resolve()
  })
  assert.equal(begun, true)
})
