/** The bench's whole run, few and short rounds: every figure can be measured, and stands beside a floor or peer. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const FIGURES = [
  'start to first healthy answer',
  'idle memory, server and launcher',
  'warm invoke, 1 connection, p50',
  'warm invoke, 1 connection, p99',
  'warm invoke, 16 connections, rate',
  'cold start, node hello',
  'cold start, python hello',
  'cold starts at once',
  'longest stall of the event loop meanwhile',
  'STS GetCallerIdentity, 16 connections',
  'Lambda GetAccountSettings, 16 connections',
  'primes at 128 MB, duration over 1024 MB',
  'primes at 1024 MB, duration over 1024 MB',
  '1,000 rules, exact',
]

test('the bench measures every figure beside a floor or a peer, with a target', () => {
  const run = spawnSync(process.execPath, ['bin/bench.mjs', '--quick', '--json'], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  const { rows } = JSON.parse(run.stdout) as {
    rows: { figure: string; targetText: string; beside: { kind: string } }[]
  }
  for (const figure of FIGURES) {
    const found = rows.filter((row) => row.figure.includes(figure))
    assert.ok(found.length > 0, `${figure} is missing`)
    assert.ok(
      found.some(({ beside, targetText }) => beside.kind !== 'skipped' && targetText !== 'none'),
      `${figure} has a floor and a target`,
    )
  }
})

test('an unknown figure is refused with the list of those there are', () => {
  const run = spawnSync(process.execPath, ['bin/bench.mjs', '--only', 'warp'], { encoding: 'utf8' })
  assert.equal(run.status, 2)
  assert.match(run.stderr, /no figure "warp"[^]*start, invoke, cold, burst, calls, primes/)
})
