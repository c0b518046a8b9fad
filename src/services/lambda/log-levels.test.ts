/** Which entries pass at which level: with a level, in other spellings, and without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AtLeast } from '#services/lambda/log-levels.ts'

test('hasEntry() takes the level of a JSON entry, INFO for everything else', () => {
  const entries = [
    '{"level":"debug","msg":"m"}\n',
    '{"level":"INFO"}\n',
    '{"level":"Warning"}\n',
    '{"log_level":"ERROR"}\n',
    '{"level":"critical"}\n',
    '{"level":7}\n',
    '{broken\n',
    'plain text\n',
  ]
  const passing = (level: string | undefined): string =>
    entries.map((entry) => (new AtLeast(level).hasEntry(entry) ? '1' : '0')).join('')
  assert.equal(passing('TRACE'), '11111111')
  assert.equal(passing('DEBUG'), '11111111')
  assert.equal(passing(undefined), '01111111')
  assert.equal(passing('WARN'), '00111000')
  assert.equal(passing('ERROR'), '00011000')
  assert.equal(passing('FATAL'), '00001000')
})

test('has() holds for the level and all that are more severe', () => {
  const info = new AtLeast('INFO')
  assert.deepEqual(
    ['DEBUG', 'INFO', 'WARN'].map((level) => info.has(level)),
    [false, true, true],
  )
})
