/** Response streaming with real processes: what a Node.js handler can do with its stream, a custom runtime, the wire. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { invoke, madeFunction, signature, zip } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { streamed } from './event-stream.ts'

let on: Platform
before(async () => (on = await platform()))
after(() => on.stop())

const streamify = (body: string): string =>
  `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} })`

for (const runtime of ['nodejs20.x', 'nodejs22.x', 'nodejs24.x']) {
  test(`${runtime}: what a handler writes comes while it goes on, with its metadata before it`, async () => {
    const name = `parts-${runtime.replace('.', '-')}`
    const body = `
      stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 })
      stream.write('first ')
      await new Promise((resume) => setTimeout(resume, 300))
      stream.write({ then: context.awsRequestId.length })
      stream.end(' last')`
    await madeFunction(on, { name, code: streamify(body), runtime })
    await streamed(on, name)
    const warm = await streamed(on, name)
    assert.equal(warm.status, 200)
    assert.equal(warm.contentType, 'application/vnd.amazon.eventstream')
    assert.equal(warm.body.toString(), '{"statusCode":201}\0\0\0\0\0\0\0\0first {"then":36} last')
    assert.ok((warm.times.at(-1) ?? 0) - (warm.times[0] ?? 0) >= 250, 'the parts were not held together')
    assert.deepEqual(warm.complete, {})
    const whole = await invoke(on, name)
    assert.equal(whole.payload, warm.body.toString())
  })
}

const WAIT = 'await new Promise(() => setTimeout(() => {}, 9e3))'
const ERRORS: Readonly<Record<string, readonly [body: string, code: string, details: RegExp]>> = {
  late: ['stream.write("part"); await null; throw new TypeError("mid")', 'TypeError', /mid/],
  early: ['throw new RangeError("first")', 'RangeError', /first/],
  exits: [`stream.write("part", () => process.exit(3)); ${WAIT}`, 'Runtime.ExitError', /exit status 3/],
  uncaught: [
    `stream.write("part"); setTimeout(() => { throw new Error("nobody") }); ${WAIT}`,
    'Error',
    /nobody/,
  ],
  pending: ['await new Promise(() => {})', 'Runtime.NodeJsExit', /never settled/],
  typeTooLate: [
    'stream.write("x"); await new Promise((r) => setTimeout(r, 50)); stream.setContentType("a/b")',
    'Runtime.InvalidStreamingOperation',
    /too late/,
  ],
}
for (const [name, [body, code, details]] of Object.entries(ERRORS)) {
  test(`a streaming handler's error ends its response: ${name}`, async () => {
    await madeFunction(on, { name, code: streamify(body) })
    const { complete } = await streamed(on, name)
    assert.equal(complete['ErrorCode'], code)
    assert.match(complete['ErrorDetails'] ?? '', details)
    const whole = await invoke(on, name)
    assert.equal(whole.functionError, 'Unhandled')
    assert.match(whole.payload, details)
  })
}

test('a pipeline of many megabytes arrives whole, its end at the pace of two megabytes a second', async () => {
  const code = `
    const { pipeline } = require('node:stream/promises')
    const { Readable } = require('node:stream')
    exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      const parts = function* () { for (let i = 0; i < 7 * 16; i++) yield Buffer.alloc(65_536, i) }
      await pipeline(Readable.from(parts()), stream)
    })`
  await madeFunction(on, { name: 'large', code })
  const { body, times } = await streamed(on, 'large')
  assert.equal(body.length, 7 * 1_048_576)
  for (let i = 0; i < 7 * 16; i++) assert.equal(body[i * 65_536], i)
  assert.ok((times.at(-1) ?? 0) >= 400, `the seventh megabyte came after ${times.at(-1)} ms`)
})

const CUSTOM = `#!/usr/bin/env python3
import base64, http.client, json, os, time
api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
while True:
    api.request('GET', '/2018-06-01/runtime/invocation/next')
    answer = api.getresponse()
    event = json.loads(answer.read())
    id = answer.getheader('Lambda-Runtime-Aws-Request-Id')
    api.putrequest('POST', f'/2018-06-01/runtime/invocation/{id}/response')
    api.putheader('Lambda-Runtime-Function-Response-Mode', 'streaming')
    api.putheader('Transfer-Encoding', 'chunked')
    api.putheader('Content-Type', 'text/plain')
    api.putheader('Trailer', 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body')
    api.endheaders()
    for part in ('one ', 'two'):
        api.send(b'%x\\r\\n%s\\r\\n' % (len(part), part.encode()))
        time.sleep(0.1)
    api.send(b'0\\r\\n')
    if event.get('fail'):
        body = base64.b64encode(b'{"errorType":"Mine","errorMessage":"late"}').decode()
        lines = f'Lambda-Runtime-Function-Error-Type: Mine\\r\\nLambda-Runtime-Function-Error-Body: {body}\\r\\n'
        api.send(lines.encode())
    api.send(b'\\r\\n')
    api.getresponse().read()
`

test('a custom runtime streams in chunks, and ends with an error in its trailers', async () => {
  await madeFunction(on, { name: 'custom', code: zip({ bootstrap: CUSTOM }), runtime: 'provided.al2023' })
  const good = await streamed(on, 'custom')
  assert.equal(good.body.toString(), 'one two')
  assert.ok((good.times[1] ?? 0) - (good.times[0] ?? 0) >= 50)
  const bad = await streamed(on, 'custom', { fail: true })
  assert.equal(bad.complete['ErrorCode'], 'Mine')
  assert.equal(bad.complete['ErrorDetails'], '{"errorType":"Mine","errorMessage":"late"}')
})

test('a caller that goes away costs the platform no memory, and the function ends', async () => {
  const code = streamify(`
    const { once } = require('node:events')
    for (let i = 0; i < 5 * 16; i++) if (!stream.write(Buffer.alloc(65_536))) await once(stream, 'drain')
    stream.end()`)
  await madeFunction(on, { name: 'unread', code, timeoutSeconds: 5 })
  const before = residentMb(on.pid)
  for (let i = 0; i < 10; i++) await leaving('unread')
  assert.equal((await streamed(on, 'unread')).body.length, 5 * 1_048_576)
  assert.ok(residentMb(on.pid) - before < 100, 'memory stayed bounded')
})

/** Reads the first bytes and goes. */
function leaving(name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const url = `${on.url}/2021-11-15/functions/${name}/response-streaming-invocations`
  const options = { method: 'POST', headers: { authorization: signature('lambda') } }
  const sent = request(url, options, (answer) => {
    answer.once('data', () => {
      answer.destroy()
      resolve()
    })
    answer.on('error', () => {}) // it was we who left
  })
  sent.on('error', reject)
  sent.end('{}')
  return promise
}

function residentMb(pid: number): number {
  if (process.platform !== 'linux') return 0
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024
}
