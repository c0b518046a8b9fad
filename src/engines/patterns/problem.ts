/**
 * Why a pattern is refused, and how each service words it. The reasons are those of AWS's own rule compiler, the
 * library event-ruler (Apache-2.0), that all three services share. Which status and error code goes with a message is
 * the service's affair.
 */

export interface PatternProblem {
  /**
   * `syntax`: no pattern; `limit`: one beyond the service's limits; `scope`: nested where SNS compares attributes;
   * `internal`: SNS answers InternalError where other services answer a sender's fault.
   */
  readonly kind: 'syntax' | 'limit' | 'scope' | 'internal'
  readonly reason: string
  /** ` at [Source: (String)"..."; line: 1, column: 2]` after a line feed, or nothing, as AWS appends it. */
  readonly at: string
}

/** Thrown inside this folder only; `compilePattern` turns it into a result. */
export class PatternRefused extends Error {
  override readonly name = 'PatternRefused'
  readonly problem: PatternProblem

  constructor(problem: PatternProblem) {
    super(problem.reason)
    this.problem = problem
  }
}

/** Text of InvalidEventPatternException. Source: recorded AWS answers of PutRule and TestEventPattern. */
export function eventPatternMessage(problem: PatternProblem): string {
  return `Event pattern is not valid. Reason: ${problem.reason}${problem.at}`
}

/** Text of SNS's InvalidParameter. Source: recorded AWS answers of Subscribe and SetSubscriptionAttributes. */
export function filterPolicyMessage(
  problem: PatternProblem,
  operation: 'Subscribe' | 'SetSubscriptionAttributes',
): string {
  if (problem.kind === 'scope') return `Invalid parameter: ${problem.reason}`
  const where = operation === 'Subscribe' ? 'Attributes Reason: ' : ''
  return `Invalid parameter: ${where}FilterPolicy: ${problem.reason}${problem.at}`
}

/** Text of Lambda's InvalidParameterValueException. Source: recorded AWS answers of CreateEventSourceMapping. */
export const FILTER_PATTERN_MESSAGE = 'Invalid filter pattern definition.'
