/**
 * AWS::Serverless::Connector: permissions between two resources, written from the connector profiles. Works on plain
 * CloudFormation resources, so it runs after every other type. Also here: connectors embedded in their source.
 */
import { ref, logicalIdIn } from '#engines/sam/intrinsics.ts'
import { type Made, made, type Source } from '#engines/sam/resource.ts'
import { CONNECTOR } from '#engines/sam/rules.ts'
import { invalidResource, SamInvalid } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import {
  copyOf,
  type Dict,
  dictAt,
  isDict,
  listAt,
  memberOf,
  sameValue,
  textAt,
  type Value,
} from '#engines/templates/value.ts'

interface End {
  readonly id: string | undefined
  readonly type: string
  readonly arn: Value | undefined
  readonly roleName: Value | undefined
  readonly queueUrl: Value | undefined
  readonly resourceId: Value | undefined
  readonly name: Value | undefined
  readonly qualifier: Value | undefined
}

const PLAIN_TYPES = new Map([
  ['AWS::Serverless::Function', 'AWS::Lambda::Function'],
  ['AWS::Serverless::StateMachine', 'AWS::StepFunctions::StateMachine'],
  ['AWS::Serverless::Api', 'AWS::ApiGateway::RestApi'],
  ['AWS::Serverless::HttpApi', 'AWS::ApiGatewayV2::Api'],
  ['AWS::Serverless::SimpleTable', 'AWS::DynamoDB::Table'],
])

export function transformConnector(world: World, source: Source): Made[] {
  const { id, properties } = source
  const wanted = properties['Destination'] ?? null
  const many = Array.isArray(wanted)
  const from = dictAt(properties, 'Source') ?? {}
  const resources = (many ? wanted : [wanted]).flatMap((one, at) => {
    const destination = endOf(world, id, one, from)
    const start = endOf(world, id, from, isDict(one) ? one : {})
    return connect(world, source, { start, destination, suffix: many ? `Destination${at}` : '' })
  })
  if (resources.length === 0) invalidResource(id, "'Destination' is an empty list")
  renameDependents(
    world,
    id,
    resources.map((resource) => resource.id),
  )
  return resources
}

function endOf(world: World, connectorId: string, end: Value, other: Dict): End {
  const given = isDict(end) ? end : {}
  const more = Object.keys(given).filter((name) => name !== 'Id' && name !== 'Qualifier')
  if (Object.hasOwn(given, 'Id') === more.length > 0) {
    invalidResource(
      connectorId,
      "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.",
    )
  }
  const id = memberOf(given, 'Id')
  if (id === undefined || id === null || id === '') return plainEnd(connectorId, given)
  if (typeof id !== 'string') return invalidResource(connectorId, "'Id' is missing or not a string.")
  const resource = dictAt(world.targetResources, id)
  if (resource === undefined) {
    return invalidResource(connectorId, `Unable to find resource with logical ID '${id}'.`)
  }
  const type = textAt(resource, 'Type')
  if (type === undefined || type === '') {
    return invalidResource(connectorId, "'Type' is missing or not a string.")
  }
  const known = dictAt(dictAt(world.options.tables.connectors, 'CfnResourceProperties'), type) ?? {}
  const outputs = dictAt(filled(copyOf<Value>(known), { logicalId: id }), 'Outputs') ?? {}
  return {
    id,
    type,
    arn: memberOf(outputs, 'Arn'),
    roleName: roleName(known, dictAt(resource, 'Properties') ?? {}, other),
    queueUrl: memberOf(outputs, 'Url'),
    resourceId: memberOf(outputs, 'Id'),
    name: memberOf(outputs, 'Name'),
    qualifier: memberOf(given, 'Qualifier') ?? memberOf(outputs, 'Qualifier'),
  }
}

