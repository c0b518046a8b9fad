/** One constructor per error that EventBridge answers, with AWS's text. Codes and statuses are the model's. */
import { Fault } from '#base/fault.ts'
import type { PatternProblem } from '#engines/patterns/problem.ts'
import { eventPatternMessage } from '#engines/patterns/problem.ts'

const notFound = (message: string): Fault => new Fault('ResourceNotFoundException', message)
const exists = (message: string): Fault => new Fault('ResourceAlreadyExistsException', message)

/** The text is the whole of it. Source: recorded AWS answers. */
export const invalid = (message: string): Fault => new Fault('ValidationException', message)
export const invalidParameter = (name: string, reason: string): Fault =>
  invalid(`Parameter ${name} is not valid. Reason: ${reason}`)
/** Source: recorded AWS answer of PutRule. */
export const invalidSchedule = (): Fault => invalid('Parameter ScheduleExpression is not valid.')
export const invalidPattern = (problem: PatternProblem): Fault =>
  new Fault('InvalidEventPatternException', eventPatternMessage(problem))
/** Source: recorded AWS answers of PutTargets and PutRule. */
export const limitExceeded = (): Fault =>
  new Fault('LimitExceededException', 'The requested resource exceeds the maximum number allowed.')
export const busNotFound = (name: string): Fault => notFound(`Event bus ${name} does not exist.`)
export const busExists = (name: string): Fault => exists(`Event bus ${name} already exists.`)
export const ruleNotFound = (name: string, bus: string): Fault =>
  notFound(`Rule ${name} does not exist on EventBus ${bus}.`)
export const archiveNotFound = (name: string): Fault => notFound(`Archive ${name} does not exist.`)
export const archiveExists = (name: string): Fault => exists(`Archive ${name} already exists.`)
export const replayNotFound = (name: string): Fault => notFound(`Replay ${name} does not exist.`)
export const replayExists = (name: string): Fault => exists(`Replay ${name} already exists.`)
export const connectionNotFound = (name: string): Fault => notFound(`Connection '${name}' does not exist.`)
/** Of DescribeConnection. Source: recorded AWS answer. */
export const noConnectionToDescribe = (name: string): Fault =>
  notFound(`Failed to describe the connection(s). Connection '${name}' does not exist.`)
/** Text inferred from its neighbours. */
export const connectionExists = (name: string): Fault => exists(`Connection '${name}' already exists.`)
export const destinationNotFound = (name: string): Fault =>
  notFound(`An api-destination '${name}' does not exist.`)
/** Of DescribeApiDestination. Source: recorded AWS answer. */
export const noDestinationToDescribe = (name: string): Fault =>
  notFound(`Failed to describe the api-destination(s). An api-destination '${name}' does not exist.`)
/** Text inferred from its neighbours. */
export const destinationExists = (name: string): Fault =>
  exists(`An api-destination '${name}' already exists.`)
export const eventSourceNotFound = (name: string): Fault => notFound(`Event source ${name} does not exist.`)
export const wrongState = (replay: string): Fault =>
  new Fault('IllegalStatusException', `Replay ${replay} is not in a valid state for this operation.`)
/** Of DeleteRule and RemoveTargets. Source: recorded AWS answers. */
export const managedRule = (name: string): Fault =>
  new Fault('ManagedRuleException', `${name} is a managed rule. Set 'force' parameter to true to override.`)
/** Of operations that cannot be forced. Text inferred; source of the rule: EventBridge API, ManagedRuleException. */
export const unchangeableRule = (name: string): Fault =>
  new Fault('ManagedRuleException', `${name} is a managed rule.`)
/** Text inferred. */
export const policyTooLong = (): Fault =>
  new Fault('PolicyLengthExceededException', 'The policy is too long.')
/** Ours: what AWS has and this platform does not. */
export const notWritten = (what: string): Fault =>
  new Fault('NotImplemented', `${what} is not supported by this version of Windtunnel.`, {
    status: 501,
    side: 'server',
  })
