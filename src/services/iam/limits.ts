/** Every number of IAM with its source and what happens beyond it. Lengths and patterns of names are the model's. */

/** Managed policies attached to a role. Beyond: Fault LimitExceeded. Source: IAM user guide, IAM and STS quotas. */
export const ATTACHED_POLICIES_MAX = 10
/** Characters (white space not counted) of all inline policies of a role. Beyond: Fault LimitExceeded. Source: the same page. */
export const INLINE_POLICIES_CHARACTERS_MAX = 10_240
/** Characters (white space not counted) of a managed policy. Beyond: Fault LimitExceeded. Source: the same page. */
export const POLICY_CHARACTERS_MAX = 6_144
/** Characters (white space not counted) of a trust policy. Beyond: Fault LimitExceeded. Source: the same page. */
export const TRUST_POLICY_CHARACTERS_MAX = 2_048
/** Versions of a managed policy. Beyond: Fault LimitExceeded. Source: the same page. */
export const POLICY_VERSIONS_MAX = 5
/** Tags of an entity. Beyond: Fault LimitExceeded. Source: the same page. */
export const TAGS_MAX = 50
/** Roles of an account. Beyond: Fault LimitExceeded. Source: the same page. */
export const ROLES_MAX = 1_000
/** Customer managed policies of an account. Beyond: Fault LimitExceeded. Source: the same page. */
export const POLICIES_MAX = 1_500
/** Instance profiles of an account. Beyond: Fault LimitExceeded. Source: the same page. */
export const INSTANCE_PROFILES_MAX = 1_000
/** Entries of a page when nobody asks, and at most. Source: IAM API, ListRoles, MaxItems. */
export const PAGE_DEFAULT = 100
export const PAGE_MAX = 1_000
/** Seconds of a role's session at most, when nobody says. Source: IAM API, CreateRole, MaxSessionDuration. */
export const SESSION_SECONDS_DEFAULT = 3_600
