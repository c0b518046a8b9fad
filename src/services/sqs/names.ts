/** Names, URLs and ARNs of queues. */
import { parseArn, printArn } from '#base/arn.ts'
import { type AccountId, type Region, accountId, regionOf } from '#base/ids.ts'
import { QUEUE_NAME_MAX } from '#services/sqs/limits.ts'

/** Whose queue, and its name: what a queue is found by. */
export interface QueueName {
  readonly account: AccountId
  readonly region: Region
  readonly name: string
}

const PLAIN = /^[\w-]+$/

/** Source: SQS API, CreateQueue. */
export function isQueueName(name: string): boolean {
  const stem = name.endsWith('.fifo') ? name.slice(0, -5) : name
  return name.length <= QUEUE_NAME_MAX && PLAIN.test(stem)
}

export const isFifoName = (name: string): boolean => name.endsWith('.fifo')

export const arnOf = ({ account, region, name }: QueueName): string =>
  printArn({ service: 'sqs', region, account, resource: name })

export function queueOfArn(arn: string): QueueName | undefined {
  const parts = parseArn(arn)
  const account = accountId(parts?.account ?? '')
  const region = regionOf(parts?.region ?? '')
  if (parts?.service !== 'sqs' || account === undefined || region === undefined) return undefined
  return isQueueName(parts.resource) ? { account, region, name: parts.resource } : undefined
}

/** Such as `http://localhost:4566/000000000000/orders`: from where the caller reached us. */
export const urlOf = (endpoint: string, { account, name }: Omit<QueueName, 'region'>): string =>
  `${endpoint}/${account}/${name}`

/**
 * The queue that an address means: whatever host it names, the path's end says account and queue. A name without an
 * account before it is the caller's own. Source: SQS developer guide, Queue and message identifiers (the host is not looked at: ours).
 */
export function queueOfUrl(
  url: string,
  caller: { readonly account: AccountId; readonly region: Region },
): QueueName | undefined {
  const last = url.lastIndexOf('/')
  const name = url.slice(last + 1)
  if (!isQueueName(name)) return undefined
  const account = accountId(url.slice(url.lastIndexOf('/', last - 1) + 1, Math.max(last, 0)))
  return { account: account ?? caller.account, region: caller.region, name }
}
