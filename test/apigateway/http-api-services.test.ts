/** Routes of HTTP APIs that call SQS and EventBridge themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import type { DataPlane } from '#ports/data-plane.ts'
import { URI, type World, caller, fault, request, world } from './harness.ts'

const { operations: op } = apigatewayv2
const QUEUE = 'http://127.0.0.1:4566/000000000000/orders'

interface Fixture {
  readonly made: World
  readonly id: string
  readonly plane: DataPlane
}

async function integrated(
  subtype: string,
  parameters: Record<string, string>,
  routeKey = 'POST /orders/{id}',
): Promise<Fixture> {
  const made = world()
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const { ApiId = '' } = await run(op.CreateApi, { Name: 'orders', ProtocolType: 'HTTP' })
  await run(op.CreateStage, {
    ApiId,
    StageName: '$default',
    AutoDeploy: true,
    StageVariables: { bus: 'orders-bus' },
  })
  const { IntegrationId } = await run(op.CreateIntegration, {
    ApiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationSubtype: subtype,
    CredentialsArn: 'arn:aws:iam::000000000000:role/api',
    PayloadFormatVersion: '1.0',
    RequestParameters: parameters,
  })
  await run(op.CreateRoute, { ApiId, RouteKey: routeKey, Target: `integrations/${IntegrationId}` })
  return { made, id: ApiId, plane: httpDataPlane(state) }
}

test('SQS-SendMessage sends the mapped message and answers what SQS answers', async () => {
  const { made, id, plane } = await integrated('SQS-SendMessage', {
    QueueUrl: QUEUE,
    MessageBody: '$request.body',
    MessageGroupId: '$request.path.id',
    DelaySeconds: '5',
    MessageAttributes: '{"tenant":{"DataType":"String","StringValue":"${request.header.X-Tenant}"}}',
  })
  made.services.set('sqs:SendMessage', () => ({ MessageId: 'm-1', MD5OfMessageBody: 'abc' }))
  const answer = await request(plane, id, '/orders/a%20b', {
    method: 'POST',
    headers: { 'X-Tenant': 'acme' },
    body: '{"n":1}',
  })
  assert.deepEqual(made.calls, [
    {
      name: 'sqs:SendMessage',
      input: {
        QueueUrl: QUEUE,
        MessageBody: '{"n":1}',
        MessageGroupId: 'a b',
        DelaySeconds: 5,
        MessageAttributes: { tenant: { DataType: 'String', StringValue: 'acme' } },
      },
    },
  ])
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'text/xml')
  assert.equal(
    answer.body,
    '<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult><MessageId>m-1</MessageId><MD5OfMessageBody>abc</MD5OfMessageBody></SendMessageResult></SendMessageResponse>',
  )
  assert.equal(made.usage.filter(({ dimension }) => dimension === 'requests').length, 1)
})

test('EventBridge-PutEvents puts one entry', async () => {
  const { made, id, plane } = await integrated('EventBridge-PutEvents', {
    Detail: '$request.body.detail',
    DetailType: 'Order ${request.path.id}',
    Source: 'orders.${context.stage}',
    EventBusName: '$stageVariables.bus',
  })
  made.services.set('events:PutEvents', () => ({ FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] }))
  const answer = await request(plane, id, '/orders/7', { method: 'POST', body: '{"detail":{"total":3}}' })
  assert.deepEqual(made.calls[0]?.input, {
    Entries: [
      { Detail: '{"total":3}', DetailType: 'Order 7', Source: 'orders.$default', EventBusName: 'orders-bus' },
    ],
  })
  assert.deepEqual(JSON.parse(answer.body), { FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] })
})

test('a request without a value for a required parameter is refused, and calls nothing', async () => {
  const { made, id, plane } = await integrated('SQS-SendMessage', {
    QueueUrl: QUEUE,
    MessageBody: '$request.body',
  })
  const answer = await request(plane, id, '/orders/7', { method: 'POST' })
  assert.equal(answer.status, 400)
  assert.deepEqual(JSON.parse(answer.body), {
    message: 'Unable to resolve property MessageBody from source $request.body',
  })
  assert.deepEqual(made.calls, [])
})

test('what the service refuses reaches the client in its protocol; a wait beyond the timeout is 503', async () => {
  const { made, id, plane } = await integrated('SQS-DeleteMessage', {
    QueueUrl: QUEUE,
    ReceiptHandle: '$request.body',
  })
  made.services.set('sqs:DeleteMessage', () => {
    throw new Fault('ReceiptHandleIsInvalid', 'The input receipt handle "<x>" is not valid.', { status: 404 })
  })
  const refused = await request(plane, id, '/orders/7', { method: 'POST', body: 'x' })
  assert.equal(refused.status, 404)
  assert.match(refused.body, /<Code>ReceiptHandleIsInvalid<\/Code><Message>[^<]*&lt;x&gt;/)
  made.services.set('sqs:DeleteMessage', async () => {
    made.late()
    await new Promise(() => undefined)
  })
  const late = await request(plane, id, '/orders/7', { method: 'POST', body: 'x' })
  assert.equal(late.status, 503)
})

test('SQS-ReceiveMessage lists messages, SQS-PurgeQueue answers without a result', async () => {
  const receive = await integrated('SQS-ReceiveMessage', {
    QueueUrl: QUEUE,
    MaxNumberOfMessages: '$request.querystring.n',
    AttributeNames: '["All"]',
  })
  receive.made.services.set('sqs:ReceiveMessage', () => ({
    Messages: [
      { MessageId: 'm', ReceiptHandle: 'r', MD5OfBody: '5', Body: 'a<b', Attributes: { SentTimestamp: '1' } },
    ],
  }))
  const got = await request(receive.plane, receive.id, '/orders/7', { method: 'POST', query: 'n=3' })
  assert.deepEqual(receive.made.calls[0]?.input, {
    QueueUrl: QUEUE,
    MaxNumberOfMessages: 3,
    AttributeNames: ['All'],
  })
  assert.match(
    got.body,
    /<Message><MessageId>m<\/MessageId><ReceiptHandle>r<\/ReceiptHandle><MD5OfBody>5<\/MD5OfBody><Body>a&lt;b<\/Body><Attribute><Name>SentTimestamp/,
  )
  const purge = await integrated('SQS-PurgeQueue', { QueueUrl: QUEUE })
  purge.made.services.set('sqs:PurgeQueue', () => ({}))
  assert.match(
    (await request(purge.plane, purge.id, '/orders/7', { method: 'POST' })).body,
    /<PurgeQueueResponse/,
  )
})

test('CreateIntegration refuses unknown subtypes, missing and unknown parameters, and bad expressions', async () => {
  const run = caller(createApiGatewayV2(world().ports))
  const { ApiId = '' } = await run(op.CreateApi, { Name: 'orders', ProtocolType: 'HTTP' })
  const create = (
    IntegrationSubtype: string,
    RequestParameters: Record<string, string>,
    more = {},
  ): Promise<string> =>
    fault(() =>
      run(op.CreateIntegration, {
        ApiId,
        IntegrationType: 'AWS_PROXY',
        IntegrationSubtype,
        RequestParameters,
        ...more,
      }),
    )
  assert.match(await create('SNS-Publish', {}), /^BadRequestException: Invalid integration subtype/)
  assert.match(await create('Kinesis-PutRecord', {}), /^NotImplemented: .*Kinesis-PutRecord/)
  const prefix =
    'BadRequestException: Invalid selection expression specified: Validation Result: warnings : [], errors : '
  assert.equal(await create('SQS-PurgeQueue', {}), `${prefix}[Missing required parameter: QueueUrl]`)
  assert.equal(
    await create('SQS-PurgeQueue', { QueueUrl: 'q', Extra: 'x' }),
    `${prefix}[Invalid destination: Extra]`,
  )
  assert.equal(
    await create('SQS-PurgeQueue', { QueueUrl: '$request.nothing' }),
    `${prefix}[Invalid source: $request.nothing specified for destination: QueueUrl]`,
  )
  assert.match(
    await create('SQS-PurgeQueue', { QueueUrl: 'q' }, { PayloadFormatVersion: '2.0' }),
    /^BadRequestException: Invalid PayloadFormatVersion/,
  )
})

test('UpdateIntegration keeps what is not named, and checks the whole', async () => {
  const { made, id } = await integrated('SQS-PurgeQueue', { QueueUrl: QUEUE })
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const [integration] = (await run(op.GetIntegrations, { ApiId: id })).Items ?? []
  const IntegrationId = integration?.IntegrationId ?? ''
  const kept = await run(op.UpdateIntegration, { ApiId: id, IntegrationId, Description: 'same' })
  assert.equal(kept.IntegrationSubtype, 'SQS-PurgeQueue')
  assert.deepEqual(kept.RequestParameters, { QueueUrl: QUEUE })
  assert.equal(
    await fault(() =>
      run(op.UpdateIntegration, { ApiId: id, IntegrationId, IntegrationUri: URI, IntegrationSubtype: '' }),
    ),
    'BadRequestException: Invalid integration subtype specified: ',
  )
})
