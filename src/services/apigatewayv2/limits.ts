/** Numbers of HTTP APIs. Source: API Gateway developer guide, quotas for HTTP APIs, unless said otherwise. */
import type { Ms } from '#base/time.ts'

/** Longest wait for an integration; beyond it 503. */
export const INTEGRATION_TIMEOUT_MAX: Ms = 30_000
export const INTEGRATION_TIMEOUT_MIN: Ms = 50
/** Largest request body; beyond it 413. */
export const PAYLOAD_MAX_BYTES = 10 * 1_024 * 1_024
export const ROUTES_MAX = 300
export const INTEGRATIONS_MAX = 300
export const STAGES_MAX = 10
/** Largest definition that an import takes: ours, the size of one API document. */
export const DEFINITION_MAX_BYTES = 6 * 1_024 * 1_024
/** Deployments that one API keeps, ours: older automatic ones that no stage uses go first. */
export const DEPLOYMENTS_MAX = 300
/** Items of one page. */
export const PAGE_MAX = 500
/** Requests are billed for each started 512 KB. Source: API Gateway pricing. */
export const BILLED_CHUNK_BYTES = 512 * 1_024

export const AUTHORIZERS_MAX = 10
export const AUDIENCES_MAX = 50
export const SCOPES_MAX = 10
/** Longest wait for a Lambda authorizer; beyond it 500. */
export const AUTHORIZER_TIMEOUT: Ms = 10_000
/** Source: API Gateway V2 reference, AuthorizerResultTtlInSeconds. */
export const AUTHORIZER_TTL_MAX_SECONDS = 3_600
/** Answers of Lambda authorizers kept in memory, ours: the oldest go beyond it. */
export const AUTHORIZER_ANSWERS_MAX = 10_000
/** For each of the two requests that lead to an issuer's keys: discovery document and key set. */
export const ISSUER_TIMEOUT: Ms = 1_500
export const ISSUER_ANSWER_MAX_BYTES = 150_000
/** How long an issuer's keys are used. Source: developer guide, JWT authorizers: two hours. */
export const ISSUER_KEYS_AGE: Ms = 7_200_000
/** A token with an unknown key id makes them be fetched again, at most this often (inferred). */
export const ISSUER_KEYS_RETRY: Ms = 60_000
/** Issuers whose keys are kept, ours. */
export const ISSUERS_MAX = 256
/** Requests a second and the bucket's size where a stage sets only one of them: the account's. */
export const ACCOUNT_RATE = 10_000
export const ACCOUNT_BURST = 5_000
/** Token buckets kept, ours: one for each throttled route of a stage. */
export const BUCKETS_MAX = 10_000
export const STAGE_VARIABLES_MAX = 100
export const LOG_FORMAT_MAX_BYTES = 3 * 1_024
/** Access log lines that wait for being written, ours: beyond it lines are dropped and counted. */
export const LOG_LINES_MAX = 10_000
/** Streams remembered, ours: beyond it those that are written out are forgotten, and a stage gets another one. */
export const LOG_STREAMS_MAX = 1_000
/** Lines of one write; CloudWatch Logs takes 10,000 in 1 MB. */
export const LOG_BATCH_LINES = 1_000
export const LOG_BATCH_BYTES = 1_000_000
export const LOG_FLUSH: Ms = 200
/** Longest answer of an HTTP backend that is passed on, ours; the payload quota names requests. Beyond it 503. */
export const BACKEND_ANSWER_MAX_BYTES = 10 * 1_024 * 1_024
export const DOMAINS_MAX = 120
/** Of one domain, keys with a slash; those without are not counted. */
export const MULTI_LEVEL_MAPPINGS_MAX = 200
export const VPC_LINKS_MAX = 10
export const TAGS_MAX = 50
