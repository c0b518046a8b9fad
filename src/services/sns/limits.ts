/** Every number of SNS: unit, source and what happens beyond it. */
import type { Ms } from '#base/time.ts'

/** Message and attributes of one Publish, bytes. Beyond: InvalidParameter. Source: SNS API, Publish. */
export const MESSAGE_BYTES_MAX = 262_144
/** Billed in chunks of this many bytes. Source: SNS pricing. */
export const CHUNK_BYTES = 65_536
/** Entries of one PublishBatch. Beyond: TooManyEntriesInBatchRequest. Source: SNS API, PublishBatch. */
export const BATCH_ENTRIES_MAX = 10
/** Length of a batch entry's id. Beyond: InvalidBatchEntryId. Source: as above. */
export const BATCH_ID_LENGTH_MAX = 80
/** Characters of a subject; fewer than this many. Beyond: InvalidParameter. Source: SNS API, Publish. */
export const SUBJECT_LENGTH = 100
/** Beyond: InvalidParameter. Source: SNS API, CreateTopic. */
export const TOPIC_NAME_LENGTH_MAX = 256
/** Bytes of an attribute's name. Beyond: ParameterValueInvalid. Source: recorded AWS answer. */
export const ATTRIBUTE_NAME_BYTES_MAX = 256
/** Attributes that a raw delivery to a queue can carry. Beyond: a client error, the message is discarded. Source: SNS developer guide, Message attributes. */
export const RAW_ATTRIBUTES_MAX = 10
/** Beyond: TagLimitExceeded. Source: SNS API, TagResource. */
export const TAGS_MAX = 50
/** Items of one page of every List operation. Source: SNS API, ListTopics, ListSubscriptions. */
export const PAGE = 100
/** Subscriptions of a FIFO topic. Beyond: SubscriptionLimitExceeded. Source: SNS quotas. */
export const FIFO_SUBSCRIPTIONS_MAX = 100
/** Subscriptions of a standard topic. Ours; AWS allows 12.5 million. Beyond: SubscriptionLimitExceeded. */
export const SUBSCRIPTIONS_MAX = 100_000
/** Filter policies of a topic. Beyond: FilterPolicyLimitExceeded. Source: SNS quotas. */
export const FILTER_POLICIES_MAX = 200
/** Topics, with all their subscriptions and filters, kept in memory; those loaded first go first. Ours. */
export const HOT_TOPICS_MAX = 10_000
/** Subscriptions kept in memory over all topics; beyond it topics go, the one in use excepted. Ours. */
export const HOT_SUBSCRIPTIONS_MAX = 200_000
/** A message id is remembered this long. Source: SNS developer guide, Message deduplication for FIFO topics. */
export const DEDUPLICATION_MS: Ms = 300_000
/** Forgotten ids are erased that often, so many at a time. Ours. */
export const SWEEP_MS: Ms = 60_000
export const SWEEP_ENTRIES = 5_000
/** A token confirms this long. Source: SNS API, ConfirmSubscription. */
export const TOKEN_MS: Ms = 3 * 86_400_000
/** An endpoint has this long to answer, real time. Source: SNS developer guide, Parsing message formats (15 seconds). */
export const HTTP_TIMEOUT_MS: Ms = 15_000
/** Of an endpoint's answer; the rest is not read. Ours. */
export const HTTP_ANSWER_BYTES = 1_024
/** Deliveries under way at once: publishes to queues and functions, and posts. Ours. */
export const HANDOVERS_MAX = 256
export const POSTS_MAX = 512
/** Posts to one subscription at once; further ones wait a little, so that a slow endpoint does not hold the others up. Ours. */
export const POSTS_PER_SUBSCRIPTION = 32
export const POST_WAIT_MS: Ms = 50
/** Subscriptions of one publish that are handed to at once, fewer where their bodies were more bytes than this. Ours. */
export const FAN_OUT = 256
export const FAN_OUT_BYTES = 8_388_608
/** All phases of a delivery policy together, seconds. Beyond: InvalidParameter. Source: SNS developer guide, Creating an HTTP/S delivery policy. */
export const POLICY_SECONDS_MAX = 3_600
/** Bytes of a topic's policy. Beyond: InvalidParameter. Source: SNS quotas. */
export const POLICY_BYTES_MAX = 30_720
