/** Every number of STS with its unit, source, and what happens beyond it. The model checks the ranges of durations and lengths itself. */

import { hours, seconds } from '#base/time.ts'

/** Seconds of a role's session when nobody asks. Source: STS API, AssumeRole, DurationSeconds. */
export const ROLE_SECONDS_DEFAULT = 3_600
/** Seconds of a session that a session began. Beyond: Fault ValidationError. Source: IAM user guide, Role chaining. */
export const CHAINED_SECONDS_MAX = 3_600
/** Seconds of GetSessionToken and GetFederationToken when nobody asks. Source: STS API. */
export const TOKEN_SECONDS_DEFAULT = 43_200
/** The same for the account's root. Source: STS API, GetSessionToken and GetFederationToken. */
export const ROOT_SECONDS_MAX = 3_600
/** Characters of an inline session policy. Beyond: Fault PackedPolicyTooLarge. Source: STS API, AssumeRole, Policy. */
export const SESSION_POLICY_MAX = 2_048
/** Expired sessions that one new session clears away. Ours. */
export const CLEARED_AT_ONCE = 8
/** How long an expired session is remembered, in ms: its holder is told that it has expired, and is not the root again. Ours. */
export const EXPIRED_KEPT_MS = hours(24)
/** How long an issuer has to give its keys, in ms, and how large its answers may be. Ours. */
export const ISSUER_TIMEOUT = seconds(5)
export const ISSUER_ANSWER_MAX_BYTES = 1_048_576
/** Seconds of GetWebIdentityToken's tokens when nobody asks. Source: STS API, GetWebIdentityToken, DurationSeconds. */
export const WEB_TOKEN_SECONDS_DEFAULT = 300
