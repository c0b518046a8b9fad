/** API destinations and stages of APIs: what is sent, how often, and what is tried again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text, utf8 } from '#base/bytes.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { CreateConnectionRequest, Target } from '#model/events.ts'
import type { OutboundOutcome } from '#ports/outbound.ts'
import { DEAD, type FakeEvents, fakeEvents, TRACE } from '#services/events/fake-events.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fresh = (): Promise<FakeEvents> => fakeEvents(memoryStores(), turn)
const URL = 'http://127.0.0.1:9/hook/*'
const ROLE = 'arn:aws:iam::000000000000:role/r'
const HOOK = 'http://127.0.0.1:9/hook/orders'

const answered = (
  status: number,
  more: { headers?: Record<string, string>; body?: string } = {},
): OutboundOutcome => ({
  kind: 'answered',
  status,
  headers: more.headers ?? {},
  body: utf8(more.body ?? ''),
})

const KEY: Omit<CreateConnectionRequest, 'Name'> = {
  AuthorizationType: 'API_KEY',
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'secret' } },
}

interface Given {
  readonly connection?: Omit<CreateConnectionRequest, 'Name'>
  readonly perSecond?: number
  readonly target?: Partial<Target>
}

/** A rule whose target is a destination at HOOK. */
async function hooked(
  events: FakeEvents,
  { connection = KEY, perSecond, target }: Given = {},
): Promise<string> {
  const { ConnectionArn = '' } = await events.call('CreateConnection', { Name: 'c', ...connection })
  const { ApiDestinationArn: Arn = '' } = await events.call('CreateApiDestination', {
    Name: 'd',
    ConnectionArn,
    InvocationEndpoint: URL,
    HttpMethod: 'POST',
    InvocationRateLimitPerSecond: perSecond,
  })
  const HttpParameters = { PathParameterValues: ['orders'] }
  await events.rule([
    {
      Id: '1',
      Arn,
      RoleArn: ROLE,
      InputPath: '$.detail',
      HttpParameters,
      DeadLetterConfig: { Arn: DEAD },
      ...target,
    },
  ])
  return Arn
}

const deadCodes = (events: FakeEvents): unknown[] =>
  events.delivered
    .filter(({ arn }) => arn === DEAD)
    .map(({ message }) => message?.attributes?.['ERROR_CODE']?.stringValue)

test('an API destination is called as AWS calls it', async () => {
  const events = await fresh()
  const Arn = await hooked(events, {
    connection: {
      ...KEY,
      AuthParameters: {
        ...KEY.AuthParameters,
        InvocationHttpParameters: {
          HeaderParameters: [{ Key: 'X-Both', Value: 'connection' }],
          QueryStringParameters: [{ Key: 'q', Value: 'a b' }],
          BodyParameters: [{ Key: 'added', Value: 'yes' }],
        },
      },
    },
    target: {
      HttpParameters: {
        PathParameterValues: ['orders'],
        HeaderParameters: { 'X-Both': 'target', 'X-Own': '1', 'User-Agent': 'mine' },
        QueryStringParameters: { p: '1' },
      },
    },
  })
  await events.put({ n: 1 })
  await events.clock.settle()
  const [request] = events.posted
  assert.ok(request)
  assert.deepEqual(
    [request.method, request.url, text(request.body ?? utf8('')), request.timeoutMs],
    ['POST', `${HOOK}?p=1&q=a%20b`, '{"n":1,"added":"yes"}', 5_000],
  )
  assert.deepEqual(request.headers, {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Both': 'connection',
    'X-Own': '1',
    'User-Agent': 'Amazon/EventBridge/ApiDestinations',
    'X-Key': 'secret',
    Range: 'bytes=0-1048575',
    'Accept-Encoding': 'gzip,deflate',
    Connection: 'close',
    'X-Amzn-Trace-Id': TRACE,
    Host: '127.0.0.1:9',
    'Content-Length': '21',
  })
  assert.deepEqual(events.usage.map(({ dimension, resource }) => [dimension, resource]).at(-1), [
    'apiDestinations',
    Arn,
  ])
})

test('an API destination is called as often a second as it allows', async () => {
  const events = await fresh()
  await hooked(events, { perSecond: 2, target: { RetryPolicy: { MaximumRetryAttempts: 0 } } })
  for (let i = 0; i < 5; i++) await events.put({ i })
  await events.clock.advance(5_000)
  assert.deepEqual(
    events.posted.map(({ atMs }) => atMs),
    [0, 500, 1_000, 1_500, 2_000],
  )
  assert.deepEqual(deadCodes(events), [])
})