function plainEnd(connectorId: string, end: Dict): End {
  const type = memberOf(end, 'Type')
  if (typeof type !== 'string' || type === '') {
    return invalidResource(connectorId, "'Type' is missing or not a string.")
  }
  return {
    id: undefined,
    type: PLAIN_TYPES.get(type) ?? type,
    arn: memberOf(end, 'Arn'),
    roleName: memberOf(end, 'RoleName'),
    queueUrl: memberOf(end, 'QueueUrl'),
    resourceId: memberOf(end, 'ResourceId'),
    name: memberOf(end, 'Name'),
    qualifier: memberOf(end, 'Qualifier'),
  }
}

/** The role that the resource runs under; a rule's is its target's. */
function roleName(known: Dict, properties: Dict, other: Dict): Value | undefined {
  const from = memberOf(memberOf(known, 'Inputs'), 'Role')
  let role: Value | undefined
  if (typeof from === 'string') role = memberOf(properties, from)
  else if (textAt(from, 'Function') === 'GetEventsRuleRole') {
    const target = (listAt(properties, 'Targets') ?? []).find((one) => {
      const arn = memberOf(one, 'Arn')
      const id = logicalIdIn(arn)
      const named = memberOf(other, 'Arn')
      return (
        (id !== undefined && id === memberOf(other, 'Id')) || (named !== undefined && sameValue(arn, named))
      )
    })
    role = memberOf(target, 'RoleArn')
  }
  const id = logicalIdIn(role)
  return id === undefined ? undefined : ref(id)
}

interface Ends {
  readonly start: End
  readonly destination: End
  readonly suffix: string
}

function connect(world: World, source: Source, ends: Ends): Made[] {
  const { id, properties } = source
  const { start, destination } = ends
  const profiles = dictAt(world.options.tables.connectors, 'Permissions')
  const profile = memberOf(memberOf(profiles, start.type), destination.type)
  if (!isDict(profile)) {
    return invalidResource(
      id,
      `Unable to create connector from ${start.type} to ${destination.type}; it's not supported or the template is invalid.`,
    )
  }
  const wanted = [
    ...new Set((listAt(properties, 'Permissions') ?? []).filter((one) => typeof one === 'string')),
  ]
  checkPermissions(id, ends, dictAt(profile, 'Properties') ?? {}, wanted)
  const values: Record<string, Value | undefined> = {}
  for (const [name, end] of [
    ['Source', start],
    ['Destination', destination],
  ] as const) {
    values[`${name}.Arn`] = end.arn
    values[`${name}.ResourceId`] = end.resourceId
    values[`${name}.Name`] = end.name
    values[`${name}.Qualifier`] = end.qualifier
  }
  const filledProfile = filledOr(id, copyOf(dictAt(profile, 'Properties') ?? {}), values)
  const resources = resourcesOf(world, source, ends, {
    type: textAt(profile, 'Type') ?? '',
    properties: filledProfile,
    wanted,
  })
  const typeOf = (end: End): Value =>
    (end.id === undefined ? undefined : textAt(world.resources[end.id], 'Type')) ?? end.type
  for (const resource of resources) {
    resource.attributes['Metadata'] = {
      ...dictAt(resource.attributes, 'Metadata'),
      'aws:sam:connectors': {
        [id]: { Source: { Type: typeOf(start) }, Destination: { Type: typeOf(destination) } },
      },
    }
  }
  return resources
}

function checkPermissions(
  id: string,
  { start, destination }: Ends,
  profile: Dict,
  wanted: readonly string[],
): void {
  const known = Object.keys(dictAt(profile, 'AccessCategories') ?? {})
  const values = known.join(', ')
  if (wanted.length === 0) invalidResource(id, `'Permissions' cannot be empty; valid values are: ${values}.`)
  const head = `Unsupported 'Permissions' provided for connector from ${start.type} to ${destination.type}; `
  if (wanted.some((one) => !known.includes(one))) invalidResource(id, `${head}valid values are: ${values}.`)
  const combinations = (listAt(profile, 'ValidAccessCategories') ?? []).map((one) =>
    (Array.isArray(one) ? one : []).filter((name) => typeof name === 'string').sort(),
  )
  const own = [...wanted].sort().join(' + ')
  if (combinations.length > 0 && !combinations.some((one) => one.join(' + ') === own)) {
    invalidResource(
      id,
      `${head}valid combinations are: ${combinations.map((one) => one.join(' + ')).join(', ')}.`,
    )
  }
}

