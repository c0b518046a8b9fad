/**
 * A hundred environments started at once: how long until the last one works, over the CPU time that a hundred starts
 * need on these cores; and how long the platform's event loop was held meanwhile, beside an idle process' loop.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { numberAt, parseJson } from '#base/json.ts'
import { Child } from './child.ts'
import { NODE_STAYS } from './code.ts'
import { type Figure, type Row, type Settings, median } from './figure.ts'
import { Driver, invocation, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

const RESOLUTION_MS = 5

interface Burst {
  readonly totalMs: number
  readonly floorMs: number
  readonly stallMs: number
  readonly idleStallMs: number
}

async function burstOf(
  settings: Settings,
  environments: number,
  index: number,
): Promise<Burst & { modes: string }> {
  const platform = await PlatformUnderTest.start(settings)
  const bare = new Child('bare.ts', [join(settings.scratch, `bare-burst-${index}`), settings.cacheFolder])
  const driver = new Driver()
  try {
    await platform.deploy({ name: 'burst', runtime: 'nodejs24.x', memoryMb: 1_769, files: NODE_STAYS })
    const cpus: number[] = []
    for (let start = 0; start < 9; start++)
      cpus.push(numberAt(await bare.ask({ what: 'start cpu' }), 'cpuMs') ?? Number.NaN)
    const floorMs = (environments * median(cpus)) / availableParallelism()
    await bare.end()
    return { ...(await flood(platform, driver, { environments, floorMs })), modes: platform.modes }
  } finally {
    await Promise.all([driver.end(), bare.end(), platform.stop()])
  }
}

async function flood(
  platform: PlatformUnderTest,
  driver: Driver,
  of: { environments: number; floorMs: number },
): Promise<Burst> {
  const { environments, floorMs } = of
  const { port } = platform
  await platform.get('/_windtunnel/delay')
  const idle = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  idle.enable()
  const until = Date.now() + Math.max(2_000, 5 * floorMs)
  const request = requestText(invocation('burst', JSON.stringify({ until })), port)
  const loaded = await driver.run({ port, request, connections: environments, most: 1, keepAnswers: true })
  idle.disable()
  const delay = await platform.get('/_windtunnel/delay')
  const began = loaded.answers.map((answer) => {
    const body = parseJson(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    return numberAt(body, 'began') ?? Number.NaN
  })
  const late = began.filter((at) => at >= until).length
  if (late > 0) throw new Error(`${late} of ${environments} starts came too late to be told from reuse`)
  return {
    totalMs: Math.max(...began) - loaded.startedAt,
    floorMs,
    stallMs: numberAt(delay, 'maxMs') ?? Number.NaN,
    idleStallMs: Math.max(0, idle.max / 1e6 - RESOLUTION_MS),
  }
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const environments = settings.quick ? 10 : 100
  const bursts: (Burst & { modes: string })[] = []
  for (let round = 0; round < (settings.quick ? 1 : 4); round++)
    bursts.push(await burstOf(settings, environments, round))
  const note = bursts[0]?.modes ?? ''
  return [
    {
      figure: `${environments} cold starts at once`,
      unit: 'ms',
      ours: bursts.map((burst) => burst.totalMs),
      beside: {
        kind: 'floor',
        name: `${environments} x CPU of one / cores`,
        values: bursts.map((burst) => burst.floorMs),
      },
      target: { relation: 'ratio', atMost: 1.5 },
      note,
    },
    {
      figure: 'longest stall of the event loop meanwhile',
      unit: 'ms',
      ours: bursts.map((burst) => burst.stallMs),
      beside: { kind: 'floor', name: 'an idle process', values: bursts.map((burst) => burst.idleStallMs) },
      target: { relation: 'alone', atMost: 20 },
      note,
    },
  ]
}

export const burst: Figure = { name: 'burst', measure }
