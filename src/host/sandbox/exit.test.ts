import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitOf } from '#host/sandbox/exit.ts'

const exit = (code: number | null, signal: string | null = null): Parameters<typeof exitOf>[0] => ({
  code,
  signal,
  oomKilled: false,
  trouble: undefined,
})

test('exitOf() tells signals back that a wrapper turned into an exit status', () => {
  const killed = exitOf(exit(137), 2, true)
  assert.deepEqual([killed.code, killed.signal, killed.oomKilled], [null, 'SIGKILL', true])
  assert.equal(exitOf(exit(134), 2, false).signal, 'SIGABRT')
})

test('exitOf() leaves exit statuses of runtimes alone', () => {
  for (const code of [0, 1, 128, 129, 130, 255]) assert.equal(exitOf(exit(code), 2, true).code, code)
  assert.equal(exitOf(exit(1), 2, true).oomKilled, false)
  assert.equal(exitOf(exit(137), 0, false).code, 137)
})
