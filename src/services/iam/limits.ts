/** Every number of IAM with its source and what happens beyond it. Lengths and patterns of names are the model's. */

/** Users of an account. Beyond: Fault LimitExceeded. Source: the IAM and STS quotas page, as all that follow. */
export const USERS_MAX = 5_000
/** Groups of an account. Beyond: Fault LimitExceeded. */
export const GROUPS_MAX = 300
/** Groups of a user. Beyond: Fault LimitExceeded. */
export const GROUPS_OF_USER_MAX = 10
/** Access keys of a user. Beyond: Fault LimitExceeded. */
export const ACCESS_KEYS_MAX = 2
/** MFA devices of a user. Beyond: Fault LimitExceeded. */
export const MFA_DEVICES_MAX = 8
/** Signing certificates of a user. Beyond: Fault LimitExceeded. */
export const SIGNING_CERTIFICATES_MAX = 2
/** Public SSH keys of a user. Beyond: Fault LimitExceeded. */
export const SSH_KEYS_MAX = 5
/** Server certificates of an account. Beyond: Fault LimitExceeded. */
export const SERVER_CERTIFICATES_MAX = 20
/** Identity providers of an account, each kind. Beyond: Fault LimitExceeded. */
export const PROVIDERS_MAX = 100
/** Audiences of an OpenID Connect provider. Beyond: Fault LimitExceeded. */
export const CLIENTS_MAX = 100
/** Thumbprints of an OpenID Connect provider. Beyond: Fault InvalidInput. */
export const THUMBPRINTS_MAX = 5
/** Characters (white space not counted) of all inline policies of a user, and of a group. Beyond: Fault LimitExceeded. */
export const USER_INLINE_CHARACTERS_MAX = 2_048
export const GROUP_INLINE_CHARACTERS_MAX = 5_120
/** Most things of a kind that a listing reads: more than any quota. Ours. */
export const LISTED_MAX = 10_000
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
