/** The EventBridge guide's examples of each operator, and what they leave open. */
import { test } from 'node:test'
import { check } from '#engines/patterns/fake-cases.ts'

const detail = (value: unknown): unknown => ({ detail: value })

test('matches() follows the EventBridge guide: exact values, null, empty, arrays', () => {
  check([
    {
      pattern: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance State-change Notification'] },
      yes: [{ source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification', detail: {} }],
      no: [
        { source: 'aws.ec2' },
        { source: 'AWS.EC2', 'detail-type': 'EC2 Instance State-change Notification' },
      ],
    },
    {
      pattern: detail({ eventVersion: [''] }),
      yes: [detail({ eventVersion: '' })],
      no: [detail({ eventVersion: null })],
    },
    {
      pattern: detail({ responseElements: [null] }),
      yes: [detail({ responseElements: null }), detail({ responseElements: [null, 1] })],
      no: [
        detail({}),
        detail({ responseElements: '' }),
        detail({ responseElements: [] }),
        detail({ responseElements: 'null' }),
      ],
    },
    { pattern: { a: [1] }, yes: [{ a: 1 }, { a: 1.0 }, { a: [2, 1] }], no: [{ a: '1' }, { a: true }] },
    { pattern: { a: [true] }, yes: [{ a: true }], no: [{ a: 'true' }, { a: 1 }, { a: false }] },
    {
      pattern: { resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f', 'other'] },
      yes: [
        {
          resources: [
            'arn:aws:autoscaling:us-east-1:123456789012:asg',
            'arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f',
          ],
        },
      ],
      no: [{ resources: [] }, { resources: ['none'] }, { resources: { 0: 'other' } }],
    },
  ])
})

test('matches() follows the EventBridge guide: beginnings, ends, letter case', () => {
  check([
    {
      pattern: { time: [{ prefix: '2017-10-02' }] },
      yes: [{ time: '2017-10-02T18:43:48Z' }, { time: '2017-10-02' }],
      no: [{ time: '2017-10-0' }, { time: 20_171_002 }, {}],
    },
    {
      pattern: detail({ service: [{ prefix: { 'equals-ignore-case': 'EventB' } }] }),
      yes: [detail({ service: 'eventbridge' }), detail({ service: 'EVENTB' })],
      no: [detail({ service: 'event' })],
    },
    {
      pattern: { FileName: [{ suffix: '.png' }] },
      yes: [{ FileName: 'a.png' }, { FileName: '.png' }],
      no: [{ FileName: 'a.PNG' }],
    },
    {
      pattern: detail({ FileName: [{ suffix: { 'equals-ignore-case': '.png' } }] }),
      yes: [detail({ FileName: 'a.PNG' }), detail({ FileName: '.pNg' })],
      no: [detail({ FileName: 'png' })],
    },
    {
      pattern: { 'detail-type': [{ 'equals-ignore-case': 'ec2 instance state-change notification' }] },
      yes: [{ 'detail-type': 'EC2 Instance State-change Notification' }],
      no: [{ 'detail-type': 'EC2 Instance State-change Notifications' }, { 'detail-type': 'EC2' }],
    },
    {
      pattern: { a: [{ 'equals-ignore-case': 'ÄÖß' }] },
      yes: [{ a: 'äöß' }, { a: 'ÄÖß' }],
      no: [{ a: 'aoss' }],
    },
    { pattern: { a: [{ prefix: '' }] }, yes: [{ a: '' }, { a: 'x' }], no: [{ a: 1 }, { a: [] }] },
  ])
})

test('matches() follows the EventBridge guide: anything-but in all its forms', () => {
  const not = (excepted: unknown): unknown => detail({ state: [{ 'anything-but': excepted }] })
  check([
    {
      pattern: not('initializing'),
      yes: [detail({ state: 'on' }), detail({ state: null }), detail({ state: 3 })],
      no: [detail({ state: 'initializing' }), detail({})],
    },
    {
      pattern: not(123),
      yes: [detail({ state: 124 }), detail({ state: '123' })],
      no: [detail({ state: 123 })],
    },
    {
      pattern: not(['stopped', 'overloaded']),
      yes: [detail({ state: 'on' }), detail({ state: ['stopped', 'on'] })],
      no: [detail({ state: 'stopped' }), detail({ state: ['stopped'] })],
    },
    { pattern: not([100, 200, 300]), yes: [detail({ state: 101 })], no: [detail({ state: 300 })] },
    {
      pattern: not({ prefix: 'init' }),
      yes: [detail({ state: 'on' }), detail({ state: 12 })],
      no: [detail({ state: 'initial' })],
    },
    {
      pattern: not({ prefix: ['init', 'error'] }),
      yes: [detail({ state: 'on' })],
      no: [detail({ state: 'errors' })],
    },
    {
      pattern: not({ suffix: '.txt' }),
      yes: [detail({ state: '.txt.rtf' })],
      no: [detail({ state: 'a.txt' })],
    },
    {
      pattern: not({ suffix: ['.txt', '.rtf'] }),
      yes: [detail({ state: 'a.md' })],
      no: [detail({ state: 'a.rtf' })],
    },
    {
      pattern: not({ 'equals-ignore-case': 'initializing' }),
      yes: [detail({ state: 'on' })],
      no: [detail({ state: 'INITIALIZING' })],
    },
    {
      pattern: not({ 'equals-ignore-case': ['initializing', 'stopped'] }),
      yes: [detail({ state: null })],
      no: [detail({ state: 'Stopped' })],
    },
    {
      pattern: not({ wildcard: '*/lib/*' }),
      yes: [detail({ state: '/bin/x' })],
      no: [detail({ state: '/a/lib/x' })],
    },
    {
      pattern: not({ wildcard: ['*/lib/*', '*/bin/*'] }),
      yes: [detail({ state: 'lib' })],
      no: [detail({ state: '/a/bin/x' })],
    },
  ])
})

test('matches() follows the EventBridge guide: numbers, addresses, wildcards', () => {
  check([
    {
      pattern: detail({
        'c-count': [{ numeric: ['>', 0, '<=', 5] }],
        'd-count': [{ numeric: ['<', 10] }],
        'x-limit': [{ numeric: ['=', 3.018e2] }],
      }),
      yes: [detail({ 'c-count': 5, 'd-count': 9.99, 'x-limit': 301.8 })],
      no: [
        detail({ 'c-count': 0, 'd-count': 9, 'x-limit': 301.8 }),
        detail({ 'c-count': '3', 'd-count': 9, 'x-limit': 301.8 }),
      ],
    },
    { pattern: { a: [{ numeric: ['>=', 5e9] }] }, yes: [{ a: 5e9 }], no: [{ a: 5e9 + 1 }, { a: 4.9e9 }] },
    { pattern: { a: [123_456_789_012] }, yes: [{ a: 123_456_789_012 }], no: [{ a: 123_456_789_013 }] },
    {
      pattern: { ip: [{ cidr: '10.0.0.0/24' }] },
      yes: [{ ip: '10.0.0.255' }],
      no: [{ ip: '10.0.1.0' }, { ip: '10.0.0' }, { ip: '10.0.0.256' }, { ip: 10 }],
    },
    {
      pattern: { ip: [{ cidr: '0.0.0.0/0' }] },
      yes: [{ ip: '255.255.255.255' }],
      no: [{ ip: '::1' }, { ip: 'host' }, { ip: '1.1.1.256' }],
    },
    {
      pattern: { ip: [{ cidr: '2001:db8:1234:1a00::/64' }] },
      yes: [{ ip: '2001:db8:1234:1a00:0:0:0:1' }],
      no: [{ ip: '2001:db8:1234:1a01::' }, { ip: '2001::db8::1' }],
    },
    {
      pattern: { ip: ['2001:db8::1'] },
      yes: [{ ip: '2001:db8::1' }, { ip: '2001:0db8:0:0:0:0:0:1' }],
      no: [{ ip: '2001:db8::2' }],
    },
    {
      pattern: { arn: [{ wildcard: 'arn:aws:events:us-east-1:*:event-bus/*' }] },
      yes: [{ arn: 'arn:aws:events:us-east-1:123456789012:event-bus/myEventBus' }],
      no: [{ arn: 'arn:aws:events:eu-west-1:1:event-bus/b' }],
    },
    {
      pattern: { f: [{ wildcard: '/Users/*/dir/dir/dir/dir/dir/doc.txt' }] },
      yes: [{ f: '/Users/u/dir/dir/dir/dir/dir/doc.txt' }],
      no: [{ f: '/Users/u/dir/dir/dir/dir/doc.txt' }],
    },
    {
      pattern: { f: [{ wildcard: 'a*ba' }] },
      yes: [{ f: 'aba' }, { f: 'axxba' }],
      no: [{ f: 'ba' }, { f: 'ab' }],
    },
    {
      pattern: String.raw`{"f": [{"wildcard": "a\\*b\\\\*"}]}`,
      yes: [{ f: 'a*b\\' }, { f: 'a*b\\x' }],
      no: [{ f: 'axb\\' }, { f: 'a*bx' }],
    },
    { pattern: { f: [{ wildcard: '*ab*b' }] }, yes: [{ f: 'abb' }], no: [{ f: 'ab' }] },
    { pattern: { f: [{ wildcard: '' }] }, yes: [{ f: '' }], no: [{ f: 'x' }] },
    { pattern: { f: [{ wildcard: '*' }] }, yes: [{ f: '' }, { f: 'x' }], no: [{ f: 1 }, {}] },
  ])
})
