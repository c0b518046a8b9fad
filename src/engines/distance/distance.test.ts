import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distance, nearest } from '#engines/distance/distance.ts'

test('distance() counts edits and takes a swap as one', () => {
  assert.equal(distance('deploy', 'deploy'), 0)
  assert.equal(distance('deplyo', 'deploy'), 1)
  assert.equal(distance('', 'fly'), 3)
  assert.equal(distance('report', 'reprt'), 1)
})

test('nearest() names what was meant and stays silent for anything else', () => {
  const commands = ['up', 'deploy', 'fly', 'report', 'doctor']
  assert.equal(nearest('depoly', commands), 'deploy')
  assert.equal(nearest('rep', commands), 'report')
  assert.equal(nearest('frobnicate', commands), undefined)
})
