/** Extensions and telemetry with real processes through a whole platform: what a layer brings beside a function. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { zipOf } from '#engines/zip/write.ts'
import { type Invoked, invoke, json, madeFunction, rest, zip } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => (on = await platform()))
after(() => on.stop())

const HANDLER = `exports.handler = async (event) => { console.log('handled', event.n); if (event.spin) for (;;); return event }`

/** What every extension of these tests begins with: a client of the API, without any package. */
const CLIENT = `#!/usr/bin/env python3
import http.client, http.server, json, os, socket, sys, threading, time
name = os.path.basename(sys.argv[0])
def ask(method, path, body=None, headers={}):
    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    api.request(method, path, None if body is None else json.dumps(body), headers)
    answer = api.getresponse()
    return answer, answer.read().decode()
def register(*events):
    answer, _ = ask('POST', '/2020-01-01/extension/register', {'events': events}, {'Lambda-Extension-Name': name})
    return {'Lambda-Extension-Identifier': answer.getheader('Lambda-Extension-Identifier')}
def next_event(me):
    return json.loads(ask('GET', '/2020-01-01/extension/event/next', None, me)[1])
def subscribe(me, destination, *types):
    wish = {'schemaVersion': '2022-12-13', 'destination': destination, 'types': types, 'buffering': {'timeoutMs': 25}}
    return ask('PUT', '/2022-07-01/telemetry', wish, me)[1]
def say(*words): print(*words, flush=True)
`

async function layered(name: string, scripts: Readonly<Record<string, string>>, timeout = 5): Promise<void> {
  const files = Object.entries(scripts).map(([file, script]) => ({
    name: `extensions/${file}`,
    bytes: utf8(script.startsWith('#!') ? script : CLIENT + script),
    executable: true,
  }))
  const layer = await rest(on, `lambda POST /2018-10-31/layers/${name}/versions`, {
    Content: { ZipFile: Buffer.from(zipOf(files)).toString('base64') },
  })
  assert.equal(layer.status, 201, layer.body)
  const { LayerVersionArn: arn } = JSON.parse(layer.body) as { LayerVersionArn: string }
  const code = zip({ 'index.js': HANDLER })
  const made = await rest(on, 'lambda POST /2015-03-31/functions', {
    FunctionName: name,
    Role: 'arn:aws:iam::000000000000:role/test',
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Timeout: timeout,
    MemorySize: 512,
    Layers: [arn],
    Code: { ZipFile: Buffer.from(code).toString('base64') },
  })
  assert.equal(made.status, 201, made.body)
  for (let state = 'Pending'; state === 'Pending';) {
    const got = await rest(on, `lambda GET /2015-03-31/functions/${name}/configuration`)
    state = (JSON.parse(got.body) as { State: string }).State
  }
}

/** Deletes the function, so that its environments end, and gives all that was logged once it contains `until`. */
async function logAfterEnd(name: string, until: RegExp): Promise<string> {
  await rest(on, `lambda DELETE /2015-03-31/functions/${name}`)
  return await logOf(name, until)
}

