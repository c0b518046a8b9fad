/** Every number of ECR's metadata with its unit, source, and what happens beyond it. */

/** Repositories of an account and region. Beyond: Fault LimitExceededException. Source: ECR user guide, Service quotas. */
export const REPOSITORIES_MAX = 100_000
/** Tags of a repository. Beyond: Fault TooManyTagsException. Source: as above. */
export const TAGS_MAX = 50
/** Repositories a page when nobody asks for another number. Source: ECR API, DescribeRepositories, maxResults. */
export const PAGE_DEFAULT = 100
