/** Every number of EventBridge: unit, source and what happens beyond it. */
import type { Ms } from '#base/time.ts'

/** Sum of the entries of one PutEvents, bytes. Beyond: ValidationException. Source: EventBridge quotas (1 MB since January 2026); measured: exactly 1,048,576 bytes are taken. */
export const REQUEST_BYTES_MAX = 1_048_576
/** What an entry's Time counts. Source: EventBridge user guide, Calculating PutEvents event entry size. */
export const TIME_BYTES = 14
/** Billed in chunks of this many bytes. Source: EventBridge pricing. */
export const CHUNK_BYTES = 65_536
/** Rules of one bus. Beyond: LimitExceededException. Source: EventBridge quotas, us-east-1. */
export const RULES_PER_BUS_MAX = 300
/** Targets of one rule. Beyond: LimitExceededException. Source: EventBridge quotas. */
export const TARGETS_PER_RULE_MAX = 5
/** Custom buses of one account and region. Beyond: LimitExceededException. Source: EventBridge quotas. */
export const BUSES_MAX = 100
/** Archives, connections and API destinations of one account and region. Beyond: LimitExceededException. Source: EventBridge quotas. */
export const ARCHIVES_MAX = 100
export const CONNECTIONS_MAX = 3_000
export const DESTINATIONS_MAX = 3_000
/** Replays that start or run. Beyond: LimitExceededException. Source: EventBridge quotas. */
export const REPLAYS_RUNNING_MAX = 10
/** Characters of a pattern. Beyond: ValidationException. Source: EventBridge quotas. */
export const PATTERN_LENGTH_MAX = 2_048
/** Beyond: LimitExceededException. Source: EventBridge user guide, Tagging. */
export const TAGS_MAX = 50
/** Bytes of a bus's policy. Beyond: PolicyLengthExceededException. Source: EventBridge quotas. */
export const POLICY_BYTES_MAX = 10_240
/** Items of one page of every List operation when the caller names no limit. Source: EventBridge API, ListRules (Limit, at most 100). */
export const PAGE = 100
/** Tries after the first. Source: EventBridge user guide, Retry policy. */
export const RETRIES_MAX = 185
/** Age of an event beyond which it is tried no more. Source: as above. */
export const EVENT_AGE_MAX_MS: Ms = 86_400_000
/** Waits between tries: twice the one before, up to the longest, half of it by chance. AWS gives no figures (inferred). */
export const RETRY_FIRST_MS: Ms = 1_000
export const RETRY_LONGEST_MS: Ms = 600_000
/** Events being handed over at once. Ours. */
export const HANDOVERS_MAX = 256
/** An endpoint has this long to answer, real time. Source: EventBridge user guide, API destinations. */
export const HTTP_TIMEOUT_MS: Ms = 5_000
/** Of an endpoint's answer; the rest is not read. Ours. */
export const HTTP_ANSWER_BYTES = 65_536
/** Invocations a second of an API destination that names no limit. Source: EventBridge quotas. */
export const INVOCATIONS_PER_SECOND = 300
/** Invocations that came later than they might make up for it within this time, so that close events need not wait. Ours. */
export const BURST_MS: Ms = 50
/** Destinations whose pace, and connections whose token, is remembered; beyond it all are forgotten. Ours. */
export const PACES_MAX = 10_000
/** A token is fetched anew this long before it expires. Ours. */
export const TOKEN_MARGIN_MS: Ms = 10_000
/** Life of a token whose answer says nothing. Ours. */
export const TOKEN_MS: Ms = 3_600_000
/** Buses with their rules kept in memory; the oldest go first, and are read again when used. Ours. */
export const HOT_BUSES_MAX = 5_000
export const HOT_RULES_MAX = 200_000
/** Archived events read or erased at a time. Ours. */
export const REPLAY_PAGE = 100
export const SWEEP_ENTRIES = 2_000
/** A month of storage, of 30 days (inferred: AWS measures GB-months by the hour). */
export const MONTH_MS: Ms = 30 * 86_400_000
/** Archives are swept, and their storage billed, that often. Ours. */
export const SWEEP_MS: Ms = 3_600_000
