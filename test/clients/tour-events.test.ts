/**
 * Queues, topics, buses, notifications and asynchronous invokes with the clients of others, after the examples of AWS's
 * documentation: boto3 (`fixtures/tour_messages.py`, `fixtures/tour_events.py`), the SDK for JavaScript that the runtime brings
 * (`fixtures/tour-events.mjs`, run as a function) and the AWS CLI. Virtual time, so that no delay is sat out.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { invoke, madeFunction, zip } from '../support/aws.ts'
import { ABSENT, awsCli2, boto3, client, clientEnv } from '../support/clients.ts'
import { run } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url))
const python = await boto3()

let on: Platform
let home: string
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  on = await platform(['--memory', '--virtual-time'])
})
after(async () => {
  assert.equal(await on.stop(), 0)
  assert.doesNotMatch(on.stderr(), /"level":"error"/)
  rmSync(home, { recursive: true, force: true })
})

const TOURS: Readonly<Record<string, readonly [script: string, tour: string]>> = {
  'queues, their dead letters and move tasks': ['tour_messages.py', 'queues'],
  'FIFO queues': ['tour_messages.py', 'fifo'],
  'topics, filters and batches': ['tour_messages.py', 'topics'],
  'FIFO topics': ['tour_messages.py', 'topic_order'],
  'buses, transformers, archives and replays': ['tour_events.py', 'buses'],
  'event notifications of buckets': ['tour_events.py', 'notifications'],
  'asynchronous invokes and their destinations': ['tour_events.py', 'asynchronous'],
}

for (const [what, [script, tour]] of Object.entries(TOURS)) {
  test(`boto3 works with ${what}`, { skip: python === undefined ? `boto3: ${ABSENT}` : false }, async () => {
    const env = { ...clientEnv(on, home), PYTHONDONTWRITEBYTECODE: '1' }
    const ran = await run(python ?? '', [join(FIXTURES, script), tour], { env })
    assert.equal(ran.code, 0, `${ran.out}${ran.err}`)
    assert.match(ran.out, /^ok /)
  })
}

test('the SDK for JavaScript of the runtime works with all of them', async () => {
  const code = zip({ 'index.mjs': readFileSync(join(FIXTURES, 'tour-events.mjs'), 'utf8') })
  await madeFunction(on, { name: 'tour-events', code, timeoutSeconds: 60, memoryMb: 1_024 })
  const { functionError, payload, log } = await invoke(on, 'tour-events')
  assert.equal(functionError, undefined, `${payload}\n${log}`)
  assert.equal(payload, '"all steps"')
})

/** One command of the CLI, and its document. */
type Aws = (...words: string[]) => Promise<unknown>

function awsOf(path: string): Aws {
  return async (...words) => {
    const env = { ...clientEnv(on, home), AWS_DEFAULT_OUTPUT: 'json' }
    const ran = await run(path, ['--endpoint-url', on.url, ...words], { cwd: home, env })
    assert.equal(ran.code, 0, `${words.join(' ')}: ${ran.out}${ran.err}`)
    return ran.out === '' ? {} : parseJson(ran.out)
  }
}

/** Files that examples of the AWS CLI Command Reference name. */
const FILES: Readonly<Record<string, unknown>> = {
  'create-queue.json': { MessageRetentionPeriod: '259200' },
  'send-message.json': {
    City: { DataType: 'String', StringValue: 'Any City' },
    Population: { DataType: 'Number', StringValue: '1250800' },
  },
  'putevents.json': ['value1', 'value3'].map((key1) => ({
    Source: 'com.mycompany.myapp',
    Detail: JSON.stringify({ key1 }),
    Resources: ['resource1', 'resource2'],
    DetailType: 'myDetailType',
  })),
  'pattern.json': { source: ['com.mycompany.myapp'], detail: { key1: ['value3'] } },
  'message.txt': 'Hello World\nSecond Line',
}

const RECEIVE = ['--attribute-names', 'All', '--message-attribute-names', 'All', '--wait-time-seconds', '10']

