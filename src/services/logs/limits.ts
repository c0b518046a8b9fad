/** Every number of the Logs service: unit, source and what happens beyond it. */
import { type Ms, hours } from '#base/time.ts'

const DAY_MS = 86_400_000

/** One PutLogEvents: sum of messages and the overhead of each event, bytes. Beyond: InvalidParameterException. Source: CloudWatch Logs API, PutLogEvents. */
export const BATCH_BYTES = 1_048_576
/** Added to each event's bytes, for the batch's size and for the bill. Source: CloudWatch Logs API, PutLogEvents. */
export const EVENT_OVERHEAD_BYTES = 26
/** Events of one batch lie within this. Beyond: InvalidParameterException. Source: as above. */
export const BATCH_SPAN_MS: Ms = DAY_MS
/** Events older or newer than this are rejected, the rest of the batch is kept. Source: as above. */
export const TOO_OLD_MS: Ms = 14 * DAY_MS
export const TOO_NEW_MS: Ms = hours(2)
/** Events on one page of GetLogEvents and FilterLogEvents when no limit is given. Source: CloudWatch Logs API. */
export const PAGE_EVENTS = 10_000
/** Bytes on one page. Source: CloudWatch Logs API, GetLogEvents. */
export const PAGE_BYTES = 1_048_576
/** Events that one FilterLogEvents looks at before it answers what it has, with a token. Ours; AWS does the same after some time. */
export const SCAN_EVENTS = 200_000
/** Groups or streams on one page. Source: CloudWatch Logs API, DescribeLogGroups. */
export const DESCRIBE_PAGE = 50
/** Streams of one group that are ordered by their last event; more are ordered among the first this many by name. Ours. */
export const STREAMS_ORDERED = 10_000
/** Tags of one group. Beyond: TooManyTagsException. Source: CloudWatch Logs API, TagResource. */
export const TAGS = 50
/** How often what is older than a group's retention is dropped from disk, on the virtual clock. It is invisible at once. */
export const EXPIRY_MS: Ms = hours(1)

/** Days that PutRetentionPolicy takes. Source: CloudWatch Logs API, PutRetentionPolicy. */
export const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288,
  3_653,
]

export const retentionMs = (days: number): Ms => days * DAY_MS
