/**
 * Every number of the Lambda service: unit, source and what happens beyond it. Nothing else in this folder holds
 * a literal limit. What AWS leaves open (idle time, age) or the machine bounds is in `LambdaSettings`.
 */
import { type Ms, hours, minutes, seconds } from '#base/time.ts'

const MB = 1_048_576

/** Largest payload of a synchronous invoke, bytes. Beyond: RequestTooLargeException. Source: Lambda quotas. */
export const SYNC_PAYLOAD_BYTES = 6 * MB
/** Largest payload of an asynchronous invoke, bytes. Beyond: RequestTooLargeException. Source: Lambda quotas. */
export const ASYNC_PAYLOAD_BYTES = MB
/** Largest answer of a function, bytes: 6 MB and 100. Beyond: Function.ResponseSizeTooLarge. Source: recorded AWS answer. */
export const RESPONSE_BYTES = 6_291_556
/** Largest streamed response, bytes. Beyond: Function.ResponseSizeTooLarge at the end of the stream. Source: Lambda quotas. */
export const STREAMED_RESPONSE_BYTES = 200 * MB
/** Of a streamed response, bytes that leave at full speed, and the rate of the rest. Source: Lambda quotas, aws-lambda-runtime-interface-emulator. */
export const STREAM_BURST_BYTES = 6 * MB
export const STREAM_BYTES_PER_SECOND = 2 * MB
/** Of a streamed response, bytes that are not billed. Source: Lambda pricing. */
export const STREAM_FREE_BYTES = 6 * MB
/** What stands before the body of a streamed HTTP answer, bytes. Beyond: 502. Source: inferred from the limit of header values. */
export const PRELUDE_BYTES = MB
/** Bytes of a streamed response that wait for a slow reader before the function waits too. Ours. */
export const STREAM_BUFFER_BYTES = 262_144
/** Decoded characters of X-Amz-Client-Context. Beyond: InvalidRequestContentException. Source: Lambda API, Invoke. */
export const CLIENT_CONTEXT_BYTES = 3_583
/** Tail of the log that LogType Tail answers, bytes. Source: Lambda API, Invoke. */
export const LOG_TAIL_BYTES = 4_096

/** Zip in the request, bytes. Beyond: RequestEntityTooLargeException. Source: recorded AWS answer. */
export const ZIP_BYTES = 50 * MB
/** Contents of the zip, bytes. Beyond: InvalidParameterValueException. Source: recorded AWS answer. */
export const UNZIPPED_BYTES = 250 * MB
/** Layers of one function. Beyond: InvalidParameterValueException. Source: Lambda quotas. */
export const LAYERS = 5
/** Sum of all packages of a region, bytes; shown by GetAccountSettings, not enforced: the disk is the limit here. Source: Lambda quotas. */
export const CODE_STORAGE_BYTES = 300 * 1_024 * MB

export const MEMORY_MB = { min: 128, max: 10_240, default: 128 } as const
export const TIMEOUT_SECONDS = { min: 1, max: 900, default: 3 } as const
export const EPHEMERAL_MB = { min: 512, max: 10_240, default: 512 } as const
/** All variables as JSON, bytes. Beyond: InvalidParameterValueException. Source: recorded AWS answer. */
export const ENVIRONMENT_BYTES = 4_096
/** Length of a function's name. Source: recorded AWS answer. */
export const NAME_LENGTH = 64
/** Tags of one function. Source: recorded AWS answer. */
export const TAGS = 50
/** Bytes of one function's resource policy. Beyond: PolicyLengthExceededException. Source: Lambda quotas. */
export const POLICY_BYTES = 20_480
/** Functions on one page of ListFunctions; MaxItems may ask for up to 10,000 but gets this many. Source: Lambda API, ListFunctions. */
export const PAGE_SIZE = 50

/** Concurrency that must stay outside reservations. Beyond: InvalidParameterValueException. Source: Lambda developer guide, Reserved concurrency. */
export const UNRESERVED_MIN = 100
/** Requests per second for each unit of concurrency, synchronous calls only. Beyond: 429. Source: Lambda developer guide, Scaling. */
export const REQUESTS_PER_CONCURRENCY = 10
/** New environments of one function at once, refilled evenly over ten seconds. Beyond: 429. Source: Lambda developer guide, Scaling. */
export const SCALE_BURST = 1_000
export const SCALE_PER_SECOND = 100

