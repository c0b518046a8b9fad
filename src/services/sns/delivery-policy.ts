/**
 * How often and when a delivery is tried again: policies of HTTP/S endpoints as topics and subscriptions give them,
 * and the schedule of endpoints that AWS runs. Pure. Source: SNS developer guide, Message delivery retries.
 */
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import type { Ms } from '#base/time.ts'
import { invalid } from '#services/sns/faults.ts'
import { POLICY_SECONDS_MAX } from '#services/sns/limits.ts'

const BACKOFFS = ['linear', 'arithmetic', 'geometric', 'exponential'] as const
export type Backoff = (typeof BACKOFFS)[number]

/** Delays in seconds. */
export interface RetryPolicy {
  readonly minDelayTarget: number
  readonly maxDelayTarget: number
  readonly numRetries: number
  readonly numMaxDelayRetries: number
  readonly numNoDelayRetries: number
  readonly numMinDelayRetries: number
  readonly backoffFunction: Backoff
}

/** Source: recorded EffectiveDeliveryPolicy of a topic. */
const DEFAULT: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: 'linear',
}
const CONTENT_TYPE = 'text/plain; charset=UTF-8'

/** What a delivery to an endpoint goes by. */
export interface EffectivePolicy {
  readonly retry: RetryPolicy
  /** Posts a second; undefined when they are not held back. */
  readonly maxReceivesPerSecond: number | undefined
  readonly contentType: string
}

type Part = Readonly<Record<string, unknown>> | undefined

function partOf(value: unknown, name: string, parameter: string): Part {
  const part = valueAt(value, name)
  if (part === undefined || part === null) return undefined
  if (!isRecord(part)) throw invalid(`${parameter}: ${name} must be an object`)
  return part
}

function numberIn(
  part: Part,
  name: string,
  at: { readonly min: number; readonly max: number; readonly parameter: string },
): number | undefined {
  const value = valueAt(part, name)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < at.min || value > at.max)
    throw invalid(`${at.parameter}: ${name} must be between ${at.min} and ${at.max}`)
  return value
}

/** Faults InvalidParameter; texts inferred, bounds by the developer guide. */
function retryOf(part: Part, parameter: string): RetryPolicy | undefined {
  if (part === undefined) return undefined
  const number = (name: string, min: number, max: number): number | undefined =>
    numberIn(part, name, { min, max, parameter })
  const backoff = part['backoffFunction'] ?? DEFAULT.backoffFunction
  const backoffFunction = BACKOFFS.find((one) => one === backoff)
  if (backoffFunction === undefined) throw invalid(`${parameter}: backoffFunction is not valid`)
  const policy = {
    minDelayTarget: number('minDelayTarget', 1, POLICY_SECONDS_MAX) ?? DEFAULT.minDelayTarget,
    maxDelayTarget: number('maxDelayTarget', 1, POLICY_SECONDS_MAX) ?? DEFAULT.maxDelayTarget,
    numRetries: number('numRetries', 0, 100) ?? DEFAULT.numRetries,
    numMaxDelayRetries: number('numMaxDelayRetries', 0, 100) ?? 0,
    numNoDelayRetries: number('numNoDelayRetries', 0, 100) ?? 0,
    numMinDelayRetries: number('numMinDelayRetries', 0, 100) ?? 0,
    backoffFunction,
  }
  const { numRetries, numMaxDelayRetries, numNoDelayRetries, numMinDelayRetries } = policy
  if (policy.minDelayTarget > policy.maxDelayTarget)
    throw invalid(`${parameter}: maxDelayTarget must be greater than or equal to minDelayTarget`)
  if (numMaxDelayRetries + numNoDelayRetries + numMinDelayRetries > numRetries)
    throw invalid(`${parameter}: numRetries must be greater than or equal to the sum of the other retries`)
  const total = delaysOf(policy).reduce((sum, delay) => sum + delay, 0)
  if (total > POLICY_SECONDS_MAX * 1_000)
    throw invalid(`${parameter}: the total delay must not exceed ${POLICY_SECONDS_MAX} seconds`)
  return policy
}

export interface TopicDeliveryPolicy {
  readonly retry: RetryPolicy | undefined
  readonly maxReceivesPerSecond: number | undefined
  readonly contentType: string | undefined
  readonly overridesDisabled: boolean
  /** As GetTopicAttributes shows it. */
  readonly shown: unknown
}

function contentTypeOf(part: Part): string | undefined {
  const value = part?.['headerContentType']
  return typeof value === 'string' ? value : undefined
}

function documentOf(text: string, parameter: string): unknown {
  const document = parseJson(text === '' ? '{}' : text)
  if (!isRecord(document)) throw invalid(`${parameter}: failed to parse JSON.`)
  return document
}

/** Fault InvalidParameter. Source: SNS developer guide, Creating an HTTP/S delivery policy. */
export function topicDeliveryPolicy(text: string, prefix = ''): TopicDeliveryPolicy {
  const parameter = `${prefix}DeliveryPolicy`
  const http = partOf(documentOf(text, parameter), 'http', parameter)
  const part = (name: string): Part => partOf(http, name, parameter)
  const retry = part('defaultHealthyRetryPolicy')
  const request = part('defaultRequestPolicy')
  const throttle = part('defaultThrottlePolicy')
  const overridesDisabled = http?.['disableSubscriptionOverrides'] === true
  return {
    retry: retryOf(retry, parameter),
    maxReceivesPerSecond: numberIn(throttle, 'maxReceivesPerSecond', { min: 1, max: 1e9, parameter }),
    contentType: contentTypeOf(request),
    overridesDisabled,
    shown: {
      http: {
        ...(retry === undefined ? {} : { defaultHealthyRetryPolicy: retry }),
        disableSubscriptionOverrides: overridesDisabled,
        ...(throttle === undefined ? {} : { defaultThrottlePolicy: throttle }),
        ...(request === undefined ? {} : { defaultRequestPolicy: request }),
      },
    },
  }
}

