/** EventInvokeConfig: where the outcome of an asynchronous invocation goes; a queue or topic is made when none is named. */
import {
  conditional,
  given,
  ifParts,
  isNoValue,
  isIf,
  not,
  ref,
  IF_ARGUMENTS,
} from '#engines/sam/intrinsics.ts'
import { digest } from '#engines/sam/logical-id.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { arnOf, type Made, made, passedOn, refTo, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import {
  invokeFunction,
  publishToTopic,
  putEvents,
  sendToQueue,
  writeToBucket,
} from '#engines/sam/statements.ts'
import { conditionsOf, type World } from '#engines/sam/world.ts'
import { type Dict, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

interface Outcome {
  readonly resources: Made[]
  readonly policies: Value[]
}

const TYPES = ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']
const POLICIES = new Map<string, (arn: Value, id: string) => Dict>([
  ['SQS', sendToQueue],
  ['SNS', publishToTopic],
  ['EventBridge', putEvents],
  ['Lambda', invokeFunction],
  ['S3Bucket', writeToBucket],
])

export function eventInvokeConfig(world: World, source: Source, alias: Made | undefined): Outcome {
  const { id, properties } = source
  const resources: Made[] = []
  const policies: Value[] = []
  if (!given(properties['EventInvokeConfig'])) return { resources, policies }
  const config = resolveParameters(properties['EventInvokeConfig'], world.parameters) ?? null
  const configId = `${id}EventInvokeConfig`
  const destinations: Dict = {}
  const wanted = memberOf(config, 'DestinationConfig')
  if (wanted !== undefined && given(wanted)) {
    if (!isDict(wanted))
      return invalidResource(id, "Property 'EventInvokeConfig.DestinationConfig' should be a map.")
    for (const name of ['OnSuccess', 'OnFailure']) {
      const one = memberOf(wanted, name)
      if (one === undefined || one === null) continue
      if (!isDict(one)) {
        return invalidResource(id, `Property 'EventInvokeConfig.DestinationConfig.${name}' should be a map.`)
      }
      const found = destinationOf(world, source, one, { configId, name })
      destinations[name] = { Destination: found.destination }
      one['Destination'] = found.destination
      if (found.resource !== undefined) resources.push(found.resource)
      if (found.policy !== undefined) policies.push(found.policy)
    }
  }
  resources.push(
    made(
      configId,
      'AWS::Lambda::EventInvokeConfig',
      {
        FunctionName: ref(id),
        Qualifier: alias === undefined ? '$LATEST' : (textAt(alias.properties, 'Name') ?? '$LATEST'),
        DestinationConfig: destinations,
        MaximumEventAgeInSeconds: memberOf(config, 'MaximumEventAgeInSeconds'),
        MaximumRetryAttempts: memberOf(config, 'MaximumRetryAttempts'),
      },
      { attributes: source.attributes, dependsOn: alias === undefined ? undefined : [alias.id] },
    ),
  )
  return { resources, policies }
}

interface Destination {
  readonly resource: Made | undefined
  readonly destination: Value
  readonly policy: Value | undefined
}

function destinationOf(
  world: World,
  source: Source,
  wanted: Dict,
  at: { readonly configId: string; readonly name: string },
): Destination {
  const type = textAt(wanted, 'Type')
  if (type === undefined || !TYPES.includes(type)) {
    const list = TYPES.map((one) => `'${one}'`).join(', ')
    return invalidResource(source.id, `'Type: ${type ?? 'None'}' must be one of [${list}]`)
  }
  const given = memberOf(wanted, 'Destination') ?? null
  const placeId = at.configId + at.name
  const policyFor = (arn: Value): Value | undefined => POLICIES.get(type)?.(arn, placeId)
  const split = given === null ? undefined : splitCondition(world, given, at.configId)
  if (given !== null && split === undefined) {
    return { resource: undefined, destination: given, policy: policyFor(given) }
  }
  if (type !== 'SQS' && type !== 'SNS') {
    return invalidResource(source.id, "Destination is required if Type is not ['SQS', 'SNS']")
  }
  const resource =
    type === 'SQS'
      ? made(`${placeId}Queue`, 'AWS::SQS::Queue', {}, { attributes: passedOn(source) })
      : made(`${placeId}Topic`, 'AWS::SNS::Topic', {}, { attributes: passedOn(source) })
  const condition = bothConditions(world, source, split?.condition)
  if (condition !== undefined) resource.attributes['Condition'] = condition
  const arn = type === 'SQS' ? arnOf(resource) : refTo(resource)
  const destination = split === undefined ? arn : conditional(split.condition, arn, split.arn)
  return { resource, destination, policy: policyFor(destination) }
}

/** Fn::If with one branch empty: the condition under which SAM makes the destination, and the other branch. */
function splitCondition(
  world: World,
  destination: Value,
  configId: string,
): { readonly condition: string; readonly arn: Value } | undefined {
  if (!isIf(destination)) return undefined
  const parts = ifParts(destination)
  if (parts === undefined)
    return invalidResource(configId, `Malformed 'Destination' property: ${IF_ARGUMENTS}.`)
  const [condition, then, otherwise] = parts
  if (typeof condition !== 'string' || isNoValue(then) === isNoValue(otherwise)) return undefined
  if (isNoValue(then)) return { condition, arn: otherwise }
  const negated = `NOT${condition}${digest(configId)}`
  conditionsOf(world)[negated] = not(condition)
  return { condition: negated, arn: then }
}

function bothConditions(world: World, source: Source, property: string | undefined): string | undefined {
  const own = textAt(source.attributes, 'Condition')
  if (own === undefined || property === undefined) return property ?? own
  const name = `${own}AND${property}${digest(source.id)}`
  conditionsOf(world)[name] = { 'Fn::And': [{ Condition: own }, { Condition: property }] }
  return name
}
