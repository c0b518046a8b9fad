/** What AWS would bill, one record a billable event. Quantities are whole numbers in the named unit, so the bill is exact. */
import type { Instant } from '#base/time.ts'

/** `mb-ms` is configured MB times billed ms: 1,024,000 of them are one GB-second. */
export type UsageUnit = 'count' | 'bytes' | 'mb-ms'

export interface UsageRecord {
  readonly at: Instant
  readonly account: string
  readonly region: string
  /** Service and dimension as the price book spells them, such as `lambda` and `durationX86`. */
  readonly service: string
  readonly dimension: string
  readonly quantity: number
  readonly unit: UsageUnit
  /** ARN or name of what is billed. */
  readonly resource: string
  readonly traceId?: string | undefined
  /** Further facts the bill or the report shows apart, such as `phase: init`. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

export interface UsageQuery {
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly limit: number
}

export interface Usage {
  record(record: UsageRecord): void
  read(query: UsageQuery): Promise<readonly UsageRecord[]>
}