test('429, 5xx and silence are tried again, other answers are not', async () => {
  for (const [outcome, code] of [
    [answered(404), 'ERROR_FROM_TARGET'],
    [answered(302), 'ERROR_FROM_TARGET'],
    [answered(503, { headers: { 'retry-after': '-1' } }), 'ERROR_FROM_TARGET'],
  ] as const) {
    const events = await fresh()
    await hooked(events)
    events.answers.set(HOOK, [outcome])
    await events.put({})
    await events.clock.advance(60_000)
    assert.deepEqual([events.posted.length, deadCodes(events)], [1, [code]])
  }
  for (const outcome of [
    answered(429),
    answered(500),
    { kind: 'timed-out' } as const,
    { kind: 'unreachable', reason: 'ECONNREFUSED' } as const,
  ]) {
    const events = await fresh()
    await hooked(events)
    events.answers.set(HOOK, [outcome])
    await events.put({})
    await events.clock.advance(60_000)
    assert.deepEqual([events.posted.length, deadCodes(events)], [2, []])
  }
})

test('a header that HTTP does not take is a dead letter', async () => {
  const events = await fresh()
  await hooked(events, { target: { HttpParameters: { HeaderParameters: { 'X-Own': 'a\r\nb' } } } })
  await events.put({})
  await events.clock.advance(60_000)
  assert.deepEqual([events.posted.length, deadCodes(events)], [0, ['INVALID_PARAMETER']])
})

test('Retry-After is waited for', async () => {
  const events = await fresh()
  await hooked(events)
  events.answers.set(HOOK, [answered(503, { headers: { 'retry-after': '20' } })])
  await events.put({})
  await events.clock.advance(60_000)
  assert.deepEqual(
    events.posted.map(({ atMs }) => atMs),
    [0, 20_000],
  )
})

test('basic credentials go in their header; a deauthorized connection is a dead letter', async () => {
  const events = await fresh()
  await hooked(events, {
    connection: {
      AuthorizationType: 'BASIC',
      AuthParameters: { BasicAuthParameters: { Username: 'me', Password: 'secret' } },
    },
  })
  await events.put({})
  await events.clock.settle()
  assert.equal(events.posted[0]?.headers['Authorization'], 'Basic bWU6c2VjcmV0')
  await events.call('DeauthorizeConnection', { Name: 'c' })
  await events.put({})
  await events.clock.settle()
  assert.deepEqual([events.posted.length, deadCodes(events)], [1, ['NO_PERMISSIONS']])
})

test('a token is fetched once while it lives, and again when it is refused', async () => {
  const events = await fresh()
  const token = 'http://127.0.0.1:9/token'
  const given = (name: string) =>
    answered(200, { body: `{"access_token":"${name}","token_type":"bearer","expires_in":60}` })
  events.answers.set(token, [given('one'), given('two'), given('three')])
  await hooked(events, {
    connection: {
      AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS',
      AuthParameters: {
        OAuthParameters: {
          ClientParameters: { ClientID: 'id', ClientSecret: 's' },
          AuthorizationEndpoint: token,
          HttpMethod: 'POST',
          OAuthHttpParameters: { BodyParameters: [{ Key: 'scope', Value: 'a b' }] },
        },
      },
    },
  })
  events.answers.set(HOOK, [answered(200), answered(200), answered(401), answered(200), answered(200)])
  const seen = (): readonly (string | undefined)[] =>
    events.posted.splice(0).map(({ url, headers }) => (url === token ? 'token' : headers['Authorization']))
  await events.put({})
  await events.clock.settle()
  const [fetched] = events.posted
  assert.equal(text(fetched?.body ?? utf8('')), 'grant_type=client_credentials&scope=a%20b')
  assert.equal(fetched?.headers['Authorization'], 'Basic aWQ6cw==')
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(seen(), ['token', 'Bearer one', 'Bearer one'])
  await events.put({})
  await events.clock.advance(2_000)
  assert.deepEqual(seen(), ['Bearer one', 'token', 'Bearer two'])
  await events.clock.advance(60_000)
  await events.put({})
  await events.clock.settle()
  assert.deepEqual(seen(), ['token', 'Bearer three'])
})

