/** The process that the usage crash test kills: records in turns, and tells each turn that has ended. */
import { openSync, writeSync } from 'node:fs'
import { present } from '#base/assert.ts'
import { openTelemetry } from '#host/telemetry/telemetry.ts'
import { usageOn } from '#host/telemetry/usage.ts'
import { unexpected } from '../contracts/silent.ts'
import { usageAt } from '../contracts/telemetry.ts'

const [folder, told] = process.argv.slice(2)
const fd = openSync(present(told, 'the second argument'), 'a')
const telemetry = await openTelemetry({
  folder: present(folder, 'the first argument'),
  now: Date.now,
  fatal: unexpected,
})
const usage = usageOn(telemetry)

for (let next = 0; ;) {
  for (let i = 0; i < 50; i++) usage.record(usageAt(next++))
  await new Promise((resolve) => setImmediate(resolve))
  writeSync(fd, Buffer.from(Uint32Array.of(next).buffer))
}
