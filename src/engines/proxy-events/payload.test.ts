import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY, utf8 } from '#base/bytes.ts'
import { fromUtc, instant } from '#base/time.ts'
import { type V1Context, payloadV1 } from '#engines/proxy-events/payload-v1.ts'
import { payloadV2 } from '#engines/proxy-events/payload-v2.ts'
import {
  type Incoming,
  eventBody,
  isBinaryContent,
  matchesMediaType,
  queryValues,
} from '#engines/proxy-events/request.ts'

const base: Incoming = {
  method: 'GET',
  path: '/my/path',
  query: '',
  rawHeaders: [],
  body: EMPTY,
  sourceIp: '192.0.2.1',
  host: 'id.execute-api.us-east-1.amazonaws.com',
  port: '443',
  traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793',
}
const added = {
  'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'http',
}

// Source: API Gateway developer guide, Working with AWS Lambda proxy integrations for HTTP APIs, format 2.0
// (without the authorizer and the client certificate, which need what the request does not have).
test('payloadV2() makes the documented event of format 2.0', () => {
  const incoming: Incoming = {
    ...base,
    method: 'POST',
    query: 'parameter1=value1&parameter1=value2&parameter2=value',
    rawHeaders: [
      ['Header1', 'value1'],
      ['Header2', 'value1'],
      ['header2', 'value2'],
      ['Cookie', 'cookie1; cookie2'],
      ['User-Agent', 'agent'],
      ['Connection', 'keep-alive'],
    ],
  }
  const event = payloadV2(incoming, eventBody(utf8('Hello from Lambda'), false), {
    accountId: '123456789012',
    apiId: 'id',
    stage: '$default',
    requestId: 'id',
    time: instant(1_583_348_638_390),
    stageVariables: { stageVariable1: 'value1', stageVariable2: 'value2' },
    pathParameters: { parameter1: 'value1' },
    routeKey: '$default',
  })
  assert.deepEqual(event, {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/my/path',
    rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
    cookies: ['cookie1', 'cookie2'],
    headers: { header1: 'value1', header2: 'value1,value2', 'user-agent': 'agent', ...added },
    queryStringParameters: { parameter1: 'value1,value2', parameter2: 'value' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'id',
      domainName: 'id.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'id',
      http: {
        method: 'POST',
        path: '/my/path',
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'agent',
      },
      requestId: 'id',
      routeKey: '$default',
      stage: '$default',
      time: '04/Mar/2020:19:03:58 +0000',
      timeEpoch: 1_583_348_638_390,
    },
    body: 'Hello from Lambda',
    pathParameters: { parameter1: 'value1' },
    isBase64Encoded: false,
    stageVariables: { stageVariable1: 'value1', stageVariable2: 'value2' },
  })
})

test('payloadV2() leaves out what a request does not have', () => {
  const event = payloadV2(base, eventBody(EMPTY, false), {
    accountId: '000000000000',
    apiId: 'id',
    stage: '$default',
    requestId: 'r',
    time: instant(0),
    stageVariables: {},
    pathParameters: {},
    routeKey: 'GET /my/path',
  })
  const names = [
    'version',
    'routeKey',
    'rawPath',
    'rawQueryString',
    'headers',
    'requestContext',
    'isBase64Encoded',
  ]
  assert.deepEqual(Object.keys(event), names)
  assert.equal(event['rawQueryString'], '')
})

const restContext: V1Context = {
  kind: 'rest',
  accountId: '111111111111',
  apiId: 'abcdefghij',
  stage: 'stage',
  requestId: 'deef4878-7910-11e6-8f14-25afc3e9ae33',
  extendedRequestId: 'JKJaXmPLvHcESHA=',
  time: fromUtc({ year: 2024, month: 8, day: 2, hour: 23, minute: 34, second: 43 }),
  stageVariables: {},
  pathParameters: { proxy: 'proxy-value' },
  resourcePath: '/{proxy+}',
  resourceId: 'roq9wj',
  deploymentId: 'd1e2f3',
  path: '/proxy-value/',
}

