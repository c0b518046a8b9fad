import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostClock } from '#host/clock.ts'
import { hours, later, minutes, seconds } from '#base/time.ts'

test('advance() rings every alarm that became due, in order, each at its own time', async () => {
  const clock = new HostClock({ virtual: true })
  clock.freeze()
  const start = clock.now()
  const rung: [string, number][] = []
  clock.wakeAt(later(start, minutes(2)), () => rung.push(['second', clock.now() - start]))
  clock.wakeAt(later(start, minutes(1)), () => {
    rung.push(['first', clock.now() - start])
    clock.wakeAt(later(clock.now(), seconds(30)), () => rung.push(['nested', clock.now() - start]))
  })
  clock.wakeAt(later(start, hours(1)), () => rung.push(['never', 0]))
  await clock.advance(minutes(5))
  assert.deepEqual(rung, [
    ['first', minutes(1)],
    ['nested', minutes(1) + seconds(30)],
    ['second', minutes(2)],
  ])
  assert.equal(clock.now() - start, minutes(5))
  assert.equal(clock.state().pending, 1)
  clock.stop()
})

test('a cancelled alarm never rings and is not counted as waiting', async () => {
  const clock = new HostClock({ virtual: true })
  clock.freeze()
  const alarm = clock.wakeAt(later(clock.now(), seconds(1)), () => assert.fail('it rang'))
  alarm.cancel()
  assert.equal(clock.state().pending, 0)
  await clock.advance(minutes(1))
  clock.stop()
})

test('freeze() stops now(), and resume() goes on from there', async () => {
  const clock = new HostClock({ virtual: true })
  clock.freeze()
  const at = clock.now()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(clock.now(), at)
  await clock.advance(hours(2))
  clock.resume()
  const ahead = clock.now() - at - hours(2)
  assert.ok(ahead >= 0 && ahead < 1_000, `it went on ${ahead} ms later`)
  assert.ok(clock.state().offsetMs > hours(1))
  clock.stop()
})

test('an alarm in the past rings in a later turn, never in the one that set it', async () => {
  const clock = new HostClock({ virtual: false })
  const rung = Promise.withResolvers<void>()
  let inSameTurn = true
  clock.wakeAt(later(clock.now(), -5), () => {
    assert.equal(inSameTurn, false)
    rung.resolve()
  })
  inSameTurn = false
  await rung.promise
  clock.stop()
})
