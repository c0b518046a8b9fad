/**
 * An application whose function is called by a topic, a queue, a bucket, a bus and a schedule, deployed by our command, the
 * AWS CLI and the SAM CLI: each event leads to an invocation, what the template filters does not. Virtual time brings the
 * hour.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { json, query, rest, send } from '../support/aws.ts'
import { ABSENT, client, clientEnv } from '../support/clients.ts'
import { type Ran, run, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'
import { outputs } from './application.ts'

const APPLICATION = fileURLToPath(new URL('fixtures/event-app', import.meta.url))
const HOUR_MS = 3_600_000

let on: Platform
let home: string
const folders: string[] = []
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  on = await platform(['--memory', '--virtual-time'])
})
after(async () => {
  assert.equal(await on.stop(), 0)
  assert.doesNotMatch(on.stderr(), /"level":"error"/)
  for (const folder of [home, ...folders]) rmSync(folder, { recursive: true, force: true })
})

function application(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wt-events-'))
  cpSync(APPLICATION, folder, { recursive: true })
  folders.push(folder)
  return folder
}

async function ran(program: string, words: readonly string[], cwd: string): Promise<Ran> {
  return await run(program, words, { cwd, env: clientEnv(on, home), limitMs: 300_000 })
}

function worked({ code, out, err }: Ran): string {
  assert.equal(code, 0, `${out}${err}`)
  return out
}

async function advanced(ms: number): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ action: 'advance', ms })
  const answer = await send(on, { path: '/_windtunnel/clock', headers, body })
  assert.equal(answer.status, 200, answer.body)
}

async function published(topic: string, message: string, kind: string): Promise<void> {
  const answer = await query(on, 'sns', {
    Version: '2010-03-31',
    Action: 'Publish',
    TopicArn: topic,
    Message: message,
    'MessageAttributes.entry.1.Name': 'kind',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': kind,
  })
  assert.equal(answer.status, 200, answer.body)
}

async function happened(bus: string, type: string, totals: readonly number[]): Promise<void> {
  const Entries = totals.map((total) => ({
    Source: 'shop',
    DetailType: type,
    EventBusName: bus,
    Detail: JSON.stringify({ total }),
  }))
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' }
  const answer = await send(on, { service: 'events', headers, body: JSON.stringify({ Entries }) })
  assert.equal((JSON.parse(answer.body) as { FailedEntryCount: number }).FailedEntryCount, 0, answer.body)
}

async function queued(url: string, kinds: Readonly<Record<string, string>>): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' }
  for (const [id, kind] of Object.entries(kinds)) {
    const body = JSON.stringify({ QueueUrl: url, MessageBody: JSON.stringify({ id, kind }) })
    assert.equal((await send(on, { service: 'sqs', headers, body })).status, 200)
  }
}

/** Lines of the function's log that begin so. */
async function lines(name: string, pattern: string): Promise<string[]> {
  const input = { logGroupName: `/aws/lambda/${name}`, filterPattern: pattern }
  const answer = await json(on, 'logs.FilterLogEvents', input)
  const { events = [] } = JSON.parse(answer.body) as { events?: { message: string }[] }
  return events.map(({ message }) => message)
}

/** What the function said it reacted to, when it has reported so many invocations. */
async function reactions(name: string, count: number): Promise<Set<string>> {
  const cut = AbortSignal.timeout(60_000)
  while ((await lines(name, '"REPORT RequestId"')).length < count) {
    cut.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const said = await lines(name, '"reacted to"')
  return new Set(said.map((line) => line.slice(line.indexOf('reacted to') + 11).trim()))
}

async function reacts(stack: string): Promise<void> {
  const made = await outputs(on, stack)
  const { Function: name = '', Topic = '', Bus = '', Bucket = '', Queue = '', Results = '' } = made
  await published(Topic, 'other', 'invoice')
  await published(Topic, 'bought', 'order')
  for (const key of ['in/a%20b.json', 'in/a.txt', 'out/a.json'])
    assert.equal((await rest(on, `s3 PUT /${Bucket}/${key}`, '{}')).status, 200)
  await happened(Bus, 'Paid', [100, 101])
  await queued(Queue, { a: 'invoice', b: 'order' })
  // before the hour: a message in flight would become visible by it
  await reactions(name, 4)
  await advanced(HOUR_MS)
  assert.deepEqual(
    await reactions(name, 5),
    new Set(['message bought', 'object in/a b.json', 'event Paid of 101', 'order b', 'the hour']),
  )
  assert.equal((await lines(name, '"REPORT RequestId"')).length, 5)
  // the mapping invokes synchronously: no destination is told
  await told(Results, 4)
}

/** The destination of successes has a record of each. */
async function told(queueUrl: string, count: number): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ReceiveMessage' }
  const body = JSON.stringify({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 })
  let found = 0
  const cut = AbortSignal.timeout(60_000)
  while (found < count) {
    cut.throwIfAborted()
    const answer = await send(on, { service: 'sqs', headers, body })
    found += (JSON.parse(answer.body) as { Messages?: unknown[] }).Messages?.length ?? 0
  }
  assert.equal(found, count)
}

