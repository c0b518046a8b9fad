/**
 * The SAM transform, AWS::Serverless-2016-10-31: a SAM template in, a CloudFormation template out. Pure. Globals and
 * implicit APIs come first; then the resources, functions before the APIs that they write into, connectors last.
 */
import { failed, ok, type Result } from '#base/result.ts'
import { deploymentResources } from '#engines/sam/deployment-preference.ts'
import { embeddedConnectors, transformConnector } from '#engines/sam/connector.ts'
import { transformFunction } from '#engines/sam/function.ts'
import { applyGlobals } from '#engines/sam/globals.ts'
import { transformHttpApi } from '#engines/sam/http-api.ts'
import { defaultDefinitions, implicitApis } from '#engines/sam/implicit-api.ts'
import { referredId } from '#engines/sam/api-event.ts'
import { expandPolicyTemplates } from '#engines/sam/policies.ts'
import { checked } from '#engines/sam/properties.ts'
import { renameDependsOn, renameIds, resolveParameters, resolveReferences } from '#engines/sam/resolver.ts'
import { type Made, printed, type Source } from '#engines/sam/resource.ts'
import { transformApi } from '#engines/sam/rest-api.ts'
import * as types from '#engines/sam/rules.ts'
import {
  EventInvalid,
  resourceText,
  samError,
  type SamError,
  SamInvalid,
  SamRefused,
  structureText,
} from '#engines/sam/sam-error.ts'
import {
  transformApplication,
  transformCapacityProvider,
  transformLayer,
  transformSimpleTable,
} from '#engines/sam/simple-types.ts'
import { transformStateMachine } from '#engines/sam/state-machine.ts'
import { sharedUsagePlan } from '#engines/sam/usage-plan.ts'
import { transformWebSocketApi } from '#engines/sam/websocket-api.ts'
import { type SamOptions, type World, conditionsOf } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

export type { SamError } from '#engines/sam/sam-error.ts'
export type { SamOptions, SamTables } from '#engines/sam/world.ts'

/** The transform's name in a template. */
export const SAM_TRANSFORM = 'AWS::Serverless-2016-10-31'

const MAKERS: ReadonlyMap<string, (world: World, source: Source) => Made[]> = new Map([
  [types.FUNCTION, transformFunction],
  [types.STATE_MACHINE, transformStateMachine],
  [types.API, transformApi],
  [types.HTTP_API, transformHttpApi],
  [types.WEBSOCKET_API, transformWebSocketApi],
  [types.SIMPLE_TABLE, transformSimpleTable],
  [types.LAYER_VERSION, transformLayer],
  [types.APPLICATION, transformApplication],
  [types.CAPACITY_PROVIDER, transformCapacityProvider],
  [types.CONNECTOR, transformConnector],
])

/** Properties of a SAM type that other parts of the template may name: `!Ref MyFunction.Alias`. */
const REFERABLE: ReadonlyMap<string, readonly (readonly [property: string, type: string])[]> = new Map([
  [
    types.FUNCTION,
    [
      ['Alias', 'AWS::Lambda::Alias'],
      ['Version', 'AWS::Lambda::Version'],
      ['DestinationTopic', 'AWS::SNS::Topic'],
      ['DestinationQueue', 'AWS::SQS::Queue'],
    ],
  ],
  [
    types.API,
    [
      ['Stage', 'AWS::ApiGateway::Stage'],
      ['Deployment', 'AWS::ApiGateway::Deployment'],
      ['DomainName', 'AWS::ApiGateway::DomainName'],
      ['DomainNameV2', 'AWS::ApiGateway::DomainNameV2'],
      ['UsagePlan', 'AWS::ApiGateway::UsagePlan'],
      ['UsagePlanKey', 'AWS::ApiGateway::UsagePlanKey'],
      ['ApiKey', 'AWS::ApiGateway::ApiKey'],
    ],
  ],
  [
    types.HTTP_API,
    [
      ['Stage', 'AWS::ApiGatewayV2::Stage'],
      ['DomainName', 'AWS::ApiGatewayV2::DomainName'],
    ],
  ],
  [
    types.WEBSOCKET_API,
    [
      ['Stage', 'AWS::ApiGatewayV2::Stage'],
      ['DomainName', 'AWS::ApiGatewayV2::DomainName'],
    ],
  ],
])

