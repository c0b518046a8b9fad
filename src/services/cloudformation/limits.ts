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
/** Real time that the environments of provisioned concurrency have to be ready, in ms; then their resource fails. Ours. */
export const PROVISIONED_READY_MS = 600_000
/** Real time between two looks at a CodeDeploy deployment, in ms: at first, and at most after doubling. Ours. */
export const DEPLOYMENT_POLL_MS = 20
export const DEPLOYMENT_POLL_MS_MAX = 320
/** Longest that a CodeDeploy deployment of an alias can take, in ms: 48 hours of shifting and two hooks of an hour. Source: CodeDeploy user guide, Limits. */
export const SHIFT_MS_MAX = 50 * 3_600_000
/** Real time that an event source mapping has to take up what was asked of it, in ms; then its resource fails. */
export const EVENT_SOURCE_ACTIVE_MS = 120_000
/** Resources of an account and region that are looked through for ids that stacks have, after a crash. Ours. */
export const RESOURCES_SEARCHED = 100_000
/** Characters of a stack policy. Beyond: ValidationError. Source: CloudFormation API, SetStackPolicy. */
export const STACK_POLICY_CHARACTERS_MAX = 16_384
/** Bytes of a custom resource's answer. Beyond: the resource fails. Source: CloudFormation user guide, Custom resource response objects. */
export const ANSWER_BYTES_MAX = 4_096
/** Seconds that a custom resource has to answer, and the most that its ServiceTimeout may say. Source: CloudFormation template reference, AWS::CloudFormation::CustomResource. */
export const SERVICE_TIMEOUT_SECONDS = 3_600
/** Seconds of a wait condition's Timeout at most: 12 hours. Source: CloudFormation template reference, AWS::CloudFormation::WaitCondition. */
export const WAIT_SECONDS_MAX = 43_200
/** Stacks within stacks, so that a template that holds itself comes to an end. Ours. */
export const NESTED_DEPTH_MAX = 20
/** Bytes that are read of an answer at all: beyond ANSWER_BYTES_MAX its resource fails, beyond this the request does. Ours. */
export const ANSWER_BODY_BYTES_MAX = 65_536
