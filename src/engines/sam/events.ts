/** Events of a function: which file makes what, and what all of them are given. When you add a type, add its rules here. */
import { apiEvent } from '#engines/sam/api-event.ts'
import { httpApiEvent } from '#engines/sam/http-api-event.ts'
import { getAtt, ref } from '#engines/sam/intrinsics.ts'
import type { EventCall, Target } from '#engines/sam/event-call.ts'
import { checked, rules, type Rules } from '#engines/sam/properties.ts'
import { PULL_RULES, pullEvent } from '#engines/sam/pull-event.ts'
import {
  alexaEvent,
  cognitoEvent,
  iotEvent,
  logsEvent,
  s3Event,
  scheduleEvent,
  snsEvent,
} from '#engines/sam/push-event.ts'
import { ruleEvent } from '#engines/sam/rule-event.ts'
import { type Made, passedOn, type Source } from '#engines/sam/resource.ts'
import { EventInvalid, invalidEvent, invalidResource } from '#engines/sam/sam-error.ts'
import { SCHEDULE_V2_RULES, scheduleV2Event } from '#engines/sam/scheduler-event.ts'
import type { World } from '#engines/sam/world.ts'
import { dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

type EventMaker = (call: EventCall) => Made[]

const RULE = `EventBusName:str RuleName:str Pattern:map DeadLetterConfig:map RetryPolicy:map Input:str InputPath:str
  Target:map Enabled:bool State:str InputTransformer:map`

/** Source: SAM specification, Event source types. */
const TYPES: ReadonlyMap<string, readonly [Rules, EventMaker]> = new Map<
  string,
  readonly [Rules, EventMaker]
>([
  [
    'Schedule',
    [
      rules(`Schedule!:str RuleName:str Input:str Enabled:bool State:str Name:str Description:str
        DeadLetterConfig:map RetryPolicy:map`),
      scheduleEvent,
    ],
  ],
  ['ScheduleV2', [SCHEDULE_V2_RULES, scheduleV2Event]],
  ['CloudWatchEvent', [rules(RULE), ruleEvent]],
  ['EventBridgeRule', [rules(RULE), ruleEvent]],
  ['S3', [rules('Bucket!:str Events!:str|list(str)^ Filter:map(str)'), s3Event]],
  [
    'SNS',
    [
      rules(
        'Topic!:str Region:str FilterPolicy FilterPolicyScope SqsSubscription:bool|map RedrivePolicy:map',
      ),
      snsEvent,
    ],
  ],
  [
    'Api',
    [
      rules(`Path!:str Method!:str RestApiId!:str Stage:str Auth:map RequestModel:map RequestParameters:list
        TimeoutInMillis:int ResponseTransferMode:str`),
      apiEvent,
    ],
  ],
  [
    'HttpApi',
    [
      rules(`Path:str Method:str ApiId:str Stage:str Auth:map TimeoutInMillis:int RouteSettings:map
        PayloadFormatVersion:str`),
      httpApiEvent,
    ],
  ],
  ['AlexaSkill', [rules('SkillId:str'), alexaEvent]],
  ['IoTRule', [rules('Sql!:str AwsIotSqlVersion:str'), iotEvent]],
  ['Cognito', [rules('UserPool!:str Trigger!:str|list(str)^'), cognitoEvent]],
  ['CloudWatchLogs', [rules('LogGroupName!:str FilterPattern!:str'), logsEvent]],
  ...[...PULL_RULES].map(([type, all]) => [type, [all, pullEvent]] as const),
])

export interface FunctionParts {
  readonly lambda: Made
  readonly alias: Made | undefined
  readonly role: Made
}

/** What all events of the function make, in SAM's order: by path, then by name. */
export function functionEvents(world: World, source: Source, parts: FunctionParts): Made[] {
  const events = dictAt(source.properties, 'Events')
  if (events === undefined) return []
  const called = parts.alias ?? parts.lambda
  const target: Target = {
    id: called.id,
    functionId: parts.lambda.id,
    name: ref(called.id),
    arn: parts.alias === undefined ? getAtt(parts.lambda.id, 'Arn') : ref(called.id),
    attributes: passedOn(called),
    condition: textAt(called.attributes, 'Condition'),
  }
  const order = (name: string): string => textAt(memberOf(events[name], 'Properties'), 'Path') ?? name
  try {
    const calls = Object.entries(events).map(
      ([name, event]) => [name, callOf(source.id, name, event)] as const,
    )
    return calls
      .sort(([a], [b]) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0))
      .flatMap(([, { make, ...call }]) => make({ ...call, world, target, role: parts.role }))
  } catch (error) {
    if (error instanceof EventInvalid) invalidResource(source.id, error.message)
    throw error
  }
}

function callOf(
  owner: string,
  name: string,
  event: Value,
): Pick<EventCall, 'id' | 'name' | 'type' | 'properties'> & { readonly make: EventMaker } {
  if (!isDict(event)) return invalidEvent(name, "'list' object has no attribute 'get'")
  const type = textAt(event, 'Type')
  const known = type === undefined ? undefined : TYPES.get(type)
  if (type === undefined || known === undefined) {
    const shown = typeof event['Type'] === 'string' ? event['Type'] : JSON.stringify(event['Type'] ?? null)
    return invalidEvent(
      name,
      `Resource dict has missing or invalid value for key Type. Event Type is: ${shown === 'null' ? 'None' : shown}.`,
    )
  }
  const { properties } = checked(owner + name, event, type, known[0])
  return { id: owner + name, name, type, properties, make: known[1] }
}
