/** AWS::Events: buses, rules with their targets, archives, connections and API destinations. */
import { Fault } from '#base/fault.ts'
import { type Dict, listAt, memberOf, sameValue, textAt, type Value } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  documentText,
  isGone,
  pick,
  refuse,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

const DEFAULT_BUS = 'default'
/** Targets that one call takes. Source: EventBridge API, PutTargets. */
const TARGETS_AT_ONCE = 10

const arnOf = ({ stack }: ResourceContext, resource: string): string =>
  ['arn', stack.partition, 'events', stack.region, stack.account, resource].join(':')

/** Templates give a bus by name or by ARN. */
const busName = (bus: string | undefined): string =>
  bus === undefined ? DEFAULT_BUS : bus.slice(bus.lastIndexOf('/') + 1)

/** True when the thing is there. */
async function isThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look()
    return true
  } catch (error) {
    if (error instanceof Fault && isGone(error.code)) return false
    throw error
  }
}

function refuseExisting(type: string, name: string): never {
  throw new Fault('AlreadyExists', `Resource of type '${type}' with identifier '${name}' already exists.`)
}

const ruleName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'Name') ?? context.name(64)

/** Source: CloudFormation, AWS::Events::Rule, Return values: the name, after the bus when it is not the default one. */
function madeRule(context: ResourceContext, name: string, bus: string): Made {
  const inBus = bus === DEFAULT_BUS ? name : `${bus}/${name}`
  return {
    physicalId: bus === DEFAULT_BUS ? name : `${bus}|${name}`,
    attributes: { Arn: arnOf(context, `rule/${inBus}`), RuleName: name },
  }
}

async function putRule(context: ResourceContext, name: string, properties: Dict): Promise<void> {
  await context.call(
    'events',
    'PutRule',
    request({
      ...pick(properties, ['EventBusName', 'ScheduleExpression', 'State', 'Description', 'RoleArn']),
      Name: name,
      EventPattern: documentText(memberOf(properties, 'EventPattern')),
      Tags: tagList(properties),
    }),
  )
}

const targetsOf = (properties: Dict): Value[] => listAt(properties, 'Targets') ?? []

async function putTargets(
  context: ResourceContext,
  rule: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const EventBusName = textAt(properties, 'EventBusName')
  const old = targetsOf(before)
  const fresh = targetsOf(properties)
  const changed = fresh.filter((target) => !old.some((other) => sameValue(other, target)))
  for (let at = 0; at < changed.length; at += TARGETS_AT_ONCE) {
    const { FailedEntries: failed = [] } = await context.call(
      'events',
      'PutTargets',
      request({ Rule: rule, EventBusName, Targets: changed.slice(at, at + TARGETS_AT_ONCE) }),
    )
    const [first] = failed
    if (first !== undefined)
      throw validationError(`Target ${first.TargetId ?? ''}: ${first.ErrorMessage ?? first.ErrorCode ?? ''}`)
  }
  const ids = new Set(fresh.map((target) => textAt(target, 'Id')))
  const gone = old.flatMap((target) => {
    const id = textAt(target, 'Id')
    return id === undefined || ids.has(id) ? [] : [id]
  })
  if (gone.length > 0)
    await context.call('events', 'RemoveTargets', request({ Rule: rule, EventBusName, Ids: gone }))
}