async function logOf(name: string, until: RegExp): Promise<string> {
  for (let tries = 0; ; tries++) {
    const answer = await json(on, 'logs.FilterLogEvents', { logGroupName: `/aws/lambda/${name}` })
    const { events = [] } = JSON.parse(answer.body) as { events?: { message: string }[] }
    const log = events.map(({ message }) => message).join('')
    if (until.test(log)) return log
    assert.ok(tries < 200, `${until} does not come in:\n${log}`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
}

const errorOf = ({ payload }: Invoked): string => (JSON.parse(payload) as { errorType: string }).errorType

test('an external extension lives through init, invokes and shutdown', async () => {
  await layered('whole', {
    watcher: `
me = register('INVOKE', 'SHUTDOWN')
while True:
    event = next_event(me)
    say('got', event['eventType'], event.get('requestId', event.get('shutdownReason')))
    if event['eventType'] == 'SHUTDOWN': break
`,
  })
  assert.equal((await invoke(on, 'whole', { n: 1 })).payload, '{"n":1}')
  const second = await invoke(on, 'whole', { n: 2 })
  assert.match(second.log, /handled 2/)
  const log = await logAfterEnd('whole', /got SHUTDOWN spindown/)
  assert.equal(log.match(/got INVOKE [0-9a-f-]{36}/g)?.length, 2)
  assert.match(log, /EXTENSION\tName: watcher\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]/)
  assert.doesNotMatch(log, /Terminated|Killed/)
})

test('the answer does not wait for what an extension does after it, the next invoke does', async () => {
  await layered('after', {
    slow: `
me = register('INVOKE')
while True:
    next_event(me)
    time.sleep(0.6)
    say('finished')
`,
  })
  const path = 'lambda POST /2015-03-31/functions/after/invocations'
  await rest(on, path, '{}')
  const began = performance.now()
  const log = await logOf('after', /REPORT/)
  assert.match(log, /finished\n[^]*REPORT/)
  const duration = Number(/Duration: ([\d.]+) ms/.exec(/REPORT.*/.exec(log)?.[0] ?? '')?.[1])
  assert.ok(duration >= 550, `${duration} ms cover the extension`)
  assert.ok(performance.now() - began < 5_000)
})

test('telemetry comes over HTTP and TCP, by name, with the platform’s records and both outputs', async () => {
  await layered('told', {
    http: `
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers['Content-Length']))):
            if event['type'] != 'extension': say('HTTP', event['type'], json.dumps(event['record']))
        self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
me = register('INVOKE', 'SHUTDOWN')
server = http.server.HTTPServer(('sandbox.localdomain', 4243), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(subscribe(me, {'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain:4243/x'}, 'platform', 'function', 'extension'))
while next_event(me)['eventType'] != 'SHUTDOWN': time.sleep(0.1)
time.sleep(0.3)
`,
    tcp: `
me = register('SHUTDOWN')
server = socket.create_server(('sandbox.localdomain', 4244))
def listen():
    while True:
        connection, _ = server.accept()
        for line in connection.makefile(): say('TCP', json.loads(line)['record'])
threading.Thread(target=listen, daemon=True).start()
say(subscribe(me, {'protocol': 'TCP', 'URI': 'tcp://sandbox.localdomain:4244'}, 'function'))
next_event(me)
time.sleep(0.5)
`,
  })
  if (on.modes['isolation'] !== 'namespaces') return
  await invoke(on, 'told', { n: 7 })
  const log = await logAfterEnd('told', /HTTP platform\.report/)
  for (const type of ['initStart', 'initRuntimeDone', 'initReport', 'start', 'runtimeDone', 'extension'])
    assert.match(log, new RegExp(`HTTP platform\\.${type} \\{`), type)
  assert.match(log, /HTTP function ".*handled 7"/)
  assert.match(log, /TCP .*handled 7/)
  assert.match(log, /TELEMETRY\tName: tcp\tState: Subscribed\tTypes: \[Function\]/)
})

test('a subscriber that does not read holds nothing up', async () => {
  await layered('deaf', {
    deaf: `
me = register('INVOKE')
server = socket.create_server(('sandbox.localdomain', 4245))
say(subscribe(me, {'protocol': 'HTTP', 'URI': 'http://sandbox.localdomain:4245'}, 'platform', 'function'))
while True: next_event(me)
`,
  })
  for (let n = 0; n < 5; n++) assert.equal((await invoke(on, 'deaf', { n })).payload, `{"n":${n}}`)
  const environments = await fetch(`${on.url}/_windtunnel/environments`)
  assert.equal(environments.status, 200)
})

test('an extension that crashes fails the invoke, and the next one starts anew', async () => {
  await layered('crashes', {
    crasher: `
me = register('INVOKE')
if next_event(me) and not os.path.exists('/tmp/crashed'):
    open('/tmp/crashed', 'w').close()
    sys.exit(3)
while True: next_event(me)
`,
  })
  const first = await invoke(on, 'crashes', { spin: true })
  assert.equal(first.functionError, 'Unhandled')
  assert.equal(errorOf(first), 'Extension.Crash')
  assert.match(first.payload, /exit status 3/)
  assert.equal((await invoke(on, 'crashes', { n: 2 })).payload, '{"n":2}')
})

test('one that is no program and one that fails in init: the invoke says so', async () => {
  await layered('broken', { broken: '#!/no/such/interpreter\n' })
  assert.equal(errorOf(await invoke(on, 'broken')), 'Extension.LaunchError')
  await layered('failing', {
    failing: `
me = register('INVOKE')
ask('POST', '/2020-01-01/extension/init/error', {}, {**me, 'Lambda-Extension-Function-Error-Type': 'Extension.Mine'})
sys.exit(1)
`,
  })
  assert.equal(errorOf(await invoke(on, 'failing')), 'Extension.InitError')
  assert.match(await logOf('failing', /INIT_REPORT/), /Error Type: Extension.InitError/)
})

test('an internal extension registers from the runtime’s own process', async () => {
  const code = `
import http from 'node:http'
const ask = (method, path, headers, body) => new Promise((resolve) => {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
  const options = { host, port, method, path: '/2020-01-01/extension/' + path, headers }
  const sent = http.request(options, (answer) => {
    let text = ''
    answer.on('data', (part) => (text += part))
    answer.on('end', () => resolve({ id: answer.headers['lambda-extension-identifier'], text }))
  })
  sent.end(body)
})
const { id } = await ask('POST', 'register', { 'Lambda-Extension-Name': 'inner' }, '{"events":["INVOKE"]}')
const seen = []
const loop = async () => {
  for (;;) seen.push(JSON.parse((await ask('GET', 'event/next', { 'Lambda-Extension-Identifier': id })).text).eventType)
}
void loop()
process.on('SIGTERM', () => {
  console.log('told to end')
  process.exit(0)
})
export const handler = async () => {
  while (seen.length === 0) await new Promise((resume) => setTimeout(resume, 5))
  return seen.splice(0)
}`
  await madeFunction(on, { name: 'inner', code: zip({ 'index.mjs': code }) })
  assert.equal((await invoke(on, 'inner')).payload, '["INVOKE"]')
  assert.equal((await invoke(on, 'inner')).payload, '["INVOKE"]')
  assert.match(await logAfterEnd('inner', /told to end/), /EXTENSION\tName: inner\tState: Ready/)
})
