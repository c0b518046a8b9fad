import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coldSentences } from '#lab/cold-starts.ts'
import { madeUp, type MadeUpRoute } from '#lab/fake-flight.ts'
import type { ColdStartReport } from '#lab/report.ts'
import { reportOf } from '#lab/result.ts'

const reported = (...routes: readonly MadeUpRoute[]): readonly ColdStartReport[] =>
  reportOf(madeUp(routes)).coldStarts ?? []

const route = (more: Partial<MadeUpRoute> = {}): MadeUpRoute => ({
  name: 'GET /a',
  functionName: 'a',
  n: 2_000,
  cold: 40,
  handlerMs: 2,
  startMs: 20,
  initMs: 100,
  ...more,
})

test('coldStartReports() says what p99 would be without cold starts, and with half of the init', () => {
  const [cold] = reported(route())
  assert.deepEqual([cold?.functionName, cold?.requests, cold?.cold], ['a', 2_000, 40])
  // two in a hundred are cold, so the 99th of a hundred is one of them
  assert.ok((cold?.p99Ms ?? 0) > 120 && (cold?.p99Ms ?? 0) < 126, `${cold?.p99Ms}`)
  assert.ok((cold?.p99WithoutMs ?? 0) < 5, `${cold?.p99WithoutMs}`)
  assert.ok(Math.abs((cold?.p99Ms ?? 0) - (cold?.p99HalfInitMs ?? 0) - 50) < 2, `${cold?.p99HalfInitMs}`)
  assert.ok((cold?.tailShare ?? 0) > 0.95)
})

test('coldStartReports() leaves out functions that were never cold', () => {
  assert.deepEqual(
    reported(route(), route({ name: 'GET /b', functionName: 'b', cold: 0 })).map((one) => one.functionName),
    ['a'],
  )
})

test('coldSentences() tells what would help, and no percentile that the requests are too few for', () => {
  const [many = ''] = coldSentences(reportOf(madeUp([route()])))
  const [few = ''] = coldSentences(reportOf(madeUp([route({ n: 100, cold: 3 })])))
  assert.match(
    many,
    /^a: 40 of 2,000 cold \(2\.00 %\), 9\d\.\d % of the p99; p99 12\d ms, without them [\d.]+ ms, with half of the init 7\d\.\d ms; provisioned concurrency of \d+: \$[\d.]+ more per million, busy [\d.]+ % \(pays from 60\.0 %\)\.$/,
  )
  assert.match(few, /^a: 3 of 100 cold \(3\.00 %\), 9\d\.\d % of the slowest hundredth; provisioned/)
})
