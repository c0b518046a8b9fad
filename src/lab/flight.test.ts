import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Path } from '#lab/fields.ts'
import { readBudget } from '#lab/budgets.ts'
import { FLIGHT, flightSchema, METRICS, PHASES, TARGET } from '#lab/flight-schema.ts'
import { describeLoad, type Endpoints, planOf } from '#lab/plan.ts'
import { parseFlight } from '#lab/read-flight.ts'
import type { LoadTarget } from '#ports/load.ts'

const least = { load: [{ poisson: { rate: 50, duration: '10s' } }], targets: [{ route: 'GET /node' }] }

/** Lines as a YAML reader would give them: here only those that a test names. */
const lines =
  (known: Readonly<Record<string, number>>) =>
  (path: Path): number | undefined =>
    known[path.join('.')]

function problems(value: unknown, known: Readonly<Record<string, number>> = {}): string[] {
  const read = parseFlight(value, lines(known))
  return read.ok ? [] : read.error.map(({ line, path, message }) => `${line ?? '-'} ${path}: ${message}`)
}

const QUEUE_URL = 'http://127.0.0.1:4566/000000000000/orders'
const TOPIC_ARN = 'arn:aws:sns:us-east-1:000000000000:orders'
const SIGNED = { Authorization: 'AWS4-HMAC-SHA256 Credential=x' }

const endpoints: Endpoints = {
  api: (api) => (api === undefined || api === 'Api' ? 'http://a1.execute-api.localhost:4566' : undefined),
  functionInvoke: (name) =>
    name === 'Worker'
      ? {
          url: 'http://127.0.0.1:4566/2015-03-31/functions/Worker/invocations',
          headers: { 'x-amz-invocation-type': 'RequestResponse' },
        }
      : undefined,
  event: (kind, name) => {
    const id = { queue: QUEUE_URL, topic: TOPIC_ARN, bus: name, bucket: 'shop-uploads-1' }[kind]
    return name === 'Missing'
      ? undefined
      : {
          endpoint: 'http://127.0.0.1:4566',
          id: `${id}${name.endsWith('.fifo') ? '.fifo' : ''}`,
          headers: SIGNED,
        }
  },
  recording: (file) => (file === 'a.json' ? [0, 5] : undefined),
}

test('parseFlight() fills in what a short flight leaves out', () => {
  const read = parseFlight(least, lines({}))
  assert.ok(read.ok)
  assert.deepEqual(read.value, {
    name: 'flight',
    template: undefined,
    design: 'as is',
    parameters: {},
    seed: 1,
    timeoutMs: 30_000,
    warmUpMs: 0,
    inFlightMax: 2_000,
    drainMs: 30_000,
    phases: [{ kind: 'poisson', ratePerS: 50, durationMs: 10_000 }],
    targets: [
      {
        kind: 'route',
        name: 'GET /node',
        weight: 1,
        headers: {},
        body: '',
        expect: [],
        method: 'GET',
        path: '/node',
        api: undefined,
      },
    ],
    budgets: [],
  })
})

