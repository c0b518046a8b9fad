/** Every pair of state and event against the matrix that the README shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ENVIRONMENT_EVENTS,
  ENVIRONMENT_STATES,
  type EnvironmentState,
  isAvailable,
  nextState,
} from '#services/lambda/environment.ts'

/** Columns: started, ready, dispatched, failed, retired, removed; `-` is refused. */
const MATRIX: Record<EnvironmentState, string> = {
  provisioning: 'initializing - - shutting-down shutting-down -',
  initializing: '- idle - resetting shutting-down -',
  idle: '- - invoking resetting shutting-down -',
  invoking: '- idle - resetting shutting-down -',
  resetting: '- - invoking resetting shutting-down -',
  'shutting-down': '- - - - - gone',
  gone: '- - - - - -',
}

test('nextState() answers the matrix for every pair of state and event', () => {
  for (const state of ENVIRONMENT_STATES)
    assert.deepEqual(
      ENVIRONMENT_EVENTS.map((event) => nextState(state, event) ?? '-').join(' '),
      MATRIX[state],
      state,
    )
})

test('nextState() never leaves gone, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ENVIRONMENT_EVENTS)), (events) => {
      let state: EnvironmentState = 'provisioning'
      let ended = false
      for (const event of events) {
        state = nextState(state, event) ?? state
        ended ||= state === 'gone'
        assert.equal(state === 'gone', ended)
      }
    }),
  )
})

test('isAvailable() holds for idle and resetting only', () => {
  assert.deepEqual(ENVIRONMENT_STATES.filter(isAvailable), ['idle', 'resetting'])
})
