/** RedrivePolicy and RedriveAllowPolicy: where messages go that were received too often, and who may send there. */
import type { Fault } from '#base/fault.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { invalidAttributeValue, invalidValue } from '#services/sqs/faults.ts'
import { RECEIVE_COUNT_MAX, REDRIVE_SOURCES_MAX } from '#services/sqs/limits.ts'
import { isFifoName, queueOfArn } from '#services/sqs/names.ts'

export interface RedrivePolicy {
  /** ARN of the dead-letter queue. */
  readonly target: string
  readonly maxReceiveCount: number
}

export type RedriveAllow =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'some'; readonly sources: readonly string[] }

/** What the machine reads of a policy that was checked. */
export function readRedrive(policy: string): RedrivePolicy | undefined {
  const parsed = parseJson(policy)
  if (!isRecord(parsed)) return undefined
  return { target: String(parsed['deadLetterTargetArn']), maxReceiveCount: Number(parsed['maxReceiveCount']) }
}

export function readRedriveAllow(policy: string | undefined): RedriveAllow {
  const parsed = policy === undefined ? undefined : parseJson(policy)
  if (!isRecord(parsed) || parsed['redrivePermission'] === 'allowAll') return { kind: 'all' }
  if (parsed['redrivePermission'] === 'denyAll') return { kind: 'none' }
  const { sourceQueueArns } = parsed
  return { kind: 'some', sources: Array.isArray(sourceQueueArns) ? sourceQueueArns.map(String) : [] }
}

/** What the check needs of the world: the dead-letter queue's own permission, or that there is none of that ARN. */
export interface RedriveWorld {
  /** ARN of the queue whose policy it is. */
  readonly source: string
  allowOf(arn: string): RedriveAllow | undefined
}

/** Texts: recorded answers; that of a refused source is inferred. Source: SQS developer guide, Dead-letter queues. */
export function checkRedrive(policy: string, world: RedriveWorld): Fault | undefined {
  const wrong = (reason: string): Fault => invalidValue(policy, 'RedrivePolicy', reason)
  const parsed = parseJson(policy)
  if (!isRecord(parsed)) return wrong('Redrive policy is not a valid JSON map.')
  for (const name of ['maxReceiveCount', 'deadLetterTargetArn'])
    if (parsed[name] === undefined)
      return wrong(`Redrive policy does not contain mandatory attribute: ${name}.`)
  const unknown = Object.keys(parsed).find(
    (name) => name !== 'deadLetterTargetArn' && name !== 'maxReceiveCount',
  )
  if (unknown !== undefined) return wrong(`Redrive policy contains unsupported attribute: ${unknown}.`)
  const { deadLetterTargetArn, maxReceiveCount } = parsed
  const count = countOf(maxReceiveCount)
  if (count === undefined)
    return wrong(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to ${RECEIVE_COUNT_MAX} both inclusive.`,
    )
  const target = typeof deadLetterTargetArn === 'string' ? queueOfArn(deadLetterTargetArn) : undefined
  if (target === undefined || typeof deadLetterTargetArn !== 'string')
    return wrong('Invalid value for deadLetterTargetArn.')
  const source = queueOfArn(world.source)
  if (source === undefined || target.region !== source.region || target.account !== source.account)
    return wrong('Dead-letter target owner should be same as the source.')
  if (isFifoName(target.name) !== isFifoName(source.name))
    return wrong('Dead-letter queue must be same type of queue as the source.')
  const allow = world.allowOf(deadLetterTargetArn)
  if (allow === undefined) return wrong('Dead letter target does not exist.')
  if (allow.kind === 'none' || (allow.kind === 'some' && !allow.sources.includes(world.source)))
    return wrong('The dead-letter queue does not allow this queue as a source.')
  return undefined
}

function countOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || !/^\d+$/.test(value))) return undefined
  const count = Number(value)
  return Number.isInteger(count) && count >= 1 && count <= RECEIVE_COUNT_MAX ? count : undefined
}

/** Source: SQS API, SetQueueAttributes, RedriveAllowPolicy. */
export function checkRedriveAllow(policy: string): Fault | undefined {
  const wrong = invalidAttributeValue('RedriveAllowPolicy')
  const parsed = parseJson(policy)
  if (!isRecord(parsed)) return wrong
  const { redrivePermission, sourceQueueArns } = parsed
  if (redrivePermission === 'allowAll' || redrivePermission === 'denyAll')
    return sourceQueueArns === undefined ? undefined : wrong
  if (redrivePermission !== 'byQueue' || !Array.isArray(sourceQueueArns)) return wrong
  if (sourceQueueArns.length === 0 || sourceQueueArns.length > REDRIVE_SOURCES_MAX) return wrong
  return sourceQueueArns.every((arn) => typeof arn === 'string' && queueOfArn(arn) !== undefined)
    ? undefined
    : wrong
}
