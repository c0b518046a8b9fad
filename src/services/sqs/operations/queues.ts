/** CreateQueue, DeleteQueue, PurgeQueue, GetQueueUrl, ListQueues and ListDeadLetterSourceQueues. */
import { accountId } from '#base/ids.ts'
import { pageOf } from '#base/result.ts'
import type { Sqs } from '#model/sqs.ts'
import type { Call, Operation } from '#ports/service.ts'
import { queueAt, queueNamed } from '#services/sqs/asking.ts'
import { type Attributes, differing, settled, withAttributes } from '#services/sqs/attributes.ts'
import {
  invalidAttributeValue,
  invalidFifoName,
  invalidParameter,
  invalidQueueName,
  invalidValue,
  purgeInProgress,
  queueDeletedRecently,
  queueNameExists,
  unknownAttribute,
} from '#services/sqs/faults.ts'
import { LIST_MAX, PURGE_INTERVAL_MS } from '#services/sqs/limits.ts'
import { bill } from '#services/sqs/metering.ts'
import { type QueueName, arnOf, isFifoName, isQueueName, urlOf } from '#services/sqs/names.ts'
import { checkPolicies } from '#services/sqs/policies.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { checkTags } from '#services/sqs/tags.ts'

/** Source: SQS API, CreateQueue. */
export const createQueue: Operation<Sqs['CreateQueue'], SqsState> = async (input, state, call) => {
  const { QueueName: queueName, Attributes: given = {}, tags = {} } = input
  const isFifo = given['FifoQueue'] === 'true'
  checkName(queueName, given)
  const name = { account: call.account, region: call.region, name: queueName }
  call.span.set('queue', arnOf(name))
  bill(state.usage, call, undefined)
  const { queues } = state
  const existing = queues.get(name)
  if (existing !== undefined) {
    const asked = settled(given)
    withAttributes(existing.attributes, asked, isFifo)
    const other = differing(existing.attributes, asked, isFifo)
    if (other !== undefined) throw queueNameExists(other)
    await queues.settled()
    return { QueueUrl: urlOf(call.endpoint, name) }
  }
  checkTags(queueName, {}, tags)
  const attributes = withAttributes({}, settled(given), isFifo)
  checkPolicies(given, { source: arnOf(name), queues })
  if (queues.grave(name) !== undefined) throw queueDeletedRecently()
  queues.create({ name, attributes, tags })
  await queues.settled()
  return { QueueUrl: urlOf(call.endpoint, name) }
}

/** Texts: recorded answers. */
function checkName(name: string, given: Attributes): void {
  const fifo = given['FifoQueue']
  if (fifo === 'true') {
    if (!isQueueName(name) || !isFifoName(name)) throw invalidFifoName()
    return
  }
  if (fifo === 'false') throw unknownAttribute('FifoQueue')
  if (fifo !== undefined) throw invalidAttributeValue('FifoQueue')
  if (!isQueueName(name) || isFifoName(name)) throw invalidQueueName()
}

/** Source: SQS API, DeleteQueue. */
export const deleteQueue: Operation<Sqs['DeleteQueue'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  state.queues.delete(queue)
  state.moves.drop(queue.arn)
  await state.queues.settled()
  return {}
}

/** Source: SQS API, PurgeQueue. */
export const purgeQueue: Operation<Sqs['PurgeQueue'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  if (queue.purgedAt + PURGE_INTERVAL_MS > state.clock.now()) throw purgeInProgress(queue.name.name)
  state.queues.purge(queue)
  await state.queues.settled()
  return {}
}

/** Source: SQS API, GetQueueUrl. */
export const getQueueUrl: Operation<Sqs['GetQueueUrl'], SqsState> = (input, state, call) => {
  const owner =
    input.QueueOwnerAWSAccountId === undefined ? call.account : accountId(input.QueueOwnerAWSAccountId)
  bill(state.usage, call, undefined)
  const queue = queueNamed({ name: input.QueueName, owner }, state, call)
  return { QueueUrl: urlOf(call.endpoint, queue.name) }
}

/** Source: SQS API, ListQueues: a token only when MaxResults was given. */
export const listQueues: Operation<Sqs['ListQueues'], SqsState> = (input, state, call) => {
  bill(state.usage, call, undefined)
  const prefix = input.QueueNamePrefix ?? ''
  const all = state.queues.of(call).filter(({ name }) => name.name.startsWith(prefix))
  const { urls, token } = paged(
    all.map(({ name }) => name),
    input,
    call,
  )
  return {
    ...(urls.length === 0 ? {} : { QueueUrls: urls }),
    ...(token === undefined ? {} : { NextToken: token }),
  }
}

/** Source: SQS API, ListDeadLetterSourceQueues. */
export const listDeadLetterSourceQueues: Operation<Sqs['ListDeadLetterSourceQueues'], SqsState> = (
  input,
  state,
  call,
) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  const sources = state.queues.of(call).filter(({ settings }) => settings.redrive?.target === queue.arn)
  const { urls, token } = paged(
    sources.map(({ name }) => name),
    input,
    call,
  )
  return { queueUrls: urls, ...(token === undefined ? {} : { NextToken: token }) }
}

interface Listing {
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

function paged(
  names: readonly QueueName[],
  { MaxResults: max, NextToken: token }: Listing,
  call: Call,
): { urls: string[]; token: string | undefined } {
  if (max !== undefined && (max < 1 || max > LIST_MAX))
    throw invalidValue(max, 'MaxResults', `MaxResults must be an integer between 1 and ${LIST_MAX}.`)
  const after = token === undefined ? undefined : readToken(token)
  const page = pageOf(names, max ?? LIST_MAX, after, ({ name }) => name)
  const urls = page.items.map((name) => urlOf(call.endpoint, name))
  return { urls, token: max === undefined || page.next === undefined ? undefined : btoa(page.next) }
}

function readToken(token: string): string {
  try {
    return atob(token)
  } catch {
    throw invalidParameter('Invalid or expired next token.')
  }
}