export const eventsRule: ResourceHandler = {
  async create(context, properties) {
    const name = ruleName(context, properties)
    const EventBusName = textAt(properties, 'EventBusName')
    // PutRule changes a rule of the same name that was there before: not this stack's.
    if (await isThere(() => context.call('events', 'DescribeRule', request({ Name: name, EventBusName }))))
      refuseExisting('AWS::Events::Rule', name)
    await putRule(context, name, properties)
    await putTargets(context, name, properties, {})
    return madeRule(context, name, busName(EventBusName))
  },
  async update(context, id, properties, before) {
    const name = id.slice(id.indexOf('|') + 1)
    await putRule(context, name, properties)
    await putTargets(context, name, properties, before)
    const made = madeRule(context, name, busName(textAt(properties, 'EventBusName')))
    await retag(context, text(made.attributes, 'Arn'), properties, before)
    return made
  },
  async delete(context, id, properties) {
    const name = id.slice(id.indexOf('|') + 1)
    const bus = { EventBusName: textAt(properties, 'EventBusName') }
    const ids = targetsOf(properties).flatMap((target) => textAt(target, 'Id') ?? [])
    if (ids.length > 0)
      await unlessGone(() =>
        context.call('events', 'RemoveTargets', request({ Rule: name, ...bus, Ids: ids })),
      )
    await unlessGone(() => context.call('events', 'DeleteRule', request({ Name: name, ...bus })))
  },
  async find(context, properties) {
    const name = ruleName(context, properties)
    const EventBusName = textAt(properties, 'EventBusName')
    const id = madeRule(context, name, busName(EventBusName)).physicalId
    const there = await isThere(() =>
      context.call('events', 'DescribeRule', request({ Name: name, EventBusName })),
    )
    return there ? id : undefined
  },
}

async function retag(context: ResourceContext, arn: string, properties: Dict, before: Dict): Promise<void> {
  const { set, gone } = changedTags(properties, before)
  const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
  if (tags.length > 0) await context.call('events', 'TagResource', { ResourceARN: arn, Tags: tags })
  if (gone.length > 0) await context.call('events', 'UntagResource', { ResourceARN: arn, TagKeys: gone })
}

const BUS_SETTINGS = ['Description', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig']

const madeBus = (context: ResourceContext, name: string, properties: Dict): Made => ({
  physicalId: name,
  attributes: {
    Arn: arnOf(context, `event-bus/${name}`),
    Name: name,
    Policy: documentText(memberOf(properties, 'Policy')) ?? '',
  },
})

export const eventsEventBus: ResourceHandler = {
  async create(context, properties) {
    const name = text(properties, 'Name')
    await context.call(
      'events',
      'CreateEventBus',
      request({
        Name: name,
        ...pick(properties, ['EventSourceName', ...BUS_SETTINGS]),
        Tags: tagList(properties),
      }),
    )
    const policy = documentText(memberOf(properties, 'Policy'))
    if (policy !== undefined)
      await context.call('events', 'PutPermission', { EventBusName: name, Policy: policy })
    return madeBus(context, name, properties)
  },
  async update(context, name, properties, before) {
    const settings = pick(properties, BUS_SETTINGS)
    if (!sameValue(settings, pick(before, BUS_SETTINGS)))
      await context.call('events', 'UpdateEventBus', request({ Name: name, ...settings }))
    const policy = documentText(memberOf(properties, 'Policy'))
    if (policy !== documentText(memberOf(before, 'Policy'))) {
      if (policy === undefined)
        await context.call('events', 'RemovePermission', { EventBusName: name, RemoveAllPermissions: true })
      else await context.call('events', 'PutPermission', { EventBusName: name, Policy: policy })
    }
    const made = madeBus(context, name, properties)
    await retag(context, text(made.attributes, 'Arn'), properties, before)
    return made
  },
  async delete(context, name) {
    await unlessGone(() => context.call('events', 'DeleteEventBus', { Name: name }))
  },
  existing: (_, properties) => text(properties, 'Name'),
}

/** One statement of a bus's policy. */
export const eventsEventBusPolicy: ResourceHandler = {
  async create(context, properties) {
    const bus = busName(textAt(properties, 'EventBusName'))
    const statement = text(properties, 'StatementId')
    const whole = memberOf(properties, 'Statement')
    if (whole !== undefined) {
      refuse('AWS::Events::EventBusPolicy', properties, ['Action', 'Principal', 'Condition'])
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [Object.assign({ Sid: statement }, whole)],
      })
      await context.call('events', 'PutPermission', { EventBusName: bus, Policy })
    } else {
      await context.call(
        'events',
        'PutPermission',
        request({
          EventBusName: bus,
          StatementId: statement,
          ...pick(properties, ['Action', 'Principal', 'Condition']),
        }),
      )
    }
    return { physicalId: `${bus}|${statement}`, attributes: {} }
  },
  update: (context, _, properties) => eventsEventBusPolicy.create(context, properties),
  async delete(context, id) {
    const [EventBusName = DEFAULT_BUS, StatementId = ''] = id.split('|')
    await unlessGone(() => context.call('events', 'RemovePermission', { EventBusName, StatementId }))
  },
}