export interface SubscriptionDeliveryPolicy {
  readonly retry: RetryPolicy | undefined
  readonly maxReceivesPerSecond: number | undefined
  readonly contentType: string | undefined
}

/** Fault InvalidParameter. Source: as above. */
export function subscriptionDeliveryPolicy(text: string, prefix = ''): SubscriptionDeliveryPolicy {
  const parameter = `${prefix}DeliveryPolicy`
  const document = documentOf(text, parameter)
  const throttle = partOf(document, 'throttlePolicy', parameter)
  return {
    retry: retryOf(partOf(document, 'healthyRetryPolicy', parameter), parameter),
    maxReceivesPerSecond: numberIn(throttle, 'maxReceivesPerSecond', { min: 1, max: 1e9, parameter }),
    contentType: contentTypeOf(partOf(document, 'requestPolicy', parameter)),
  }
}

/** The subscription's own policy wins unless the topic forbids it. Source: as above. */
export function effectivePolicy(
  topic: TopicDeliveryPolicy | undefined,
  own: SubscriptionDeliveryPolicy | undefined,
): EffectivePolicy {
  const mine = topic?.overridesDisabled === true ? undefined : own
  return {
    retry: mine?.retry ?? topic?.retry ?? DEFAULT,
    maxReceivesPerSecond: mine?.maxReceivesPerSecond ?? topic?.maxReceivesPerSecond,
    contentType: mine?.contentType ?? topic?.contentType ?? CONTENT_TYPE,
  }
}

/** Of a topic, as GetTopicAttributes shows it. Source: recorded AWS answers. */
export function shownTopicPolicy(topic: TopicDeliveryPolicy | undefined): string {
  const { retry, maxReceivesPerSecond, contentType } = effectivePolicy(topic, undefined)
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: retry,
      disableSubscriptionOverrides: topic?.overridesDisabled ?? false,
      ...(maxReceivesPerSecond === undefined ? {} : { defaultThrottlePolicy: { maxReceivesPerSecond } }),
      defaultRequestPolicy: { headerContentType: contentType },
    },
  })
}

/** Of a subscription, as GetSubscriptionAttributes shows it. Source: recorded AWS answer. */
export function shownSubscriptionPolicy(policy: {
  readonly retry: RetryPolicy | undefined
  readonly maxReceivesPerSecond: number | undefined
  readonly contentType: string | undefined
}): string {
  const { retry, maxReceivesPerSecond, contentType } = policy
  return JSON.stringify({
    healthyRetryPolicy: retry ?? null,
    sicklyRetryPolicy: null,
    throttlePolicy: maxReceivesPerSecond === undefined ? null : { maxReceivesPerSecond },
    requestPolicy: contentType === undefined ? null : { headerContentType: contentType },
    guaranteed: false,
  })
}

/** Delays before the first, second, ... retry, in ms. The curve between minimum and maximum is inferred: AWS shows it as a plot. */
export function delaysOf(policy: RetryPolicy): Ms[] {
  const { minDelayTarget: min, maxDelayTarget: max, numRetries } = policy
  const { numNoDelayRetries: none, numMinDelayRetries: least, numMaxDelayRetries: most } = policy
  const between = numRetries - none - least - most
  const delays: number[] = []
  for (let i = 0; i < none; i++) delays.push(0)
  for (let i = 0; i < least; i++) delays.push(min)
  for (let i = 0; i < between; i++)
    delays.push(curve(policy.backoffFunction, min, max, between === 1 ? 0 : i / (between - 1)))
  for (let i = 0; i < most; i++) delays.push(max)
  return delays.map((delay) => Math.round(delay * 1_000))
}

function curve(backoff: Backoff, min: number, max: number, at: number): number {
  switch (backoff) {
    case 'linear':
      return min + (max - min) * at
    case 'arithmetic':
      return min + (max - min) * ((at * (at + 1)) / 2)
    case 'geometric':
      return min * (max / min) ** at
    case 'exponential':
      return min + ((max - min) * (2 ** (at * 10) - 1)) / (2 ** 10 - 1)
    default:
      return backoff satisfies never
  }
}

/** Retries to queues and functions: 3 at once, 2 after a second, 10 from 1 to 20 s, 100,000 every 20 s. Source: SNS developer guide, Message delivery retries. */
const AT_ONCE = 3
const AFTER_A_SECOND = 2
const BACKING_OFF = 10
const STEADY = 100_000

/** Delay before the retry after so many attempts, in ms, or undefined when they are used up. */
export function managedDelay(attempts: number): Ms | undefined {
  const retry = attempts
  if (retry <= AT_ONCE) return 0
  if (retry <= AT_ONCE + AFTER_A_SECOND) return 1_000
  const step = retry - AT_ONCE - AFTER_A_SECOND
  if (step <= BACKING_OFF) return Math.round(1_000 * 20 ** ((step - 1) / (BACKING_OFF - 1)))
  return step <= BACKING_OFF + STEADY ? 20_000 : undefined
}

/** The same for an endpoint with a policy. */
export const policyDelay = (policy: RetryPolicy, attempts: number): Ms | undefined =>
  delaysOf(policy)[attempts - 1]
