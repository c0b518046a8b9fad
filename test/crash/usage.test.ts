/** Kills a process that records usage and shows that every record of every turn that ended is there, once. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seeded } from '#base/random.ts'
import { openTelemetry } from '#host/telemetry/telemetry.ts'
import { usageOn } from '#host/telemetry/usage.ts'
import { unexpected } from '../contracts/silent.ts'

test('every usage record of a turn that ended survives a kill', async () => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
  const random = seeded(seed)
  let total = 0
  for (let round = 0; round < 3; round++) {
    const folder = await mkdtemp(join(tmpdir(), 'windtunnel-usage-'))
    const told = join(folder, 'told')
    const writer = spawn(process.execPath, [join(import.meta.dirname, 'usage-writer.ts'), folder, told], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const exited = once(writer, 'exit')
    const over = new AbortController()
    writer.once('exit', () => over.abort(new Error('the writer ended before it wrote')))
    for await (const event of watch(folder, { signal: over.signal })) if (event.filename === 'told') break
    await new Promise((resolve) => setTimeout(resolve, 50 + random.below(250)))
    writer.kill('SIGKILL')
    await exited
    const raw = await readFile(told)
    const turnsEnd = raw.readUInt32LE(raw.length - (raw.length % 4) - 4)
    const telemetry = await openTelemetry({ folder, now: Date.now, fatal: unexpected })
    const found = await usageOn(telemetry).read({ limit: 10_000_000 })
    assert.ok(found.length >= turnsEnd, `${turnsEnd} recorded in turns that ended, ${found.length} found`)
    for (const [index, record] of found.entries()) assert.equal(record.at, index)
    total += turnsEnd
    await telemetry.close()
    await rm(folder, { recursive: true })
  }
  assert.ok(total > 1_000)
  console.error(`3 kills, seed ${seed}: ${total} usage records in turns that ended, 0 lost`)
})
