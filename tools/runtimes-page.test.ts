/** The arithmetic of `npm run runtimes`: dollars by billed time, and where one runtime becomes cheaper than another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crossing, type Measured, usdPerMillion } from './runtimes-page.ts'

interface Given {
  readonly light: number
  readonly heavy: number
  readonly cold: number
}

function runtime({ light, heavy, cold }: Given): Measured {
  const warm = (ms: number): Measured['light'] => ({
    n: 1,
    p50Ms: ms,
    p99Ms: null,
    measurable: true,
    billedMeanMs: ms,
  })
  return {
    name: '',
    runtime: '',
    compiled: false,
    initsMs: [cold],
    coldLightMs: [cold + light],
    coldHeavyMs: [cold + heavy],
    light: warm(light),
    heavy: warm(heavy),
    maxMemoryMb: 0,
  }
}

const quick = runtime({ light: 2, heavy: 12, cold: 100 })
const slow = runtime({ light: 1, heavy: 101, cold: 20 })

test('usdPerMillion() is the request and the GB-seconds of AWS, x86 and Arm', () => {
  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`)
  near(usdPerMillion(100, { memoryMb: 1_024, isArm: false, below: 0 }), 0.2 + 1.66667)
  near(usdPerMillion(0, { memoryMb: 128, isArm: true, below: 0 }), 0.2)
  near(usdPerMillion(1_000, { memoryMb: 512, isArm: true, below: 0 }), 0.2 + 6.6667)
})

test('crossing() is where both cost the same, later when more requests are cold', () => {
  // 1 + x 100 = 2 + x 10, so x = 1/90, which takes the slow one 1 + 100/90 ms
  const warm = crossing(slow, quick, 0)
  assert.ok(warm.kind === 'from' && Math.abs(warm.ms - (1 + 100 / 90)) < 1e-9)
  const cold = crossing(slow, quick, 1)
  assert.ok(cold.kind === 'from' && Math.abs(cold.ms - (1 + (81 / 90) * 100)) < 1e-9)
})

test('crossing() is always, never, same and below where the lines do not cross in between', () => {
  assert.equal(crossing(slow, runtime({ light: 1, heavy: 50, cold: 10 }), 0.1).kind, 'always')
  assert.equal(crossing(slow, runtime({ light: 1, heavy: 150, cold: 30 }), 0.1).kind, 'never')
  assert.equal(crossing(slow, slow, 0.5).kind, 'same')
  assert.equal(crossing(quick, slow, 0).kind, 'below')
})
