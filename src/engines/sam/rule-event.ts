/** EventBridge rules: CloudWatchEvent and EventBridgeRule events, and the dead-letter queue that rules and schedules share. */
import type { EventCall } from '#engines/sam/event-call.ts'
import { permission } from '#engines/sam/event-call.ts'
import { getAtt, given } from '#engines/sam/intrinsics.ts'
import { arnOf, type Made, made, members, refTo } from '#engines/sam/resource.ts'
import { invalidEvent } from '#engines/sam/sam-error.ts'
import { queueAccess } from '#engines/sam/statements.ts'
import { type Dict, dictAt, memberOf, type Value } from '#engines/templates/value.ts'

const TARGET_ID_MAX = 64

/** A target's id: at most 64 characters, the suffix kept. */
export function targetId(id: string, suffix: string): string {
  return id.length + suffix.length <= TARGET_ID_MAX
    ? id + suffix
    : id.slice(0, TARGET_ID_MAX - suffix.length) + suffix
}

/** ENABLED or DISABLED from `State` or `Enabled`, which exclude each other. */
export function stateOf(name: string, properties: Dict): Value | undefined {
  const [state, enabled] = [memberOf(properties, 'State'), memberOf(properties, 'Enabled') ?? null]
  if (given(state) && enabled !== null) {
    invalidEvent(name, 'State and Enabled Properties cannot both be specified.')
  }
  if (enabled !== null) return given(enabled) ? 'ENABLED' : 'DISABLED'
  return given(state) ? state : undefined
}

export function checkDeadLetterConfig(id: string, config: Dict): void {
  const [arn, type] = [memberOf(config, 'Arn'), memberOf(config, 'Type')]
  if (arn !== undefined && type !== undefined) {
    invalidEvent(id, "You can either define 'Arn' or 'Type' property of DeadLetterConfig.")
  }
  if (type !== undefined && type !== 'SQS') {
    invalidEvent(id, "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.")
  }
  if (arn === undefined && type === undefined) {
    invalidEvent(id, "No 'Arn' or 'Type' property provided for DeadLetterConfig.")
  }
  const queueId = memberOf(config, 'QueueLogicalId') ?? null
  if ((arn ?? null) === null && queueId !== null && typeof queueId !== 'string') {
    invalidEvent(id, 'QueueLogicalId must be a string')
  }
}

export interface DeadLetters {
  readonly arn: Value | undefined
  readonly resources: Made[]
}

/** The queue's ARN, and the queue with its policy when the template asks for one. */
export function deadLetters(
  call: Pick<EventCall, 'id' | 'properties'>,
  ruleArn: Value,
  attributes: Dict,
): DeadLetters {
  const config = dictAt(call.properties, 'DeadLetterConfig')
  if (config === undefined) return { arn: undefined, resources: [] }
  checkDeadLetterConfig(call.id, config)
  const named = memberOf(config, 'Arn') ?? null
  if (named !== null) return { arn: named, resources: [] }
  const queueId = memberOf(config, 'QueueLogicalId')
  const queue = made(
    typeof queueId === 'string' && queueId !== '' ? queueId : `${call.id}Queue`,
    'AWS::SQS::Queue',
    {},
    { attributes },
  )
  const policy = made(
    `${call.id}QueuePolicy`,
    'AWS::SQS::QueuePolicy',
    {
      PolicyDocument: queueAccess({ Service: 'events.amazonaws.com' }, arnOf(queue), ruleArn),
      Queues: [refTo(queue)],
    },
    { attributes },
  )
  return { arn: arnOf(queue), resources: [queue, policy] }
}

/** Members that a rule's target takes from the event. */
export const targetMembers = (properties: Dict, deadLetterArn: Value | undefined): Dict =>
  members({
    Input: properties['Input'],
    InputPath: properties['InputPath'],
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
    RetryPolicy: properties['RetryPolicy'],
    InputTransformer: properties['InputTransformer'],
  })

export const namedTarget = (properties: Dict, id: string, suffix: string): Value =>
  memberOf(memberOf(properties, 'Target'), 'Id') ?? targetId(id, suffix)

export function ruleEvent(call: EventCall): Made[] {
  const { id, properties, target } = call
  const ruleArn = getAtt(id, 'Arn')
  const dead = deadLetters(call, ruleArn, target.attributes)
  const rule = made(
    id,
    'AWS::Events::Rule',
    {
      EventBusName: properties['EventBusName'],
      EventPattern: properties['Pattern'],
      Name: properties['RuleName'],
      State: stateOf(call.name, properties),
      Targets: [
        {
          Arn: target.arn,
          Id: namedTarget(properties, id, 'LambdaTarget'),
          ...targetMembers(properties, dead.arn),
        },
      ],
    },
    { attributes: target.attributes },
  )
  return [
    ...dead.resources,
    rule,
    permission(call, { principal: 'events.amazonaws.com', sourceArn: ruleArn }),
  ]
}
