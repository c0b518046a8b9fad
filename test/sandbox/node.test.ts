/** The Node.js runtime client in a real sandbox: what a handler can be, what it sees, and how its errors look. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened, staged } from './fake-lambda.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const ID = 'req-1'
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

async function environment(
  files: Readonly<Record<string, string>>,
  options: {
    readonly runtime?: string
    readonly handler?: string
    readonly environment?: Record<string, string>
  } = {},
): Promise<FakeEnvironment> {
  const { runtime = 'nodejs22.x', ...rest } = options
  return new FakeEnvironment(host.sandboxes, { runtime, code: await staged(host.sandboxes, files), ...rest })
}

async function answerOf(
  source: string,
  runtime = 'nodejs22.x',
): Promise<FakeEnvironment & { readonly body: string; readonly kind: string }> {
  const made = await environment({ 'index.js': source }, { runtime })
  const answer = await made.invoke({ n: 1 })
  await made.sandbox.destroy(0)
  return Object.assign(made, answer)
}

for (const runtime of ['nodejs20.x', 'nodejs22.x', 'nodejs24.x']) {
  test(`${runtime} answers what an async handler returns`, async () => {
    const { kind, body } = await answerOf(
      'exports.handler = async (e) => ({ got: e.n, v: process.version })',
      runtime,
    )
    assert.equal(kind, 'response')
    assert.equal(json(body)['got'], 1)
    assert.equal(String(json(body)['v']).split('.')[0], `v${/\d+/.exec(runtime)?.[0]}`)
  })
}

test('a handler that returns a plain value answers null before Node.js 24 and the value since', async () => {
  assert.equal((await answerOf('exports.handler = () => 7')).body, 'null')
  assert.equal((await answerOf('exports.handler = () => 7', 'nodejs24.x')).body, '7')
})

test('a callback handler answers, and is refused by Node.js 24', async () => {
  const source = 'exports.handler = (e, c, done) => setTimeout(() => done(null, { late: e.n }), 5)'
  assert.equal((await answerOf(source)).body, '{"late":1}')
  const refused = await environment({ 'index.js': source }, { runtime: 'nodejs24.x' })
  const { kind, body } = await refused.answer()
  assert.equal(kind, 'init-error')
  assert.equal(json(body)['errorType'], 'Runtime.CallbackHandlerDeprecated')
  await refused.sandbox.destroy(0)
})

test('a callback waits for an empty event loop unless told not to', async () => {
  const waits = `exports.handler = (e, c, done) => { setTimeout(() => console.log('timer ran'), 30); done(null, 1) }`
  const hurries = waits.replace('{ setTimeout', '{ c.callbackWaitsForEmptyEventLoop = false; setTimeout')
  assert.match((await answerOf(waits)).output, /timer ran/)
  const hurried = await environment({ 'index.js': hurries })
  await hurried.invoke({})
  assert.doesNotMatch(hurried.output, /timer ran/)
  await hurried.sandbox.destroy(0)
})

test('ES modules, nested folders and nested exports are found', async () => {
  const esm = await environment(
    {
      'src/api/users.mjs':
        'const inner = async () => import.meta.url; export const a = { b: { handler: inner } }',
    },
    { handler: 'src/api/users.a.b.handler' },
  )
  assert.equal((await esm.invoke({})).body, '"file:///var/task/src/api/users.mjs"')
  const typed = await environment({
    'package.json': '{"type":"module"}',
    'index.js': 'const n = await Promise.resolve(3); export const handler = async () => n',
  })
  assert.equal((await typed.invoke({})).body, '3')
  await Promise.all([esm.sandbox.destroy(0), typed.sandbox.destroy(0)])
})

test('the context has the members, times and identity of the invocation', async () => {
  const { body } = await answerOf(
    `exports.handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID })`,
  )
  const seen = json(body)
  assert.equal(seen['functionName'], 'f')
  assert.equal(seen['memoryLimitInMB'], '512')
  assert.equal(seen['awsRequestId'], ID)
  assert.equal(seen['callbackWaitsForEmptyEventLoop'], true)
  assert.equal(seen['trace'], 'Root=1-5759e988-bd862e3fe1be46a994272793')
  assert.ok(Number(seen['left']) > 1_000 && Number(seen['left']) <= 3_000)
})

test('gc() is there as with --expose-gc, and can be replaced', async () => {
  const { body } = await answerOf(
    `const listed = Object.keys(globalThis).includes('gc'); const kind = typeof gc; gc()
     exports.handler = async () => { globalThis.gc = 1; return { listed, kind, now: gc } }`,
    'nodejs24.x',
  )
  assert.deepEqual(json(body), { listed: false, kind: 'function', now: 1 })
})

test('console lines have time, request id and level, and a newline inside becomes a carriage return', async () => {
  const { output } = await answerOf(
    `console.warn('early'); exports.handler = async () => { console.log('a\\nb', { c: 1 }); console.error('bad') }`,
  )
  const [early, first, second] = output.split('\n')
  assert.match(early ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tundefined\tWARN\tearly$/)
  assert.match(first ?? '', /Z\treq-1\tINFO\ta\rb \{ c: 1 \}$/)
  assert.match(second ?? '', /Z\treq-1\tERROR\tbad$/)
})

test('a thrown error is answered with type, message and trace, and logged', async () => {
  const { kind, body, output } = await answerOf(
    `class Odd extends TypeError { name = 'Odd' }; exports.handler = async () => { throw new Odd('no') }`,
  )
  assert.equal(kind, 'error')
  assert.deepEqual(Object.keys(json(body)), ['errorType', 'errorMessage', 'trace'])
  assert.equal(json(body)['errorType'], 'Odd')
  assert.match(
    output,
    /\treq-1\tERROR\tInvoke Error \t\{"errorType":"Odd","errorMessage":"no","name":"Odd","stack":\[/,
  )
  const thrown = await answerOf(`exports.handler = async () => { throw 'text' }`)
  assert.deepEqual(json(thrown.body), { errorType: 'string', errorMessage: 'text', trace: [] })
})

test('an exception that nobody caught is reported first and exits with 129, a rejection with 128', async () => {
  const cases = [
    [
      `exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('loose') }, 1))`,
      'Error',
      129,
      'Uncaught Exception',
    ],
    [
      `exports.handler = () => new Promise(() => setTimeout(() => Promise.reject(new Error('loose')), 1))`,
      'Runtime.UnhandledPromiseRejection',
      128,
      'Unhandled Promise Rejection',
    ],
  ] as const
  for (const [source, type, code, title] of cases) {
    const made = await environment({ 'index.js': source })
    const answer = await made.invoke({})
    assert.equal(json(answer.body)['errorType'], type)
    assert.equal((await made.gone()).code, code)
    assert.match(made.output, new RegExp(`\treq-1\tERROR\t${title} \t\\{"errorType":"${type}"`))
    await made.sandbox.destroy(0)
  }
})

test('a promise that never settles is an error of its own', async () => {
  const { kind, body } = await answerOf('exports.handler = async () => new Promise(() => {})')
  assert.equal(kind, 'error')
  assert.equal(json(body)['errorType'], 'Runtime.NodeJsExit')
})

test("what goes wrong while loading is posted as an init error with the runtime's own type", async () => {
  const cases: readonly (readonly [Record<string, string>, string, string, RegExp])[] = [
    [
      { 'index.js': `require('nothing-here')` },
      'index.handler',
      'Runtime.ImportModuleError',
      /^Error: Cannot find module 'nothing-here'\nRequire stack:\n- \/var\/task\/index\.js\n- \/var\/runtime\/index\.mjs$/,
    ],
    [
      { 'index.js': 'exports.other = 1' },
      'index.handler',
      'Runtime.HandlerNotFound',
      /^index\.handler is undefined or not exported$/,
    ],
    [
      { 'index.js': 'exports.handler = 1' },
      'index.handler',
      'Runtime.HandlerNotFound',
      /^index\.handler is not a function$/,
    ],
    [
      { 'index.js': 'exports.handler = }' },
      'index.handler',
      'Runtime.UserCodeSyntaxError',
      /^SyntaxError: Unexpected token '}'$/,
    ],
    [{ 'index.js': '' }, 'indexhandler', 'Runtime.MalformedHandlerName', /^Bad handler$/],
    [{ 'index.js': '' }, '../x.handler', 'Runtime.MalformedHandlerName', /is not a valid handler name/],
    [{ 'index.js': `throw new RangeError('at init')` }, 'index.handler', 'RangeError', /^at init$/],
  ]
  for (const [files, handler, type, message] of cases) {
    const made = await environment(files, { handler })
    const answer = await made.answer()
    assert.equal(answer.kind, 'init-error')
    assert.equal(json(answer.body)['errorType'], type)
    assert.match(String(json(answer.body)['errorMessage']), message)
    assert.equal((await made.gone()).code, 129)
    assert.match(made.output, /\tundefined\tERROR\tUncaught Exception \t\{/)
    await made.sandbox.destroy(0)
  }
})

test('a handler that is marked for another kind of streaming is refused', async () => {
  const made = await environment({
    'index.js': `exports.handler = async () => {}
      exports.handler[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request'`,
  })
  const { kind, body } = await made.answer()
  assert.equal(kind, 'init-error')
  assert.equal(json(body)['errorType'], 'Runtime.MalformedStreamingHandler')
  assert.equal(json(body)['errorMessage'], 'Only response streaming is supported.')
  await made.sandbox.destroy(0)
})

test('process.exit is told with its code, and a module finds what a layer brings', async () => {
  const { kind, body } = await answerOf('exports.handler = async () => process.exit(7)')
  assert.equal(kind, 'exit')
  assert.equal(json(body)['code'], 7)
  const layer = await staged(host.sandboxes, { 'nodejs/node_modules/dep/index.js': 'module.exports = 41' })
  const code = await staged(host.sandboxes, {
    'index.mjs': `import dep from 'dep'; export const handler = async () => dep + 1`,
  })
  const made = new FakeEnvironment(host.sandboxes, { runtime: 'nodejs22.x', code, layers: [layer] })
  assert.equal((await made.invoke({})).body, '42')
  await made.sandbox.destroy(0)
})

test('log lines are JSON when the function asks for it', async () => {
  const made = await environment(
    {
      'index.js': `exports.handler = async () => { console.debug('hidden'); console.info('a', 1); console.error(new Error('x')) }`,
    },
    { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
  )
  await made.invoke({})
  const [info, error, ...rest] = made.output.trim().split('\n').map(json)
  assert.deepEqual([info?.['level'], info?.['message'], info?.['requestId']], ['INFO', 'a 1', ID])
  assert.ok(error !== undefined)
  assert.equal((error['message'] as Record<string, unknown>)['errorMessage'], 'x')
  assert.deepEqual(rest, [])
  await made.sandbox.destroy(0)
})