test('parseFlight() reads every kind of phase and target', () => {
  const read = parseFlight(
    {
      ...least,
      warm_up: 2,
      load: [
        { constant: { rate: 5, duration: '500ms' } },
        { ramp: { from: 0, to: 10, duration: '2m' } },
        { burst: { requests: 3 } },
        { recorded: { offsets_ms: [0, 4] } },
        { recorded: { file: 'a.json' } },
      ],
      targets: [
        { route: 'post /orders/{id}', path: '/orders/7', body: { sku: 1 }, api: 'Api' },
        { url: 'http://127.0.0.1:9/x', body: 'plain', method: 'put', expect: [202] },
        { function: 'Worker', payload: { n: 1 }, weight: 3, name: 'worker' },
      ],
      budgets: ['p99 < 300 ms', 'worker errors < 0.1 %', 'usd_per_million <= 2.5', 'GET /x max < 1 s'].slice(
        0,
        3,
      ),
    },
    lines({}),
  )
  assert.ok(read.ok)
  assert.equal(read.value.warmUpMs, 2_000)
  assert.deepEqual(
    read.value.phases.map((phase) => phase.kind),
    ['constant', 'ramp', 'burst', 'recorded', 'recorded-file'],
  )
  const plan = planOf(read.value, endpoints)
  assert.ok(plan.ok)
  assert.deepEqual(plan.value.targets, [
    {
      name: 'post /orders/{id}',
      method: 'POST',
      url: 'http://a1.execute-api.localhost:4566/orders/7',
      headers: { 'content-type': 'application/json' },
      body: '{"sku":1}',
    },
    { name: 'http://127.0.0.1:9/x', method: 'PUT', url: 'http://127.0.0.1:9/x', headers: {}, body: 'plain' },
    {
      name: 'worker',
      method: 'POST',
      url: 'http://127.0.0.1:4566/2015-03-31/functions/Worker/invocations',
      headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse' },
      body: '{"n":1}',
    },
  ])
  assert.deepEqual(planOf(read.value, endpoints), plan, 'the same seed draws the same plan')
  assert.match(
    describeLoad(read.value.phases),
    /^open loop, constant 5 requests\/s for 500 ms, then Poisson 0 -> 10 requests\/s for 2 min, then 3 requests at once, once, then a recorded/,
  )
})

/** The requests of these targets. */
function requests(...targets: object[]): LoadTarget[] {
  const read = parseFlight({ ...least, targets }, lines({}))
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.error))
  const plan = planOf(read.value, endpoints)
  assert.ok(plan.ok, plan.ok ? '' : plan.error)
  return [...plan.value.targets]
}

test('planOf() makes of a queue a SendMessage', () => {
  const [plain, full] = requests(
    { queue: 'Orders', body: 'as it is' },
    {
      queue: 'orders.fifo',
      body: { id: '{n}' },
      groupId: 'g{n%4}',
      attributes: { size: 'large', price: 12.5 },
      delay: '5s',
    },
  )
  assert.deepEqual(plain, {
    name: 'Orders',
    method: 'POST',
    url: 'http://127.0.0.1:4566/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
      ...SIGNED,
    },
    body: JSON.stringify({ QueueUrl: QUEUE_URL, MessageBody: 'as it is' }),
  })
  assert.equal(full?.numbered, true)
  assert.deepEqual(JSON.parse(full?.body ?? ''), {
    QueueUrl: `${QUEUE_URL}.fifo`,
    MessageBody: '{"id":"{n}"}',
    DelaySeconds: 5,
    MessageGroupId: 'g{n%4}',
    MessageDeduplicationId: '{id}',
    MessageAttributes: {
      size: { DataType: 'String', StringValue: 'large' },
      price: { DataType: 'Number', StringValue: '12.5' },
    },
  })
})

