/** Numbers of REST APIs. Source: API Gateway developer guide, quotas for REST APIs, unless said otherwise. */
import type { Ms } from '#base/time.ts'

/** Longest wait for an integration without a raised quota; beyond it 504. */
export const INTEGRATION_TIMEOUT_MAX: Ms = 29_000
export const INTEGRATION_TIMEOUT_MIN: Ms = 50
/** Largest request body; beyond it 413. */
export const PAYLOAD_MAX_BYTES = 10 * 1_024 * 1_024
export const RESOURCES_MAX = 300
export const STAGES_MAX = 10
/** Largest definition that an import takes. */
export const DEFINITION_MAX_BYTES = 6 * 1_024 * 1_024
/** Deployments that one API keeps, ours: beyond it LimitExceededException. */
export const DEPLOYMENTS_MAX = 1_000
/** Items of one page, and when no limit is asked for. Source: REST API reference, `limit`. */
export const PAGE_MAX = 500
export const PAGE_DEFAULT = 25
/** Largest minimumCompressionSize. Source: recorded AWS answer. */
export const COMPRESSION_MAX_BYTES = 10_485_760