test('a connection that needs a token is authorized when it has one', async () => {
  const events = await fresh()
  const token = 'http://127.0.0.1:9/token'
  events.answers.set(`${token}?grant_type=client_credentials`, [
    answered(500),
    answered(200, { body: '{"access_token":"t"}' }),
  ])
  const OAuthParameters = {
    ClientParameters: { ClientID: 'id', ClientSecret: 's' },
    AuthorizationEndpoint: token,
    HttpMethod: 'GET',
  }
  const connection = { AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS', AuthParameters: { OAuthParameters } }
  const { ConnectionState } = await events.call('CreateConnection', { Name: 'first', ...connection })
  assert.equal(ConnectionState, 'AUTHORIZING')
  await hooked(events, { connection: { ...connection, AuthParameters: { OAuthParameters } } })
  await events.clock.settle()
  const stateOf = async (Name: string) => (await events.call('DescribeConnection', { Name })).ConnectionState
  assert.deepEqual([await stateOf('first'), await stateOf('c')], ['DEAUTHORIZED', 'AUTHORIZED'])
  assert.equal((await events.call('DescribeApiDestination', { Name: 'd' })).ApiDestinationState, 'ACTIVE')
  await events.call('DeauthorizeConnection', { Name: 'c' })
  assert.equal((await events.call('DescribeApiDestination', { Name: 'd' })).ApiDestinationState, 'INACTIVE')
  assert.match(events.posted[0]?.url ?? '', /\?grant_type=client_credentials$/)
})

test('secrets of a connection are never shown', async () => {
  const events = await fresh()
  await hooked(events, {
    connection: {
      ...KEY,
      AuthParameters: {
        ...KEY.AuthParameters,
        InvocationHttpParameters: {
          HeaderParameters: [
            { Key: 'a', Value: 'open', IsValueSecret: false },
            { Key: 'b', Value: 'secret', IsValueSecret: true },
          ],
        },
      },
    },
  })
  const shown = await events.call('DescribeConnection', { Name: 'c' })
  assert.ok(!JSON.stringify(shown).includes('"secret"'))
  assert.deepEqual(shown.AuthParameters?.ApiKeyAuthParameters, { ApiKeyName: 'X-Key' })
  assert.match(
    shown.SecretArn ?? '',
    /^arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection\/c\//,
  )
  assert.deepEqual([shown.ConnectionState, shown.AuthorizationType], ['AUTHORIZED', 'API_KEY'])
})

test('connections and destinations are refused as AWS does', async () => {
  const events = await fresh()
  await hooked(events)
  assert.match(
    await events.refusal('CreateConnection', { Name: 'c', ...KEY }),
    /^ResourceAlreadyExistsException: /,
  )
  assert.equal(
    await events.refusal('UpdateConnection', { Name: 'x' }),
    "ResourceNotFoundException: Connection 'x' does not exist.",
  )
  assert.equal(
    await events.refusal('DescribeApiDestination', { Name: 'x' }),
    "ResourceNotFoundException: Failed to describe the api-destination(s). An api-destination 'x' does not exist.",
  )
  const destination = { Name: 'x', InvocationEndpoint: URL, HttpMethod: 'GET' }
  const ConnectionArn = 'arn:aws:events:us-east-1:000000000000:connection/none/1'
  assert.equal(
    await events.refusal('CreateApiDestination', { ...destination, ConnectionArn }),
    "ResourceNotFoundException: Connection 'none' does not exist.",
  )
  const AuthParameters = {}
  assert.match(
    await events.refusal('CreateConnection', { Name: 'y', AuthorizationType: 'BASIC', AuthParameters }),
    /^ValidationException: .*BasicAuthParameters/,
  )
})

test('a stage of a REST API is called on this platform', async () => {
  const events = await fresh()
  const Arn = 'arn:aws:execute-api:us-east-1:000000000000:abc123/prod/PUT/orders/*'
  const HttpParameters = {
    PathParameterValues: ['a b'],
    QueryStringParameters: { q: '1' },
    HeaderParameters: { h: '2' },
  }
  await events.rule([{ Id: '1', Arn, HttpParameters, Input: '{}' }])
  await events.put({})
  await events.clock.settle()
  const [request] = events.posted
  assert.deepEqual(
    [request?.method, request?.url, request?.headers['h'], text(request?.body ?? utf8(''))],
    ['PUT', 'http://127.0.0.1:4566/_aws/execute-api/abc123/prod/orders/a%20b?q=1', '2', '{}'],
  )
})