/** Environments of one provisioned concurrency that start at once: so many start together as a machine starts well. Ours. */
export const PROVISIONED_STARTS = 10
/** Between a start that failed and the next, of a provisioned concurrency that was complete before. Ours. */
export const PROVISIONED_RETRY_MS: Ms = seconds(1)
/** Provisioned concurrency is billed in such portions from when it is enabled. Source: Lambda pricing. */
export const PROVISIONED_BILLING_MS: Ms = minutes(5)
/** Init phase of provisioned environments, or the function's timeout when that is longer. Source: Lambda developer guide, Life cycle. */
export const PROVISIONED_INIT_MS: Ms = seconds(130)

/** Seconds of the role's session that a function's credentials come from: the longest. Source: STS API, AssumeRole, DurationSeconds. */
export const ROLE_SESSION_SECONDS = 43_200
/** No environment is older than this: its credentials outlive it by the longest invoke and more. Ours. */
export const ROLE_SESSION_AGE_MS: Ms = hours(11)
/** What is left of a session when an environment has reached its age, for the invoke that it is working on. Ours. */
export const ROLE_SESSION_REST_MS: Ms = minutes(16)
/** Shortest session name. Source: STS API, AssumeRole, RoleSessionName. */
export const ROLE_SESSION_NAME_MIN = 2

/** Init phase of an on-demand environment. Beyond: init runs again in the first invoke. Source: Lambda developer guide, Life cycle. */
export const INIT_MS: Ms = seconds(10)
/** Between SIGTERM and SIGKILL at shutdown without extensions. Source: Lambda developer guide, Life cycle. */
export const SHUTDOWN_GRACE_MS: Ms = 0
/** The same with internal extensions only, and with an external one. Source: as above. */
export const SHUTDOWN_MS = { internal: 500, external: seconds(2) } as const
/** Share of that time after which extensions are told, though the runtime has not ended. Source: aws-lambda-runtime-interface-emulator. */
export const SHUTDOWN_RUNTIME_SHARE = 0.3
/** Extensions of one function. Beyond: Extension.TooManyExtensions. Source: Lambda developer guide, Extensions API. */
export const EXTENSIONS_MAX = 10

/** How telemetry gathers before it is sent. Beyond: ValidationError. Source: Lambda developer guide, Telemetry API reference. */
export const TELEMETRY_BUFFERING = {
  maxItems: { min: 1_000, max: 10_000, default: 1_000 },
  maxBytes: { min: 262_144, max: 1_048_576, default: 262_144 },
  timeoutMs: { min: 25, max: 30_000, default: 1_000 },
} as const
/** Batches that one subscriber may be behind. Beyond: records are dropped, and it is told how many. Ours. */
export const TELEMETRY_HELD_BATCHES = 4
/** Events that are kept for whoever subscribes during init. Ours. */
export const TELEMETRY_EARLY_EVENTS = 1_000
/** How long a subscriber may take for one batch, ms of real time. Beyond: the batch is dropped. Inferred. */
export const TELEMETRY_SEND_MS: Ms = seconds(1)

/** Longest line that becomes one log event, bytes; longer lines are cut into several events. Source: CloudWatch Logs quotas, as Lambda applies them. */
export const LOG_EVENT_BYTES = 262_144
/** Log events that one environment keeps until they are written. Beyond: the newest are dropped, and a line says how many. */
export const LOG_BUFFER_EVENTS = 20_000
/** The same in characters. */
export const LOG_BUFFER_LENGTH = 16 * MB
/** Events and bytes of one PutLogEvents call. Source: CloudWatch Logs API, PutLogEvents. */
export const LOG_BATCH = { events: 10_000, bytes: 1_048_576, overheadBytes: 26 } as const
/** How long log events gather before they are written, ms of real time. */
export const LOG_FLUSH_MS: Ms = 20
/** After an invoke until the environment is frozen, ms of real time: an invoke that comes sooner saves a freeze and a thaw. */
export const FREEZE_AFTER_MS: Ms = 2
/** After a reported init error until the runtime must have ended by itself, ms of real time. Beyond: it is killed. */
export const INIT_ERROR_GRACE_MS: Ms = 200
/** How long an answer waits for the runtime to call next, ms of real time, so that the call's span carries its final duration. */
export const ANSWER_GRACE_MS: Ms = 10

