/** SQS in both of its protocols, byte by byte, on a real platform. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Answer, element, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { ask, made, receive } from './client.ts'

let to: Platform
before(async () => {
  to = await platform()
})
after(async () => {
  await to.stop()
})

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const query = async (path: string, fields: Record<string, string>): Promise<Answer> =>
  await send(to, {
    path,
    service: 'sqs',
    headers: form,
    body: new URLSearchParams({ Version: '2012-11-05', ...fields }).toString(),
  })

const json = async (operation: string, input: unknown): Promise<Answer> =>
  await send(to, {
    service: 'sqs',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
    body: JSON.stringify(input),
  })

test('a message sent by query to the path of its queue is received by JSON, and the other way round', async () => {
  const url = await made(to, 'both')
  const sent = await query('/000000000000/both', {
    Action: 'SendMessage',
    MessageBody: 'from & query',
    'MessageAttribute.1.Name': 'kind',
    'MessageAttribute.1.Value.DataType': 'String',
    'MessageAttribute.1.Value.StringValue': 'x',
  })
  assert.equal(sent.status, 200)
  assert.match(sent.body, /<SendMessageResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/">/)
  const [first] = await receive(to, url)
  assert.equal(first?.body, 'from & query')
  await ask(to, 'SendMessage', { QueueUrl: url, MessageBody: 'from "json"' })
  const received = await query('/', {
    Action: 'ReceiveMessage',
    QueueUrl: url,
    'AttributeName.1': 'All',
    MaxNumberOfMessages: '10',
  })
  assert.equal(element(received, 'Body'), 'from &quot;json&quot;')
  const handle = element(received, 'ReceiptHandle') ?? ''
  const gone = await query('/', { Action: 'DeleteMessage', QueueUrl: url, ReceiptHandle: handle })
  assert.match(gone.body, /<DeleteMessageResponse/)
})

test('a missing queue has two names: the shape in JSON, the code in the header and in XML', async () => {
  const url = `${to.url}/000000000000/nobody`
  const inJson = await json('SendMessage', { QueueUrl: url, MessageBody: 'x' })
  assert.equal(inJson.status, 400)
  assert.equal(inJson.headers['x-amzn-query-error'], 'AWS.SimpleQueueService.NonExistentQueue;Sender')
  assert.deepEqual(parseJson(inJson.body), {
    __type: 'com.amazonaws.sqs#QueueDoesNotExist',
    message: 'The specified queue does not exist.',
  })
  const inXml = await query('/', { Action: 'SendMessage', QueueUrl: url, MessageBody: 'x' })
  assert.equal(inXml.status, 400)
  assert.equal(element(inXml, 'Code'), 'AWS.SimpleQueueService.NonExistentQueue')
  assert.equal(element(inXml, 'Message'), 'The specified queue does not exist for this wsdl version.')
})

test('a queue that exists with other attributes is QueueNameExists in JSON and QueueAlreadyExists in XML', async () => {
  await made(to, 'there', { DelaySeconds: '1' })
  const inJson = await json('CreateQueue', { QueueName: 'there', Attributes: { DelaySeconds: '2' } })
  assert.equal(stringAt(parseJson(inJson.body), '__type'), 'com.amazonaws.sqs#QueueNameExists')
  assert.equal(inJson.headers['x-amzn-query-error'], 'QueueAlreadyExists;Sender')
  const inXml = await query('/', {
    Action: 'CreateQueue',
    QueueName: 'there',
    'Attribute.1.Name': 'DelaySeconds',
    'Attribute.1.Value': '2',
  })
  assert.equal(element(inXml, 'Code'), 'QueueAlreadyExists')
})

test('a message of a mebibyte goes through, one byte more does not', async () => {
  const url = await made(to, 'large')
  const body = 'x'.repeat(1_048_576)
  await ask(to, 'SendMessage', { QueueUrl: url, MessageBody: body })
  const [message] = await receive(to, url)
  assert.equal(message?.body, body)
  const refused = await json('SendMessage', { QueueUrl: url, MessageBody: `${body}x` })
  assert.equal(refused.headers['x-amzn-query-error'], 'InvalidParameterValue;Sender')
})

test('accounts and regions are apart; the path of a URL says the account', async () => {
  await made(to, 'mine')
  const other = await send(to, {
    service: 'sqs',
    account: '111122223333',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' },
    body: '{}',
  })
  assert.equal(valueAt(parseJson(other.body), 'QueueUrls'), undefined)
  const west = await send(to, {
    service: 'sqs',
    region: 'eu-west-1',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.GetQueueUrl' },
    body: '{"QueueName":"mine"}',
  })
  assert.equal(west.status, 400)
})
