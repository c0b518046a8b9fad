/** Every number of CodeDeploy with its unit, source, and what happens beyond it. The model checks lengths of other members itself. */

/** Time that a hook's function has to report, in ms. Beyond: the deployment fails. Source: CodeDeploy user guide, AppSpec "hooks" section for an AWS Lambda deployment. */
export const HOOK_MS = 3_600_000
/** Names, ids and ARNs a page. Source: CodeDeploy API; the number is inferred. */
export const PAGE = 100
/** Things of one kind, of an account and region, that one listing looks at. Ours; AWS keeps 1,000 applications. */
export const LISTED_MAX = 10_000
/** Applications, groups, deployments or targets that one call of BatchGet... names. Source: CodeDeploy API, BatchGetApplications. */
export const BATCH_MAX = 100
/** Deployments that one call of BatchGetDeployments names. Source: CodeDeploy API, BatchGetDeployments. */
export const BATCH_DEPLOYMENTS_MAX = 25
/** Tags of one thing. Beyond: Fault InvalidTagsToAddException. Source: CodeDeploy user guide, Tagging. */
export const TAGS_MAX = 50
/** Bytes of an AppSpec file that are read of a bucket. Beyond: the deployment fails. Ours. */
export const APP_SPEC_BYTES_MAX = 262_144
/** Minutes of a canary or linear interval, and of both together with their steps. Source: CodeDeploy user guide, Limits: traffic can be shifted over at most 48 hours. */
export const SHIFT_MINUTES_MAX = 2_880
