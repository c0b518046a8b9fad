/**
 * PutEvents against 1,000 rules, over a bare node:http echo: an event that no rule wants, and one that a rule has a queue
 * for. A bus has at most 300 rules on AWS, so the rules stand on four buses. A round of the second kind ends when the last
 * event is in the queue, not when the last PutEvents was answered: whoever only accepts is not fast.
 */
import { parseJson, stringAt, valueAt } from '#base/json.ts'
import { Echo } from './echo.ts'
import { type Figure, interleaved, type Row, type Settings } from './figure.ts'
import { Driver, headersOf, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

const CONNECTIONS = 16
const BUSES = 4
const RULES_PER_BUS = 250
const ARRIVE_MS = 120_000
const BUS = 'bench-0'
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:bench-events'

type Service = 'events' | 'sqs'

const TYPES: Readonly<Record<Service, { readonly version: string; readonly prefix: string }>> = {
  events: { version: '1.1', prefix: 'AWSEvents' },
  sqs: { version: '1.0', prefix: 'AmazonSQS' },
}

const jsonHeaders = (service: Service, operation: string): Record<string, string> => ({
  'Content-Type': `application/x-amz-json-${TYPES[service].version}`,
  'X-Amz-Target': `${TYPES[service].prefix}.${operation}`,
})

async function ask(port: number, service: Service, operation: string, input: unknown): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { ...headersOf(service), ...jsonHeaders(service, operation) },
    body: JSON.stringify(input),
  })
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${body}`)
  return parseJson(body)
}

/** Four kinds of rule; the first rule of the first bus has the queue. */
const patternOf = (at: number): unknown =>
  [
    { source: ['shop'], detail: { kind: [`kind-${at}`] } },
    { source: ['shop'], detail: { id: [{ prefix: `id-${at}-` }] } },
    { 'detail-type': ['order'], detail: { total: [{ numeric: ['>', at * 1_000, '<=', at * 1_000 + 10] }] } },
    { source: [{ 'anything-but': ['shop'] }], detail: { kind: [{ exists: true }], id: [`${at}`] } },
  ][at % 4]

async function rules(port: number): Promise<void> {
  await ask(port, 'sqs', 'CreateQueue', { QueueName: 'bench-events' })
  for (let bus = 0; bus < BUSES; bus++) {
    const EventBusName = `bench-${bus}`
    await ask(port, 'events', 'CreateEventBus', { Name: EventBusName })
    for (let at = 0; at < RULES_PER_BUS; at++) {
      const Name = `rule-${at}`
      const EventPattern = JSON.stringify(patternOf(at))
      await ask(port, 'events', 'PutRule', { Name, EventBusName, EventPattern })
      const Targets = [{ Id: 'queue', Arn: QUEUE_ARN }]
      await ask(port, 'events', 'PutTargets', { Rule: Name, EventBusName, Targets })
    }
  }
}

const put = (port: number, kind: string): string => {
  const Detail = JSON.stringify({ kind, id: 'order-1', total: 5_000, note: 'x'.repeat(128) })
  const entry = { Source: 'shop', DetailType: 'order', EventBusName: BUS, Detail }
  const body = JSON.stringify({ Entries: [entry] })
  const headers = jsonHeaders('events', 'PutEvents')
  return requestText({ method: 'POST', path: '/', service: 'events', body, headers }, port)
}

async function waiting(port: number): Promise<number> {
  const QueueUrl = `http://127.0.0.1:${port}/000000000000/bench-events`
  const asked = { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }
  const attributes = valueAt(await ask(port, 'sqs', 'GetQueueAttributes', asked), 'Attributes')
  return Number(stringAt(attributes, 'ApproximateNumberOfMessages') ?? 0)
}

/** Events a second until the last one is in the queue. */
async function delivered(driver: Driver, port: number, ms: number): Promise<number> {
  const QueueUrl = `http://127.0.0.1:${port}/000000000000/bench-events`
  const before = await waiting(port)
  const began = performance.now()
  const { count } = await driver.run({ port, request: put(port, 'kind-0'), connections: CONNECTIONS, ms })
  while ((await waiting(port)) < before + count) {
    if (performance.now() - began > ARRIVE_MS) throw new Error(`not all of ${count} events have arrived`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const perSecond = (count / (performance.now() - began)) * 1_000
  await ask(port, 'sqs', 'PurgeQueue', { QueueUrl }).catch(() => undefined) // once a minute
  return perSecond
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const echo = await Echo.start()
  const driver = new Driver()
  const ms = settings.quick ? 300 : 2_000
  try {
    await rules(platform.port)
    const run = async (port: number): Promise<number> =>
      (await driver.run({ port, request: put(port, 'none'), connections: CONNECTIONS, ms })).perSecond
    const contenders = [
      async () => await run(echo.port),
      async () => await run(platform.port),
      async () => await delivered(driver, platform.port, ms),
    ]
    await interleaved(1, contenders)
    const [floors = [], unwanted = [], wanted = []] = await interleaved(settings.quick ? 1 : 5, contenders)
    const beside = { kind: 'floor', name: 'bare node:http echo', values: floors } as const
    const rows = { unit: 'a s', beside, target: undefined }
    const name = `PutEvents, ${BUSES * RULES_PER_BUS} rules, ${CONNECTIONS} connections`
    return [
      { ...rows, figure: `${name}, no rule matches`, ours: unwanted },
      { ...rows, figure: `${name}, one matches`, ours: wanted, note: 'until the last event is in its queue' },
    ]
  } finally {
    await Promise.all([driver.end(), platform.stop(), echo.stop()])
  }
}

export const events: Figure = { name: 'events', measure }
