/** Events on a whole platform: to queues, logs, topics, functions' neighbours, another bus, an endpoint; in one trace; on time. */
import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { json, madeFunction, rest } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { ask, put, queueArn, received, ruleTo } from './client.ts'

const compare = (a: string, b: string): number => (a < b ? -1 : 1)
const idOf = (body: unknown): string => stringAt(body, 'id') ?? ''

test('an event reaches queues, a log group and another bus, below the span of its PutEvents', async (t) => {
  const on = await platform()
  t.after(() => on.stop())
  await ruleTo(on, 'rule', ['direct'])
  await ask(on, 'events', 'CreateEventBus', { Name: 'second' })
  await json(on, 'logs.CreateLogGroup', { logGroupName: '/events' })
  await ask(on, 'events', 'PutTargets', {
    Rule: 'rule',
    Targets: [
      { Id: 'bus', Arn: 'arn:aws:events:us-east-1:000000000000:event-bus/second' },
      { Id: 'log', Arn: 'arn:aws:logs:us-east-1:000000000000:log-group:/events' },
    ],
  })
  await ask(on, 'sqs', 'CreateQueue', { QueueName: 'far' })
  const EventBusName = 'second'
  await ask(on, 'events', 'PutRule', { Name: 'far', EventBusName, EventPattern: '{"source":["app"]}' })
  await ask(on, 'events', 'PutTargets', {
    Rule: 'far',
    EventBusName,
    Targets: [{ Id: '1', Arn: queueArn('far') }],
  })
  const [id = ''] = await put(on, [{ n: 1 }])
  const [direct] = await received(on, 'direct', { count: 1 })
  const [far] = await received(on, 'far', { count: 1 })
  assert.deepEqual([idOf(direct?.body), idOf(far?.body)], [id, id])
  const trace = stringAt(direct?.attributes, 'AWSTraceHeader') ?? ''
  assert.equal(
    /Root=([^;]+)/.exec(stringAt(far?.attributes, 'AWSTraceHeader') ?? '')?.[1],
    /Root=([^;]+)/.exec(trace)?.[1],
  )
  const lines = await json(on, 'logs.FilterLogEvents', { logGroupName: '/events' })
  assert.match(lines.body, new RegExp(id))
  const root = /Root=([^;]+)/.exec(trace)?.[1] ?? ''
  const found = await (await fetch(`${on.url}/_windtunnel/spans?trace=${root}`)).text()
  const all = found.split('\n').flatMap((line) => (line === '' ? [] : [parseJson(line)]))
  const parents = new Map(all.filter(isRecord).map((span) => [span['id'], span]))
  const targets = all.filter((span) => stringAt(span, 'operation') === 'InvokeTarget')
  assert.equal(targets.length, 4)
  const above = targets.map((span) => stringAt(parents.get(stringAt(span, 'parentId')), 'operation'))
  assert.deepEqual(above.map(String).sort(compare), ['InvokeTarget', 'PutEvents', 'PutEvents', 'PutEvents'])
})

test('an event of 1 MB is taken and delivered, one byte more is not', async (t) => {
  const on = await platform()
  t.after(() => on.stop())
  await ruleTo(on, 'rule', ['large'], { InputPath: '$.detail.size' })
  const entry = { Source: 'app', DetailType: 'type' }
  const Detail = (bytes: number): string => JSON.stringify({ size: bytes, pad: 'x'.repeat(bytes - 31) })
  const room = 1_048_576 - 'app'.length - 'type'.length
  const detail = Detail(room - 1)
  const exact = detail + ' '.repeat(room - Buffer.byteLength(detail))
  await ask(on, 'events', 'PutEvents', { Entries: [{ ...entry, Detail: exact }] })
  await assert.rejects(
    ask(on, 'events', 'PutEvents', { Entries: [{ ...entry, Detail: `${exact} ` }] }),
    /Total size of the entries in the request is over the limit\./,
  )
  const [got] = await received(on, 'large', { count: 1 })
  assert.equal(got?.body, room - 1)
})