/** Logical ids that a transform may give to a resource although the template has one of that name. */
const MAY_REPLACE = new Map<string, readonly string[]>([
  ['AWS::Lambda::Function', [types.FUNCTION]],
  ['AWS::Lambda::LayerVersion', [types.LAYER_VERSION]],
  ['AWS::Lambda::CapacityProvider', [types.CAPACITY_PROVIDER]],
  ['AWS::ApiGateway::RestApi', [types.API]],
  ['AWS::ApiGatewayV2::Api', [types.HTTP_API, types.WEBSOCKET_API]],
  ['AWS::S3::Bucket', ['AWS::S3::Bucket']],
  ['AWS::SNS::Topic', ['AWS::SNS::Topic']],
  ['AWS::DynamoDB::Table', [types.SIMPLE_TABLE]],
  ['AWS::CloudFormation::Stack', [types.APPLICATION]],
  ['AWS::Cognito::UserPool', ['AWS::Cognito::UserPool']],
  ['AWS::ApiGateway::DomainName', ['AWS::ApiGateway::DomainName']],
  ['AWS::ApiGateway::BasePathMapping', ['AWS::ApiGateway::BasePathMapping']],
  ['AWS::StepFunctions::StateMachine', [types.STATE_MACHINE]],
])

/**
 * Source: SAM specification and the outputs that SAM publishes for its templates. The body is not changed.
 * GraphQLApi is not transformed yet and says so.
 */
export function transformSam(body: Dict, options: SamOptions): Result<Dict, SamError> {
  const source = copyOf(body)
  const wrong: string[] = []
  try {
    checkResources(source)
    const resources = dictAt(source, 'Resources') ?? {}
    defaultDefinitions(resources)
    implicitApis(source)
    applyGlobals(source)
    embeddedConnectors(resources, (error) => wrong.push(error.message))
    const world = worldOf(source, options)
    const renamed = transformAll(world, wrong)
    addDeployments(world, wrong)
    delete world.target['Transform']
    if (wrong.length > 0) return failed(samError(wrong))
    renameDependsOn(world.target, renamed)
    renameIds(world.target, renamed)
    resolveReferences(world.target, world.references)
    return ok(world.target)
  } catch (error) {
    if (error instanceof SamRefused) return failed(samError(error.causes))
    if (error instanceof SamInvalid) return failed(samError([...wrong, error.message]))
    throw error
  }
}

function checkResources(source: Dict): void {
  const resources = memberOf(source, 'Resources')
  if (!isDict(resources) || Object.keys(resources).length === 0) {
    throw new SamRefused([structureText("'Resources' section is required")])
  }
  for (const [id, resource] of Object.entries(resources)) {
    if (!isDict(resource)) {
      throw new SamRefused([
        structureText(
          "All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.",
        ),
      ])
    }
    const type = textAt(resource, 'Type')
    if (
      type === undefined ||
      !types.RULES.has(type) ||
      type === types.CONNECTOR ||
      type === types.GRAPHQL_API
    ) {
      continue
    }
    const condition = memberOf(resource, 'Condition')
    if (condition !== undefined && condition !== null && condition !== '' && typeof condition !== 'string') {
      throw new SamRefused([structureText('Every Condition member must be a string.')])
    }
    const properties = memberOf(resource, 'Properties')
    if (properties !== undefined && !isDict(properties)) {
      throw new SamRefused([resourceText(id, "Attribute 'Properties' should be a map.")])
    }
  }
}

function worldOf(source: Dict, options: SamOptions): World {
  const target = copyOf(source)
  const parameters = new Map<string, Value>(Object.entries(options.parameterValues))
  for (const [name, definition] of Object.entries(dictAt(source, 'Parameters') ?? {})) {
    const fallback = memberOf(definition, 'Default')
    if (!parameters.has(name) && fallback !== undefined) parameters.set(name, fallback)
  }
  if (!parameters.has('AWS::Region')) parameters.set('AWS::Region', options.region)
  if (!parameters.has('AWS::Partition')) parameters.set('AWS::Partition', options.partition)
  return {
    options,
    source,
    resources: dictAt(source, 'Resources') ?? {},
    target,
    targetResources: dictAt(target, 'Resources') ?? {},
    parameters,
    mappings: dictAt(source, 'Mappings') ?? {},
    deployments: new Map(),
    usagePlan: sharedUsagePlan(),
    recordSets: new Map(),
    functionNames: new Map(),
    references: new Map(),
  }
}

