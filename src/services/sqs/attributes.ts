/**
 * A queue's attributes: their names, values and defaults, and the settings that the machine reads. What a caller set is
 * kept as text; settings are read from it. Texts are AWS's (recorded answers).
 */
import type { Fault } from '#base/fault.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { type Ms, seconds } from '#base/time.ts'
import { invalidAttributeValue, onlyOfFifo, unknownAttribute } from '#services/sqs/faults.ts'
import {
  DELAY_SECONDS_MAX,
  KMS_REUSE_SECONDS_DEFAULT,
  KMS_REUSE_SECONDS_MAX,
  KMS_REUSE_SECONDS_MIN,
  MAXIMUM_MESSAGE_SIZE_MIN,
  MESSAGE_BYTES_MAX,
  RETENTION_SECONDS_DEFAULT,
  RETENTION_SECONDS_MAX,
  RETENTION_SECONDS_MIN,
  VISIBILITY_SECONDS_DEFAULT,
  VISIBILITY_SECONDS_MAX,
  WAIT_SECONDS_MAX,
} from '#services/sqs/limits.ts'
import {
  type RedriveAllow,
  type RedrivePolicy,
  readRedrive,
  readRedriveAllow,
} from '#services/sqs/redrive.ts'

export type Attributes = Readonly<Record<string, string>>

export interface QueueSettings {
  readonly delayMs: Ms
  readonly retentionMs: Ms
  readonly visibilityMs: Ms
  readonly waitMs: Ms
  readonly messageBytes: number
  readonly redrive: RedrivePolicy | undefined
  readonly redriveAllow: RedriveAllow
  readonly contentBased: boolean
  readonly deduplicationScope: 'queue' | 'messageGroup'
}

interface Row {
  /** Of a queue of that kind, when nobody set it; undefined: it is not shown. */
  readonly default?: string
  readonly fifoOnly?: boolean
  check(value: string): boolean
}

const whole =
  (min: number, max: number) =>
  (value: string): boolean =>
    /^\d{1,10}$/.test(value) && Number(value) >= min && Number(value) <= max
const oneOf =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value)
const any = (): boolean => true

/** What can be set. Source: SQS API, SetQueueAttributes. */
const SETTABLE: Readonly<Record<string, Row>> = {
  DelaySeconds: { default: '0', check: whole(0, DELAY_SECONDS_MAX) },
  MaximumMessageSize: {
    default: String(MESSAGE_BYTES_MAX),
    check: whole(MAXIMUM_MESSAGE_SIZE_MIN, MESSAGE_BYTES_MAX),
  },
  MessageRetentionPeriod: {
    default: String(RETENTION_SECONDS_DEFAULT),
    check: whole(RETENTION_SECONDS_MIN, RETENTION_SECONDS_MAX),
  },
  ReceiveMessageWaitTimeSeconds: { default: '0', check: whole(0, WAIT_SECONDS_MAX) },
  VisibilityTimeout: {
    default: String(VISIBILITY_SECONDS_DEFAULT),
    check: whole(0, VISIBILITY_SECONDS_MAX),
  },
  Policy: { check: any },
  RedrivePolicy: { check: any },
  RedriveAllowPolicy: { check: any },
  KmsMasterKeyId: { check: any },
  KmsDataKeyReusePeriodSeconds: { check: whole(KMS_REUSE_SECONDS_MIN, KMS_REUSE_SECONDS_MAX) },
  SqsManagedSseEnabled: { check: oneOf('true', 'false') },
  FifoQueue: { fifoOnly: true, check: oneOf('true', 'false') },
  ContentBasedDeduplication: { default: 'false', fifoOnly: true, check: oneOf('true', 'false') },
  DeduplicationScope: { default: 'queue', fifoOnly: true, check: oneOf('queue', 'messageGroup') },
  FifoThroughputLimit: { default: 'perQueue', fifoOnly: true, check: oneOf('perQueue', 'perMessageGroupId') },
}

/** What standard queues refuse in words of its own. Source: recorded AWS answers. */
const HIGH_THROUGHPUT = new Set(['DeduplicationScope', 'FifoThroughputLimit'])

/** What only the service says. */
const READ_ONLY = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
] as const

export const isAttribute = (name: string): boolean =>
  name === 'All' || Object.hasOwn(SETTABLE, name) || READ_ONLY.some((each) => each === name)

/** Attributes that an empty value takes away. */
const REMOVABLE = new Set([
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
])

