/** How patterns and events fit together: leaves, arrays, `$or`, names; and the examples of the SNS and Lambda guides. */
import { test } from 'node:test'
import { check } from '#engines/patterns/fake-cases.ts'

const detail = (value: unknown): unknown => ({ detail: value })

test('matches() takes exists for leaves only, and absent parents for absent leaves', () => {
  check([
    {
      pattern: detail({ 'c-count': [{ exists: true }] }),
      yes: [detail({ 'c-count': null }), detail({ 'c-count': [{}, 1] })],
      no: [detail({ 'c-count': { c1: 100 } }), detail({ 'c-count': [] }), detail({ 'c-count': {} })],
    },
    {
      pattern: detail({ 'c-count': [{ exists: false }] }),
      yes: [detail({ 'c-count': { c1: 100 } }), detail({ 'c-count': [] }), detail({}), {}],
      no: [detail({ 'c-count': null })],
    },
    {
      pattern: { a: { b: { c: ['x', { exists: false }] } } },
      yes: [{ a: { b: { c: 'x' } } }, {}, { a: 1 }],
      no: [{ a: { b: { c: 'y' } } }],
    },
  ])
})

test('matches() reads $or as the guide says, and as a name where event-ruler does', () => {
  check([
    {
      pattern: {
        source: ['aws.cloudwatch'],
        $or: [
          { metricName: ['CPUUtilization', 'ReadLatency'] },
          { namespace: ['AWS/EC2'], $or: [{ id: [1] }, { space: [2] }] },
        ],
      },
      yes: [
        { source: 'aws.cloudwatch', metricName: 'ReadLatency' },
        { source: 'aws.cloudwatch', namespace: 'AWS/EC2', space: 2 },
      ],
      no: [
        { source: 'aws.cloudwatch' },
        { source: 'aws.cloudwatch', namespace: 'AWS/EC2', id: 2 },
        { metricName: 'ReadLatency' },
      ],
    },
    {
      pattern: detail({ $or: [{ c: [{ numeric: ['>', 0] }] }, { d: [{ numeric: ['<', 10] }] }], e: ['x'] }),
      yes: [detail({ c: 1, e: 'x' }), detail({ d: 1, e: 'x' })],
      no: [detail({ c: 1 }), detail({ c: 0, d: 10, e: 'x' })],
    },
    { pattern: { $or: { a: ['x'] } }, yes: [{ $or: { a: 'x' } }], no: [{ a: 'x' }] },
    {
      pattern: { $or: [{ prefix: 'x' }, { numeric: ['=', 1] }] },
      yes: [{ $or: 'xy' }, { $or: 1 }],
      no: [{ prefix: 'x' }],
    },
  ])
})

test('matches() wants the demands below an array met in one element', () => {
  const names = { employees: { firstName: ['Anna'], lastName: ['Jones'] } }
  check([
    {
      pattern: names,
      yes: [
        { employees: [{ firstName: 'Peter' }, { firstName: 'Anna', lastName: 'Jones' }] },
        { employees: { firstName: ['Eve', 'Anna'], lastName: 'Jones' } },
      ],
      no: [
        {
          employees: [
            { firstName: 'Anna', lastName: 'Smith' },
            { firstName: 'Peter', lastName: 'Jones' },
          ],
        },
      ],
    },
    {
      pattern: { a: { b: { x: [1], y: [2] }, z: [3] } },
      yes: [{ a: [{ b: [{ x: 1, y: 2 }], z: 3 }] }, { a: { b: [{ x: 1, y: 2 }, {}], z: 3 } }],
      no: [{ a: [{ b: [{ x: 1 }, { y: 2 }], z: 3 }] }, { a: [{ b: [{ x: 1, y: 2 }] }, { z: 3 }] }],
    },
    {
      // Absence is judged among the elements that the paths before it chose, in the order of their names.
      pattern: { d: { a: [{ exists: true }], b: [{ exists: false }] } },
      yes: [{ d: [{ a: 1 }] }, { d: [{ a: 1 }, { b: 2 }] }],
      no: [{ d: [{ a: 1, b: 2 }] }, { d: [{ b: 2 }] }],
    },
    {
      pattern: { d: { a: [{ exists: false }], b: [{ exists: true }] } },
      yes: [{ d: [{ b: 1 }] }],
      no: [{ d: [{ a: 1 }, { b: 2 }] }],
    },
    {
      pattern: { a: ['x'], b: ['y'] },
      yes: [{ a: [['w'], ['x']], b: [[], ['y']] }],
      no: [{ a: [['w']], b: ['y'] }],
    },
  ])
})

