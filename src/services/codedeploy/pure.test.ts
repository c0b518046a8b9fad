import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instant } from '#base/time.ts'
import { readAppSpec } from '#services/codedeploy/app-spec.ts'
import {
  after,
  type Deployment,
  freshLifecycle,
  type Happened,
  isOver,
  nextAct,
} from '#services/codedeploy/deployment.ts'
import { nextShiftMs, PREDEFINED, weightAt } from '#services/codedeploy/routing.ts'

test('weightAt() never falls, and nextShiftMs() leads from step to step to everything', () => {
  for (const [name, routing] of PREDEFINED) {
    let at = 0
    let before = 0
    for (let steps = 0; ; steps++) {
      const weight = weightAt(routing, at)
      assert.ok(weight > before && steps <= 10, name)
      before = weight
      const next = nextShiftMs(routing, at)
      if (next === undefined) break
      assert.equal(weightAt(routing, next - 1), weight, name)
      at = next
    }
    assert.equal(before, 100, name)
  }
})

const lambda = (properties: Record<string, unknown>, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    version: 0.0,
    resources: [{ f: { type: 'AWS::Lambda::Function', properties } }],
    ...more,
  })
const MOVE = { name: 'f', alias: 'live', currentversion: 1, targetversion: '2' }

test('readAppSpec() takes names in any case, and says what is wrong', () => {
  const read = readAppSpec(lambda(MOVE, { hooks: [{ beforeAllowTraffic: 'check' }] }))
  assert.deepEqual(read.ok && read.value, {
    move: { functionName: 'f', alias: 'live', currentVersion: '1', targetVersion: '2' },
    hooks: { BeforeAllowTraffic: 'check' },
  })
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{', /neither valid YAML nor valid JSON/],
    ['version: 0.0', /exactly one function/],
    [lambda({ name: 'f' }), /must be Name, Alias, CurrentVersion and TargetVersion/],
    [lambda(MOVE, { hooks: [{ BeforeInstall: 'x' }] }), /BeforeAllowTraffic and AfterAllowTraffic/],
    [lambda(MOVE).replace('Lambda::Function', 'ECS::Service'), /Type of a resource/],
  ]
  for (const [content, message] of wrong) {
    const found = readAppSpec(content)
    assert.match(found.ok ? 'taken' : found.error, message)
  }
})

const fresh: Deployment = {
  id: 'd-ABCDEFGHI',
  application: 'a',
  group: 'g',
  configuration: 'c',
  routing: { kind: 'linear', percentage: 40, interval: 1 },
  revision: {},
  creator: 'user',
  autoRollback: { enabled: false, events: [] },
  move: { functionName: 'f', alias: 'live', currentVersion: '1', targetVersion: '2' },
  hooks: { BeforeAllowTraffic: 'b', AfterAllowTraffic: 'a' },
  executionIds: { BeforeAllowTraffic: '1', AfterAllowTraffic: '2' },
  createdAt: instant(0),
  status: 'Created',
  phase: 'Start',
  lifecycle: freshLifecycle(),
  weight: 0,
}

const HAPPENED: readonly Happened[] = [
  { kind: 'checked' },
  { kind: 'invoked', hook: 'BeforeAllowTraffic' },
  { kind: 'invoked', hook: 'AfterAllowTraffic' },
  { kind: 'reported', hook: 'BeforeAllowTraffic', succeeded: true },
  { kind: 'reported', hook: 'AfterAllowTraffic', succeeded: true },
  { kind: 'reported', hook: 'AfterAllowTraffic', succeeded: false },
  { kind: 'shifted', weight: 40 },
  { kind: 'shifted', weight: 100 },
  { kind: 'failed', code: 'TIMEOUT', message: 'm' },
  { kind: 'stopped' },
]

test('after() never leaves an end, and never lets the weight go back, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...HAPPENED), { maxLength: 30 }), (all) => {
      let of = fresh
      all.forEach((happened, index) => {
        const next = after(of, happened, instant(index * 1_000))
        if (isOver(of)) assert.equal(next, of)
        if (isOver(next)) assert.deepEqual(nextAct(next, instant(0)), { kind: 'rest' })
        assert.equal(isOver(next), next.endedAt !== undefined)
        if (next.status === 'Succeeded') assert.equal(next.weight, 100)
        of = next
      })
    }),
  )
})

test('nextAct() comes to an end by itself when every act works', () => {
  let of = fresh
  let now = instant(0)
  const acts: string[] = []
  while (!isOver(of)) {
    const act = nextAct(of, now)
    acts.push(act.kind)
    assert.ok(acts.length < 30 && act.kind !== 'rest')
    if (act.kind === 'wait' && of.phase !== 'AllowTraffic') {
      const hook = of.phase === 'BeforeAllowTraffic' ? 'BeforeAllowTraffic' : 'AfterAllowTraffic'
      of = after(of, { kind: 'reported', hook, succeeded: true }, now)
    } else if (act.kind === 'wait') {
      assert.ok(act.until > now, 'it waits for what is to come')
      now = act.until
    } else if (act.kind === 'note') of = after(of, act.happened, now)
    else if (act.kind === 'check') of = after(of, { kind: 'checked' }, now)
    else if (act.kind === 'invoke') of = after(of, { kind: 'invoked', hook: act.hook }, now)
    else of = after(of, { kind: 'shifted', weight: act.weight }, now)
  }
  assert.deepEqual(acts, [
    'check',
    'invoke',
    'wait',
    'shift',
    'wait',
    'shift',
    'wait',
    'shift',
    'invoke',
    'wait',
  ])
  assert.deepEqual([of.status, of.weight, now], ['Succeeded', 100, 120_000])
})
