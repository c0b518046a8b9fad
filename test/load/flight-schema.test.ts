import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { flightSchema } from '#lab/flight-schema.ts'

test('docs/flight.schema.json is the printed copy of the schema', () => {
  const printed = readFileSync(new URL('../../docs/flight.schema.json', import.meta.url), 'utf8')
  assert.equal(printed, `${JSON.stringify(flightSchema, null, 2)}\n`)
})
