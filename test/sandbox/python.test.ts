/** The Python runtime client in a real sandbox, on whatever Python the machine has. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bestOfEach, findPythons } from '#host/sandbox/pythons.ts'
import { FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

const pythons = bestOfEach(await findPythons())
const runtime = `python3.${pythons.at(-1)?.minor ?? 0}`
const skip = pythons.length === 0 ? 'no Python 3.9 or newer on this machine' : false

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

async function environment(
  source: string,
  handler = 'index.handler',
  more: Readonly<Record<string, string>> = {},
): Promise<FakeEnvironment> {
  const code = await staged(host.sandboxes, { [`${handler.slice(0, handler.lastIndexOf('.'))}.py`]: source })
  return new FakeEnvironment(host.sandboxes, { runtime, code, handler, environment: more })
}

test('a handler answers, in a folder too, with what the standard JSON encoder cannot', { skip }, async () => {
  const made = await environment(
    `
from decimal import Decimal
def handler(event, context):
    return {"n": event["n"], "d": Decimal("1.10"), "who": context.function_name, "left": context.get_remaining_time_in_millis() > 1000}
`,
    'pkg/mod.handler',
  )
  assert.equal((await made.invoke({ n: 1 })).body, '{"n": 1, "d": 1.10, "who": "f", "left": true}')
  assert.equal((await made.invoke({ n: 2 })).body, '{"n": 2, "d": 1.10, "who": "f", "left": true}')
  await made.sandbox.destroy(0)
})

test('print passes through, logging has level, time and request id', { skip }, async () => {
  const made = await environment(`
import logging
log = logging.getLogger()
log.setLevel("INFO")
def handler(event, context):
    print("plain")
    log.info("two\\nlines")
`)
  assert.equal((await made.invoke({})).body, 'null')
  const [plain, logged] = made.output.split('\n')
  assert.equal(plain, 'plain')
  assert.match(logged ?? '', /^\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\treq-1\ttwo\rlines$/)
  await made.sandbox.destroy(0)
})

test(
  'a raised error has its keys in order, and a traceback indented by no-break spaces',
  { skip },
  async () => {
    const made = await environment(`
def handler(event, context):
    return inner()
def inner():
    raise KeyError("gone")
`)
    const { kind, body } = await made.invoke({})
    assert.equal(kind, 'error')
    assert.deepEqual(Object.keys(json(body)), ['errorMessage', 'errorType', 'requestId', 'stackTrace'])
    assert.equal(json(body)['errorType'], 'KeyError')
    assert.match(
      String((json(body)['stackTrace'] as string[])[0]),
      /^ {2}File "\/var\/task\/index\.py", line 3, in handler\n/,
    )
    assert.match(
      made.output,
      /^\[ERROR\] KeyError: 'gone'\rTraceback \(most recent call last\):\r\u00a0\u00a0File "/m,
    )
    await made.sandbox.destroy(0)
  },
)

test("what goes wrong at init is posted with the runtime's own type and exits with 1", { skip }, async () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      'import nothing_here',
      'index.handler',
      'Runtime.ImportModuleError',
      "Unable to import module 'index': No module named 'nothing_here'",
    ],
    ['x = 1', 'index.handler', 'Runtime.HandlerNotFound', "Handler 'handler' missing on module 'index'"],
    ['raise ValueError("at init")', 'index.handler', 'ValueError', 'at init'],
  ]
  for (const [source, handler, type, message] of cases) {
    const made = await environment(source, handler)
    const { kind, body } = await made.answer()
    assert.equal(kind, 'init-error')
    assert.equal(json(body)['errorType'], type)
    assert.equal(json(body)['errorMessage'], message)
    assert.equal(json(body)['requestId'], '')
    assert.equal((await made.gone()).code, 1)
    await made.sandbox.destroy(0)
  }
})

test('an answer that is no JSON is a MarshalError, and sys.exit ends with its code', { skip }, async () => {
  const made = await environment(
    'import sys\ndef handler(event, context):\n    return {1, 2} if event else sys.exit(3)',
  )
  const { body } = await made.invoke({ a: 1 })
  assert.equal(json(body)['errorType'], 'Runtime.MarshalError')
  assert.match(
    String(json(body)['errorMessage']),
    /^Unable to marshal response: Object of type set is not JSON serializable/,
  )
  assert.equal((await made.invoke({})).kind, 'exit')
  assert.equal(made.exit?.code, 3)
  await made.sandbox.destroy(0)
})

test(
  'a Python version that is not there runs on the nearest with a notice, or is refused',
  { skip },
  async () => {
    const found = await host.sandboxes.runtime('python3.99')
    assert.ok(found.kind === 'found' && found.notice?.includes('python3.99 runs on Python 3.'))
    const strict = await opened({ strictRuntimes: true })
    const missing = await strict.sandboxes.runtime('python3.99')
    await strict.close()
    assert.ok(missing.kind === 'missing' && missing.remedy.includes('3.99'))
  },
)
