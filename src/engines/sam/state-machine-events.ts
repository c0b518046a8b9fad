/** Events that start a state machine: schedules, rules, REST APIs. Each gets a role that may start it. */
import { addEventAuth, linkedApi } from '#engines/sam/api-event.ts'
import { hasIntegration } from '#engines/sam/editor.ts'
import { getAtt, given, ref } from '#engines/sam/intrinsics.ts'
import { checked, rules, type Rules } from '#engines/sam/properties.ts'
import { arnOf, type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import { MANAGED } from '#engines/sam/rules.ts'
import { deadLetters, namedTarget, stateOf, targetMembers } from '#engines/sam/rule-event.ts'
import { EventInvalid, invalidEvent, invalidResource } from '#engines/sam/sam-error.ts'
import { SCHEDULE_V2_RULES, scheduleV2 } from '#engines/sam/scheduler-event.ts'
import { startExecution, trustOf } from '#engines/sam/statements.ts'
import { addStateMachineIntegration, requireSwagger } from '#engines/sam/swagger.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

interface Call {
  readonly world: World
  readonly id: string
  readonly name: string
  readonly type: string
  readonly properties: Dict
  readonly targetId: string
  readonly attributes: Dict
  readonly condition: string | undefined
  readonly permissionsBoundary: Value | undefined
}

const RULE = `EventBusName:str RuleName:str Pattern:map Input:str InputPath:str DeadLetterConfig:map RetryPolicy:map
  State:str Target:map^ InputTransformer:map`

const TYPES: ReadonlyMap<string, readonly [Rules, (call: Call) => Made[]]> = new Map([
  [
    'Schedule',
    [
      rules(`Schedule!:str Input:str Enabled:bool State:str Name:str Description:str DeadLetterConfig:map
        RetryPolicy:map Target:map^ RoleArn:str^`),
      schedule,
    ],
  ],
  ['ScheduleV2', [SCHEDULE_V2_RULES, later]],
  ['CloudWatchEvent', [rules(RULE), rule]],
  ['EventBridgeRule', [rules(RULE), rule]],
  [
    'Api',
    [rules('Path!:str Method!:str RestApiId!:str Stage:str Auth:map UnescapeMappingTemplate:bool^'), api],
  ],
])

export function stateMachineEvents(world: World, source: Source, target: Made): Made[] {
  const events = dictAt(source.properties, 'Events') ?? {}
  const call = (name: string, event: Value): (() => Made[]) => {
    const type = textAt(event, 'Type') ?? ''
    const known = TYPES.get(type)
    if (!isDict(event) || known === undefined) {
      return invalidEvent(
        name,
        `Resource dict has missing or invalid value for key Type. Event Type is: ${type === '' ? 'None' : type}.`,
      )
    }
    if (type === 'Api') linkedApi(world.resources, name, memberOf(memberOf(event, 'Properties'), 'RestApiId'))
    const id = source.id + name
    const { properties } = checked(id, event, type, known[0])
    const one: Call = {
      world,
      id,
      name,
      type,
      properties,
      targetId: target.id,
      attributes: passedOn(target),
      condition: textAt(target.attributes, 'Condition'),
      permissionsBoundary: source.properties['PermissionsBoundary'],
    }
    return () => known[1](one)
  }
  const calls = linked(source.id, () => Object.entries(events).map(([name, event]) => call(name, event)))
  return calls.flatMap((run) => run())
}

/** Faults of finding things name the state machine; what is wrong within an event names the event alone, as SAM has it. */
function linked<T>(id: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof EventInvalid) invalidResource(id, error.message)
    throw error
  }
}

function roleFor(call: Call, service: string): Made {
  const id = `${call.id}Role`
  return made(
    id,
    'AWS::IAM::Role',
    {
      AssumeRolePolicyDocument: trustOf(service),
      Policies: [startExecution(ref(call.targetId), id)],
      PermissionsBoundary: given(call.permissionsBoundary) ? call.permissionsBoundary : undefined,
    },
    { attributes: call.attributes },
  )
}

function schedule(call: Call): Made[] {
  const { id, name, properties, targetId, attributes } = call
  const state = stateOf(name, properties)
  const named = memberOf(properties, 'RoleArn') ?? null
  const role = named === null ? roleFor(call, 'events.amazonaws.com') : undefined
  const dead = deadLetters(call, getAtt(id, 'Arn'), attributes)
  const { InputPath: _, InputTransformer: __, ...members } = targetMembers(properties, dead.arn)
  const target = {
    Arn: ref(targetId),
    Id: namedTarget(properties, id, 'StepFunctionsTarget'),
    RoleArn: role === undefined ? named : arnOf(role),
    ...members,
  }
  return [
    made(
      id,
      'AWS::Events::Rule',
      {
        ScheduleExpression: properties['Schedule'],
        State: state,
        Name: properties['Name'],
        Description: properties['Description'],
        Targets: [target],
      },
      { attributes },
    ),
    ...(role === undefined ? [] : [role]),
    ...dead.resources,
  ]
}

function later({ id, properties, targetId, attributes }: Call): Made[] {
  return scheduleV2({ id, properties, kind: 'state machine', arn: ref(targetId), attributes })
}

function rule(call: Call): Made[] {
  const { id, properties, targetId, attributes } = call
  const role = roleFor(call, 'events.amazonaws.com')
  const dead = deadLetters(call, getAtt(id, 'Arn'), attributes)
  const target = {
    Arn: ref(targetId),
    Id: namedTarget(properties, id, 'StepFunctionsTarget'),
    RoleArn: arnOf(role),
    ...targetMembers(properties, dead.arn),
  }
  return [
    made(
      id,
      'AWS::Events::Rule',
      {
        EventBusName: properties['EventBusName'],
        EventPattern: properties['Pattern'],
        Name: properties['RuleName'],
        State: given(properties['State']) ? properties['State'] : undefined,
        Targets: [target],
      },
      { attributes },
    ),
    role,
    ...dead.resources,
  ]
}

function api(call: Call): Made[] {
  const { world, name, properties, targetId, condition } = call
  const linked = linkedApi(world.resources, name, properties['RestApiId'])
  const role = roleFor(call, 'apigateway.amazonaws.com')
  const path = textAt(properties, 'Path') ?? ''
  const method = (textAt(properties, 'Method') ?? '').toLowerCase()
  const body = memberOf(linked.properties, 'DefinitionBody') ?? null
  if (!given(linked.properties[MANAGED]) || body === null) return [role]
  const doc = requireSwagger(body)
  if (hasIntegration(doc, path, method)) {
    invalidEvent(name, `API method "${method}" defined multiple times for path "${path}".`)
  }
  const template = given(properties['UnescapeMappingTemplate'])
    ? `{"input": "$util.escapeJavaScript($input.json('$')).replaceAll("\\\\'","'")", "stateMachineArn": "\${${targetId}}"}`
    : `{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "\${${targetId}}"}`
  addStateMachineIntegration(
    doc,
    { path, method, condition },
    { credentials: arnOf(role), requestTemplates: { 'application/json': { 'Fn::Sub': template } } },
  )
  const auth = dictAt(properties, 'Auth')
  if (auth !== undefined && given(auth)) {
    addEventAuth(world, { api: linked, path, method, name, auth, doc })
  }
  return [role]
}