test('windtunnel deploy makes an application that reacts', async () => {
  const words = ['deploy', application(), '--stack', 'ours', '--endpoint', on.url]
  const first = await windtunnel([...words, '--parameter', 'Uploads=uploads-ours'], { limitMs: 300_000 })
  assert.match(worked(first), /^deployed ours/)
  await reacts('ours')
})

/** The waterfall of a trace, once the worker's invocation is in it. */
async function waterfall(trace: string): Promise<string[]> {
  const cut = AbortSignal.timeout(60_000)
  for (;;) {
    const { out } = await windtunnel(['trace', trace, '--endpoint', on.url])
    if (out.includes('sqs DeleteMessageBatch')) return out.split('\n')
    cut.throwIfAborted()
  }
}

/** How far the first line below the one before is indented that has this text. */
function depths(shown: readonly string[], path: readonly string[]): number[] {
  let at = 0
  return path.map((text) => {
    const found = shown.findIndex((line, i) => i >= at && line.includes(text))
    assert.ok(found >= 0, `${text} in\n${shown.join('\n')}`)
    at = found + 1
    return (shown[found] ?? '').search(/\S/) / 2
  })
}

async function posted(api: string, trace: string, id: string): Promise<void> {
  const headers = {
    host: `${api}.execute-api.localhost:${on.port}`,
    'x-amzn-trace-id': `Root=${trace};Sampled=1`,
  }
  const body = JSON.stringify({ id, kind: 'order' })
  const answer = await send(on, { path: '/orders', headers, body })
  assert.equal(answer.status, 200, answer.body)
}

test('windtunnel trace shows one waterfall from an API through topic and queue to the worker', async () => {
  const { Acknowledges = '', Tells = '' } = await outputs(on, 'ours')
  const [direct, around] = ['1-69000001-0123456789abcdef01234567', '1-69000002-0123456789abcdef01234567']
  await posted(Acknowledges, direct, 'direct')
  const path = ['apigateway request', 'sqs SendMessage', 'lambda poll', 'lambda Invoke']
  assert.deepEqual(depths(await waterfall(direct), path), [1, 2, 3, 4])
  await posted(Tells, around, 'around')
  const longer = [
    'apigateway request',
    'lambda Invoke',
    'sns Publish',
    'sns Deliver',
    'lambda poll',
    'lambda Invoke',
  ]
  assert.deepEqual(depths(await waterfall(around), longer), [1, 2, 3, 4, 5, 6])
})

test(
  'aws cloudformation package and deploy make an application that reacts',
  { skip: client('aws') === undefined ? ABSENT : false },
  async () => {
    const folder = application()
    const cli = async (...words: string[]): Promise<string> =>
      worked(await ran(client('aws') ?? '', words, folder))
    await cli('s3', 'mb', 's3://packages')
    const files = ['--template-file', 'template.yaml', '--output-template-file', 'packaged.yaml']
    await cli('cloudformation', 'package', ...files, '--s3-bucket', 'packages')
    const names = ['--template-file', 'packaged.yaml', '--stack-name', 'by-aws']
    const more = ['--capabilities', 'CAPABILITY_IAM', '--parameter-overrides', 'Uploads=uploads-aws']
    await cli('cloudformation', 'deploy', ...names, ...more)
    await reacts('by-aws')
  },
)

test(
  'sam deploy makes an application that reacts',
  { skip: client('sam') === undefined ? ABSENT : false },
  async () => {
    const quiet = ['--no-confirm-changeset', '--no-progressbar', '--capabilities', 'CAPABILITY_IAM']
    const words = ['deploy', '--stack-name', 'by-sam', '--resolve-s3', ...quiet]
    const parameters = ['--parameter-overrides', 'Uploads=uploads-sam']
    worked(await ran(client('sam') ?? '', [...words, ...parameters], application()))
    await reacts('by-sam')
  },
)