/** Asynchronous events that wait or run. Beyond: TooManyRequestsException. AWS names no bound; ours, for an index in memory. */
export const EVENTS_MAX = 500_000
/** The same in bytes of their payloads, on disk. */
export const EVENTS_BYTES_MAX = 10_240 * MB
/** Bytes of payloads that run at once; at least one event does. Beyond: the next waits. Ours. */
export const EVENT_BYTES_RUNNING_MAX = 64 * MB
/** Bytes of payloads kept in memory from acceptance to the first run. Beyond: read again from the disk. Ours. */
export const EVENT_BYTES_HELD_MAX = 16 * MB
/** Events of one function that wait for an environment at once: so many start together as a machine starts well. Ours. */
export const EVENT_HANDED_MAX = 10
/** How long a function's events wait after a throttle when none of them runs, and more than ran then are not tried. Ours. */
export const EVENT_PAUSE_MS: Ms = seconds(1)
/** By how much of itself a function's concurrency of events grows each time after a throttle; by one at least. Ours. */
export const EVENT_ROOM_GROWTH = 0.25
/** Messages to destinations and dead-letter queues under way at once. Ours. */
export const DESTINATIONS_AT_ONCE = 16
/** Waits between attempts to tell a receiver that throttles, growing; given up at the age of an event. Inferred. */
export const DESTINATION_RETRY_MS = { first: seconds(1), last: minutes(5) } as const
/** Of the error message in a dead-letter message, bytes. Source: Lambda developer guide, Dead-letter queues. */
export const DEAD_LETTER_MESSAGE_BYTES = 1_024
/** Runs of one function in one chain; the next is stopped. Source: Lambda developer guide, Recursive loop detection. */
export const RECURSION_MAX = 16
/** Functions in the Lineage of a header: more would not fit. Ours. */
export const LINEAGE_MARKS_MAX = 32
/** Attempts after a function error, with these waits between. Source: Lambda developer guide, Asynchronous invocation. */
export const EVENT_RETRY_MS: readonly Ms[] = [minutes(1), minutes(2)]
/** Waits after a throttle grow from the first to the last; the event is dropped beyond the age. Source: as above. */
export const EVENT_THROTTLE_MS = { first: seconds(1), last: minutes(5) } as const
export const EVENT_AGE_MS: Ms = hours(6)
/** An asynchronous event is billed as one request up to the first, and one more for each further chunk. Source: Lambda pricing. */
export const EVENT_BILLING_BYTES = { first: 262_144, chunk: 65_536 } as const

/** What a platform may set; the rest is AWS's and fixed. */
export interface LambdaSettings {
  /** Concurrent executions of an account in a region. Source of the default: Lambda quotas. */
  readonly accountConcurrency: number
  /** An environment without work is ended after this long, on the virtual clock. AWS does not say; 5 to 15 minutes are seen. */
  readonly idleMs: Ms
  /** An environment is replaced at this age, on the virtual clock. AWS does not say; about 2 hours are seen. */
  readonly ageMs: Ms
  /** Environments on this machine at once. Beyond: the longest idle one is ended; when none is idle, 429. */
  readonly environmentsMax: number
  readonly freezeAfterMs: Ms
  /** A service that invokes for a resource needs a statement of the function's policy, as on AWS. */
  readonly policiesEnforced: boolean
}

export const DEFAULT_SETTINGS: LambdaSettings = {
  accountConcurrency: 1_000,
  idleMs: minutes(10),
  ageMs: hours(2),
  environmentsMax: 1_000,
  freezeAfterMs: FREEZE_AFTER_MS,
  policiesEnforced: true,
}

/** Runtimes that CreateFunction takes, in AWS's own order of the refusal. Source: recorded AWS answer. */
export const RUNTIMES: readonly string[] = [
  'nodejs20.x',
  'python3.14',
  'provided.al2023',
  'python3.12',
  'python3.13',
  'nodejs24.x',
  'nodejs22.x',
  'java25',
  'python3.10',
  'python3.11',
  'java21',
  'ruby3.3',
  'ruby3.4',
  'ruby3.2',
  'python3.8',
  'python3.9',
  'java17',
  'nodejs16.x',
  'dotnet10',
  'dotnet8',
  'java11',
  'dotnet6',
  'nodejs18.x',
  'provided.al2',
  'java8.al2',
]

/** Runtimes that AWS knows and no longer takes. Source: recorded AWS answers, Lambda developer guide, Runtimes. */
export const ENDED_RUNTIMES: readonly string[] = [
  'java8',
  'go1.x',
  'provided',
  'ruby2.5',
  'ruby2.7',
  'nodejs',
  'nodejs4.3',
  'nodejs6.10',
  'nodejs8.10',
  'nodejs10.x',
  'nodejs12.x',
  'nodejs14.x',
  'python2.7',
  'python3.6',
  'python3.7',
  'dotnetcore1.0',
  'dotnetcore2.0',
  'dotnetcore2.1',
  'dotnetcore3.1',
  'dotnet5.0',
]

/** Variables that Lambda sets itself. A function that brings one is refused. Source: Lambda developer guide, Environment variables. */
export const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
])
