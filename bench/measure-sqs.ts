/**
 * Queues: durable SendMessage over a bare node:http echo and beside fauxqs (npm, all in memory), receive and delete,
 * 5,000 parked long polls, and a backlog of a million messages.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { numberAt, parseJson, stringAt } from '#base/json.ts'
import { Child } from './child.ts'
import { Echo } from './echo.ts'
import { type Beside, type Figure, type Row, type Settings, interleaved } from './figure.ts'
import { type Call, Driver, headersOf, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'
import { QueuePeer } from './sqs-peer.ts'

const CONNECTIONS = [1, 16, 64] as const
const BODY = 'x'.repeat(256)

interface Contenders {
  readonly settings: Settings
  readonly platform: PlatformUnderTest
  readonly echo: Echo
  readonly peer: QueuePeer
  readonly driver: Driver
  readonly worker: Child
}

const callOf = (operation: string, input: unknown): Call => ({
  method: 'POST',
  path: '/',
  service: 'sqs',
  body: JSON.stringify(input),
  headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `AmazonSQS.${operation}` },
})

async function ask(port: number, operation: string, input: unknown): Promise<unknown> {
  const { body = '', headers } = callOf(operation, input)
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { ...headersOf('sqs'), ...headers },
    body,
  })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${text}`)
  return parseJson(text)
}

let queues = 0
async function newQueue(port: number): Promise<string> {
  const made = await ask(port, 'CreateQueue', { QueueName: `bench-${queues++}` })
  return stringAt(made, 'QueueUrl') ?? ''
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const peer = await QueuePeer.start(settings)
  const platform = await PlatformUnderTest.start(settings)
  const echo = await Echo.start()
  const driver = new Driver()
  const worker = new Child('sqs-worker.ts')
  const among: Contenders = { settings, platform, echo, peer, driver, worker }
  try {
    const rows: Row[] = []
    for (const connections of CONNECTIONS) rows.push(...(await sends(among, connections)))
    rows.push(...(await drains(among)))
    rows.push(
      ...(await onFresh(settings, worker, parkedPolls)),
      ...(await onFresh(settings, worker, backlog)),
    )
    return rows
  } finally {
    await Promise.all([driver.end(), worker.end(), platform.stop(), echo.stop(), peer.stop()])
  }
}

interface Alone {
  readonly settings: Settings
  readonly platform: PlatformUnderTest
  readonly worker: Child
}

/** Memory is measured on a platform that has done nothing else: what an earlier figure left would be counted or hide it. */
async function onFresh(
  settings: Settings,
  worker: Child,
  run: (alone: Alone) => Promise<Row[]>,
): Promise<Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  try {
    return await run({ settings, platform, worker })
  } finally {
    await platform.stop()
  }
}

async function sends(among: Contenders, connections: number): Promise<Row[]> {
  const { settings, platform, echo, peer, driver } = among
  const ms = settings.quick ? 300 : 2_000
  const on = (port: number) => async (): Promise<number> => {
    const QueueUrl = port === echo.port ? '' : await newQueue(port)
    const request = requestText(callOf('SendMessage', { QueueUrl, MessageBody: BODY }), port)
    return (await driver.run({ port, request, connections, ms })).perSecond
  }
  const contenders = [echo.port, platform.port, ...(peer.port === undefined ? [] : [peer.port])].map(on)
  await interleaved(1, contenders)
  const [floors = [], ours = [], peers = []] = await interleaved(settings.quick ? 1 : 5, contenders)
  const figure = `SendMessage, durable, ${connections} connections`
  const least = connections === 1 ? undefined : ({ relation: 'ratio', atLeast: 0.5 } as const)
  return [
    {
      figure,
      unit: 'a s',
      ours,
      beside: { kind: 'floor', name: 'bare node:http echo', values: floors },
      target: least,
    },
    {
      figure,
      unit: 'a s',
      ours,
      beside: besidePeer(peer, peers),
      target: connections === 1 ? undefined : { relation: 'ratio', atLeast: 1 },
      note: 'the peer holds all in memory; one connection waits for the disk each time',
    },
  ]
}

const besidePeer = (peer: QueuePeer, values: readonly number[]): Beside =>
  peer.port === undefined
    ? { kind: 'skipped', name: 'fauxqs', reason: peer.reason }
    : { kind: 'peer', name: 'fauxqs', values }