/** Values as the service keeps them: maxReceiveCount as a number, whatever it was written as. Source: Terraform documentation of aws_sqs_queue (a text differs from what is read back). */
export function settled(given: Attributes): Attributes {
  const parsed = parseJson(given['RedrivePolicy'] ?? '')
  const count = isRecord(parsed) ? parsed['maxReceiveCount'] : undefined
  if (!isRecord(parsed) || typeof count !== 'string' || !/^\d+$/.test(count)) return given
  return { ...given, RedrivePolicy: JSON.stringify({ ...parsed, maxReceiveCount: Number(count) }) }
}

/** What is there after setting these; the fault when one may not be. `given` is what a caller sent. */
export function withAttributes(before: Attributes, given: Attributes, isFifo: boolean): Attributes {
  const after: Record<string, string> = { ...before }
  for (const [name, value] of Object.entries(given)) {
    const row = Object.hasOwn(SETTABLE, name) ? SETTABLE[name] : undefined
    if (row === undefined) throw unknownAttribute(name)
    if (row.fifoOnly === true && !isFifo)
      throw HIGH_THROUGHPUT.has(name) ? onlyOfFifo(name) : unknownAttribute(name)
    if (value === '' && REMOVABLE.has(name)) {
      delete after[name]
      continue
    }
    if (!row.check(value)) throw invalidAttributeValue(name)
    after[name] = value
  }
  const fault = disagreement(after, given)
  if (fault !== undefined) throw fault
  return after
}

/** Settings that exclude each other. Source: SQS developer guide, High throughput for FIFO queues; SQS API, SetQueueAttributes. */
function disagreement(after: Record<string, string>, given: Attributes): Fault | undefined {
  if (after['FifoThroughputLimit'] === 'perMessageGroupId' && after['DeduplicationScope'] !== 'messageGroup')
    return invalidAttributeValue(
      'FifoThroughputLimit',
      'The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.',
    )
  if (after['KmsMasterKeyId'] === undefined || after['SqsManagedSseEnabled'] !== 'true') return undefined
  if (given['KmsMasterKeyId'] !== undefined && given['SqsManagedSseEnabled'] === 'true')
    return invalidAttributeValue(
      'SqsManagedSseEnabled',
      'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.',
    )
  // The one that was set last stays.
  if (given['SqsManagedSseEnabled'] === 'true') delete after['KmsMasterKeyId']
  else after['SqsManagedSseEnabled'] = 'false'
  return undefined
}

/** The settings that stand in attributes which were checked. */
export function settingsOf(attributes: Attributes): QueueSettings {
  const number = (name: string): number => Number(attributes[name] ?? SETTABLE[name]?.default ?? '0')
  return {
    delayMs: seconds(number('DelaySeconds')),
    retentionMs: seconds(number('MessageRetentionPeriod')),
    visibilityMs: seconds(number('VisibilityTimeout')),
    waitMs: seconds(number('ReceiveMessageWaitTimeSeconds')),
    messageBytes: number('MaximumMessageSize'),
    redrive: attributes['RedrivePolicy'] === undefined ? undefined : readRedrive(attributes['RedrivePolicy']),
    redriveAllow: readRedriveAllow(attributes['RedriveAllowPolicy']),
    contentBased: attributes['ContentBasedDeduplication'] === 'true',
    deduplicationScope: attributes['DeduplicationScope'] === 'messageGroup' ? 'messageGroup' : 'queue',
  }
}

/** Everything that GetQueueAttributes shows of what can be set, defaults included. */
export function shownAttributes(attributes: Attributes, isFifo: boolean): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, row] of Object.entries(SETTABLE)) {
    if (row.fifoOnly === true && !isFifo) continue
    const value = attributes[name] ?? row.default
    if (value !== undefined) shown[name] = value
  }
  if (isFifo) shown['FifoQueue'] = 'true'
  const hasKey = attributes['KmsMasterKeyId'] !== undefined
  if (hasKey) shown['KmsDataKeyReusePeriodSeconds'] ??= String(KMS_REUSE_SECONDS_DEFAULT)
  shown['SqsManagedSseEnabled'] = hasKey ? 'false' : (attributes['SqsManagedSseEnabled'] ?? 'true')
  return shown
}

/** The first attribute that a repeated CreateQueue asks for differently, or undefined. Source: SQS API, CreateQueue. */
export function differing(attributes: Attributes, given: Attributes, isFifo: boolean): string | undefined {
  const shown = shownAttributes(attributes, isFifo)
  return Object.entries(given).find(([name, value]) => (shown[name] ?? '') !== value)?.[0]
}
