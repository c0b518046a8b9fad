/** A flight under npm: Ctrl-C prints what was measured; a killed parent ends flight, platform and functions. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { after, test } from 'node:test'
import { environment, filledCache, installedClone, noClone, noNode, noRegistry } from './machine.ts'
import { type Seen, leftOf, treeOf } from './running.ts'

const skip = noNode('old') || noNode('new') || noRegistry()
const clone = noClone === false ? installedClone() : undefined
const cache = filledCache()
after(() => {
  clone?.[Symbol.dispose]()
  cache[Symbol.dispose]()
})

interface Flying {
  readonly top: ChildProcess
  readonly tree: readonly Seen[]
  readonly ended: Promise<string>
}

/** Resolves when load is on its way. */
async function flying(host: 'old' | 'new', command: readonly string[]): Promise<Flying> {
  const top = spawn('npm', ['start', '--silent', '--', ...command], {
    cwd: clone?.path ?? '',
    env: environment(host, cache.path),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let out = ''
  let told = ''
  top.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = new Promise<string>((resolve) => top.once('close', () => resolve(out)))
  await new Promise<void>((resolve, reject) => {
    top.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text
      if (/^flying .* [1-9]\d* of/m.test(told)) resolve()
    })
    void ended.then(() => reject(new Error(told)))
  })
  return { top, tree: treeOf(top.pid ?? 0), ended }
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  fly: ['fly', 'examples/first/flight.yaml'],
  start: ['start', '--memory', '--port', '0'],
}

for (const [name, command] of Object.entries(COMMANDS)) {
  for (const host of ['old', 'new'] as const) {
    test(`Ctrl-C under npm prints the partial report of ${name} (${host} Node)`, { skip }, async () => {
      const { top, tree, ended } = await flying(host, command)
      process.kill(-(top.pid ?? 0), 'SIGINT')
      assert.match(await ended, /Stopped early/)
      assert.deepEqual(await leftOf(() => tree), [])
    })

    test(`TERM ends ${name} under npm and its functions (${host} Node)`, { skip }, async () => {
      const { top, tree } = await flying(host, command)
      top.kill('SIGTERM')
      assert.deepEqual(await leftOf(() => tree), [])
    })

    test(`a killed npm ends ${name} and its functions (${host} Node)`, { skip }, async () => {
      const { top, tree } = await flying(host, command)
      assert.ok(tree.length >= 6, `${tree.length} processes`)
      top.kill('SIGKILL')
      assert.deepEqual(await leftOf(() => tree), [])
    })
  }
}
