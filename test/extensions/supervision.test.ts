/** External extensions in a real sandbox: started before the runtime, told apart from it, and reachable by name. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ExtensionHooks, SandboxExit, SandboxStart, StagedCode } from '#ports/sandboxes.ts'
import { FakeEnvironment, type Opened, opened, type ZipFile, zipOf } from '../sandbox/fake-lambda.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const HANDLER = `exports.handler = async () => ({ api: process.env.AWS_LAMBDA_RUNTIME_API, socket: process.env._WINDTUNNEL_RUNTIME_SOCKET })`

interface Watched {
  readonly made: FakeEnvironment
  readonly started: Promise<SandboxStart>
  readonly output: () => string
  /** Resolves with the next end of a process that is told. */
  readonly next: () => Promise<readonly [who: string, exit: SandboxExit]>
}

async function staging(files: readonly ZipFile[]): Promise<StagedCode> {
  const made = await host.sandboxes.stage(zipOf(files), 262_144_000)
  if (made.kind !== 'staged') throw new Error(made.reason)
  return made.code
}

const layer = (scripts: Readonly<Record<string, string>>): Promise<StagedCode> =>
  staging(
    Object.entries(scripts).map(([name, text]) => ({ name: `extensions/${name}`, text, mode: 0o100755 })),
  )

async function watched(scripts: Readonly<Record<string, string>>): Promise<Watched> {
  const code = await staging([{ name: 'index.js', text: HANDLER }])
  const ends: (readonly [string, SandboxExit])[] = []
  let wake: (() => void) | undefined
  let output = ''
  const told = (who: string, exit: SandboxExit): void => {
    ends.push([who, exit])
    wake?.()
  }
  const extensions: ExtensionHooks = {
    onOutput: (chunk) => (output += Buffer.from(chunk).toString()),
    onExit: told,
    onRuntimeExit: (exit) => told('runtime', exit),
  }
  const started = Promise.withResolvers<SandboxStart>()
  const made = new FakeEnvironment(host.sandboxes, {
    runtime: 'nodejs22.x',
    code,
    layers: [await layer(scripts)],
    extensions,
    onStarted: (start) => started.resolve(start),
  })
  return {
    made,
    started: started.promise,
    output: () => output,
    next: async () => {
      while (ends.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return ends.shift() ?? assert.fail('an end was told')
    },
  }
}

test('the runtime starts when it is told to, beside its extensions', async () => {
  const { made, started, output, next } = await watched({
    one: '#!/bin/sh\necho "I am $0 at $AWS_LAMBDA_RUNTIME_API $_WINDTUNNEL_RUNTIME_SOCKET"; sleep 60\n',
    two: '#!/bin/sh\nexit 3\n',
  })
  assert.deepEqual((await started).extensions, ['one', 'two'])
  assert.deepEqual(await next(), ['two', { code: 3, signal: null, oomKilled: false, trouble: undefined }])
  assert.deepEqual(made.requests, [])
  made.sandbox.begin()
  const { body } = await made.invoke({})
  assert.match(body, /^\{"api":"127\.\d+\.\d+\.\d+:9001"\}$/)
  assert.match(output(), /^I am \S*\/extensions\/one at 127\.\d+\.\d+\.\d+:9001 \n$/)
  await made.sandbox.destroy(0)
  assert.equal(made.exit?.signal, 'SIGKILL')
})

test('the end of the runtime is told, and extensions go on until they end by themselves', async () => {
  const { made, started, next } = await watched({
    waits: '#!/bin/sh\nwhile [ ! -e /tmp/over ]; do sleep 0.05; done\n',
  })
  await started
  made.sandbox.begin()
  await made.idle()
  made.sandbox.terminate()
  assert.deepEqual(await next(), [
    'runtime',
    { code: null, signal: 'SIGTERM', oomKilled: false, trouble: undefined },
  ])
  assert.equal(made.exit, undefined)
  await made.sandbox.destroy(0)
})

test('a sandbox that starts again does not begin before it is told to', async () => {
  const { made, started } = await watched({ waits: '#!/bin/sh\nsleep 60\n' })
  await started
  made.sandbox.begin()
  await made.idle()
  made.sandbox.kill()
  await made.gone()
  const seen = made.requests.length
  made.exit = undefined
  made.sandbox.restart()
  assert.equal(made.requests.length, seen)
  await started
  made.sandbox.begin()
  await made.idle()
  assert.equal(made.requests.length, seen + 1)
  await made.sandbox.destroy(0)
})

const LISTENER = `#!/usr/bin/env python3
import http.server, socket, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        print('http', self.path, body.decode(), flush=True)
        self.send_response(200 if body != b'no' else 500); self.end_headers()
    def log_message(self, *a): pass
server = http.server.HTTPServer(('sandbox.localdomain', 4243), H)
threading.Thread(target=server.serve_forever, daemon=True).start()
lines = socket.create_server(('sandbox.localdomain', 4244))
print('listening', flush=True)
while True:
    connection, _ = lines.accept()
    for line in connection.makefile(): print('tcp', line.strip(), flush=True)
`

test('what listens on sandbox.localdomain is sent to, by HTTP and by TCP, and nothing else is', async (t) => {
  if (host.sandboxes.modes().isolation !== 'namespaces') return t.skip('the name does not resolve here')
  const { made, output } = await watched({ listens: LISTENER })
  const until = async (what: string): Promise<void> => {
    while (!output().includes(what)) await new Promise((resume) => setTimeout(resume, 20))
  }
  await until('listening')
  const { sandbox } = made
  const send = (protocol: 'HTTP' | 'TCP', port: number, body: string): Promise<boolean> =>
    sandbox.send({ protocol, port, path: '/a?b' }, Buffer.from(body), 1_000)
  assert.equal(await send('HTTP', 4243, '[1]'), true)
  assert.equal(await send('HTTP', 4243, 'no'), false)
  assert.equal(await send('TCP', 4244, '{"a":1}\n'), true)
  assert.equal(await send('TCP', 4244, '{"a":2}\n'), true)
  await until('tcp {"a":2}')
  assert.match(output(), /http \/a\?b \[1\]\n/)
  assert.equal(await send('HTTP', 4245, 'x'), false)
  assert.equal(await send('HTTP', 9001, 'x'), false)
  await sandbox.destroy(0)
})
