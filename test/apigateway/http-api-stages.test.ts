import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { apigatewayv2, stopApiGatewayV2 } from '#services/apigatewayv2/index.ts'
import { type Answer, fault, NOW, request } from './harness.ts'
import { type HttpFixture, routed } from './http-apis.ts'

const { operations: op } = apigatewayv2
const GROUP_ARN = 'arn:aws:logs:us-east-1:000000000000:log-group:access:*'

async function statuses(api: HttpFixture, path: string, count: number): Promise<number[]> {
  const found: number[] = []
  for (let n = 0; n < count; n++) found.push((await request(api.plane, api.id, path)).status)
  return found
}

/** The function of these tests takes 7 ms, in which buckets fill again: rates are low enough not to notice. */
async function throttled(settings: object, routes: object = {}): Promise<HttpFixture> {
  const api = await routed(['GET /a', 'GET /b'])
  await api.run(op.UpdateStage, {
    ApiId: api.id,
    StageName: '$default',
    DefaultRouteSettings: settings,
    RouteSettings: routes as Record<string, object>,
  })
  return api
}

test('a stage that throttles answers 429 beyond the burst and fills again with the clock', async () => {
  const api = await throttled({ ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 })
  assert.deepEqual(await statuses(api, '/a', 3), [200, 200, 429])
  const answer = await request(api.plane, api.id, '/a')
  assert.deepEqual([answer.status, answer.body], [429, '{"message":"Too Many Requests"}'])
  api.made.advance(990)
  assert.deepEqual(await statuses(api, '/a', 2), [200, 429])
  api.made.advance(3_600_000)
  assert.deepEqual(await statuses(api, '/a', 3), [200, 200, 429])
})

test('each route has a bucket of its own, and its own settings before the stage\u2019s', async () => {
  const api = await throttled(
    { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 1 },
    { 'GET /b': { ThrottlingBurstLimit: 3 } },
  )
  assert.deepEqual(await statuses(api, '/a', 2), [200, 429])
  assert.deepEqual(await statuses(api, '/b', 4), [200, 200, 200, 429])
  await api.run(op.DeleteRouteSettings, { ApiId: api.id, StageName: '$default', RouteKey: 'GET /b' })
  api.made.advance(60_000)
  assert.deepEqual(await statuses(api, '/b', 2), [200, 429])
})

test('limits of zero refuse everything, and a throttled request costs nothing', async () => {
  const api = await throttled({ ThrottlingRateLimit: 0, ThrottlingBurstLimit: 0 })
  assert.deepEqual(await statuses(api, '/a', 2), [429, 429])
  assert.equal(api.made.deliveries.length, 0)
  assert.equal(
    api.made.usage.some((one) => one.dimension === 'requests'),
    false,
  )
})

test('without limits nothing is throttled', async () => {
  const api = await routed(['GET /a'])
  assert.deepEqual(new Set(await statuses(api, '/a', 50)), new Set([200]))
})

interface Logged extends HttpFixture {
  lines(): Promise<string[]>
}

async function logged(Format: string): Promise<Logged> {
  const api = await routed(['GET /a/{b}'])
  const { made, run, id, state } = api
  made.services.set('logs:CreateLogStream', () => ({}))
  made.services.set('logs:PutLogEvents', () => ({}))
  await run(op.UpdateStage, {
    ApiId: id,
    StageName: '$default',
    AccessLogSettings: { DestinationArn: GROUP_ARN, Format },
  })
  return {
    ...api,
    lines: async () => {
      await stopApiGatewayV2(state)
      return made.calls
        .filter(({ name }) => name === 'logs:PutLogEvents')
        .flatMap(({ input }) => (input as { logEvents: { message: string }[] }).logEvents)
        .map(({ message }) => message)
    },
  }
}

test('access logs write a line of the stage\u2019s format for each request', async () => {
  const api = await logged(
    '{"id":"$context.requestId","key":"$context.routeKey","status":$context.status,"ip":"$context.identity.sourceIp","len":$context.responseLength,"int":"$context.integrationLatency","at":"$context.requestTime","epoch":$context.requestTimeEpoch,"no":"$context.authorizer.claims.sub","err":$context.error.messageString}',
  )
  const answer = await request(api.plane, api.id, '/a/1')
  await request(api.plane, api.id, '/nowhere')
  const [first = '', second = ''] = await api.lines()
  assert.equal(
    first,
    `{"id":"${answer.headers['apigw-requestid']}","key":"GET /a/{b}","status":200,"ip":"192.0.2.1","len":2,"int":"7","at":"25/Nov/2026:03:00:00 +0000","epoch":${NOW},"no":"-","err":-}`,
  )
  assert.match(second, /"key":"-","status":404/)
  assert.match(second, /"err":"Not Found"\}$/)
  const [stream, put] = api.made.calls as { name: string; input: Record<string, unknown> }[]
  assert.deepEqual([stream?.name, stream?.input['logGroupName']], ['logs:CreateLogStream', 'access'])
  assert.equal(put?.input['logStreamName'], stream?.input['logStreamName'])
})

