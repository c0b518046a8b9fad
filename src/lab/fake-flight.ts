/** Flights made up from a seed, for the tests of the lab: samples, spans and usage as the platform would record them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded, type SeededRandom } from '#base/random.ts'
import { instant } from '#base/time.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import type { LoadSample } from '#ports/load.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'
import type { Measurement } from '#lab/result.ts'

export const STARTED_AT = instant(1_790_000_000_000)

export interface MadeUpRoute {
  readonly name: string
  readonly functionName: string
  readonly n: number
  /** The first this many requests are cold. */
  readonly cold?: number
  readonly handlerMs?: number
  readonly initMs?: number
  readonly startMs?: number
  /** Every this many-th request. */
  readonly throttleEach?: number
  readonly failEach?: number
  readonly timeoutEach?: number
  /** Added to every request. */
  readonly lateMs?: number
  readonly runQueueMs?: number
  /** Every this many-th request stands still so long on its CPU share. */
  readonly starved?: { readonly each: number; readonly ms: number }
  /** Every this many-th request waits so long for the platform itself. */
  readonly stalled?: { readonly each: number; readonly ms: number }
  /** Every this many-th request waits so long for a downstream call. */
  readonly downstream?: { readonly each: number; readonly ms: number }
}

const MB = 128

interface Made {
  readonly samples: LoadSample[]
  readonly spans: Span[]
  readonly usage: UsageRecord[]
}

const each = (i: number, every: number | undefined): boolean => every !== undefined && i % every === every - 1

function span(
  traceId: string,
  id: string,
  more: Partial<Span> & Pick<Span, 'service' | 'operation' | 'start' | 'durationMs'>,
): Span {
  return {
    traceId,
    id,
    account: '000000000000',
    region: 'us-east-1',
    outcome: 'ok',
    bytesIn: 0,
    bytesOut: 0,
    attributes: {},
    ...more,
  }
}

function requestOf(
  route: MadeUpRoute,
  at: { i: number; target: number; dueMs: number },
  random: SeededRandom,
  into: Made,
): void {
  const { i, target, dueMs } = at
  const traceId = `1-6ab13c00-${`${target}`.padStart(4, '0')}${`${i}`.padStart(20, '0')}`
  const dueAt = instant(STARTED_AT + dueMs)
  const throttled = each(i, route.throttleEach)
  const cold = i < (route.cold ?? 0)
  const [startMs, initMs] = cold ? [route.startMs ?? 14, route.initMs ?? 70] : [0, 0]
  const cpuThrottledMs = each(i, route.starved?.each) ? (route.starved?.ms ?? 0) : 0
  const waitMs = each(i, route.downstream?.each) ? (route.downstream?.ms ?? 0) : 0
  const own = (route.handlerMs ?? 2) * (0.8 + 0.4 * random.next())
  const durationMs = throttled ? 0 : own + cpuThrottledMs + waitMs
  const lateMs = route.lateMs ?? 0.1
  const invokeMs = throttled ? 0.2 : startMs + initMs + durationMs + 0.3
  const gatewayMs = invokeMs + 0.4 + (each(i, route.stalled?.each) ? (route.stalled?.ms ?? 0) : 0)
  const start = instant(dueAt + lateMs + 0.2)
  const timeout = each(i, route.timeoutEach)
  const failed = each(i, route.failEach)
  into.samples.push({
    target,
    dueAt,
    lateMs,
    latencyMs: timeout ? 30_000 : lateMs + 0.2 + gatewayMs + 0.1,
    firstByteMs: timeout ? 30_000 : 0.2 + gatewayMs,
    status: timeout ? 0 : throttled ? 429 : failed ? 502 : 200,
    bytes: 120,
    outcome: timeout ? 'timeout' : 'answered',
    traceId,
  })
  if (timeout) return
  const environmentId = `${route.functionName}-${i % Math.max(1, route.cold ?? 1)}`
  const id = traceId.slice(-12)
  into.spans.push(
    span(traceId, `a000${id}`, {
      service: 'apigateway',
      operation: 'request',
      start,
      durationMs: gatewayMs,
      outcome: failed ? 'fault' : 'ok',
      attributes: { route: route.name, status: throttled ? 429 : 200 },
    }),
    span(traceId, `b000${id}`, {
      parentId: `a000${id}`,
      service: 'lambda',
      operation: 'Invoke',
      resource: route.functionName,
      start: instant(start + 0.2),
      durationMs: invokeMs,
      outcome: throttled ? 'throttle' : failed ? 'error' : 'ok',
      attributes: {
        functionName: route.functionName,
        cold,
        queueMs: 0,
        startMs,
        initMs,
        durationMs,
        billedMs: Math.ceil(durationMs + initMs),
        memoryMb: MB,
        maxMemoryMb: 61,
        cpuThrottledMs,
        runQueueMs: route.runQueueMs ?? 0,
        environmentId,
      },
    }),
  )
  if (throttled) return
  const phase = (operation: string, from: number, ms: number): void => {
    const parentId = `b000${id}`
    into.spans.push(
      span(traceId, `${operation}${id}`, {
        parentId,
        service: 'lambda',
        operation,
        start: instant(from),
        durationMs: ms,
      }),
    )
  }
  if (cold) phase('start', start + 0.3, startMs)
  if (cold) phase('init', start + 0.3 + startMs, initMs)
  const began = instant(start + 0.3 + startMs + initMs)
  into.spans.push(
    span(traceId, `c000${id}`, {
      parentId: `b000${id}`,
      service: 'lambda',
      operation: 'invoke',
      start: began,
      durationMs,
    }),
  )
  if (waitMs > 0)
    into.spans.push(
      span(traceId, `d000${id}`, {
        parentId: `c000${id}`,
        service: 'dynamodb',
        operation: 'GetItem',
        resource: 'orders',
        start: began,
        durationMs: waitMs,
      }),
    )
  const used = { at: dueAt, account: '000000000000', region: 'us-east-1', traceId }
  into.usage.push(
    {
      ...used,
      service: 'apiGatewayHttp',
      dimension: 'requests',
      quantity: 1,
      unit: 'count',
      resource: 'api',
    },
    {
      ...used,
      service: 'lambda',
      dimension: 'requests',
      quantity: 1,
      unit: 'count',
      resource: route.functionName,
    },
    {
      ...used,
      service: 'lambda',
      dimension: 'durationX86',
      quantity: Math.ceil(durationMs) * MB,
      unit: 'mb-ms',
      resource: route.functionName,
    },
    {
      ...used,
      service: 'cloudwatch',
      dimension: 'lambdaLogsIngestStandard',
      quantity: 300,
      unit: 'bytes',
      resource: route.functionName,
    },
  )
  if (cold)
    into.usage.push({
      ...used,
      service: 'lambda',
      dimension: 'durationX86',
      quantity: Math.ceil(initMs) * MB,
      unit: 'mb-ms',
      resource: route.functionName,
      tags: { phase: 'init' },
    })
}

