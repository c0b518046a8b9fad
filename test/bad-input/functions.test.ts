/**
 * Functions that misbehave: each gets AWS's answer, ends alone, and a neighbour that counts its calls in memory goes on
 * counting. What takes longer than a moment is in `functions.slow.test.ts`.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createFunction, errorOf, invoke, madeFunction, rest, type FunctionWish } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
let calls = 0
before(async () => {
  on = await platform()
  await madeFunction(on, { name: 'neighbour', code: 'let n = 0; exports.handler = async () => ++n' })
})
after(async () => assert.equal(await on.stop(), 0))

/** The same process of the neighbour answers: it was neither ended nor forgotten. */
async function neighbourUnharmed(): Promise<void> {
  assert.ok(on.alive())
  assert.equal((await invoke(on, 'neighbour')).payload, String(++calls))
}

let made = 0
async function failing(
  code: string,
  wish: Partial<FunctionWish> = {},
): Promise<{ type: string; message: string; log: string }> {
  const name = `failing-${++made}`
  await madeFunction(on, { name, code, ...wish })
  const answer = await invoke(on, name)
  assert.equal(answer.status, 200)
  assert.equal(answer.functionError, 'Unhandled', answer.payload)
  const { errorType, errorMessage } = JSON.parse(answer.payload) as Record<string, string>
  assert.match(answer.log, /\nREPORT RequestId: \S+\tDuration: /)
  await neighbourUnharmed()
  return { type: errorType ?? '', message: errorMessage ?? '', log: answer.log }
}

test('a function that is not there is not found, by its ARN', async () => {
  assert.deepEqual(errorOf(await rest(on, 'lambda POST /2015-03-31/functions/none/invocations', '{}')), {
    status: 404,
    code: 'ResourceNotFoundException',
    message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:none:$LATEST',
  })
  assert.equal(
    errorOf(await rest(on, 'lambda GET /2015-03-31/functions/none')).message,
    'Function not found: arn:aws:lambda:us-east-1:000000000000:function:none',
  )
  await neighbourUnharmed()
})

test('an event that is no JSON is refused before the function sees it', async () => {
  const answer = await rest(on, 'lambda POST /2015-03-31/functions/neighbour/invocations', '{bad')
  assert.equal(errorOf(answer).code, 'InvalidRequestContentException')
  assert.match(errorOf(answer).message, /^Could not parse request body into json: /)
  await neighbourUnharmed()
})

test('an event beyond 6 MB, or beyond 1 MB when asynchronous, is refused', async () => {
  const path = 'lambda POST /2015-03-31/functions/neighbour/invocations'
  const large = await rest(on, path, JSON.stringify('x'.repeat(6 << 20)))
  assert.equal(large.status, 413)
  const asynchronous = await rest(on, path, JSON.stringify('x'.repeat(1 << 20)), {
    headers: { 'x-amz-invocation-type': 'Event' },
  })
  assert.equal(asynchronous.status, 413)
  assert.match(errorOf(asynchronous).message, /1048576 bytes/)
  await neighbourUnharmed()
})

test('a handler that is missing is named, by module, by export and by form', async () => {
  const code = 'exports.other = 1'
  assert.deepEqual(
    [
      await failing(code),
      await failing(code, { handler: 'elsewhere.handler' }),
      await failing(code, { handler: 'nodot' }),
      await failing('exports.handler = async () => {'),
    ].map(({ type }) => type),
    [
      'Runtime.HandlerNotFound',
      'Runtime.ImportModuleError',
      'Runtime.MalformedHandlerName',
      'Runtime.UserCodeSyntaxError',
    ],
  )
})

test('a handler that throws gives its error, in init and in a call', async () => {
  assert.deepEqual(
    [
      await failing('exports.handler = async () => { throw new TypeError("boom") }'),
      await failing('throw new RangeError("at init")'),
    ].map(({ type, message }) => [type, message]),
    [
      ['TypeError', 'boom'],
      ['RangeError', 'at init'],
    ],
  )
  const rejected = await failing(
    'exports.handler = async () => { void Promise.reject(new Error("later")); await new Promise((r) => setTimeout(r, 5_000)) }',
  )
  assert.equal(rejected.type, 'Runtime.UnhandledPromiseRejection')
  assert.equal(rejected.message, 'Error: later')
})

