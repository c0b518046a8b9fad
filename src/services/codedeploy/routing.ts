/**
 * Traffic routing: how much of the traffic the target version gets, so long after the shift began; and the deployment
 * configurations that AWS gives. Pure.
 */
import { type Ms, minutes } from '#base/time.ts'
import type { TrafficRoutingConfig } from '#model/codedeploy.ts'
import { invalidRouting } from '#services/codedeploy/faults.ts'
import { SHIFT_MINUTES_MAX } from '#services/codedeploy/limits.ts'

export type Routing =
  | { readonly kind: 'all at once' }
  /** Percent at first, and everything after the interval. */
  | { readonly kind: 'canary'; readonly percentage: number; readonly interval: number }
  /** Percent at once and again after each interval, in minutes. */
  | { readonly kind: 'linear'; readonly percentage: number; readonly interval: number }

const canary = (percentage: number, interval: number): Routing => ({ kind: 'canary', percentage, interval })
const linear = (percentage: number, interval: number): Routing => ({ kind: 'linear', percentage, interval })

/** Source: CodeDeploy user guide, Predefined deployment configurations for an AWS Lambda compute platform. */
export const PREDEFINED: ReadonlyMap<string, Routing> = new Map([
  ['CodeDeployDefault.LambdaCanary10Percent5Minutes', canary(10, 5)],
  ['CodeDeployDefault.LambdaCanary10Percent10Minutes', canary(10, 10)],
  ['CodeDeployDefault.LambdaCanary10Percent15Minutes', canary(10, 15)],
  ['CodeDeployDefault.LambdaCanary10Percent30Minutes', canary(10, 30)],
  ['CodeDeployDefault.LambdaLinear10PercentEvery1Minute', linear(10, 1)],
  ['CodeDeployDefault.LambdaLinear10PercentEvery2Minutes', linear(10, 2)],
  ['CodeDeployDefault.LambdaLinear10PercentEvery3Minutes', linear(10, 3)],
  ['CodeDeployDefault.LambdaLinear10PercentEvery10Minutes', linear(10, 10)],
  ['CodeDeployDefault.LambdaAllAtOnce', { kind: 'all at once' }],
])

/** What a group without one gets, `inferred` for Lambda. */
export const DEFAULT_CONFIGURATION = 'CodeDeployDefault.LambdaAllAtOnce'

/** Percent of the traffic that the target version shall have, so long after the shift began. */
export function weightAt(routing: Routing, elapsedMs: Ms): number {
  switch (routing.kind) {
    case 'all at once':
      return 100
    case 'canary':
      return elapsedMs >= minutes(routing.interval) ? 100 : routing.percentage
    case 'linear':
      return Math.min(100, routing.percentage * (1 + Math.floor(elapsedMs / minutes(routing.interval))))
    default:
      return routing satisfies never
  }
}

/** When the weight changes next, in ms after the shift began; undefined when it has come to the end. */
export function nextShiftMs(routing: Routing, elapsedMs: Ms): Ms | undefined {
  if (routing.kind === 'all at once' || weightAt(routing, elapsedMs) === 100) return undefined
  const step = minutes(routing.interval)
  return routing.kind === 'canary' ? step : (1 + Math.floor(elapsedMs / step)) * step
}

const isWhole = (value: number | undefined, max: number): value is number =>
  value !== undefined && Number.isInteger(value) && value >= 1 && value <= max

/** Fault InvalidTrafficRoutingConfigurationException. Source: CodeDeploy API, TrafficRoutingConfig; texts inferred. */
export function routingOf(given: TrafficRoutingConfig | undefined): Routing {
  const { type, timeBasedCanary, timeBasedLinear } = given ?? {}
  if (type === 'AllAtOnce') {
    if (timeBasedCanary !== undefined || timeBasedLinear !== undefined)
      throw invalidRouting('AllAtOnce takes neither timeBasedCanary nor timeBasedLinear.')
    return { kind: 'all at once' }
  }
  if (type === 'TimeBasedCanary' && timeBasedLinear === undefined) {
    const { canaryPercentage: percentage, canaryInterval: interval } = timeBasedCanary ?? {}
    if (isWhole(percentage, 99) && isWhole(interval, SHIFT_MINUTES_MAX)) return canary(percentage, interval)
    throw invalidRouting(
      `TimeBasedCanary needs a canaryPercentage from 1 to 99 and a canaryInterval from 1 to ${SHIFT_MINUTES_MAX} minutes.`,
    )
  }
  if (type === 'TimeBasedLinear' && timeBasedCanary === undefined) {
    const { linearPercentage: percentage, linearInterval: interval } = timeBasedLinear ?? {}
    if (isWhole(percentage, 99) && isWhole(interval, SHIFT_MINUTES_MAX)) {
      const steps = Math.ceil(100 / percentage) - 1
      if (steps * interval <= SHIFT_MINUTES_MAX) return linear(percentage, interval)
    }
    throw invalidRouting(
      `TimeBasedLinear needs a linearPercentage from 1 to 99 and a linearInterval in minutes, together at most ${SHIFT_MINUTES_MAX} minutes.`,
    )
  }
  throw invalidRouting(
    'The traffic routing type must be TimeBasedCanary, TimeBasedLinear or AllAtOnce, with only its own settings.',
  )
}

/** As the API shows it. */
export function shownRouting(routing: Routing): TrafficRoutingConfig {
  switch (routing.kind) {
    case 'all at once':
      return { type: 'AllAtOnce' }
    case 'canary': {
      const { percentage: canaryPercentage, interval: canaryInterval } = routing
      return { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage, canaryInterval } }
    }
    case 'linear': {
      const { percentage: linearPercentage, interval: linearInterval } = routing
      return { type: 'TimeBasedLinear', timeBasedLinear: { linearPercentage, linearInterval } }
    }
    default:
      return routing satisfies never
  }
}