async function drains(among: Contenders): Promise<Row[]> {
  const { settings, platform, peer, worker } = among
  const count = settings.quick ? 2_000 : 20_000
  const on = (port: number) => async (): Promise<number> => {
    const url = await newQueue(port)
    await worker.ask({ kind: 'fill', port, url, connections: 16, count })
    const drained = await worker.ask({ kind: 'drain', port, url, connections: 16, batch: 1, ms: 2_000 })
    await ask(port, 'DeleteQueue', { QueueUrl: url })
    return numberAt(drained, 'perSecond') ?? Number.NaN
  }
  const contenders = [platform.port, ...(peer.port === undefined ? [] : [peer.port])].map(on)
  await interleaved(1, contenders)
  const [ours = [], peers = []] = await interleaved(settings.quick ? 1 : 5, contenders)
  return [
    {
      figure: 'receive + delete one by one, 16 connections',
      unit: 'messages/s',
      ours,
      beside: besidePeer(peer, peers),
      target: { relation: 'ratio', atLeast: 1 },
    },
  ]
}

/** User and system time of a process so far, in ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const POLLS = 5_000
const IDLE_MS = 5_000

async function parkedPolls({ settings, platform, worker }: Alone): Promise<Row[]> {
  const polls = settings.quick ? 500 : POLLS
  const { port } = platform
  const url = await newQueue(port)
  const before = platform.memoryMb()
  await worker.ask({ kind: 'park', port, url, connections: polls })
  const memoryMb = platform.memoryMb() - before
  const startMs = cpuMs(platform.pid)
  await new Promise((resolve) => setTimeout(resolve, settings.quick ? 1_000 : IDLE_MS))
  const busy = (cpuMs(platform.pid) - startMs) / (settings.quick ? 1_000 : IDLE_MS)
  const sentAt = performance.now()
  const filled = worker.ask({ kind: 'unpark' })
  const sender = new Child('sqs-worker.ts')
  await sender.ask({ kind: 'fill', port, url, connections: 4, count: polls })
  await sender.end()
  const got = numberAt(await filled, 'got') ?? 0
  if (got !== polls) throw new Error(`${got} of ${polls} parked polls got a message`)
  const alone: Beside = { kind: 'skipped', name: 'nothing', reason: 'an absolute figure' }
  return [
    {
      figure: `memory of a parked poll with its connection, ${polls} parked`,
      unit: 'KB',
      ours: [(memoryMb * 1_024) / polls],
      beside: alone,
      target: { relation: 'alone', atMost: 40 },
    },
    {
      figure: `CPU while ${polls} polls are parked`,
      unit: '% of a core',
      ours: [busy * 100],
      beside: alone,
      target: { relation: 'alone', atMost: 3 },
    },
    {
      figure: `waking ${polls} parked polls, in order, by batches of ten`,
      unit: 'a s',
      ours: [(1_000 * polls) / (performance.now() - sentAt)],
      beside: alone,
      target: undefined,
    },
  ]
}

/** In a process of its own, after a collection. */
function indexBytes(count: number): number {
  const program = fileURLToPath(new URL('sqs-index.ts', import.meta.url))
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning']
  const ran = spawnSync(process.execPath, [...flags, program, String(count)], { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`sqs-index.ts: ${ran.stderr}`)
  return Number(ran.stdout)
}

async function backlog({ settings, platform, worker }: Alone): Promise<Row[]> {
  const count = settings.quick ? 20_000 : 1_000_000
  const { port } = platform
  const url = await newQueue(port)
  const before = platform.memoryMb()
  const filled = await worker.ask({ kind: 'fill', port, url, connections: 16, count })
  const memoryMb = platform.memoryMb() - before
  const ms = settings.quick ? 500 : 5_000
  const drained = await worker.ask({ kind: 'drain', port, url, connections: 16, batch: 10, ms })
  const alone: Beside = { kind: 'skipped', name: 'nothing', reason: 'an absolute figure' }
  const name = `backlog of ${count.toLocaleString('en-US')} messages`
  return [
    {
      figure: `${name}: the index, a message`,
      unit: 'B',
      ours: [indexBytes(count)],
      beside: alone,
      target: { relation: 'alone', atMost: 300 },
    },
    {
      figure: `${name}: the process, a message`,
      unit: 'B',
      ours: [(memoryMb * 1_024 * 1_024) / count],
      beside: alone,
      target: undefined,
      note: 'the process holds up to 80 MB of caches and what its collector has not needed to free',
    },
    {
      figure: `${name}: sends in batches of ten, 16 connections`,
      unit: 'messages/s',
      ours: [numberAt(filled, 'perSecond') ?? Number.NaN],
      beside: alone,
      target: undefined,
    },
    {
      figure: `${name}: receive + delete in tens, 16 connections`,
      unit: 'messages/s',
      ours: [numberAt(drained, 'perSecond') ?? Number.NaN],
      beside: alone,
      target: undefined,
    },
  ]
}

export const sqs: Figure = { name: 'sqs', measure }
