/** ScheduleV2: a schedule of EventBridge Scheduler with a role of its own, for functions and state machines. */
import type { EventCall } from '#engines/sam/event-call.ts'
import { given } from '#engines/sam/intrinsics.ts'
import { rules } from '#engines/sam/properties.ts'
import { arnOf, type Made, made, members } from '#engines/sam/resource.ts'
import { checkDeadLetterConfig } from '#engines/sam/rule-event.ts'
import { invalidEvent } from '#engines/sam/sam-error.ts'
import { invokeFunction, sendToQueue, startExecution, trustOf } from '#engines/sam/statements.ts'
import { type Dict, dictAt, memberOf, type Value } from '#engines/templates/value.ts'

export const SCHEDULE_V2_RULES =
  rules(`PermissionsBoundary:str ScheduleExpression!:str FlexibleTimeWindow:map Name:str
  State:str Description:str StartDate:str EndDate:str ScheduleExpressionTimezone:str GroupName:str KmsKeyArn:str
  Input:str RoleArn:str DeadLetterConfig:map RetryPolicy:map OmitName:bool^`)

export interface Scheduled {
  readonly id: string
  readonly properties: Dict
  readonly kind: 'function' | 'state machine'
  readonly arn: Value
  readonly attributes: Dict
}

export const scheduleV2Event = ({ id, properties, target }: EventCall): Made[] =>
  scheduleV2({ id, properties, kind: 'function', arn: target.arn, attributes: target.attributes })

export function scheduleV2(scheduled: Scheduled): Made[] {
  const { id, properties, attributes } = scheduled
  const schedule = scheduleOf(scheduled)
  const resources = [schedule]
  const dead = deadLetterQueue(scheduled, resources)
  let role: Value = memberOf(properties, 'RoleArn') ?? null
  if (!given(role)) {
    const execution = made(
      `${id}Role`,
      'AWS::IAM::Role',
      {
        AssumeRolePolicyDocument: trustOf('scheduler.amazonaws.com'),
        Policies: [
          scheduled.kind === 'function'
            ? invokeFunction(scheduled.arn, id)
            : startExecution(scheduled.arn, id),
          ...(dead === undefined ? [] : [sendToQueue(dead, id)]),
        ],
        PermissionsBoundary: given(properties['PermissionsBoundary'])
          ? properties['PermissionsBoundary']
          : undefined,
      },
      { attributes },
    )
    resources.push(execution)
    role = arnOf(execution)
  }
  schedule.properties['Target'] = members({
    Arn: scheduled.arn,
    RoleArn: role,
    Input: properties['Input'],
    DeadLetterConfig: dead === undefined ? undefined : { Arn: dead },
    RetryPolicy: properties['RetryPolicy'],
  })
  return resources
}

function scheduleOf({ id, properties, attributes }: Scheduled): Made {
  const name = memberOf(properties, 'Name')
  const omit = given(properties['OmitName'])
  if (omit && given(name)) invalidEvent(id, 'Name cannot be set when OmitName is True')
  return made(
    id,
    'AWS::Scheduler::Schedule',
    {
      ScheduleExpression: properties['ScheduleExpression'],
      State: given(properties['State']) ? properties['State'] : undefined,
      Name: omit ? undefined : given(name) ? name : id,
      Description: properties['Description'],
      FlexibleTimeWindow: given(properties['FlexibleTimeWindow'])
        ? properties['FlexibleTimeWindow']
        : { Mode: 'OFF' },
      StartDate: properties['StartDate'],
      EndDate: properties['EndDate'],
      ScheduleExpressionTimezone: properties['ScheduleExpressionTimezone'],
      GroupName: properties['GroupName'],
      KmsKeyArn: properties['KmsKeyArn'],
    },
    { attributes },
  )
}

function deadLetterQueue({ id, properties, attributes }: Scheduled, resources: Made[]): Value | undefined {
  const config = dictAt(properties, 'DeadLetterConfig')
  if (config === undefined) return undefined
  checkDeadLetterConfig(id, config)
  const named = memberOf(config, 'Arn') ?? null
  if (named !== null) return named
  const wanted = memberOf(config, 'QueueLogicalId')
  const queueId = typeof wanted === 'string' && wanted !== '' ? wanted : `${id}Queue`
  const queue = made(queueId, 'AWS::SQS::Queue', {}, { attributes })
  resources.push(queue)
  return arnOf(queue)
}
