/** AWS::SQS::Queue and its policies. */
import { Fault } from '#base/fault.ts'
import { type Dict, memberOf, scalarText, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { inlinePolicy, sharedPolicy } from '#services/cloudformation/resources/policies.ts'
import {
  attributesOf,
  changedAttributes,
  changedTags,
  isGone,
  tagMap,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { marked } from '#services/cloudformation/resources/search.ts'

/** Properties that are attributes of the same name, each with the value that stands for "none". */
const ATTRIBUTES = new Map<string, string>([
  ['ContentBasedDeduplication', 'false'],
  ['DeduplicationScope', 'queue'],
  ['DelaySeconds', '0'],
  ['FifoThroughputLimit', 'perQueue'],
  ['KmsDataKeyReusePeriodSeconds', '300'],
  ['KmsMasterKeyId', ''],
  ['MaximumMessageSize', '1048576'],
  ['MessageRetentionPeriod', '345600'],
  ['ReceiveMessageWaitTimeSeconds', '0'],
  ['RedriveAllowPolicy', ''],
  ['RedrivePolicy', ''],
  ['SqsManagedSseEnabled', 'true'],
  ['VisibilityTimeout', '30'],
])

const isFifo = (properties: Dict): boolean => scalarText(memberOf(properties, 'FifoQueue')) === 'true'

function nameOf(context: ResourceContext, properties: Dict): string {
  return (
    textAt(properties, 'QueueName') ?? (isFifo(properties) ? `${context.name(75)}.fifo` : context.name(80))
  )
}

const createdWith = (properties: Dict): Record<string, string> => ({
  ...(isFifo(properties) ? { FifoQueue: 'true' } : {}),
  ...attributesOf(properties, ATTRIBUTES),
})

async function urlOf(context: ResourceContext, name: string): Promise<string | undefined> {
  try {
    return (await context.call('sqs', 'GetQueueUrl', { QueueName: name })).QueueUrl
  } catch (error) {
    if (error instanceof Fault && isGone(error.code)) return undefined
    throw error
  }
}

function made({ stack }: ResourceContext, url: string): Made {
  const name = url.slice(url.lastIndexOf('/') + 1)
  return {
    physicalId: url,
    attributes: {
      Arn: `arn:${stack.partition}:sqs:${stack.region}:${stack.account}:${name}`,
      QueueName: name,
      QueueUrl: url,
    },
  }
}

export const sqsQueue: ResourceHandler = {
  async create(context, properties) {
    const name = nameOf(context, properties)
    // CreateQueue answers with a queue of the same name and attributes that was there before: not this stack's.
    if ((await urlOf(context, name)) !== undefined) {
      throw new Fault(
        'AlreadyExists',
        `Resource of type 'AWS::SQS::Queue' with identifier '${name}' already exists.`,
      )
    }
    const { QueueUrl: url = '' } = await context.call('sqs', 'CreateQueue', {
      QueueName: name,
      Attributes: createdWith(properties),
      tags: tagMap(properties),
    })
    return made(context, url)
  },
  async update(context, url, properties, before) {
    const changed = changedAttributes(properties, before, ATTRIBUTES)
    if (changed.length > 0)
      await context.call('sqs', 'SetQueueAttributes', {
        QueueUrl: url,
        Attributes: Object.fromEntries(changed),
      })
    const { set, gone } = changedTags(properties, before)
    if (Object.keys(set).length > 0) await context.call('sqs', 'TagQueue', { QueueUrl: url, Tags: set })
    if (gone.length > 0) await context.call('sqs', 'UntagQueue', { QueueUrl: url, TagKeys: gone })
    return made(context, url)
  },
  async delete(context, url) {
    await unlessGone(() => context.call('sqs', 'DeleteQueue', { QueueUrl: url }))
  },
  async find(context, properties) {
    const url = await urlOf(context, nameOf(context, properties))
    if (url === undefined) return undefined
    const { Tags: tags } = await context.call('sqs', 'ListQueueTags', { QueueUrl: url })
    return marked(tags, context.marks) ? url : undefined
  },
}

const setPolicy = (context: ResourceContext, queue: string, policy: string): Promise<unknown> =>
  context.call('sqs', 'SetQueueAttributes', { QueueUrl: queue, Attributes: { Policy: policy } })

export const sqsQueuePolicy: ResourceHandler = sharedPolicy('Queues', setPolicy)
export const sqsQueueInlinePolicy: ResourceHandler = inlinePolicy('Queue', setPolicy)
