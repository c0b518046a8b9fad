/** TERM, Ctrl-C and a killed parent end the platform and its functions, however it was started from a clone. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Running, running } from './running.ts'
import { type HostNode, environment, filledCache, installedClone, noClone, noNode } from './machine.ts'

const UP = ['up', '--memory', '--port', '0', '--json']
const clone = noClone === false ? installedClone() : undefined
const cache = filledCache()
after(() => {
  clone?.[Symbol.dispose]()
  cache[Symbol.dispose]()
})

const WAYS: Readonly<Record<string, readonly string[]>> = {
  'node bin/windtunnel.mjs up': ['node', 'bin/windtunnel.mjs', ...UP],
  'npm start -- up': ['npm', 'start', '--silent', '--', ...UP],
  // a shell that waits, as a terminal or a script does; it is the parent that is killed
  'sh, then node bin/windtunnel.mjs up': ['sh', '-c', `node bin/windtunnel.mjs ${UP.join(' ')} & wait`],
}

const ENDINGS: Readonly<Record<string, (started: Running) => void>> = {
  TERM: ({ top }) => void top.kill('SIGTERM'),
  'Ctrl-C': ({ top }) => void process.kill(-(top.pid ?? 0), 'SIGINT'),
  'kill -9': ({ top }) => void top.kill('SIGKILL'),
}

const HOSTS: readonly HostNode[] = ['old', 'new']

for (const [way, argv] of Object.entries(WAYS)) {
  for (const [ending, end] of Object.entries(ENDINGS)) {
    for (const host of HOSTS) {
      // A shell ends at a signal without telling its children: for them that is a killed parent, which is here once.
      if (way.startsWith('sh') && ending !== 'kill -9') continue
      const skip = noNode(host)
      test(`${ending} ends ${way} and its functions (${host} Node)`, { skip }, async () => {
        const started = await running({ argv, cwd: clone?.path ?? '', env: environment(host, cache.path) })
        try {
          assert.ok(started.size >= 3, `${started.size} processes`)
          end(started)
          assert.deepEqual(await started.left(), [])
        } finally {
          started.end()
        }
      })
    }
  }
}
