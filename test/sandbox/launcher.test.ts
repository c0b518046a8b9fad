/** The launcher process by itself: what it is asked for while it is busy, and its end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
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

const linuxOnly = process.platform === 'linux' ? false : 'only Linux lists sockets with their users'
test(
  'a peer is known by both ends of its socket: others may have its port',
  { skip: linuxOnly },
  async () => {
    const launcher = await openLauncher(process.getuid?.() === 0)
    const server = createServer()
    server.listen(0, '127.0.0.2')
    await once(server, 'listening')
    const bound = server.address()
    assert.ok(bound !== null && typeof bound === 'object')
    const client = connect(bound.port, '127.0.0.2')
    await once(client, 'connect')
    try {
      const port = client.localPort ?? 0
      assert.equal(
        await launcher.uidOfPeer(port, { address: '127.0.0.2', port: bound.port }),
        process.getuid?.(),
      )
      assert.equal(await launcher.uidOfPeer(port, { address: '127.0.0.3', port: bound.port }), -1)
    } finally {
      client.destroy()
      server.close()
      await launcher.close()
    }
  },
)