test('an API destination gets its event over HTTP, and again after a 503', async (t) => {
  const got: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly url: string }[] = []
  const endpoint = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      got.push({ headers: request.headers, body: Buffer.concat(parts).toString(), url: request.url ?? '' })
      response.writeHead(got.length === 1 ? 503 : 200).end()
    })
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  t.after(() => endpoint.close())
  const address = endpoint.address()
  assert.ok(address !== null && typeof address === 'object')
  const on = await platform()
  t.after(() => on.stop())
  const connection = await ask(on, 'events', 'CreateConnection', {
    Name: 'c',
    AuthorizationType: 'API_KEY',
    AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'k' } },
  })
  const destination = await ask(on, 'events', 'CreateApiDestination', {
    Name: 'd',
    ConnectionArn: stringAt(connection, 'ConnectionArn'),
    InvocationEndpoint: `http://127.0.0.1:${address.port}/hook`,
    HttpMethod: 'POST',
  })
  await ask(on, 'events', 'PutRule', { Name: 'r', EventPattern: '{"source":["app"]}' })
  const RoleArn = 'arn:aws:iam::000000000000:role/r'
  const Targets = [
    { Id: '1', Arn: stringAt(destination, 'ApiDestinationArn'), InputPath: '$.detail', RoleArn },
  ]
  await ask(on, 'events', 'PutTargets', { Rule: 'r', Targets })
  await put(on, [{ n: 1 }])
  const cut = AbortSignal.timeout(30_000)
  while (got.length < 2) {
    cut.throwIfAborted()
    await new Promise((resolve) => endpoint.once('request', resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const [first, second] = got
  assert.deepEqual([first?.body, second?.body, first?.url], ['{"n":1}', '{"n":1}', '/hook'])
  assert.equal(first?.headers['user-agent'], 'Amazon/EventBridge/ApiDestinations')
  assert.equal(first?.headers['x-key'], 'k')
})

test('an event reaches a REST API, with the parts of its path, its query and headers, in one trace', async (t) => {
  const on = await platform()
  t.after(() => on.stop())
  await madeFunction(on, {
    name: 'orders',
    code: 'exports.handler = async (event) => { console.log(JSON.stringify(event)); return { statusCode: 200 } }',
  })
  const api = await restApi(on, 'orders')
  await ask(on, 'events', 'PutRule', { Name: 'rule', EventPattern: '{"source":["app"]}' })
  await ask(on, 'events', 'PutTargets', {
    Rule: 'rule',
    Targets: [
      {
        Id: 'api',
        Arn: `arn:aws:execute-api:us-east-1:000000000000:${api}/prod/POST/orders/*`,
        HttpParameters: {
          PathParameterValues: ['7'],
          QueryStringParameters: { q: '1' },
          HeaderParameters: { 'x-kind': 'order' },
        },
      },
    ],
  })
  const [id = ''] = await put(on, [{ n: 1 }])
  const seen = await logged(on, 'orders')
  assert.equal(idOf(parseJson(stringAt(seen, 'body') ?? '')), id)
  assert.deepEqual(valueAt(seen, 'pathParameters'), { id: '7' })
  assert.deepEqual(valueAt(seen, 'queryStringParameters'), { q: '1' })
  assert.equal(stringAt(valueAt(seen, 'headers'), 'x-kind'), 'order')
  const trace = stringAt(valueAt(seen, 'headers'), 'X-Amzn-Trace-Id') ?? ''
  const root = /Root=([^;]+)/.exec(trace)?.[1] ?? ''
  const found = await (await fetch(`${on.url}/_windtunnel/spans?trace=${root}`)).text()
  for (const operation of ['PutEvents', 'InvokeTarget', 'Invoke'])
    assert.ok(found.includes(`"operation":"${operation}"`), operation)
})

/** What the function has printed as JSON, when it has. */
async function logged(on: Platform, name: string): Promise<unknown> {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    const { body } = await json(on, 'logs.FilterLogEvents', { logGroupName: `/aws/lambda/${name}` })
    const events = valueAt(parseJson(body), 'events')
    for (const event of Array.isArray(events) ? events : []) {
      const line = /\tINFO\t(\{.*\})/s.exec(stringAt(event, 'message') ?? '')?.[1]
      if (line !== undefined) return parseJson(line)
    }
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return assert.fail(`${name} printed nothing`)
}

/** A deployed REST API with POST /orders/{id} in front of the function; its id. */
async function restApi(on: Platform, name: string): Promise<string> {
  const made = async (what: `${string} ${string} /${string}`, body: unknown): Promise<unknown> => {
    const answer = await rest(on, what, body)
    assert.ok(answer.status < 300, answer.body)
    return parseJson(answer.body)
  }
  const api = await made('apigateway POST /restapis', { name })
  const id = idOf(api)
  const root = stringAt(api, 'rootResourceId') ?? ''
  const orders = await made(`apigateway POST /restapis/${id}/resources/${root}`, { pathPart: 'orders' })
  const one = await made(`apigateway POST /restapis/${id}/resources/${idOf(orders)}`, { pathPart: '{id}' })
  const method = `/restapis/${id}/resources/${idOf(one)}/methods/POST` as const
  await made(`apigateway PUT ${method}`, { authorizationType: 'NONE' })
  const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`
  await made(`apigateway PUT ${method}/integration`, {
    type: 'AWS_PROXY',
    httpMethod: 'POST',
    uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`,
  })
  await made(`apigateway POST /restapis/${id}/deployments`, { stageName: 'prod' })
  return id
}

test('a schedule rings on virtual time', async (t) => {
  const on = await platform(['--memory', '--virtual-time'])
  t.after(() => on.stop())
  await ruleTo(on, 'rule', ['ticks'])
  await ask(on, 'events', 'PutRule', { Name: 'rule', ScheduleExpression: 'rate(1 hour)' })
  const advanced = await fetch(`${on.url}/_windtunnel/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'advance', ms: 3 * 3_600_000 + 1_000 }),
  })
  assert.equal(advanced.status, 200, await advanced.text())
  const ticks = await received(on, 'ticks', { count: 3 })
  assert.deepEqual(
    new Set(ticks.map(({ body }) => stringAt(body, 'detail-type'))),
    new Set(['Scheduled Event']),
  )
})
