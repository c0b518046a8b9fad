/**
 * Warm invokes through the Invoke API at 1 and 16 connections: over the bare Runtime API round trip, and beside
 * serverless-offline, which runs handlers in worker threads of its own process, without isolation or freezing.
 */
import { join } from 'node:path'
import { numberAt } from '#base/json.ts'
import { Child } from './child.ts'
import { NODE_HELLO } from './code.ts'
import { type Beside, type Figure, type Row, type Settings, type Target, interleaved } from './figure.ts'
import { Driver, invocation, requestText } from './load.ts'
import { Peer } from './peer.ts'
import { PlatformUnderTest } from './platform.ts'

interface Taken {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

interface Contenders {
  readonly platform: PlatformUnderTest
  readonly bare: Child
  readonly driver: Driver
  readonly peer: Peer
}

const FUNCTION = 'warm'

async function measure(settings: Settings): Promise<readonly Row[]> {
  const peer = await Peer.start(settings)
  const platform = await PlatformUnderTest.start(settings)
  const bare = new Child('bare.ts', [join(settings.scratch, 'bare-invoke'), settings.cacheFolder])
  const driver = new Driver()
  try {
    await platform.deploy({ name: FUNCTION, runtime: 'nodejs24.x', memoryMb: 1_769, files: NODE_HELLO })
    const contenders = { platform, bare, driver, peer }
    return [
      ...(await atConnections(settings, contenders, 1)),
      ...(await atConnections(settings, contenders, 16)),
    ]
  } finally {
    await Promise.all([driver.end(), bare.end(), platform.stop(), peer.stop()])
  }
}

async function atConnections(settings: Settings, among: Contenders, connections: number): Promise<Row[]> {
  const { platform, bare, driver, peer } = among
  const ms = settings.quick ? 300 : 3_000
  const roundTrip = async (): Promise<Taken> => {
    const answer = await bare.ask({ what: 'round trips', environments: connections, ms })
    const number = (name: string): number => numberAt(answer, name) ?? Number.NaN
    return { p50Ms: number('p50Ms'), p99Ms: number('p99Ms'), perSecond: number('perSecond') }
  }
  const onPort = (port: number, name: string) => async (): Promise<Taken> => {
    const request = requestText(invocation(name), port)
    return await driver.run({ port, request, connections, ms })
  }
  const ours = onPort(platform.port, FUNCTION)
  const theirs = peer.port === undefined ? undefined : onPort(peer.port, peer.functionName)
  const contenders = [roundTrip, ours, ...(theirs === undefined ? [] : [theirs])]
  // the first round makes the environments and lets code become hot: it does not count
  await interleaved(1, contenders)
  settings.step(`${connections} connections`)
  const rounds = settings.quick ? 1 : 4
  const [floors = [], taken = [], peers = []] = await interleaved(rounds, contenders)
  const at = `${connections} connection${connections === 1 ? '' : 's'}`
  const row = (what: string, of: (taken: Taken) => number, target: Target | undefined): Row => ({
    figure: `warm invoke, ${at}, ${what}`,
    unit: what === 'rate' ? 'a s' : 'ms',
    ours: taken.map(of),
    beside: { kind: 'floor', name: 'bare Runtime API', values: floors.map(of) },
    target,
    note: `${platform.modes}; 1,769 MB, no quota`,
  })
  const beside: Beside =
    peer.port === undefined
      ? { kind: 'skipped', name: 'serverless-offline', reason: peer.reason }
      : { kind: 'peer', name: 'serverless-offline', values: peers.map((one) => one.perSecond) }
  const rate = row(
    'rate',
    (one) => one.perSecond,
    connections === 1 ? undefined : { relation: 'alone', atLeast: 3_000 },
  )
  // with every core busy a queue of 16 is what the latency shows: no promise there
  const single = connections === 1
  return [
    row('p50', (one) => one.p50Ms, single ? { relation: 'above', atMost: 1 } : undefined),
    row('p99', (one) => one.p99Ms, single ? { relation: 'above', atMost: 3 } : undefined),
    rate,
    { ...rate, beside, target: { relation: 'ratio', atLeast: 1 } },
  ]
}

export const invoke: Figure = { name: 'invoke', measure }
