/**
 * Every number of SQS with its unit, its source and what happens beyond it. Numbers of ours (how much is kept in memory,
 * how much one transaction clears) stand at the end.
 */
import { hours, minutes, seconds } from '#base/time.ts'

/** Bytes of a message: body and attributes. Beyond: Fault InvalidParameterValue. Source: SQS developer guide, Message quotas. */
export const MESSAGE_BYTES_MAX = 1_048_576
/** Bytes of all messages of one SendMessageBatch. Beyond: Fault BatchRequestTooLong. Source: SQS developer guide, Message quotas. */
export const BATCH_BYTES_MAX = 1_048_576
/** Attribute MaximumMessageSize, bytes. Source: SQS API, SetQueueAttributes. */
export const MAXIMUM_MESSAGE_SIZE_MIN = 1_024
/** Message attributes. Beyond: Fault InvalidParameterValue. Source: SQS developer guide, Message quotas. */
export const ATTRIBUTES_MAX = 10
/** Characters of an attribute's name or type. Source: SQS developer guide, Message attributes. */
export const ATTRIBUTE_NAME_MAX = 256
/** Entries of a batch. Beyond: Fault TooManyEntriesInBatchRequest. Source: SQS API, SendMessageBatch. */
export const BATCH_MAX = 10
/** Characters of a batch entry's id. Beyond: Fault InvalidBatchEntryId. Source: SQS API, SendMessageBatch. */
export const BATCH_ID_MAX = 80
/** Characters of MessageGroupId, MessageDeduplicationId and ReceiveRequestAttemptId. Source: SQS API, SendMessage, ReceiveMessage. */
export const ID_MAX = 128
/** Characters of a queue's name, `.fifo` included. Source: SQS API, CreateQueue. */
export const QUEUE_NAME_MAX = 80
/** Attributes in seconds. Source: SQS API, SetQueueAttributes. */
export const DELAY_SECONDS_MAX = 900
export const RETENTION_SECONDS_MIN = 60
export const RETENTION_SECONDS_MAX = 1_209_600
export const RETENTION_SECONDS_DEFAULT = 345_600
export const VISIBILITY_SECONDS_MAX = 43_200
export const VISIBILITY_SECONDS_DEFAULT = 30
export const WAIT_SECONDS_MAX = 20
export const KMS_REUSE_SECONDS_MIN = 60
export const KMS_REUSE_SECONDS_MAX = 86_400
export const KMS_REUSE_SECONDS_DEFAULT = 300
/** MaxNumberOfMessages. Source: SQS API, ReceiveMessage. */
export const RECEIVE_MAX = 10
/** Messages in flight. Standard, short poll: Fault OverLimit; else nothing is received. Source: SQS developer guide, Queue quotas. */
export const IN_FLIGHT_MAX = 120_000
/** From a receive to the end of its visibility, all changes included. Source: SQS developer guide, Visibility timeout. */
export const VISIBILITY_TOTAL_MS = hours(12)
/** How long a deduplication id is remembered. Source: SQS developer guide, Exactly-once processing. */
export const DEDUPLICATION_MS = minutes(5)
/** How long a ReceiveRequestAttemptId repeats its answer. Source: SQS API, ReceiveMessage. */
export const ATTEMPT_MS = minutes(5)
/** Between two purges of a queue. Within: Fault PurgeQueueInProgress. Source: SQS API, PurgeQueue. */
export const PURGE_INTERVAL_MS = seconds(60)
/** From DeleteQueue until its name is free. Within: Fault QueueDeletedRecently. Source: SQS API, CreateQueue. */
export const RECREATE_MS = seconds(60)
/** maxReceiveCount of a redrive policy. Source: SQS developer guide, Dead-letter queues. */
export const RECEIVE_COUNT_MAX = 1_000
/** Source queues of a RedriveAllowPolicy byQueue. Source: SQS API, SetQueueAttributes. */
export const REDRIVE_SOURCES_MAX = 10
/** Tags of a queue, and characters of a key and a value. Source: SQS developer guide, Queue tags. */
export const TAGS_MAX = 50
export const TAG_KEY_MAX = 128
export const TAG_VALUE_MAX = 256
/** Bytes of the attribute Policy. Source: SQS developer guide, Policy quotas. */
export const POLICY_BYTES_MAX = 8_192
/** Statements, principals and actions of a policy. Beyond: Fault OverLimit. Source: SQS developer guide, Policy quotas. */
export const POLICY_STATEMENTS_MAX = 20
export const PERMISSION_ACTIONS_MAX = 7
export const PERMISSION_LABEL_MAX = 80
/** Queues or source queues in one answer. Source: SQS API, ListQueues. */
export const LIST_MAX = 1_000
/** MaxNumberOfMessagesPerSecond of a move task. Source: SQS API, StartMessageMoveTask. */
export const MOVE_RATE_MAX = 500
/** Move tasks of one source that are listed. Source: SQS API, ListMessageMoveTasks. */
export const MOVE_LIST_MAX = 10
/** Move tasks under way in an account and region. Beyond: Fault UnsupportedOperation. Source: SQS developer guide, Dead-letter queue redrive. */
export const MOVE_TASKS_MAX = 100
/** Longest time a move task runs. Source: SQS developer guide, Dead-letter queue redrive. */
export const MOVE_TASK_MS = hours(36)
/** A group of a standard queue is noisy when it has more than this share of the messages in flight and at least so many of its own. Source: SQS developer guide, How fair queues work. */
export const NOISY_SHARE = 0.1
export const NOISY_IN_FLIGHT_MIN = 30
/** Payload that is billed as one request, bytes. Source: SQS pricing. */
export const CHUNK_BYTES = 65_536

/** Content up to this many bytes stands in the message's row, larger in a row of its own, so that a start reads little. Ours. */
export const INLINE_BYTES_MAX = 4_096
/** Content of recently written or read messages kept in memory, bytes of all queues together. Ours. */
export const CONTENT_CACHE_BYTES = 16 * 1_024 ** 2
/** Receives parked in all queues together. Beyond: they are answered empty at once. Ours. */
export const PARKED_MAX = 100_000
/** Sequence numbers reserved at a time, so that a restart never gives one twice. Ours. */
export const SEQUENCE_BLOCK = 10_000
/** Messages of noisy groups that one receive sets aside before it takes one of them. Ours. */
export const NOISY_SCAN_MAX = 10_000
/** Rows cleared in one transaction after a purge or a deletion. Ours. */
export const CLEAR_ROWS = 500
/** Rows of one read while the index is rebuilt. Ours. */
export const LOAD_ROWS = 2_000
/** Between two steps of a move task, and messages a step when no rate is asked for. Ours. */
export const MOVE_STEP_MS = 100
export const MOVE_STEP_MESSAGES = 50
/** Messages whose traces the span of a dead-letter move is linked to; one receive may move thousands. Ours. */
export const DEAD_LINKS_MAX = 100
