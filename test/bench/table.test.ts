import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Row, interleaved, verdictOf } from '../../bench/figure.ts'
import { jsonOf, tableOf } from '../../bench/table.ts'

const row = (ours: readonly number[], target: Row['target']): Row => ({
  figure: 'a figure',
  unit: 'ms',
  ours,
  beside: { kind: 'floor', name: 'a floor', values: [10, 20, 10] },
  target,
})

test('verdictOf() judges the pairs of one round, not the medians of each side', () => {
  assert.equal(verdictOf(row([11, 22, 11], { relation: 'ratio', atMost: 1.1 })), 'met')
  assert.equal(verdictOf(row([11, 21, 11], { relation: 'above', atMost: 1 })), 'met')
  assert.equal(verdictOf(row([13, 26, 13], { relation: 'ratio', atMost: 1.1 })), 'missed')
  assert.equal(verdictOf(row([13, 21, 13], { relation: 'ratio', atMost: 1.1 })), 'missed*')
  assert.equal(verdictOf(row([8, 8, 8], { relation: 'alone', atLeast: 9, atMost: 11 })), 'missed')
  assert.equal(verdictOf(row([8, 8, 8], undefined)), 'shown')
})

test('verdictOf() decides nothing when the peer was skipped', () => {
  const beside = { kind: 'skipped', name: 'a peer', reason: 'no network' } as const
  assert.equal(verdictOf({ ...row([1], { relation: 'ratio', atLeast: 1 }), beside }), 'shown')
})

test('tableOf() has ours, what stands beside it, ratio, target and verdict in each row, and the notes below', () => {
  const table = tableOf([{ ...row([11, 22, 11], { relation: 'ratio', atMost: 1.1 }), note: 'mind this' }])
  assert.match(table, /^a figure +11 ms ±50% +a floor: 10 ms ±50% +1\.1 +<= 1\.1 x +met$/m)
  assert.match(table, /^a figure: mind this$/m)
})

test('jsonOf() keeps the values of all rounds', () => {
  const { rows } = JSON.parse(jsonOf([row([1, 2, 3], undefined)])) as { rows: { ours: number[] }[] }
  assert.deepEqual(rows[0]?.ours, [1, 2, 3])
})

test('interleaved() takes turns in both directions', async () => {
  const order: string[] = []
  const contender = (name: string) => () => {
    order.push(name)
    return Promise.resolve(name)
  }
  assert.deepEqual(await interleaved(3, [contender('a'), contender('b')]), [
    ['a', 'a', 'a'],
    ['b', 'b', 'b'],
  ])
  assert.equal(order.join(''), 'abbaab')
})
