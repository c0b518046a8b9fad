/** Events whose service calls the function: schedules, buckets, topics, skills, IoT rules, user pools, log groups. */
import { type EventCall, permission } from '#engines/sam/event-call.ts'
import { conditional, getAtt, given, logicalIdIn, ref, sub } from '#engines/sam/intrinsics.ts'
import { eventSourceMapping } from '#engines/sam/pull-event.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { arnOf, attributesOf, type Made, made, refTo, tagList } from '#engines/sam/resource.ts'
import { deadLetters, stateOf, targetId, targetMembers } from '#engines/sam/rule-event.ts'
import { invalidEvent, invalidResource, shown } from '#engines/sam/sam-error.ts'
import { queueAccess } from '#engines/sam/statements.ts'
import {
  copyOf,
  type Dict,
  dictAt,
  isDict,
  memberOf,
  sameValue,
  type Value,
} from '#engines/templates/value.ts'

export function scheduleEvent(call: EventCall): Made[] {
  const { id, properties, target } = call
  const ruleArn = getAtt(id, 'Arn')
  const state = stateOf(call.name, properties)
  const dead = deadLetters(call, ruleArn, target.attributes)
  const { Input, DeadLetterConfig, RetryPolicy } = targetMembers(properties, dead.arn)
  const rule = made(
    id,
    'AWS::Events::Rule',
    {
      ScheduleExpression: properties['Schedule'],
      State: state,
      Name: properties['Name'],
      Description: properties['Description'],
      Targets: [
        {
          Arn: target.arn,
          Id: targetId(id, 'LambdaTarget'),
          ...(Input === undefined ? {} : { Input }),
          ...(DeadLetterConfig === undefined ? {} : { DeadLetterConfig }),
          ...(RetryPolicy === undefined ? {} : { RetryPolicy }),
        },
      ],
    },
    { attributes: target.attributes },
  )
  return [
    rule,
    ...dead.resources,
    permission(call, { principal: 'events.amazonaws.com', sourceArn: ruleArn }),
  ]
}

/** A resource of the template that an event changes in place, as SAM puts it out again. */
function rewritten(id: string, resource: Dict): Made {
  return made(
    id,
    typeof resource['Type'] === 'string' ? resource['Type'] : '',
    dictAt(resource, 'Properties') ?? {},
    {
      attributes: attributesOf(resource),
      dependsOn: memberOf(resource, 'DependsOn'),
    },
  )
}

export function s3Event(call: EventCall): Made[] {
  const { world, name, properties, target } = call
  const bucketRef = memberOf(memberOf(properties, 'Bucket'), 'Ref')
  if (bucketRef !== undefined && typeof bucketRef !== 'string') {
    invalidEvent(name, "'Ref' value in S3 events is not a valid string.")
  }
  const bucket = bucketRef === undefined ? undefined : dictAt(world.resources, bucketRef)
  if (bucketRef === undefined || bucket === undefined) {
    return invalidEvent(name, 'S3 events must reference an S3 bucket in the same template.')
  }
  const allowed = permission(call, { principal: 's3.amazonaws.com', sourceAccount: ref('AWS::AccountId') })
  if (target.condition === undefined) dependOn(call, bucket, allowed.id)
  else dependByTag(bucketRef, bucket, allowed.id, target.condition)
  notify(call, bucketRef, bucket)
  return [allowed, rewritten(bucketRef, bucket)]
}

function dependOn(call: EventCall, bucket: Dict, permissionId: string): void {
  const before = Object.hasOwn(bucket, 'DependsOn') ? bucket['DependsOn'] : []
  const list = typeof before === 'string' ? [before] : before
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string')) {
    return invalidResource(
      call.id,
      "Invalid type for field 'DependsOn'. Expected a string or list of strings.",
    )
  }
  bucket['DependsOn'] = [...new Set([...list, permissionId])]
}