test('what a client sends cannot begin a line of its own, and latencies and backends are told', async () => {
  const api = await logged(
    '$context.identity.userAgent|$context.integrationStatus|$context.integrationErrorMessage\n',
  )
  await request(api.plane, api.id, '/a/1', { headers: { 'user-agent': 'a\nb' } })
  api.made.outcome = { kind: 'timed-out' }
  await request(api.plane, api.id, '/a/1')
  assert.deepEqual(await api.lines(), ['a b|200|-', '-|503|Request timed out'])
})

test('a group that is gone is told in our own log and holds no request up', async () => {
  const api = await logged('$context.requestId')
  api.made.services.set('logs:CreateLogStream', () => {
    throw new Fault('ResourceNotFoundException', 'The specified log group does not exist.')
  })
  assert.equal((await request(api.plane, api.id, '/a/1')).status, 200)
  assert.deepEqual(await api.lines(), [])
  assert.deepEqual(api.made.warnings, ['apigatewayv2.access-log.refused'])
  api.made.services.set('logs:CreateLogStream', () => ({}))
  await request(api.plane, api.id, '/a/1')
  assert.equal((await api.lines()).length, 1)
})

test('a stream that was deleted is made again and no line is lost', async () => {
  const api = await logged('$context.status')
  await request(api.plane, api.id, '/a/1')
  assert.equal((await api.lines()).length, 1)
  let failures = 1
  api.made.services.set('logs:PutLogEvents', () => {
    if (failures-- > 0)
      throw new Fault('ResourceNotFoundException', 'The specified log stream does not exist.')
    return {}
  })
  await request(api.plane, api.id, '/a/1')
  await api.lines()
  assert.deepEqual(api.made.calls.map(({ name }) => name).slice(2), [
    'logs:PutLogEvents',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ])
})

test('lines are written by themselves after a moment, many requests in one write', async () => {
  const api = await logged('$context.status')
  const all: Promise<Answer>[] = []
  for (let n = 0; n < 5; n++) all.push(request(api.plane, api.id, '/a/1'))
  await Promise.all(all)
  api.made.late()
  assert.equal((await api.lines()).length, 5)
  assert.equal(api.made.calls.filter(({ name }) => name === 'logs:PutLogEvents').length, 1)
})

test('lines of more than a day, as a moved clock makes them, go in several writes', async () => {
  const api = await logged('$context.status')
  await request(api.plane, api.id, '/a/1')
  api.made.advance(2 * 86_400_000)
  await request(api.plane, api.id, '/a/1')
  assert.equal((await api.lines()).length, 2)
  assert.equal(api.made.calls.filter(({ name }) => name === 'logs:PutLogEvents').length, 2)
})

test('DeleteAccessLogSettings ends the lines', async () => {
  const api = await logged('$context.status')
  await api.run(op.DeleteAccessLogSettings, { ApiId: api.id, StageName: '$default' })
  await request(api.plane, api.id, '/a/1')
  assert.deepEqual(await api.lines(), [])
})

test('stages refuse what AWS refuses', async () => {
  const { run, id } = await routed(['GET /a'])
  const refusal = (more: object): Promise<string> =>
    fault(() => run(op.CreateStage, { ApiId: id, StageName: 's', ...more }))
  assert.match(
    await refusal({ AccessLogSettings: { DestinationArn: GROUP_ARN, Format: '{\n}' } }),
    /Access Log format must be single line/,
  )
  assert.match(await refusal({ AccessLogSettings: { DestinationArn: 'group', Format: 'x' } }), /Invalid ARN/)
  assert.match(
    await refusal({
      AccessLogSettings: {
        DestinationArn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x',
        Format: 'x',
      },
    }),
    /^NotImplemented/,
  )
  assert.match(await refusal({ DefaultRouteSettings: { ThrottlingRateLimit: -1 } }), /negative/)
  assert.match(await refusal({ DefaultRouteSettings: { LoggingLevel: 'INFO' } }), /Execution logs/)
  assert.match(await refusal({ StageVariables: { 'a b': 'x' } }), /stage variable/)
  assert.match(await refusal({ RouteSettings: { route1: {} } }), /route key/)
})
