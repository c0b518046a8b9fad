/** Routes of the Runtime API: what is allowed in which state, AWS's refusals, and anything at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EMPTY, utf8 } from '#base/bytes.ts'
import type { RuntimeRequest } from '#ports/sandboxes.ts'
import {
  type RuntimeAction,
  type RuntimeState,
  routeRuntime,
  validErrorType,
} from '#services/lambda/runtime-api.ts'

const STATES: readonly RuntimeState[] = [
  'Started',
  'InitError',
  'Ready',
  'Running',
  'RuntimeResponseSentState',
]
const BASE = '/2018-06-01/runtime'

const request = (method: string, path: string, more: Partial<RuntimeRequest> = {}): RuntimeRequest => ({
  method,
  path,
  headers: {},
  body: EMPTY,
  truncated: false,
  ...more,
})

const short = (action: RuntimeAction): string =>
  action.kind === 'refused' ? `${action.reply.status}` : action.kind

test('routeRuntime() allows each action in its states only', () => {
  const matrix = STATES.map((state) =>
    [
      ['GET', `${BASE}/invocation/next`],
      ['POST', `${BASE}/invocation/id/response`],
      ['POST', `${BASE}/invocation/id/error`],
      ['POST', `${BASE}/init/error`],
    ].map(([method = '', path = '']) => short(routeRuntime(request(method, path), state, 'id'))),
  )
  assert.deepEqual(matrix, [
    ['next', '403', '403', 'init-error'],
    ['403', '403', '403', '403'],
    ['next', '403', '403', '403'],
    ['next', 'response', 'error', '403'],
    ['next', '403', '403', '403'],
  ])
})

const body = (action: RuntimeAction): unknown =>
  action.kind === 'refused' ? JSON.parse(String(action.reply.body)) : undefined

test('routeRuntime() refuses in AWS\u2019s words', () => {
  const refusals = [
    [
      'POST',
      `${BASE}/invocation/other/response`,
      'Running',
      400,
      { errorMessage: 'Invalid request ID', errorType: 'InvalidRequestID' },
    ],
    [
      'POST',
      `${BASE}/invocation/id/response`,
      'Ready',
      403,
      {
        errorMessage:
          'State transition from Ready to InvocationResponse failed for runtime. Error: State transition is not allowed',
        errorType: 'InvalidStateTransition',
      },
    ],
    [
      'GET',
      `${BASE}/invocation/next`,
      'InitError',
      403,
      {
        errorMessage:
          'State transition from InitError to Ready failed for runtime. Error: State transition is not allowed',
        errorType: 'InvalidStateTransition',
      },
    ],
  ] as const
  for (const [method, path, state, status, expected] of refusals) {
    const action = routeRuntime(request(method, path), state, 'id')
    assert.equal(short(action), `${status}`, path)
    assert.deepEqual(body(action), expected)
  }
})

test('routeRuntime() checks the request id before the state', () => {
  assert.equal(short(routeRuntime(request('POST', `${BASE}/invocation/x/error`), 'Ready', undefined)), '400')
})

test('routeRuntime() answers 404 and 405 for what is not there', () => {
  for (const path of [
    '/',
    '/2018-06-01/runtime',
    `${BASE}/invocation`,
    `${BASE}/invocation/id`,
    `${BASE}/invocation/id/x`,
  ])
    assert.equal(short(routeRuntime(request('POST', path), 'Running', 'id')), '404', path)
  assert.equal(short(routeRuntime(request('POST', `${BASE}/invocation/next`), 'Ready', 'id')), '405')
  assert.equal(short(routeRuntime(request('GET', `${BASE}/invocation/id/response`), 'Running', 'id')), '405')
})

test('routeRuntime() never throws and never acts on a foreign id, whatever comes', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      '2018-06-01',
      'runtime',
      'invocation',
      'next',
      'id',
      'response',
      'error',
      'init',
      '..',
      '',
    ),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'POST', 'PUT', 'get', ''),
      fc.array(segment, { maxLength: 8 }),
      fc.constantFrom(...STATES),
      fc.record({
        id: fc.option(fc.string(), { nil: undefined }),
        headers: fc.dictionary(fc.string(), fc.string()),
      }),
      (method, segments, state, { id, headers }) => {
        const path = `/${segments.join('/')}`
        const action = routeRuntime(request(method, path, { headers, body: utf8('x') }), state, id)
        if (action.kind === 'response' || action.kind === 'error') {
          assert.equal(state, 'Running')
          assert.equal(segments[3], id)
        }
        if (action.kind === 'refused') assert.ok(action.reply.status >= 200 && action.reply.status < 600)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('validErrorType() keeps what AWS keeps and makes the rest unknown', () => {
  assert.deepEqual(
    ['Runtime.ImportModuleError', 'Function.Foo', 'Function.', 'TypeError', '', undefined].map(
      validErrorType,
    ),
    [
      'Runtime.ImportModuleError',
      'Function.Foo',
      'Function.Unknown',
      'Runtime.Unknown',
      'Runtime.Unknown',
      'Runtime.Unknown',
    ],
  )
})
