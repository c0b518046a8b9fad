/** Spans and usage that a platform recorded, read back as what they are. */
import { isRecord, numberAt } from '#base/json.ts'
import { type Instant, instant } from '#base/time.ts'
import type { PlatformClient } from '#cli/client.ts'
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'

export interface Recorded {
  readonly spans: readonly Span[]
  readonly usage: readonly UsageRecord[]
}

const SPANS_MAX = 1_000_000
/** Records of the last answers are written a moment after them: after asynchronous log lines and freezes. */
const SETTLE_MS = 300

/** The platform wrote these lines itself from the same types: the casts are the decoder's. */
const isSpan = (value: unknown): value is Span =>
  isRecord(value) && typeof value['traceId'] === 'string' && typeof value['start'] === 'number'
const isUsage = (value: unknown): value is UsageRecord =>
  isRecord(value) && typeof value['dimension'] === 'string' && typeof value['quantity'] === 'number'

/** Where a reading begins. Spans are stamped by the wall, usage by the platform's clock, which may stand or be ahead. */
export interface Since {
  readonly spans: Instant
  readonly usage: Instant
  /** Records that had that time or a later one already. */
  readonly usageBefore: number
}

/** The moment from which usage belongs to what comes now. */
export async function usageMark(client: PlatformClient): Promise<Omit<Since, 'spans'>> {
  const usage = await platformNow(client)
  const { length } = await client.lines(`/_windtunnel/usage?from=${usage}&limit=${SPANS_MAX}`)
  return { usage, usageBefore: length }
}

/** What the platform's clock says. */
export async function platformNow(client: PlatformClient): Promise<Instant> {
  return instant(numberAt(await client.get('/_windtunnel/clock'), 'nowMs') ?? Date.now())
}

/** Everything from there on. `answered` is how many requests must have left a span; it is waited for, shortly. */
export async function recordedSince(
  client: PlatformClient,
  from: Since,
  answered: number,
): Promise<Recorded> {
  await new Promise((resume) => setTimeout(resume, SETTLE_MS))
  const limit = Math.max(SPANS_MAX, answered)
  const [spans, usage] = await Promise.all([
    client.lines(`/_windtunnel/spans?from=${Math.floor(from.spans) - 1}&limit=${limit}`),
    client.lines(`/_windtunnel/usage?from=${Math.floor(from.usage)}&limit=${limit + from.usageBefore}`),
  ])
  return { spans: spans.filter(isSpan), usage: usage.slice(from.usageBefore).filter(isUsage) }
}

/** Spans from that time on that had been recorded until now. */
export async function spansSince(client: PlatformClient, from: number): Promise<readonly Span[]> {
  const lines = await client.lines(`/_windtunnel/spans?from=${Math.floor(from) - 1}&limit=${SPANS_MAX}`)
  return lines.filter(isSpan)
}

/** The spans of one trace, oldest first. */
export async function spansOfTrace(client: PlatformClient, traceId: string): Promise<readonly Span[]> {
  const lines = await client.lines(`/_windtunnel/spans?trace=${encodeURIComponent(traceId)}&limit=10000`)
  return lines.filter(isSpan)
}