test('matches() joins names by dots, lets the last of equal names win, and finds own members only', () => {
  check([
    {
      pattern: detail({ state: { status: ['running'] } }),
      yes: [detail({ 'state.status': 'running' }), { 'detail.state': { status: 'running' } }],
      no: [detail({ 'state.status': { status: 'running' } })],
    },
    {
      pattern: detail({ 'state.status': ['running'] }),
      yes: [detail({ state: { status: 'running' } })],
      no: [detail({ state: 'running' })],
    },
    { pattern: '{"source": ["one"], "source": ["two"]}', yes: [{ source: 'two' }], no: [{ source: 'one' }] },
    { pattern: { constructor: [{ exists: true }] }, yes: [{ constructor: 1 }], no: [{}] },
    {
      pattern: '{"__proto__": {"a": [1]}, "toString": [{"exists": false}]}',
      yes: [JSON.parse('{"__proto__": {"a": 1}}')],
      no: [{}],
    },
  ])
})

test('matches() follows the SNS guide in both scopes', () => {
  check(
    [
      {
        pattern: { customer_interests: ['rugby'] },
        yes: [{ customer_interests: 'rugby' }, { customer_interests: ['rugby', 'football'] }],
        no: [{ customer_interests: 'tennis' }, {}],
      },
      {
        pattern: { customer_interests: [{ 'anything-but': ['rugby', 'tennis'] }] },
        yes: [{ customer_interests: ['rugby', 'baseball'] }],
        no: [{ customer_interests: ['rugby'] }],
      },
      {
        pattern: { price_usd: [{ numeric: ['>', 0, '<=', 150] }] },
        yes: [{ price_usd: 150 }],
        no: [{ price_usd: '150' }],
      },
      { pattern: { store: [{ exists: false }] }, yes: [{}], no: [{ store: 'fans' }] },
      {
        pattern: { source_ip: [{ cidr: '10.0.0.0/24' }] },
        yes: [{ source_ip: '10.0.0.2' }],
        no: [{ source_ip: '10.1.1.0' }],
      },
      {
        pattern: { a: [{ prefix: 'bas' }, { suffix: 'ball' }, { wildcard: 'f*l' }] },
        yes: [{ a: 'baseball' }, { a: 'football' }, { a: 'fool' }],
        no: [{ a: 'tennis' }],
      },
      {
        pattern: { s: ['x'], $or: [{ m: ['CPU'] }, { n: ['EC2'] }] },
        yes: [{ s: 'x', n: 'EC2' }],
        no: [{ s: 'x' }],
      },
    ],
    'sns-attributes',
  )
  check(
    [
      {
        pattern: { person: { interests: ['rugby'], address: { city: ['Rome'] } } },
        yes: [{ person: { interests: ['rugby'], address: { city: 'Rome' } } }],
        no: [{ person: { interests: 'rugby' } }, 'text'],
      },
    ],
    'sns-body',
  )
})

test('matches() follows the Lambda guide', () => {
  check(
    [
      {
        pattern: { body: { RecordNumber: [{ numeric: ['>=', 10] }], Location: ['Los Angeles'] } },
        yes: [{ body: { RecordNumber: 10, Location: 'Los Angeles' } }],
        no: [{ body: { RecordNumber: '10', Location: 'Los Angeles' } }],
      },
      {
        pattern: {
          dynamodb: {
            NewImage: { numericFilter: { N: [{ numeric: ['>', 100] }, { 'anything-but': '101' }] } },
          },
        },
        yes: [{ dynamodb: { NewImage: { numericFilter: { N: '42' } } } }],
        no: [{ dynamodb: { NewImage: { numericFilter: { N: '101' } } } }],
      },
      {
        pattern: {
          eventName: ['INSERT', { 'equals-ignore-case': 'remove' }, { prefix: 'MOD' }],
          old: [{ exists: false }],
        },
        yes: [{ eventName: 'REMOVE' }, { eventName: 'MODIFY' }],
        no: [{ eventName: 'insert' }, { eventName: 'INSERT', old: 1 }],
      },
    ],
    'lambda',
  )
})

test('matches() survives events and patterns of any depth', () => {
  const deep = (depth: number): unknown => JSON.parse(`{"a":${'['.repeat(depth)}1${']'.repeat(depth)}}`)
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}[1]${'}'.repeat(depth)}`
  check([
    { pattern: { a: [1], b: [{ exists: false }] }, yes: [deep(1_000)], no: [deep(100_000)] },
    { pattern: { a: [2, 1], b: { c: [{ exists: false }] } }, yes: [deep(10), deep(1_000)], no: [] },
    {
      pattern: nested(900),
      yes: [JSON.parse(nested(900))],
      no: [JSON.parse(nested(899)), JSON.parse(nested(901))],
    },
  ])
})
