/** Every number of event source mappings: unit, source and what happens beyond it. */
import { type Ms, minutes, seconds } from '#base/time.ts'
import { SYNC_PAYLOAD_BYTES } from '#services/lambda/limits.ts'

/** Records of one batch. Beyond: InvalidParameterValueException. Source: Lambda developer guide, Amazon SQS event source mappings. */
export const BATCH_SIZE = { default: 10, max: 10_000, fifoMax: 10, withoutWindowMax: 10 } as const
/** The event of one batch, bytes of JSON: that of a synchronous invoke. What does not fit waits for the next batch. */
export const BATCH_BYTES = SYNC_PAYLOAD_BYTES
/** Messages of one ReceiveMessage or DeleteMessageBatch. Source: SQS API, ReceiveMessage. */
export const MESSAGES_PER_CALL = 10
/** Wait of one poll, seconds: the longest there is. Source: SQS API, ReceiveMessage, WaitTimeSeconds. */
export const POLL_SECONDS = 20

/**
 * Pollers without provisioned mode, each with one batch: so many at the start, so many more for each step of real
 * backlog, up to the most; without messages down to the first figure, and after a quiet minute to the fewest. How AWS
 * spreads the 300 per minute and when it is quiet is inferred.
 * Source: Lambda developer guide, Configuring scaling behavior for SQS event source mappings.
 */
export const ON_DEMAND = { start: 5, fewest: 2, most: 1_250, grow: 5, growMs: seconds(1) } as const
export const QUIET_MS: Ms = minutes(1)
/**
 * Provisioned mode: bounds of the bounds, and what one poller does at most; 1,000 more concurrent invokes a minute.
 * Source: Lambda developer guide, Using provisioned mode with an SQS event source mapping.
 */
export const PROVISIONED = {
  minimum: { least: 2, most: 200, default: 2 },
  maximum: { least: 2, most: 2_000, default: 200 },
  invokesPerPoller: 10,
  invokesMax: 20_000,
  pollsPerSecond: 10,
  bytesPerSecond: 1_048_576,
  grow: 1,
  growMs: 600,
} as const
/** MaximumConcurrency. Source: Lambda API, ScalingConfig. */
export const CONCURRENCY_MAX = { least: 2, most: 1_000 } as const

/** Waits before a batch that was throttled is tried again, growing, until its messages become visible. Inferred. */
export const THROTTLE_RETRY_MS = { first: 100, last: seconds(5) } as const
/** No growth for that long after a throttle. Inferred. */
export const THROTTLE_HOLD_MS: Ms = minutes(1)
/** Waits before the next poll when polls fail or the function is gone, growing. Inferred. */
export const TROUBLE_RETRY_MS = { first: seconds(1), last: minutes(1) } as const
/** Visibility of a queue whose attributes cannot be read. Source: SQS API, CreateQueue, VisibilityTimeout. */
export const VISIBILITY_DEFAULT_MS: Ms = seconds(30)

/** Bodies in batches of all mappings, bytes. Beyond: no mapping gets more pollers than it has. Ours. */
export const BATCH_BYTES_HELD_MAX = 64 * 1_048_576

/** Mappings on one page of a list. Source: Lambda API, ListEventSourceMappings, MaxItems. */
export const MAPPINGS_PAGE = 100
