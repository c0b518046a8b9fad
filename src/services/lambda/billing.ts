/**
 * What AWS bills for one invoke, in whole numbers. One rounding: billed ms are the ceiling of init plus duration;
 * the init's share is what remains beside the invoke's own ceiling, so that the parts add up exactly.
 */
import type { UsageRecord } from '#ports/usage.ts'
import { EPHEMERAL_MB, EVENT_BILLING_BYTES, STREAM_FREE_BYTES } from '#services/lambda/limits.ts'
import type { Ms } from '#base/time.ts'

/** Source: Lambda developer guide, Execution environment life cycle; checked on AWS's samples: 133.61 + 80.00 = 214. */
export const billedMs = (initMs: Ms, durationMs: Ms): number =>
  Math.ceil(Math.round((initMs + durationMs) * 1e6) / 1e6)

export interface Billable {
  /** On an environment that was started beforehand: another price. */
  readonly provisioned: boolean
  readonly architecture: string
  readonly memoryMb: number
  readonly ephemeralMb: number
  readonly initMs: Ms
  readonly durationMs: Ms
  /** Bytes of an asynchronous event; undefined for synchronous invokes. */
  readonly eventBytes: number | undefined
  /** Of a response that was streamed to its caller. */
  readonly streamedBytes?: number | undefined
}

/** The requests that an event of that size counts as. Source: Lambda pricing, asynchronous events. */
export function requestsOf(eventBytes: number | undefined): number {
  const beyond = (eventBytes ?? 0) - EVENT_BILLING_BYTES.first
  return beyond <= 0 ? 1 : 1 + Math.ceil(beyond / EVENT_BILLING_BYTES.chunk)
}

type Line = Pick<UsageRecord, 'dimension' | 'quantity' | 'unit' | 'tags'>

const processorOf = (architecture: string): string => (architecture === 'arm64' ? 'Arm' : 'X86')

const durationOf = ({ architecture, provisioned }: Pick<Billable, 'architecture' | 'provisioned'>): string =>
  `${provisioned ? 'provisionedDuration' : 'duration'}${processorOf(architecture)}`

/** The init of an environment that was started beforehand. */
export const initLine = (
  of: Pick<Billable, 'architecture' | 'provisioned' | 'memoryMb' | 'initMs'>,
): Line => ({
  dimension: durationOf(of),
  quantity: of.memoryMb * billedMs(of.initMs, 0),
  unit: 'mb-ms',
  tags: { phase: 'init' },
})

/** So many environments that are kept ready for that long. */
export const provisionedLine = (
  of: Pick<Billable, 'architecture' | 'memoryMb'>,
  count: number,
  ms: Ms,
): Line => ({
  dimension: `provisionedConcurrency${processorOf(of.architecture)}`,
  quantity: of.memoryMb * count * ms,
  unit: 'mb-ms',
})

/** The usage of one invoke, without who and when. */
export function usageLines(of: Billable): Line[] {
  const total = billedMs(of.initMs, of.durationMs)
  const invoke = Math.min(total, billedMs(0, of.durationMs))
  const dimension = durationOf(of)
  const lines: Line[] = [
    { dimension: 'requests', quantity: requestsOf(of.eventBytes), unit: 'count' },
    { dimension, quantity: of.memoryMb * invoke, unit: 'mb-ms' },
  ]
  if (total > invoke)
    lines.push({
      dimension,
      quantity: of.memoryMb * (total - invoke),
      unit: 'mb-ms',
      tags: { phase: 'init' },
    })
  const above = of.ephemeralMb - EPHEMERAL_MB.default
  if (above > 0) lines.push({ dimension: 'ephemeralStorage', quantity: above * total, unit: 'mb-ms' })
  const streamed = (of.streamedBytes ?? 0) - STREAM_FREE_BYTES
  if (streamed > 0) lines.push({ dimension: 'responseStreaming', quantity: streamed, unit: 'bytes' })
  return lines
}
