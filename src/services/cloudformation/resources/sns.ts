/** AWS::SNS::Topic, its subscriptions and policies. */
import { Fault } from '#base/fault.ts'
import { type Dict, listAt, memberOf, sameValue, scalarText, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { inlinePolicy, sharedPolicy } from '#services/cloudformation/resources/policies.ts'
import {
  attributesOf,
  changedAttributes,
  changedTags,
  isGone,
  refuse,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, marked } from '#services/cloudformation/resources/search.ts'

/** Properties that are attributes of the same name, each with the value that stands for "none". */
const TOPIC_ATTRIBUTES = new Map<string, string>([
  ['ContentBasedDeduplication', 'false'],
  ['DisplayName', ''],
  ['FifoThroughputScope', 'Topic'],
  ['KmsMasterKeyId', ''],
  ['SignatureVersion', '1'],
  ['TracingConfig', 'PassThrough'],
])
const TOPIC_REFUSED = ['ArchivePolicy', 'DataProtectionPolicy', 'DeliveryStatusLogging', 'MaximumMessageSize']

const SUBSCRIPTION_ATTRIBUTES = new Map<string, string>([
  ['DeliveryPolicy', ''],
  ['FilterPolicy', '{}'],
  ['FilterPolicyScope', 'MessageAttributes'],
  ['RawMessageDelivery', 'false'],
  ['RedrivePolicy', ''],
  ['SubscriptionRoleArn', ''],
])
const SUBSCRIPTION_REFUSED = ['ReplayPolicy']

const isFifo = (properties: Dict): boolean => scalarText(memberOf(properties, 'FifoTopic')) === 'true'

function topicName(context: ResourceContext, properties: Dict): string {
  return (
    textAt(properties, 'TopicName') ?? (isFifo(properties) ? `${context.name(251)}.fifo` : context.name(256))
  )
}

const topicArn = ({ stack }: ResourceContext, name: string): string =>
  ['arn', stack.partition, 'sns', stack.region, stack.account, name].join(':')

const madeTopic = (arn: string): Made => ({
  physicalId: arn,
  attributes: { TopicArn: arn, TopicName: arn.slice(arn.lastIndexOf(':') + 1) },
})

async function topicTags(context: ResourceContext, arn: string): Promise<Record<string, string> | undefined> {
  try {
    const { Tags: tags = [] } = await context.call('sns', 'ListTagsForResource', { ResourceArn: arn })
    return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))
  } catch (error) {
    if (error instanceof Fault && isGone(error.code)) return undefined
    throw error
  }
}

/** The subscriptions that stand in the topic itself. */
async function subscribe(
  context: ResourceContext,
  arn: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const old = listAt(before, 'Subscription') ?? []
  for (const one of listAt(properties, 'Subscription') ?? []) {
    if (old.some((other) => sameValue(other, one))) continue
    await context.call(
      'sns',
      'Subscribe',
      request({ TopicArn: arn, Protocol: textAt(one, 'Protocol'), Endpoint: textAt(one, 'Endpoint') }),
    )
  }
  const fresh = listAt(properties, 'Subscription') ?? []
  for (const gone of old.filter((one) => !fresh.some((other) => sameValue(one, other)))) {
    const found = await subscriptionOf(context, arn, textAt(gone, 'Protocol'), textAt(gone, 'Endpoint'))
    if (found !== undefined) await context.call('sns', 'Unsubscribe', { SubscriptionArn: found })
  }
}

async function subscriptionOf(
  context: ResourceContext,
  topic: string,
  protocol: string | undefined,
  endpoint: string | undefined,
): Promise<string | undefined> {
  const found = await firstOf(
    async (after) => {
      const page = await context.call(
        'sns',
        'ListSubscriptionsByTopic',
        request({ TopicArn: topic, NextToken: after }),
      )
      return { items: page.Subscriptions ?? [], next: page.NextToken }
    },
    (one) => one.Protocol === protocol && one.Endpoint === endpoint,
  )
  return found?.SubscriptionArn?.startsWith('arn:') === true ? found.SubscriptionArn : undefined
}

export const snsTopic: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::SNS::Topic', properties, TOPIC_REFUSED)
    const name = topicName(context, properties)
    // CreateTopic answers with a topic of the same name that was there before: not this stack's.
    if ((await topicTags(context, topicArn(context, name))) !== undefined) {
      throw new Fault(
        'AlreadyExists',
        `Resource of type 'AWS::SNS::Topic' with identifier '${name}' already exists.`,
      )
    }
    const fifo = isFifo(properties) ? { FifoTopic: 'true' } : {}
    const { TopicArn: arn = '' } = await context.call(
      'sns',
      'CreateTopic',
      request({
        Name: name,
        Attributes: { ...fifo, ...attributesOf(properties, TOPIC_ATTRIBUTES) },
        Tags: tagList(properties),
      }),
    )
    await subscribe(context, arn, properties, {})
    return madeTopic(arn)
  },
  async update(context, arn, properties, before) {
    refuse('AWS::SNS::Topic', properties, TOPIC_REFUSED)
    for (const [AttributeName, AttributeValue] of changedAttributes(properties, before, TOPIC_ATTRIBUTES))
      await context.call('sns', 'SetTopicAttributes', { TopicArn: arn, AttributeName, AttributeValue })
    await subscribe(context, arn, properties, before)
    const { set, gone } = changedTags(properties, before)
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
    if (tags.length > 0) await context.call('sns', 'TagResource', { ResourceArn: arn, Tags: tags })
    if (gone.length > 0) await context.call('sns', 'UntagResource', { ResourceArn: arn, TagKeys: gone })
    return madeTopic(arn)
  },
  async delete(context, arn) {
    await unlessGone(() => context.call('sns', 'DeleteTopic', { TopicArn: arn }))
  },
  async find(context, properties) {
    const arn = topicArn(context, topicName(context, properties))
    return marked(await topicTags(context, arn), context.marks) ? arn : undefined
  },
}

export const snsSubscription: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::SNS::Subscription', properties, SUBSCRIPTION_REFUSED)
    const { SubscriptionArn: arn = '' } = await context.call(
      'sns',
      'Subscribe',
      request({
        TopicArn: text(properties, 'TopicArn'),
        Protocol: text(properties, 'Protocol'),
        Endpoint: textAt(properties, 'Endpoint'),
        Attributes: attributesOf(properties, SUBSCRIPTION_ATTRIBUTES),
        ReturnSubscriptionArn: true,
      }),
    )
    return { physicalId: arn, attributes: { Arn: arn } }
  },
  async update(context, arn, properties, before) {
    refuse('AWS::SNS::Subscription', properties, SUBSCRIPTION_REFUSED)
    for (const [AttributeName, AttributeValue] of changedAttributes(
      properties,
      before,
      SUBSCRIPTION_ATTRIBUTES,
    ))
      await context.call('sns', 'SetSubscriptionAttributes', {
        SubscriptionArn: arn,
        AttributeName,
        AttributeValue,
      })
    return { physicalId: arn, attributes: { Arn: arn } }
  },
  async delete(context, arn) {
    await unlessGone(() => context.call('sns', 'Unsubscribe', { SubscriptionArn: arn }))
  },
}

const setPolicy = (context: ResourceContext, arn: string, policy: string): Promise<unknown> =>
  context.call('sns', 'SetTopicAttributes', {
    TopicArn: arn,
    AttributeName: 'Policy',
    AttributeValue: policy,
  })

export const snsTopicPolicy: ResourceHandler = sharedPolicy('Topics', setPolicy)
export const snsTopicInlinePolicy: ResourceHandler = inlinePolicy('TopicArn', setPolicy)