function filledOr(id: string, profile: Dict, values: Record<string, Value | undefined>): Dict {
  try {
    const out = filled(profile, values)
    return isDict(out) ? out : {}
  } catch (error) {
    if (error instanceof MissingValue) invalidResource(id, error.message)
    throw error
  }
}

class MissingValue extends SamInvalid {}

/** `%{Name}` replaced: by the value when it stands alone, else through Fn::Sub. */
function filled(node: Value, values: Readonly<Record<string, Value | undefined>>): Value {
  if (Array.isArray(node)) return node.map((item) => filled(item, values))
  if (isDict(node)) {
    return Object.fromEntries(Object.entries(node).map(([name, item]) => [name, filled(item, values)]))
  }
  if (typeof node !== 'string') return node
  let text = node
  const variables: Dict = {}
  for (const [name, value] of Object.entries(values)) {
    const pattern = `%{${name}}`
    if (!text.includes(pattern)) continue
    if (value === undefined || value === null) throw new MissingValue(`${name} is missing.`)
    if (text === pattern) return value
    const variable = name.replace(/[^A-Za-z0-9]/g, '')
    text = text.replaceAll(pattern, `\${${variable}}`)
    variables[variable] = value
  }
  if (!/\$\{.+\}/.test(text)) return text
  return { 'Fn::Sub': Object.keys(variables).length === 0 ? text : [text, variables] }
}

interface Profile {
  readonly type: string
  readonly properties: Dict
  readonly wanted: readonly string[]
}

function resourcesOf(world: World, source: Source, ends: Ends, profile: Profile): Made[] {
  const { id } = source
  const fromSource = profile.properties['SourcePolicy'] === true
  const end = fromSource ? ends.start : ends.destination
  const options = { attributes: source.attributes, dependsOn: source.dependsOn }
  const needed = (value: Value | undefined, what: string): Value =>
    value ??
    invalidResource(id, `Unable to get ${what} from '${fromSource ? 'Source' : 'Destination'}' resource.`)
  const document = (): Dict => statementsOf(profile)
  switch (profile.type) {
    case 'AWS_IAM_ROLE_MANAGED_POLICY': {
      const role = needed(end.roleName, 'IAM role name')
      const policy = made(
        `${id}Policy${ends.suffix}`,
        'AWS::IAM::ManagedPolicy',
        { PolicyDocument: document(), Roles: [role] },
        options,
      )
      makeDepend(world, ends, textAt(profile.properties, 'DependedBy'), policy.id)
      return [policy]
    }
    case 'AWS_SQS_QUEUE_POLICY': {
      const url = needed(end.queueUrl, 'SQS queue URL')
      return [
        made(
          `${id}QueuePolicy${ends.suffix}`,
          'AWS::SQS::QueuePolicy',
          { PolicyDocument: document(), Queues: [url] },
          options,
        ),
      ]
    }
    case 'AWS_SNS_TOPIC_POLICY': {
      const arn = needed(end.arn, 'SNS topic ARN')
      return [
        made(
          `${id}TopicPolicy${ends.suffix}`,
          'AWS::SNS::TopicPolicy',
          { PolicyDocument: document(), Topics: [arn] },
          options,
        ),
      ]
    }
    default: {
      const arn = needed(end.arn, 'Lambda function ARN')
      return Object.entries(dictAt(profile.properties, 'AccessCategories') ?? {})
        .filter(([name]) => profile.wanted.includes(name))
        .map(([name, category]) =>
          made(
            `${id}${name}LambdaPermission${ends.suffix}`,
            'AWS::Lambda::Permission',
            {
              Action: memberOf(category, 'Action'),
              FunctionName: arn,
              Principal: memberOf(category, 'Principal'),
              SourceArn: memberOf(category, 'SourceArn'),
              SourceAccount: memberOf(category, 'SourceAccount'),
            },
            options,
          ),
        )
    }
  }
}

