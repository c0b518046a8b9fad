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