/** A conditional permission cannot stand in DependsOn: a tag that refers to it makes the dependency. */
function dependByTag(bucketId: string, bucket: Dict, permissionId: string, condition: string): void {
  const properties = dictAt(bucket, 'Properties') ?? {}
  bucket['Properties'] = properties
  const tags = memberOf(properties, 'Tags') ?? []
  if (!Array.isArray(tags)) return invalidResource(bucketId, "Property 'Tags' should be a list.")
  const tag = {
    [`sam:ConditionalDependsOn:${permissionId}`]: conditional(condition, ref(permissionId), 'no dependency'),
  }
  properties['Tags'] = [...tags, ...tagList(tag)]
}

function notify({ properties: event, target }: EventCall, bucketId: string, bucket: Dict): void {
  const properties = memberOf(bucket, 'Properties') ?? {}
  if (!isDict(properties)) return invalidResource(bucketId, 'Properties should be a map.')
  bucket['Properties'] = properties
  const config = memberOf(properties, 'NotificationConfiguration') ?? {}
  if (!isDict(config))
    return invalidResource(bucketId, "Property 'NotificationConfiguration' should be a map.")
  properties['NotificationConfiguration'] = config
  const list = memberOf(config, 'LambdaConfigurations') ?? []
  if (!Array.isArray(list)) {
    return invalidResource(bucketId, 'Invalid type for LambdaConfigurations. Must be a list.')
  }
  config['LambdaConfigurations'] = list
  const filter = memberOf(event, 'Filter') ?? null
  const types = typeof event['Events'] === 'string' ? [event['Events']] : event['Events']
  for (const type of Array.isArray(types) ? types : []) {
    const mapping: Dict = {
      Function: target.arn,
      ...(filter === null ? {} : { Filter: copyOf(filter) }),
      Event: type,
    }
    const entry = target.condition === undefined ? mapping : conditional(target.condition, mapping)
    if (!list.some((known) => sameValue(known, entry))) list.push(entry)
  }
}

export function snsEvent(call: EventCall): Made[] {
  const { id, name, properties, target } = call
  const topic = properties['Topic'] ?? null
  const wanted = memberOf(properties, 'SqsSubscription')
  if (!given(wanted)) {
    return [
      permission(call, { principal: 'sns.amazonaws.com', sourceArn: topic }),
      subscription(call, 'lambda', target.arn),
    ]
  }
  if (wanted === true) {
    const queue = made(
      `${id}Queue`,
      'AWS::SQS::Queue',
      { FifoQueue: isFifo(call, topic) },
      { attributes: target.attributes },
    )
    return [
      mappingOf(call, arnOf(queue), 10),
      queue,
      queuePolicy(call, `${id}QueuePolicy`, arnOf(queue), refTo(queue)),
      subscription(call, 'sqs', arnOf(queue)),
    ]
  }
  if (!isDict(wanted)) return invalidEvent(name, "Property 'SqsSubscription' should be a map.")
  const [arn, url] = [memberOf(wanted, 'QueueArn'), memberOf(wanted, 'QueueUrl')]
  if (arn === undefined || url === undefined || !given(arn) || !given(url)) {
    return invalidEvent(name, 'No QueueARN or QueueURL provided.')
  }
  const policyId = memberOf(wanted, 'QueuePolicyLogicalId')
  return [
    mappingOf(call, arn, memberOf(wanted, 'BatchSize')),
    queuePolicy(
      call,
      typeof policyId === 'string' && policyId !== '' ? policyId : `${id}QueuePolicy`,
      arn,
      url,
    ),
    subscription(call, 'sqs', arn),
  ]
}

function isFifo({ world }: EventCall, topic: Value): true | undefined {
  const topicId = logicalIdIn(topic)
  const properties = topicId === undefined ? undefined : dictAt(world.resources[topicId], 'Properties')
  const fifo = resolveParameters(memberOf(properties, 'FifoTopic'), world.parameters)
  return given(fifo) ? true : undefined
}

function subscription({ id, properties, target }: EventCall, protocol: string, endpoint: Value): Made {
  return made(
    id,
    'AWS::SNS::Subscription',
    {
      Protocol: protocol,
      Endpoint: endpoint,
      TopicArn: properties['Topic'],
      Region: properties['Region'],
      FilterPolicy: properties['FilterPolicy'],
      FilterPolicyScope: properties['FilterPolicyScope'],
      RedrivePolicy: properties['RedrivePolicy'],
    },
    { attributes: target.attributes },
  )
}