// Source: recorded AWS event of a REST API, 2024-08-02, without the headers that CloudFront adds at the edge.
test('payloadV1() makes the event that a REST API was seen to send', () => {
  const incoming: Incoming = {
    ...base,
    path: '/stage/proxy-value/',
    host: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
    query: 'category=electronics&category=books&price=10',
    rawHeaders: [
      ['accept', '*/*'],
      ['authorization', 'random-value'],
      ['user-agent', 'python-requests/testing'],
      ['tEsT-HEADeR', 'aValUE'],
      ['host', 'abcdefghij.execute-api.us-east-1.amazonaws.com'],
      ['content-length', '0'],
    ],
  }
  assert.deepEqual(payloadV1(incoming, eventBody(EMPTY, false), restContext), {
    resource: '/{proxy+}',
    path: '/proxy-value/',
    httpMethod: 'GET',
    headers: {
      accept: '*/*',
      Authorization: 'random-value',
      'User-Agent': 'python-requests/testing',
      'tEsT-HEADeR': 'aValUE',
      Host: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      'X-Amzn-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
      'X-Forwarded-For': '192.0.2.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'http',
    },
    multiValueHeaders: {
      accept: ['*/*'],
      Authorization: ['random-value'],
      'User-Agent': ['python-requests/testing'],
      'tEsT-HEADeR': ['aValUE'],
      Host: ['abcdefghij.execute-api.us-east-1.amazonaws.com'],
      'X-Amzn-Trace-Id': ['Root=1-5759e988-bd862e3fe1be46a994272793'],
      'X-Forwarded-For': ['192.0.2.1'],
      'X-Forwarded-Port': ['443'],
      'X-Forwarded-Proto': ['http'],
    },
    queryStringParameters: { category: 'books', price: '10' },
    multiValueQueryStringParameters: { category: ['electronics', 'books'], price: ['10'] },
    requestContext: {
      resourceId: 'roq9wj',
      resourcePath: '/{proxy+}',
      httpMethod: 'GET',
      extendedRequestId: 'JKJaXmPLvHcESHA=',
      requestTime: '02/Aug/2024:23:34:43 +0000',
      path: '/stage/proxy-value/',
      accountId: '111111111111',
      protocol: 'HTTP/1.1',
      stage: 'stage',
      domainPrefix: 'abcdefghij',
      requestTimeEpoch: 1_722_641_683_000,
      requestId: 'deef4878-7910-11e6-8f14-25afc3e9ae33',
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp: '192.0.2.1',
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: 'python-requests/testing',
        user: null,
      },
      domainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      deploymentId: 'd1e2f3',
      apiId: 'abcdefghij',
    },
    pathParameters: { proxy: 'proxy-value' },
    stageVariables: null,
    body: null,
    isBase64Encoded: false,
  })
})

// Source: API Gateway developer guide, Working with AWS Lambda proxy integrations for HTTP APIs, format 1.0.
test('payloadV1() of an HTTP API adds version, writes header names in lower case and has no resource id', () => {
  const event = payloadV1(
    {
      ...base,
      rawHeaders: [
        ['Header2', 'value1'],
        ['HEADER2', 'value2'],
      ],
    },
    eventBody(utf8('Hello from Lambda!'), false),
    {
      ...restContext,
      kind: 'http',
      pathParameters: {},
      resourceId: null,
      deploymentId: undefined,
      path: '/my/path',
    },
  )
  assert.equal(event['version'], '1.0')
  assert.deepEqual(event['headers'], { header2: 'value2', ...added })
  assert.equal(event['pathParameters'], null)
  assert.equal(event['body'], 'Hello from Lambda!')
  assert.ok(!Object.hasOwn(event['requestContext'] as object, 'deploymentId'))
})

// Source: recorded AWS events: `+` is a blank, `%2B` a plus sign.
test('queryValues() decodes as forms do and keeps what is no encoding', () => {
  const values = queryValues(
    'email=test%2Balias@gmail.com&plus=test+alias@gmail.com&empty&bad=%zz&__proto__=1',
  )
  assert.deepEqual(Object.fromEntries(values), {
    email: ['test+alias@gmail.com'],
    plus: ['test alias@gmail.com'],
    empty: [''],
    bad: ['%zz'],
    ['__proto__']: ['1'],
  })
})

test('payloadV2() appends the client to X-Forwarded-For and overwrites the other forwarding headers', () => {
  const event = payloadV2(
    {
      ...base,
      rawHeaders: [
        ['X-Forwarded-For', '203.0.113.7'],
        ['X-Forwarded-Proto', 'https'],
      ],
    },
    eventBody(EMPTY, false),
    { ...restContext, routeKey: '$default' },
  )
  const headers = event['headers'] as Record<string, string>
  assert.equal(headers['x-forwarded-for'], '203.0.113.7, 192.0.2.1')
  assert.equal(headers['x-forwarded-proto'], 'http')
})

test('isBinaryContent() takes texts as they are and encodes the rest', () => {
  const text = utf8('a=1')
  for (const type of [
    'text/csv',
    'application/json; charset=utf-8',
    'application/ld+json',
    'image/svg+xml',
  ]) {
    assert.equal(isBinaryContent(type, text), false, type)
  }
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'image/png']) {
    assert.equal(isBinaryContent(type, text), true, type)
  }
  assert.equal(isBinaryContent(undefined, text), false)
  assert.equal(isBinaryContent(undefined, Uint8Array.of(0xff, 0xfe)), true)
  assert.deepEqual(eventBody(Uint8Array.of(0xff), true), { body: '/w==', isBase64Encoded: true })
})

test('matchesMediaType() knows stars for a part and for all', () => {
  assert.ok(matchesMediaType(['*/*'], 'image/png'))
  assert.ok(matchesMediaType(['image/*'], 'IMAGE/PNG; q=1'))
  assert.ok(!matchesMediaType(['image/*'], 'text/plain'))
  assert.ok(!matchesMediaType(['image/png'], '*/*'))
  assert.ok(!matchesMediaType([], 'image/png'))
})