async function queues(aws: Aws, name: string): Promise<void> {
  const wish = ['--queue-name', name, '--attributes', 'file://create-queue.json']
  const made = await aws('sqs', 'create-queue', ...wish)
  const url = stringAt(made, 'QueueUrl') ?? ''
  assert.equal(url, `${on.url}/000000000000/${name}`)
  const queue = ['--queue-url', url]
  const attributes = ['--message-attributes', 'file://send-message.json']
  const sent = await aws('sqs', 'send-message', ...queue, '--message-body', 'ünï', ...attributes)
  const received = valueAt(await aws('sqs', 'receive-message', ...queue, ...RECEIVE), 'Messages')
  const first: unknown = Array.isArray(received) ? received[0] : undefined
  assert.equal(stringAt(first, 'MessageId'), stringAt(sent, 'MessageId'))
  assert.equal(stringAt(first, 'Body'), 'ünï')
  assert.deepEqual(valueAt(first, 'MessageAttributes'), FILES['send-message.json'])
  await aws('sqs', 'delete-message', ...queue, '--receipt-handle', stringAt(first, 'ReceiptHandle') ?? '')
  assert.deepEqual(await aws('sqs', 'receive-message', ...queue), {})
}

async function topics(aws: Aws, name: string): Promise<void> {
  const arn = stringAt(await aws('sns', 'create-topic', '--name', name), 'TopicArn') ?? ''
  const endpoint = `arn:aws:sqs:us-east-1:000000000000:${name}`
  const subscribe = ['sns', 'subscribe', '--topic-arn', arn, '--protocol', 'sqs']
  const attributes = ['--attributes', 'RawMessageDelivery=true']
  await aws(...subscribe, '--notification-endpoint', endpoint, ...attributes)
  await aws('sns', 'publish', '--topic-arn', arn, '--message', 'file://message.txt')
  assert.deepEqual(await bodies(aws, name), [FILES['message.txt']])
}

async function bodies(aws: Aws, name: string): Promise<(string | undefined)[]> {
  const url = `${on.url}/000000000000/${name}`
  const words = ['--wait-time-seconds', '10', '--visibility-timeout', '43200']
  const received = valueAt(await aws('sqs', 'receive-message', '--queue-url', url, ...words), 'Messages')
  return (Array.isArray(received) ? received : []).map((message: unknown) => stringAt(message, 'Body'))
}

async function buses(aws: Aws, name: string): Promise<void> {
  const rule = await aws('events', 'put-rule', '--name', name, '--event-pattern', 'file://pattern.json')
  assert.equal(stringAt(rule, 'RuleArn'), `arn:aws:events:us-east-1:000000000000:rule/${name}`)
  const target = `Id=1,Arn=arn:aws:sqs:us-east-1:000000000000:${name},InputPath=$.detail`
  const put = await aws('events', 'put-targets', '--rule', name, '--targets', target)
  assert.deepEqual(put, { FailedEntryCount: 0, FailedEntries: [] })
  const entries = await aws('events', 'put-events', '--entries', 'file://putevents.json')
  assert.equal(valueAt(entries, 'FailedEntryCount'), 0)
  assert.deepEqual(await bodies(aws, name), ['{"key1":"value3"}'])
  await aws('events', 'remove-targets', '--rule', name, '--ids', '1')
  await aws('events', 'delete-rule', '--name', name)
}

async function notifications(aws: Aws, name: string): Promise<void> {
  await aws('s3api', 'create-bucket', '--bucket', name)
  const QueueArn = `arn:aws:sqs:us-east-1:000000000000:${name}`
  const configuration = { QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }] }
  const words = ['--bucket', name, '--notification-configuration', JSON.stringify(configuration)]
  await aws('s3api', 'put-bucket-notification-configuration', ...words)
  assert.match((await bodies(aws, name)).join(), /"s3:TestEvent"/)
  await aws('s3api', 'put-object', '--bucket', name, '--key', 'a', '--body', 'message.txt')
  assert.match((await bodies(aws, name)).join(), /"eventName":"ObjectCreated:Put"/)
}

const clis: Readonly<Record<string, string | undefined>> = {
  'the AWS CLI of the clients': client('aws'),
  'AWS CLI 2': await awsCli2(),
}
for (const [i, [name, path]] of Object.entries(clis).entries()) {
  const isSame = i > 0 && path === client('aws')
  const skip = path === undefined ? ABSENT : isSame ? 'it is the one of the clients' : false
  test(`${name} works with queues, topics, buses and notifications`, { skip }, async () => {
    for (const [file, body] of Object.entries(FILES))
      writeFileSync(join(home, file), typeof body === 'string' ? body : JSON.stringify(body))
    const aws = awsOf(path ?? '')
    for (const step of [queues, topics, buses, notifications]) await step(aws, `cli-${i}`)
  })
}