const archiveName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'ArchiveName') ?? context.name(48)

const archiveSettings = (properties: Dict): Dict =>
  request({
    ...pick(properties, ['Description', 'RetentionDays', 'KmsKeyIdentifier']),
    EventPattern: documentText(memberOf(properties, 'EventPattern')),
  })

export const eventsArchive: ResourceHandler = {
  async create(context, properties) {
    const name = archiveName(context, properties)
    await context.call(
      'events',
      'CreateArchive',
      request({
        ArchiveName: name,
        EventSourceArn: text(properties, 'SourceArn'),
        ...archiveSettings(properties),
      }),
    )
    return { physicalId: name, attributes: { Arn: arnOf(context, `archive/${name}`) } }
  },
  async update(context, name, properties) {
    await context.call(
      'events',
      'UpdateArchive',
      request({ ArchiveName: name, ...archiveSettings(properties) }),
    )
    return { physicalId: name, attributes: { Arn: arnOf(context, `archive/${name}`) } }
  },
  async delete(context, name) {
    await unlessGone(() => context.call('events', 'DeleteArchive', { ArchiveName: name }))
  },
  existing: archiveName,
}

const CONNECTION = [
  'AuthorizationType',
  'AuthParameters',
  'Description',
  'InvocationConnectivityParameters',
  'KmsKeyIdentifier',
]

const namedOf = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'Name') ?? context.name(64)

async function madeConnection(context: ResourceContext, name: string): Promise<Made> {
  const found = await context.call('events', 'DescribeConnection', { Name: name })
  const arn = found.ConnectionArn ?? ''
  return {
    physicalId: name,
    attributes: { Arn: arn, ArnForPolicy: policyArn(arn), SecretArn: found.SecretArn ?? '' },
  }
}

/** The ARN without the id that changes with each creation. Source: CloudFormation, AWS::Events::Connection, ArnForPolicy. */
const policyArn = (arn: string): string => arn.slice(0, arn.lastIndexOf('/'))

export const eventsConnection: ResourceHandler = {
  async create(context, properties) {
    const name = namedOf(context, properties)
    await context.call('events', 'CreateConnection', request({ Name: name, ...pick(properties, CONNECTION) }))
    return await madeConnection(context, name)
  },
  async update(context, name, properties) {
    await context.call('events', 'UpdateConnection', request({ Name: name, ...pick(properties, CONNECTION) }))
    return await madeConnection(context, name)
  },
  async delete(context, name) {
    await unlessGone(() => context.call('events', 'DeleteConnection', { Name: name }))
  },
  existing: namedOf,
}

const DESTINATION = [
  'ConnectionArn',
  'Description',
  'HttpMethod',
  'InvocationEndpoint',
  'InvocationRateLimitPerSecond',
]

async function madeDestination(context: ResourceContext, name: string): Promise<Made> {
  const found = await context.call('events', 'DescribeApiDestination', { Name: name })
  const arn = found.ApiDestinationArn ?? ''
  return { physicalId: name, attributes: { Arn: arn, ArnForPolicy: policyArn(arn) } }
}

export const eventsApiDestination: ResourceHandler = {
  async create(context, properties) {
    const name = namedOf(context, properties)
    await context.call(
      'events',
      'CreateApiDestination',
      request({ Name: name, ...pick(properties, DESTINATION) }),
    )
    return await madeDestination(context, name)
  },
  async update(context, name, properties) {
    await context.call(
      'events',
      'UpdateApiDestination',
      request({ Name: name, ...pick(properties, DESTINATION) }),
    )
    return await madeDestination(context, name)
  },
  async delete(context, name) {
    await unlessGone(() => context.call('events', 'DeleteApiDestination', { Name: name }))
  },
  existing: namedOf,
}