test('planOf() makes of a topic a Publish, with the places of numbers left open', () => {
  const [target] = requests({
    topic: 'Orders',
    message: { id: '{n}' },
    subject: 'a & b',
    attributes: { kind: 'new' },
  })
  assert.equal(target?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(target?.numbered, true)
  assert.ok(target?.body.includes('%22%3A%22{n}%22'), target?.body)
  const form = new URLSearchParams(target?.body)
  assert.deepEqual(Object.fromEntries(form), {
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: TOPIC_ARN,
    Message: '{"id":"{n}"}',
    Subject: 'a & b',
    'MessageAttributes.entry.1.Name': 'kind',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': 'new',
  })
})

test('planOf() makes of a bus a PutEvents, of a bucket a PutObject, of an async function an Event', () => {
  const [bus, object, sized, called] = requests(
    { bus: 'default', source: 'shop', detailType: 'order placed', detail: { id: 7 } },
    { bucket: 'Uploads', name: 'objects', key: 'in/ü {n}.json', body: { a: 1 } },
    { bucket: 'Uploads', size: 10 },
    { function: 'Worker', async: true },
  )
  assert.equal(bus?.headers['x-amz-target'], 'AWSEvents.PutEvents')
  assert.deepEqual(JSON.parse(bus?.body ?? ''), {
    Entries: [{ EventBusName: 'default', Source: 'shop', DetailType: 'order placed', Detail: '{"id":7}' }],
  })
  assert.equal('numbered' in (bus ?? {}), false, 'what has no numbers pays nothing for them')
  assert.deepEqual(
    [object?.method, object?.url, object?.body, object?.headers['content-type']],
    ['PUT', 'http://127.0.0.1:4566/shop-uploads-1/in/%C3%BC%20{n}.json', '{"a":1}', 'application/json'],
  )
  assert.deepEqual(
    [sized?.url, sized?.body],
    ['http://127.0.0.1:4566/shop-uploads-1/flight/{n}', 'xxxxxxxxxx'],
  )
  assert.equal(called?.headers['x-amz-invocation-type'], 'Event')
})

test('planOf() says which queue, topic, bus or bucket is not there', () => {
  const read = parseFlight({ ...least, targets: [{ queue: 'Missing' }] }, lines({}))
  assert.ok(read.ok)
  const plan = planOf(read.value, endpoints)
  assert.equal(plan.ok ? '' : plan.error, 'there is no queue "Missing"')
})

test('parseFlight() refuses what means nothing for an event, each with its line', () => {
  const wrong = problems(
    {
      ...least,
      drain: 'long',
      targets: [
        { queue: 'Orders', message: 'x', delay: '20m' },
        { topic: 'Orders', name: 't', key: 'a', attributes: { a: true } },
        { bucket: 'B', body: 'x', size: 3 },
        { bus: 'default', detail: 'text' },
        { function: 'F', async: 'yes' },
        { queue: 'Q', topic: 'T' },
      ],
    },
    { 'targets.0': 9, 'targets.0.message': 10, 'targets.1.attributes.a': 13 },
  )
  assert.deepEqual(wrong, [
    '10 targets[0].message: message means nothing for a queue: it goes with topic',
    '9 targets[0].delay: delay is whole seconds, at most 15m',
    '- targets[1].key: key means nothing for a topic: it goes with bucket',
    '13 targets[1].attributes.a: attribute a must be a text or a number',
    '- targets[2].size: a bucket has either body or size',
    '- targets[3].detail: detail must be a mapping',
    '- targets[4].async: targets[4].async must be true or false',
    '- targets[5]: a target has one of route, url, function, queue, topic, bus, bucket',
    '- drain: drain must be a duration such as 500ms, 10s or 2m',
  ])
})

test('parseFlight() names every mistake with its line and what was meant', () => {
  assert.deepEqual(
    problems(
      {
        ...least,
        targts: [],
        warm_up: 'soon',
        load: [{ poison: { rate: 5, duration: '1s' } }, { constant: { rate: -1 } }],
        budgets: ['p98 < 3 ms', 'errors < 3 ms'],
      },
      { targts: 3, warm_up: 4, 'load.0.poison': 6, 'load.1.constant': 7, 'budgets.0': 10 },
    ),
    [
      '3 targts: unknown key "targts": did you mean "targets"?',
      '6 load[0].poison: unknown key "poison": did you mean "poisson"?',
      '7 load[1].constant.rate: load[1].constant.rate must be a number of at least 0',
      '7 load[1].constant.duration: load[1].constant.duration must be a duration such as 500ms, 10s or 2m; it is missing',
      '10 budgets[0]: "p98" is no metric of a budget: did you mean "p90"?',
      '- budgets[1]: "errors < 3 ms" needs a unit: errors is measured in % or requests',
      '4 warm_up: warm_up must be a duration such as 500ms, 10s or 2m',
    ],
  )
})

test('parseFlight() refuses what would be ignored or cannot be sent', () => {
  assert.deepEqual(problems({ ...least, targets: [{ function: 'f', path: '/x' }] }), [
    '- targets[0].path: path means nothing for a function: it goes with route',
  ])
  assert.deepEqual(problems({ ...least, targets: [{ route: 'GET /a/{id}' }] }), [
    '- targets[0].route: "/a/{id}" has a parameter: say with path what is sent, such as "path: /a/42"',
  ])
  assert.deepEqual(problems({ ...least, targets: [{ route: 'GET /a' }, { route: 'GET /a' }] }), [
    '- targets[1]: two targets are called "GET /a": give one a name of its own',
  ])
  assert.deepEqual(problems({ ...least, targets: [{ route: 'GET /a', url: 'http://x/' }] }), [
    '- targets[0]: a target has one of route, url, function, queue, topic, bus, bucket',
  ])
  assert.match(
    problems({ ...least, load: [{ constant: { rate: 1e6, duration: '1h' } }] })[0] ?? '',
    /at most 2000000 fit/,
  )
  assert.match(problems('nonsense')[0] ?? '', /the file must be a mapping/)
  assert.equal(problems({}).length, 2)
  assert.equal(problems(null).length, 3)
})

test('readBudget() finds the route before the metric, and suggests a near one', () => {
  const read = readBudget('GET /python p99.9 <= 1.5 s', ['GET /python'])
  assert.ok(read.ok)
  assert.deepEqual(read.value, {
    text: 'GET /python p99.9 <= 1.5 s',
    route: 'GET /python',
    metric: 'p99.9',
    comparison: '<=',
    limit: 1_500,
    unit: 'ms',
  })
  const wrong = readBudget('GET /pyton p99 < 3 ms', ['GET /python'])
  assert.deepEqual(wrong, {
    ok: false,
    error: '"GET /pyton" is no target of this flight: did you mean "GET /python"?',
  })
  assert.equal(readBudget('fast please', []).ok, false)
})

test('planOf() says which API, function or recording is missing', () => {
  const flown = (more: object): unknown => {
    const read = parseFlight({ ...least, ...more }, lines({}))
    assert.ok(read.ok)
    const plan = planOf(read.value, endpoints)
    return plan.ok ? undefined : plan.error
  }
  assert.equal(flown({ targets: [{ route: 'GET /', api: 'Other' }] }), 'there is no API "Other" for "GET /"')
  assert.equal(flown({ targets: [{ function: 'Nobody' }] }), 'there is no function "Nobody"')
  assert.equal(
    flown({ load: [{ recorded: { file: 'b.json' } }] }),
    'the recorded schedule "b.json" is missing or no list of ms',
  )
})

test('flightSchema knows the keys that parseFlight() knows, and budgets that readBudget() reads', () => {
  assert.deepEqual(Object.keys((flightSchema as { properties: object }).properties), Object.keys(FLIGHT))
  const pattern = new RegExp(FLIGHT.budgets.items.pattern)
  for (const metric of METRICS) {
    const isTime = /^(p\d|max|mean|completion_)/.test(metric)
    const unit =
      metric === 'usd_per_million' ? '' : metric === 'backlog_max' ? ' events' : isTime ? ' ms' : ' %'
    for (const text of [`${metric} < 3${unit}`, `GET /a ${metric} <= 0.5${unit}`]) {
      assert.ok(pattern.test(text), text)
      assert.ok(readBudget(text, ['GET /a']).ok, text)
    }
  }
  assert.ok(!pattern.test('p98 < 3 ms'))
  assert.deepEqual(Object.keys(PHASES), ['constant', 'poisson', 'ramp', 'burst', 'recorded'])
  assert.ok(Object.values(TARGET).every((member) => member.description !== ''))
})
