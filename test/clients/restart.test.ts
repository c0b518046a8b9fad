/** A platform that was killed starts again on its folder with all that it acknowledged: nothing is repaired by hand. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { element, invoke, json, madeFunction, query, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const API = { Version: '2010-05-15' }
const TEMPLATE = JSON.stringify({
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Hello: {
      Type: 'AWS::Serverless::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        InlineCode: 'exports.handler = async () => ({ statusCode: 200, body: "hello" })',
        Events: {
          Http: { Type: 'HttpApi', Properties: { Path: '/hello', Method: 'get' } },
          Rest: { Type: 'Api', Properties: { Path: '/hello', Method: 'get' } },
        },
      },
    },
  },
  Outputs: { Http: { Value: { Ref: 'ServerlessHttpApi' } }, Rest: { Value: { Ref: 'ServerlessRestApi' } } },
})

async function stackStatus(on: Platform): Promise<string> {
  const answer = await query(on, 'cloudformation', { ...API, Action: 'DescribeStacks', StackName: 'kept' })
  return element(answer, 'StackStatus') ?? answer.body
}

async function until(read: () => Promise<boolean>): Promise<void> {
  const cut = AbortSignal.timeout(60_000)
  while (!(await read())) {
    cut.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function filled(on: Platform): Promise<void> {
  await madeFunction(on, {
    name: 'kept',
    code: 'exports.handler = async (event) => { console.log("a line of", event.run); return process.env.WORD }',
    variables: { WORD: 'kept' },
  })
  assert.equal((await rest(on, 's3 PUT /kept-bucket')).status, 200)
  assert.equal((await rest(on, 's3 PUT /kept-bucket/small', 'a small body')).status, 200)
  assert.equal((await rest(on, 's3 PUT /kept-bucket/large', Buffer.alloc(3 << 20, 'large '))).status, 200)
  await json(on, 'logs.CreateLogGroup', { logGroupName: 'kept-group' })
  const created = await query(on, 'cloudformation', {
    ...API,
    Action: 'CreateStack',
    StackName: 'kept',
    TemplateBody: TEMPLATE,
    'Capabilities.member.1': 'CAPABILITY_IAM',
    'Capabilities.member.2': 'CAPABILITY_AUTO_EXPAND',
  })
  assert.equal(created.status, 200, created.body)
  await until(async () => (await stackStatus(on)) === 'CREATE_COMPLETE')
  assert.equal((await invoke(on, 'kept', { run: 'first' })).payload, '"kept"')
  await until(async () => (await lines(on)).includes('a line of first'))
}

const lines = async (on: Platform): Promise<string> =>
  (await json(on, 'logs.FilterLogEvents', { logGroupName: '/aws/lambda/kept' })).body

async function allThere(on: Platform, run: string): Promise<void> {
  assert.equal((await invoke(on, 'kept', { run })).payload, '"kept"')
  assert.equal((await rest(on, 's3 GET /kept-bucket/small')).body, 'a small body')
  const large = await rest(on, 's3 GET /kept-bucket/large')
  assert.ok(large.body === Buffer.alloc(3 << 20, 'large ').toString())
  assert.match((await json(on, 'logs.DescribeLogGroups', {})).body, /"kept-group"/)
  assert.match(await lines(on), /a line of first/)
  assert.equal(await stackStatus(on), 'CREATE_COMPLETE')
  const described = await query(on, 'cloudformation', { ...API, Action: 'DescribeStacks', StackName: 'kept' })
  const output = (name: string): string =>
    new RegExp(`<OutputKey>${name}</OutputKey><OutputValue>([^<]*)<`).exec(described.body)?.[1] ?? ''
  for (const path of [`${output('Http')}/hello`, `${output('Rest')}/Prod/hello`]) {
    const answer = await send(on, { method: 'GET', path: `/_aws/execute-api/${path}` })
    assert.deepEqual([answer.status, answer.body], [200, 'hello'])
  }
  const health = await send(on, { method: 'GET', path: '/_windtunnel/health' })
  assert.equal((JSON.parse(health.body) as { status: string }).status, 'ok')
  assert.equal(on.stderr(), '')
}

test('functions, stacks, APIs, objects and logs survive SIGKILL and a clean stop', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-restart-'))
  const started: Platform[] = []
  const start = async (): Promise<Platform> => {
    const on = await platform(['--data', folder])
    started.push(on)
    return on
  }
  try {
    const first = await start()
    await filled(first)
    await first.kill()
    const second = await start()
    await allThere(second, 'second')
    assert.equal(await second.stop(), 0)
    const third = await start()
    await allThere(third, 'third')
    const deleted = await query(third, 'cloudformation', { ...API, Action: 'DeleteStack', StackName: 'kept' })
    assert.equal(deleted.status, 200)
    await until(async () => (await stackStatus(third)).includes('does not exist'))
    await third.kill()
    const fourth = await start()
    assert.match(await stackStatus(fourth), /does not exist/)
    assert.equal((await invoke(fourth, 'kept', { run: 'fourth' })).payload, '"kept"')
  } finally {
    for (const on of started) if (on.alive()) await on.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a second platform on the same folder is refused, and the first goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-twice-'))
  const first = await platform(['--data', folder])
  try {
    await rest(first, 's3 PUT /kept-bucket')
    await assert.rejects(platform(['--data', folder]), /before it was ready/)
    assert.equal((await rest(first, 's3 PUT /kept-bucket/key', 'x')).status, 200)
  } finally {
    await first.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what a killed platform left in the folder for temporary files is swept by the next', async () => {
  const left = (on: Platform): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`windtunnel-${on.pid}-`))
  const first = await platform()
  await madeFunction(first, { name: 'kept', code: 'exports.handler = async () => 1' })
  assert.equal((await invoke(first, 'kept')).payload, '1')
  await first.kill()
  const second = await platform()
  assert.deepEqual(left(first), [])
  assert.equal(await second.stop(), 0)
  assert.deepEqual(left(second), [])
})
