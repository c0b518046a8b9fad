import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeUp, type MadeUpRoute } from '#lab/fake-flight.ts'
import { provisionedWords } from '#lab/provisioned.ts'
import type { ProvisionedReport } from '#lab/report.ts'
import { reportOf } from '#lab/result.ts'

function provisionedOf(more: Partial<MadeUpRoute>, durationMs?: number): ProvisionedReport {
  const route = { name: 'GET /a', functionName: 'a', n: 1_000, cold: 1, handlerMs: 2, ...more }
  const found = reportOf(madeUp([route], {}, durationMs)).functions[0]?.provisioned
  assert.ok(found !== null && found !== undefined)
  return found
}

test('provisionedReport() prices idle environments as more than they save', () => {
  const found = provisionedOf({})
  // 4.1667e-6 / (1.66667e-5 - 9.7222e-6)
  assert.ok(Math.abs(found.breakEven - 0.6) < 0.001, `${found.breakEven}`)
  assert.ok(found.utilisation > 0 && found.utilisation < found.breakEven)
  assert.ok(Number(found.usdPerMillionChange) > 0)
})

test('provisionedReport() prices busy environments as less than on demand', () => {
  // a thousand times 2.5 ms on average, rounded up to 3, in 3 s: one environment that hardly rests
  const found = provisionedOf({ handlerMs: 2.5, cold: 0 }, 3_400)
  assert.ok(found.utilisation > found.breakEven, `${found.utilisation}`)
  assert.ok(Number(found.usdPerMillionChange) < 0, found.usdPerMillionChange)
  assert.match(
    provisionedWords(found),
    /^provisioned concurrency of \d+: \$[\d.]+ less per million, busy [\d.]+ % \(pays from 60\.0 %\)$/,
  )
})
