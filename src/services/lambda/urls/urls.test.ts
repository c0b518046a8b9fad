/** Function URLs from their configuration to requests and answers: a scripted runtime, a clock in the test's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, text, utf8 } from '#base/bytes.ts'
import { DEFAULT_ACCOUNT, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import { world } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, FakeSpan, fakeCall, faultOf, turns } from '#services/lambda/fake-platform.ts'
import { lambda, urlDataPlane } from '#services/lambda/index.ts'
import { streaming } from '#services/lambda/streaming/fake-stream.ts'

const { operations } = lambda
const LONG =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html'

interface Site {
  readonly fake: FakeLambda
  readonly id: string
  readonly ask: (request?: Partial<HttpRequest>) => Promise<HttpResponse>
}

async function site(config: object = {}, granted = true): Promise<Site> {
  const fake = await world()
  const made = await operations.CreateFunctionUrlConfig(
    { FunctionName: 'f', AuthType: 'NONE', ...config },
    fake.state,
    fakeCall(),
  )
  if (granted) await grant(fake)
  const id =
    /^http:\/\/([a-z0-9]{32})\.lambda-url\.us-east-1\.localhost:4566\/$/.exec(made.FunctionUrl)?.[1] ?? ''
  return asking(fake, id)
}

function asking(fake: FakeLambda, id: string): Site {
  const plane = urlDataPlane(fake.state)
  return {
    fake,
    id,
    ask: async (request = {}) =>
      await plane.handle({
        request: asked(id, request),
        id,
        path: request.path ?? '/',
        requestId: requestId(seeded(1)),
        span: new FakeSpan(),
        acceptedAt: 0,
        signal: new AbortController().signal,
        identityOf: async (key) => ({ account: DEFAULT_ACCOUNT, arn: `arn:${key}`, userId: 'AIDA' }),
      }),
  }
}

async function grant(fake: FakeLambda, Qualifier?: string): Promise<void> {
  const common = { FunctionName: 'f', Principal: '*', Qualifier }
  await operations.AddPermission(
    { ...common, StatementId: 'u', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    fake.state,
    fakeCall(),
  )
  await operations.AddPermission(
    { ...common, StatementId: 'i', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    fake.state,
    fakeCall(),
  )
}

function asked(id: string, request: Partial<HttpRequest>): HttpRequest {
  const body = utf8(typeof request.body === 'string' ? request.body : '')
  const headers = request.headers ?? {}
  return {
    method: 'GET',
    path: '/',
    query: '',
    host: `${id}.lambda-url.us-east-1.localhost`,
    hostPort: `${id}.lambda-url.us-east-1.localhost:4566`,
    remote: { address: '127.0.0.1', port: 1 },
    ...request,
    headers,
    rawHeaders: Object.entries(headers),
    body: { length: body.length, collect: async () => body, stream: () => parts(body) },
  }
}

async function* parts(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

/** Asks, and lets a fresh environment answer. */
async function answered(of: Site, answer: string, request: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  const asking = of.ask(request)
  await turns()
  const sandbox = of.fake.sandboxes.last()
  if (sandbox.event === undefined) sandbox.boot()
  sandbox.work(answer)
  return await asking
}

function bodyOf({ body }: HttpResponse): string {
  if (typeof body === 'string') return body
  assert.ok(body instanceof Uint8Array, 'the body is whole')
  return text(body)
}
const header = (response: HttpResponse, name: string): string | undefined =>
  response.headers.find(([each]) => each.toLowerCase() === name)?.[1]

test('CreateFunctionUrlConfig gives an address once; Get, List, Update and Delete know it', async () => {
  const { fake, id } = await site()
  const f = { FunctionName: 'f' }
  const got = await operations.GetFunctionUrlConfig(f, fake.state, fakeCall())
  assert.match(got.FunctionUrl, new RegExp(id))
  assert.equal(got.FunctionArn, 'arn:aws:lambda:us-east-1:000000000000:function:f')
  assert.equal(got.InvokeMode, undefined)
  const again = await faultOf(
    operations.CreateFunctionUrlConfig({ ...f, AuthType: 'NONE' }, fake.state, fakeCall()),
  )
  assert.equal(again.code, 'ResourceConflictException')
  fake.clock.advance(1_000)
  const changed = await operations.UpdateFunctionUrlConfig(
    { ...f, InvokeMode: 'RESPONSE_STREAM' },
    fake.state,
    fakeCall(),
  )
  assert.equal(changed.AuthType, 'NONE')
  assert.equal(changed.InvokeMode, 'RESPONSE_STREAM')
  assert.notEqual(changed.LastModifiedTime, changed.CreationTime)
  const listed = await operations.ListFunctionUrlConfigs(f, fake.state, fakeCall())
  assert.deepEqual(listed, { FunctionUrlConfigs: [changed] })
  await operations.DeleteFunctionUrlConfig(f, fake.state, fakeCall())
  const gone = await faultOf(operations.GetFunctionUrlConfig(f, fake.state, fakeCall()))
  assert.equal(gone.message, 'The resource you requested does not exist.')
  assert.equal(await urlDataPlane(fake.state).owner(id), undefined)
})