/** A measurement of routes flown side by side for `durationMs`, evenly spaced. */
export function madeUp(
  routes: readonly MadeUpRoute[],
  more: Partial<Measurement> = {},
  durationMs = 10_000,
): Measurement {
  const random = seeded(42)
  const made: Made = { samples: [], spans: [], usage: [] }
  for (const [target, route] of routes.entries()) {
    for (let i = 0; i < route.n; i++) {
      requestOf(
        route,
        { i, target, dueMs: ((i + target / routes.length) * durationMs) / route.n },
        random,
        made,
      )
    }
  }
  return {
    name: 'first',
    design: 'as is',
    profile: 'native',
    targets: routes.map(({ name }) => ({ name })),
    load: {
      description: 'open loop, Poisson 40 -> 120 requests/s for 10 s',
      seed: 42,
      planned: made.samples.length,
      warmUpMs: 0,
    },
    result: {
      samples: made.samples,
      startedAt: STARTED_AT,
      finishedAt: instant(STARTED_AT + durationMs),
      partial: false,
    },
    spans: made.spans,
    usage: made.usage,
    book: usEast1Prices,
    budgets: [],
    machine: {
      isolation: 'namespaces',
      cpu: 'cgroup v2',
      memory: 'cgroup v2',
      freeze: 'cgroup v2',
      tmp: 'image',
      cores: 2,
      platform: 'linux x64',
      versions: ['windtunnel 0.1.0', 'node v24.1.0'],
      notes: [],
    },
    eventLoopDelay: { p50Ms: 0.02, p99Ms: 0.5, maxMs: 4 },
    warnings: [],
    ...more,
  }
}

/** The first example as it might fly. */
export const THREE_ROUTES: readonly MadeUpRoute[] = [
  { name: 'GET /node', functionName: 'node', n: 402, cold: 7, handlerMs: 2, initMs: 50 },
  { name: 'GET /python', functionName: 'python', n: 402, cold: 18, handlerMs: 2, initMs: 70 },
  { name: 'GET /compiled', functionName: 'compiled', n: 398, cold: 6, handlerMs: 0.4, initMs: 5, startMs: 4 },
]

test('madeUp() makes the samples that were asked for', () => {
  const { result, spans } = madeUp(THREE_ROUTES)
  assert.equal(result.samples.length, 1_202)
  assert.equal(spans.filter((s) => s.attributes['cold'] === true).length, 31)
})
