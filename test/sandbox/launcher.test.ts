/** The launcher process by itself: what it is asked for while it is busy, and its end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLauncher } from '#host/sandbox/launcher.ts'

test('hundreds of short programs asked for at once all run', async () => {
  const launcher = await openLauncher(process.getuid?.() === 0)
  try {
    const ran = await Promise.all(
      Array.from({ length: 600 }, async (_, i) => await launcher.run(['echo', `${i}`])),
    )
    assert.deepEqual(
      ran.map(({ code, out }) => [code, out.trim()]),
      Array.from({ length: 600 }, (_, i) => [0, `${i}`]),
    )
    assert.equal((await launcher.run(['/no/such/program'])).code, -1)
  } finally {
    assert.equal(await launcher.close(), undefined)
  }
})

test('close() kills a launcher that does not end, and says where it was', { timeout: 30_000 }, async () => {
  const launcher = await openLauncher(process.getuid?.() === 0)
  process.kill(launcher.pid, 'SIGSTOP')
  assert.match((await launcher.close(200)) ?? '', /^state T/)
  assert.throws(() => process.kill(launcher.pid, 0), /ESRCH/)
})