test('a URL of a function or alias that is not there cannot be made', async () => {
  const { fake } = await site()
  for (const input of [{ FunctionName: 'g' }, { FunctionName: 'f', Qualifier: 'live' }]) {
    const fault = await faultOf(
      operations.CreateFunctionUrlConfig({ ...input, AuthType: 'NONE' }, fake.state, fakeCall()),
    )
    assert.deepEqual([fault.code, fault.message], ['ResourceNotFoundException', 'Function does not exist'])
  }
})

test('an alias has a URL and a policy of its own; one whose alias is gone is forbidden', async () => {
  const { fake } = await site()
  await operations.PublishVersion({ FunctionName: 'f' }, fake.state, fakeCall())
  await turns()
  const alias = { FunctionName: 'f', Name: 'live', FunctionVersion: '1' }
  await operations.CreateAlias(alias, fake.state, fakeCall())
  const f = { FunctionName: 'f', Qualifier: 'live' }
  const made = await operations.CreateFunctionUrlConfig({ ...f, AuthType: 'NONE' }, fake.state, fakeCall())
  assert.match(made.FunctionArn, /:function:f:live$/)
  const id = new URL(made.FunctionUrl).hostname.split('.')[0] ?? ''
  const of = asking(fake, id)
  assert.equal((await of.ask()).status, 403)
  await grant(fake, 'live')
  assert.equal((await answered(of, '{"statusCode":201,"body":""}')).status, 201)
  await operations.DeleteAlias({ FunctionName: 'f', Name: 'live' }, fake.state, fakeCall())
  const gone = await of.ask()
  assert.deepEqual([gone.status, bodyOf(gone)], [403, JSON.stringify({ Message: LONG })])
})

