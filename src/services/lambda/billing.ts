/**
 * What AWS bills for one invoke, in whole numbers. One rounding: billed ms are the ceiling of init plus duration;
 * the init's share is what remains beside the invoke's own ceiling, so that the parts add up exactly.
 */
import type { UsageRecord } from '#ports/usage.ts'
import { EPHEMERAL_MB, EVENT_BILLING_BYTES } from '#services/lambda/limits.ts'
import type { Ms } from '#base/time.ts'

/** Source: Lambda developer guide, Execution environment life cycle; checked on AWS's samples: 133.61 + 80.00 = 214. */
export const billedMs = (initMs: Ms, durationMs: Ms): number =>
  Math.ceil(Math.round((initMs + durationMs) * 1e6) / 1e6)

export interface Billable {
  readonly architecture: string
  readonly memoryMb: number
  readonly ephemeralMb: number
  readonly initMs: Ms
  readonly durationMs: Ms
  /** Bytes of an asynchronous event; undefined for synchronous invokes. */
  readonly eventBytes: number | undefined
}

/** The requests that an event of that size counts as. Source: Lambda pricing, asynchronous events. */
export function requestsOf(eventBytes: number | undefined): number {
  const beyond = (eventBytes ?? 0) - EVENT_BILLING_BYTES.first
  return beyond <= 0 ? 1 : 1 + Math.ceil(beyond / EVENT_BILLING_BYTES.chunk)
}

type Line = Pick<UsageRecord, 'dimension' | 'quantity' | 'unit' | 'tags'>

/** The usage of one invoke, without who and when. */
export function usageLines(of: Billable): Line[] {
  const total = billedMs(of.initMs, of.durationMs)
  const invoke = Math.min(total, billedMs(0, of.durationMs))
  const dimension = of.architecture === 'arm64' ? 'durationArm' : 'durationX86'
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
  return lines
}