const statementsOf = ({ properties, wanted }: Profile): Dict => ({
  Version: '2012-10-17',
  Statement: Object.entries(dictAt(properties, 'AccessCategories') ?? {})
    .filter(([name]) => wanted.includes(name))
    .flatMap(([, category]) => listAt(category, 'Statement') ?? []),
})

/** Some pairs need the policy before one of them exists: the resource, or the mapping between the two. */
function makeDepend(world: World, ends: Ends, by: string | undefined, policyId: string): void {
  const { start, destination } = ends
  if (start.id === undefined) return
  if (by === 'SOURCE') addDependsOn(world, start.id, policyId)
  if (by !== 'DESTINATION_EVENT_SOURCE_MAPPING' || destination.id === undefined) return
  const mappings = Object.entries(world.targetResources).filter(([, resource]) => {
    const properties = memberOf(resource, 'Properties')
    return (
      textAt(resource, 'Type') === 'AWS::Lambda::EventSourceMapping' &&
      logicalIdIn(memberOf(properties, 'FunctionName')) === destination.id &&
      logicalIdIn(memberOf(properties, 'EventSourceArn')) === start.id
    )
  })
  const only = mappings.length === 1 ? mappings[0] : undefined
  if (only !== undefined) addDependsOn(world, only[0], policyId)
}

function addDependsOn(world: World, id: string, policyId: string): void {
  const resource = dictAt(world.targetResources, id)
  if (resource === undefined) return
  const before = memberOf(resource, 'DependsOn') ?? []
  const list = Array.isArray(before) ? before : [before]
  resource['DependsOn'] = list.includes(policyId) ? list : [...list, policyId]
}

function renameDependents(world: World, id: string, fresh: readonly string[]): void {
  for (const resource of Object.values(world.targetResources)) {
    const before = memberOf(resource, 'DependsOn') ?? []
    const list = Array.isArray(before) ? before : [before]
    if (!isDict(resource) || !list.includes(id)) continue
    const kept = list.filter((one) => one !== id)
    resource['DependsOn'] = [...kept, ...fresh.filter((one) => !kept.includes(one))]
  }
}

/** `Connectors` of any resource become resources of their own, named after both. Wrong ones are told to `wrong`. */
export function embeddedConnectors(resources: Dict, wrong: (error: SamInvalid) => void): void {
  const made: Dict = {}
  for (const [id, resource] of Object.entries(resources)) {
    if (!isDict(resource) || !Object.hasOwn(resource, 'Connectors')) continue
    const connectors = resource['Connectors']
    delete resource['Connectors']
    try {
      if (!isDict(connectors)) invalidResource(id, `Attribute '${id}.Connectors' should be a map.`)
      for (const [name, connector] of Object.entries(isDict(connectors) ? connectors : {})) {
        made[id + name] = embedded(id, name, connector)
      }
    } catch (error) {
      if (!(error instanceof SamInvalid)) throw error
      wrong(error)
    }
  }
  Object.assign(resources, made)
}

function embedded(id: string, name: string, connector: Value): Dict {
  if (!isDict(connector)) return invalidResource(id + name, `${id}.${id}${name} should be a map.`)
  const properties = memberOf(connector, 'Properties')
  if (!isDict(properties)) {
    return invalidResource(id, `Attribute 'Connectors.${name}.Properties' should be a map.`)
  }
  const { SourceReference: reference, ...rest } = properties
  if (reference !== undefined && !isDict(reference)) {
    return invalidResource(id, `Property 'Connectors.${name}.Properties.SourceReference' should be a map.`)
  }
  if (reference !== undefined && Object.hasOwn(reference, 'Id')) {
    return invalidResource(name, "'Id' shouldn't be defined in 'SourceReference'.")
  }
  return {
    ...connector,
    Type: CONNECTOR,
    Properties: { ...rest, Source: { Id: id, ...reference } },
  }
}