test('a handler that exits is told by its exit code', async () => {
  const cases: readonly [string, RegExp][] = [
    ['exports.handler = async () => process.exit(3)', /Runtime exited with error: exit status 3$/],
    ['exports.handler = async () => process.exit(0)', /Runtime exited without providing a reason$/],
    ['process.exit(7)', /Runtime exited with error: exit status 7$/],
    [
      'exports.handler = async () => process.kill(process.pid, "SIGKILL")',
      /Runtime exited with error: signal: killed$/,
    ],
  ]
  for (const [code, message] of cases) {
    const found = await failing(code)
    assert.equal(found.type, 'Runtime.ExitError')
    assert.match(found.message, message)
  }
})

test('a handler that takes more memory than it has is told so', async (t) => {
  if (on.modes['memory'] === 'none') return t.skip('no memory limit on this machine')
  const code =
    'exports.handler = async () => { const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1)) }'
  const found = await failing(code, { memoryMb: 128 })
  assert.equal(found.type, 'Runtime.OutOfMemory')
  assert.match(found.log, /Max Memory Used: 128 MB/)
})

test('a handler that ignores SIGTERM and never returns ends at its timeout', async () => {
  const code = `
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
exports.handler = async () => { for (;;); }`
  const begun = performance.now()
  const found = await failing(code, { timeoutSeconds: 1 })
  assert.match(found.message, /Task timed out after 1\.00 seconds$/)
  assert.ok(performance.now() - begun < 15_000)
})

test('an answer that is too large, or that no JSON can say, is an error of the function', async () => {
  assert.equal(
    (await failing('exports.handler = async () => "x".repeat(7 << 20)')).type,
    'Function.ResponseSizeTooLarge',
  )
  const circular = await failing('exports.handler = async () => { const a = {}; a.a = a; return a }')
  assert.equal(circular.type, 'Runtime.JSONStringifyError')
})

test('a function that floods its output is slowed, and ends at its timeout', async () => {
  const code = `
const fs = require('fs')
const megabyte = ('x'.repeat(1_023) + '\\n').repeat(1_024)
exports.handler = async () => { for (;;) fs.writeSync(1, megabyte) }`
  const begun = performance.now()
  const found = await failing(code, { timeoutSeconds: 2 })
  assert.match(found.message, /Task timed out after 2\.00 seconds$/)
  assert.ok(performance.now() - begun < 20_000)
  const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${on.pid}/status`, 'utf8'))?.[1])
  assert.ok(resident < 600_000, `the platform holds ${resident} kB`)
})

test('a function that fills /tmp sees a full disk, and the next call its files', async (t) => {
  if (on.modes['tmp'] !== 'image') return t.skip('/tmp is a plain folder on this machine')
  const code = `
const fs = require('fs')
exports.handler = async () => {
  if (fs.existsSync('/tmp/big')) return fs.statSync('/tmp/big').size
  const fd = fs.openSync('/tmp/big', 'w')
  try { for (;;) fs.writeSync(fd, Buffer.alloc(4 << 20, 1)) } catch (error) { return error.code } finally { fs.closeSync(fd) }
}`
  await madeFunction(on, { name: 'fills', code, timeoutSeconds: 60, memoryMb: 128 })
  assert.equal((await invoke(on, 'fills')).payload, '"ENOSPC"')
  assert.ok(Number((await invoke(on, 'fills')).payload) > 450 << 20)
  await neighbourUnharmed()
})

test('folders deeper than any path are cleaned up with their function', async () => {
  const code = `
const fs = require('fs')
exports.handler = async () => { for (let n = 0; n < 3_000; n++) { fs.mkdirSync('d'); process.chdir('d') } return 'deep' }
process.chdir('/tmp')`
  await madeFunction(on, { name: 'deep', code, timeoutSeconds: 60 })
  assert.equal((await invoke(on, 'deep')).payload, '"deep"')
  assert.equal((await rest(on, 'lambda DELETE /2015-03-31/functions/deep')).status, 204)
  await neighbourUnharmed()
})

test('a function that does not exist yet can be made after a refused one of its name', async () => {
  const refused = await createFunction(on, { name: 'second-try', code: new Uint8Array(10) })
  assert.equal(refused.status, 400)
  await madeFunction(on, { name: 'second-try', code: 'exports.handler = async () => "made"' })
  assert.equal((await invoke(on, 'second-try')).payload, '"made"')
  await neighbourUnharmed()
})