function queuePolicy(call: EventCall, id: string, queueArn: Value, queueUrl: Value): Made {
  return made(
    id,
    'AWS::SQS::QueuePolicy',
    { PolicyDocument: queueAccess('*', queueArn, call.properties['Topic'] ?? null), Queues: [queueUrl] },
    { attributes: call.target.attributes },
  )
}

function mappingOf(call: EventCall, queueArn: Value, batchSize: Value | undefined): Made {
  return eventSourceMapping({
    ...call,
    id: `${call.id}EventSourceMapping`,
    type: 'SQS',
    properties: { Queue: queueArn, BatchSize: given(batchSize) ? (batchSize ?? 10) : 10, Enabled: true },
  })
}

export const alexaEvent = (call: EventCall): Made[] => [
  permission(call, {
    principal: 'alexa-appkit.amazon.com',
    eventSourceToken: call.properties['SkillId'],
  }),
]

export function iotEvent(call: EventCall): Made[] {
  const { id, world, properties, target } = call
  const version = properties['AwsIotSqlVersion']
  return [
    permission(call, {
      principal: 'iot.amazonaws.com',
      sourceArn: sub(
        `arn:${world.options.partition}:iot:\${AWS::Region}:\${AWS::AccountId}:rule/\${RuleName}`,
        { RuleName: ref(id) },
      ),
      sourceAccount: sub('${AWS::AccountId}'),
    }),
    made(
      id,
      'AWS::IoT::TopicRule',
      {
        TopicRulePayload: {
          Sql: properties['Sql'] ?? null,
          RuleDisabled: false,
          Actions: [{ Lambda: { FunctionArn: target.arn } }],
          ...(version !== undefined && given(version) ? { AwsIotSqlVersion: version } : {}),
        },
      },
      { attributes: target.attributes },
    ),
  ]
}

export function cognitoEvent(call: EventCall): Made[] {
  const { world, name, properties, target } = call
  const poolId = memberOf(memberOf(properties, 'UserPool'), 'Ref')
  const pool = typeof poolId === 'string' ? dictAt(world.resources, poolId) : undefined
  if (poolId !== undefined && typeof poolId !== 'string') {
    return invalidEvent(call.id, 'Ref in Userpool is not a string.')
  }
  if (poolId === undefined || pool === undefined) {
    return invalidEvent(name, 'Cognito events must reference a Cognito UserPool in the same template.')
  }
  const settings = dictAt(pool, 'Properties') ?? {}
  pool['Properties'] = settings
  const config = memberOf(settings, 'LambdaConfig') ?? {}
  if (!isDict(config)) return invalidResource(poolId, "Property 'LambdaConfig' should be a map.")
  settings['LambdaConfig'] = config
  const wanted = properties['Trigger'] ?? null
  for (const trigger of Array.isArray(wanted) ? wanted : [wanted]) {
    if (typeof trigger !== 'string') continue
    if (Object.hasOwn(config, trigger)) {
      invalidEvent(name, `Cognito trigger "${shown(wanted)}" defined multiple times.`)
    }
    config[trigger] = target.arn
  }
  return [
    permission(call, {
      principal: 'cognito-idp.amazonaws.com',
      sourceArn: getAtt(poolId, 'Arn'),
      prefix: `${target.id}Cognito`,
    }),
    rewritten(poolId, pool),
  ]
}

export function logsEvent(call: EventCall): Made[] {
  const { id, world, properties, target } = call
  const allowed = permission(call, {
    principal: 'logs.amazonaws.com',
    sourceArn: sub(
      `arn:${world.options.partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${__LogGroupName__}:*`,
      { __LogGroupName__: properties['LogGroupName'] ?? null },
    ),
  })
  const filter = made(
    id,
    'AWS::Logs::SubscriptionFilter',
    {
      LogGroupName: properties['LogGroupName'],
      FilterPattern: properties['FilterPattern'],
      DestinationArn: target.arn,
    },
    { attributes: target.attributes, dependsOn: [allowed.id] },
  )
  return [allowed, filter]
}