test('a function that is deleted takes its URL along', async () => {
  const { fake, id, ask } = await site()
  await operations.DeleteFunction({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.equal(await urlDataPlane(fake.state).owner(id), undefined)
  assert.deepEqual([(await ask()).status, bodyOf(await ask())], [403, '{"Message":null}'])
})

test('the function gets the request as payload 2.0, and its structured answer is the response', async () => {
  const of = await site()
  const response = await answered(
    of,
    '{"statusCode":201,"headers":{"x-a":"1"},"cookies":["c=d"],"body":"made"}',
    {
      method: 'POST',
      path: '/a/b',
      query: 'x=1&x=2',
      headers: { 'content-type': 'application/json', cookie: 'k=v' },
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      body: '{"q":1}' as unknown as HttpRequest['body'],
    },
  )
  assert.equal(response.status, 201)
  assert.equal(header(response, 'x-a'), '1')
  assert.equal(header(response, 'set-cookie'), 'c=d')
  assert.equal(header(response, 'content-type'), 'application/json')
  assert.equal(bodyOf(response), 'made')
  const event = JSON.parse(text(of.fake.sandboxes.last().replies[0]?.body as Uint8Array)) as Record<
    string,
    Record<string, unknown>
  >
  assert.equal(event['version'], '2.0')
  assert.equal(event['rawPath'], '/a/b')
  assert.deepEqual(event['queryStringParameters'], { x: '1,2' })
  assert.equal(event['body'], '{"q":1}')
  assert.equal(event['pathParameters'], null)
  assert.equal(event['requestContext']?.['accountId'], 'anonymous')
  assert.equal(event['requestContext']?.['domainPrefix'], of.id)
})

test('an answer without a status is the body of a 200, a text without its quotes', async () => {
  const of = await site()
  const object = await answered(of, '{"a":1}')
  assert.deepEqual([object.status, bodyOf(object)], [200, '{"a":1}'])
  assert.equal(bodyOf(await answered(of, '"hello"')), 'hello')
  assert.equal((await answered(of, '{"statusCode":99}')).status, 502)
})

test('a function that fails answers 502, one that is throttled 429', async () => {
  const of = await site()
  const asking = of.ask()
  await turns()
  const sandbox = of.fake.sandboxes.last()
  sandbox.boot()
  sandbox.fail('{"errorType":"Error"}')
  sandbox.next()
  assert.deepEqual([(await asking).status, bodyOf(await asking)], [502, 'Internal Server Error'])
  await operations.PutFunctionConcurrency(
    { FunctionName: 'f', ReservedConcurrentExecutions: 0 },
    of.fake.state,
    fakeCall(),
  )
  assert.equal((await of.ask()).status, 429)
})

test('without the permissions of the function policy nobody gets in', async () => {
  const { fake, ask } = await site({}, false)
  const response = await ask()
  assert.deepEqual([response.status, bodyOf(response)], [403, JSON.stringify({ Message: LONG })])
  assert.equal(header(response, 'x-amzn-errortype'), 'AccessDeniedException')
  assert.equal(fake.sandboxes.started.length, 0)
  assert.deepEqual(fake.warnings.filter((each) => each === 'lambda.url.forbidden').length, 1)
})

test('AWS_IAM wants a signature, and tells the function who signed', async () => {
  const of = await site({ AuthType: 'AWS_IAM' }, false)
  const unsigned = await of.ask()
  assert.deepEqual([unsigned.status, bodyOf(unsigned)], [403, '{"Message":"Forbidden"}'])
  const authorization =
    'AWS4-HMAC-SHA256 Credential=test/20261125/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=ab'
  assert.equal((await answered(of, '{}', { headers: { authorization } })).status, 200)
  const event = text(of.fake.sandboxes.last().replies[0]?.body as Uint8Array)
  assert.match(event, /"authorizer":\{"iam":\{"accessKey":"test","accountId":"000000000000"/)
})

test('a preflight is answered by the configuration; other answers carry its headers beside the function’s', async () => {
  const of = await site({ Cors: { AllowOrigins: ['http://a'], AllowMethods: ['PUT'] } })
  const headers = { origin: 'http://a', 'access-control-request-method': 'PUT' }
  const preflight = await of.ask({ method: 'OPTIONS', headers })
  assert.equal(preflight.status, 200)
  assert.equal(header(preflight, 'access-control-allow-methods'), 'PUT')
  assert.equal(of.fake.sandboxes.started.length, 0)
  const answer = '{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"},"body":""}'
  const response = await answered(of, answer, { headers })
  const origins = response.headers.filter(([name]) => name === 'Access-Control-Allow-Origin')
  assert.deepEqual(
    origins.map(([, value]) => value),
    ['*', 'http://a'],
  )
})

test('RESPONSE_STREAM answers as soon as the metadata is there, and goes on', async () => {
  const of = await site({ InvokeMode: 'RESPONSE_STREAM' })
  const asking = of.ask()
  await turns()
  const sandbox = of.fake.sandboxes.last()
  sandbox.boot()
  const stream = streaming(sandbox, 'application/vnd.awslambda.http-integration-response')
  await stream.write('{"statusCode":206,"headers":{"Content-Type":"text/plain"}}')
  await stream.write(concat([new Uint8Array(8), utf8('one ')]))
  const response = await asking
  assert.equal(response.status, 206)
  assert.equal(header(response, 'content-type'), 'text/plain')
  const read: string[] = []
  const reading = (async () => {
    for await (const part of response.body as AsyncIterable<Uint8Array>) read.push(text(part))
  })()
  await stream.write('two')
  assert.deepEqual(read, ['one ', 'two'])
  await stream.end()
  sandbox.next()
  await reading
})

test('RESPONSE_STREAM: an error before the first byte is a 502, one after it breaks the body off', async () => {
  const of = await site({ InvokeMode: 'RESPONSE_STREAM' })
  const failing = { 'lambda-runtime-function-error-type': 'Error' }
  const first = of.ask()
  await turns()
  const sandbox = of.fake.sandboxes.last()
  sandbox.boot()
  await streaming(sandbox).end(failing)
  sandbox.next()
  assert.equal((await first).status, 502)
  const second = of.ask()
  await turns()
  const stream = streaming(sandbox)
  await stream.write('part')
  const response = await second
  assert.equal(header(response, 'content-type'), 'application/octet-stream')
  await stream.end(failing)
  sandbox.next()
  const reading = (async () => {
    for await (const part of response.body as AsyncIterable<Uint8Array>) assert.equal(text(part), 'part')
  })()
  await assert.rejects(reading, /failed within its response/)
})

test('BUFFERED answers what a streaming function wrote, with its metadata', async () => {
  const of = await site()
  const asking = of.ask()
  await turns()
  const sandbox = of.fake.sandboxes.last()
  sandbox.boot()
  const stream = streaming(sandbox, 'application/vnd.awslambda.http-integration-response')
  await stream.write(concat([utf8('{"statusCode":203}'), new Uint8Array(8), utf8('all')]))
  await stream.end()
  sandbox.next()
  const response = await asking
  assert.deepEqual([response.status, bodyOf(response)], [203, 'all'])
})
