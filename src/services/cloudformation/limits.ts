/** Every bound of this service, with its unit and what happens beyond it. Source: CloudFormation user guide, Quotas. */

/** Bytes of a template given in the request. Beyond: ValidationError. */
export const TEMPLATE_BODY_BYTES_MAX = 51_200
/** Bytes of a template in S3. Beyond: ValidationError. */
export const TEMPLATE_OBJECT_BYTES_MAX = 1_048_576
/** Resources worked on at the same time within one stack; the others wait. */
export const RESOURCES_AT_ONCE = 12
/** Events of a stack that DescribeStackEvents gives at once. */
export const EVENTS_PAGE = 100
/** Stacks, resources, change sets and exports a page. */
export const PAGE = 100
/** Stacks of an account and region that one call looks at. AWS keeps 2,000 and deleted ones for 90 days. */
export const STACKS_MAX = 10_000
/** Characters of the reason of a status; longer ones are cut. */
export const REASON_CHARACTERS_MAX = 4_000
/** A deleted stack is described by its id for this long; then it is forgotten at the next listing. */
export const DELETED_STACK_MS = 90 * 86_400_000
/** Real time that a function has to become active, in ms; then its resource fails. */
export const FUNCTION_ACTIVE_MS = 120_000
/** Real time between two looks at a function that is not active yet, in ms. */
export const FUNCTION_POLL_MS = 20
/** Real time that an event source mapping has to take up what was asked of it, in ms; then its resource fails. */
export const EVENT_SOURCE_ACTIVE_MS = 120_000
/** Resources of an account and region that are looked through for ids that stacks have, after a crash. Ours. */
export const RESOURCES_SEARCHED = 100_000