/** Functions write into APIs, so APIs come after them; connectors read what all others made. */
function ordered(resources: Dict): [string, Dict][] {
  const rank = (type: string): number => {
    if (type === types.FUNCTION) return 0
    if (type === types.STATE_MACHINE) return 1
    if (type === types.API || type === types.HTTP_API || type === types.WEBSOCKET_API) return 2
    return type === types.CONNECTOR ? 4 : 3
  }
  return Object.entries(resources)
    .flatMap(([id, resource]): [string, Dict][] => {
      const type = textAt(resource, 'Type')
      return isDict(resource) && type !== undefined && types.RULES.has(type) ? [[id, resource]] : []
    })
    .sort(([, a], [, b]) => rank(textAt(a, 'Type') ?? '') - rank(textAt(b, 'Type') ?? ''))
}

function transformAll(world: World, wrong: string[]): Map<string, string> {
  const renamed = new Map<string, string>()
  for (const [id, resource] of ordered(world.resources)) {
    try {
      const fresh = transformOne(world, id, resource, wrong)
      if (fresh !== id) renamed.set(id, fresh)
    } catch (error) {
      if (!(error instanceof SamInvalid) && !(error instanceof EventInvalid)) throw error
      wrong.push(error.message)
    }
  }
  return renamed
}

/** Writes what the resource becomes; answers its logical id, which a layer changes. */
function transformOne(world: World, id: string, resource: Dict, wrong: string[]): string {
  const type = textAt(resource, 'Type') ?? ''
  const make = MAKERS.get(type)
  if (make === undefined) {
    throw new SamInvalid(resourceText(id, `Windtunnel does not transform ${type} yet.`))
  }
  const properties = dictAt(resource, 'Properties')
  if (properties !== undefined && (type === types.FUNCTION || type === types.STATE_MACHINE)) {
    expandPolicyTemplates(id, properties, world.options.tables)
  }
  if (type === types.APPLICATION && memberOf(properties, 'Location') === undefined) {
    throw new SamInvalid(resourceText(id, 'Resource is missing the required [Location] property.'))
  }
  const source = checked(id, resource, type, types.RULES.get(type) ?? [])
  if (type === types.FUNCTION) noteFunctionName(world, source)
  const all = make(world, source)
  noteReferences(world, id, type, all)
  delete world.targetResources[id]
  const metadata = memberOf(resource, 'Metadata')
  for (const one of all) {
    const before = memberOf(world.resources, one.id)
    if (before !== undefined && !(MAY_REPLACE.get(one.type) ?? []).includes(textAt(before, 'Type') ?? '')) {
      wrong.push(
        `Transforming resource with id [${id}] attempts to create a new resource with id [${one.id}] and type "${one.type}". A resource with that id already exists within this template. Please use a different id for that resource.`,
      )
      continue
    }
    const out = copyOf(printed(one))
    const fresh = memberOf(world.targetResources, one.id) === undefined
    if (metadata !== undefined && metadata !== null && world.options.keepMetadata === true && fresh) {
      out['Metadata'] = copyOf(metadata)
    }
    world.targetResources[one.id] = out
  }
  return type === types.LAYER_VERSION ? (all[0]?.id ?? id) : id
}

/** An API is deployed anew when a function behind it gets another name. */
function noteFunctionName(world: World, { properties }: Source): void {
  const name = resolveParameters(
    properties['FunctionName'] === undefined ? undefined : copyOf(properties['FunctionName']),
    world.parameters,
  )
  for (const event of Object.values(dictAt(properties, 'Events') ?? {})) {
    const api = referredId(memberOf(memberOf(event, 'Properties'), 'RestApiId'))
    if (textAt(event, 'Type') !== 'Api' || typeof api !== 'string' || name === undefined || name === '')
      continue
    const text = typeof name === 'string' ? name : JSON.stringify(name)
    world.functionNames.set(api, (world.functionNames.get(api) ?? '') + text)
  }
}

function noteReferences(world: World, id: string, type: string, all: readonly Made[]): void {
  const found = new Map<string, string>()
  for (const [property, wanted] of REFERABLE.get(type) ?? []) {
    const last = all.findLast((one) => one.type === wanted)
    if (last !== undefined) found.set(property, last.id)
  }
  if (found.size > 0) world.references.set(id, found)
}

function addDeployments(world: World, wrong: string[]): void {
  try {
    const { resources, conditions } = deploymentResources(world)
    for (const one of resources) world.targetResources[one.id] = copyOf(printed(one))
    if (Object.keys(conditions).length > 0) Object.assign(conditionsOf(world), conditions)
  } catch (error) {
    if (!(error instanceof SamInvalid)) throw error
    wrong.push(error.message)
  }
}
