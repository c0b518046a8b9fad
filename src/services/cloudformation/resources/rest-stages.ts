/** Deployments and stages of REST APIs. A stage is changed by patches; a deployment is never changed but in words. */
import {
  type Dict,
  dictAt,
  listAt,
  memberOf,
  sameValue,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import type { ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { refuse, request, tagMap, text, unlessGone } from '#services/cloudformation/resources/properties.ts'
import { firstOf, madeSince } from '#services/cloudformation/resources/search.ts'

export const restDeployment: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::ApiGateway::Deployment', properties, ['DeploymentCanarySettings'])
    const stage = dictAt(properties, 'StageDescription')
    const deployment = await context.call(
      'apigateway',
      'CreateDeployment',
      request({
        restApiId: text(properties, 'RestApiId'),
        stageName: memberOf(properties, 'StageName'),
        description: memberOf(properties, 'Description'),
        stageDescription: memberOf(stage, 'Description'),
        variables: memberOf(stage, 'Variables'),
        tracingEnabled: memberOf(stage, 'TracingEnabled'),
      }),
    )
    const id = deployment.id ?? ''
    return { physicalId: id, attributes: { DeploymentId: id } }
  },
  async update(context, id, properties, before) {
    const description = textAt(properties, 'Description')
    if (description !== textAt(before, 'Description')) {
      await context.call('apigateway', 'UpdateDeployment', {
        restApiId: text(properties, 'RestApiId'),
        deploymentId: id,
        patchOperations: [{ op: 'replace', path: '/description', value: description ?? '' }],
      })
    }
    return { physicalId: id, attributes: { DeploymentId: id } }
  },
  /** The stage that the deployment itself made goes with it, unless another deployment has it now. */
  async delete(context, id, properties) {
    const restApiId = text(properties, 'RestApiId')
    const stageName = textAt(properties, 'StageName')
    if (stageName !== undefined) {
      await unlessGone(async () => {
        const stage = await context.call('apigateway', 'GetStage', { restApiId, stageName })
        if (stage.deploymentId === id)
          await context.call('apigateway', 'DeleteStage', { restApiId, stageName })
      })
    }
    await unlessGone(() => context.call('apigateway', 'DeleteDeployment', { restApiId, deploymentId: id }))
  },
  /** A deployment carries no mark: it is the one of these words that was made since and belongs to no stack. */
  async find(context, properties, { taken, since }) {
    const restApiId = text(properties, 'RestApiId')
    const found = await firstOf(
      async (position) => {
        const page = await context.call(
          'apigateway',
          'GetDeployments',
          request({ restApiId, limit: 500, position }),
        )
        return { items: page.items ?? [], next: page.position }
      },
      ({ id, description, createdDate }) =>
        id !== undefined &&
        !taken.has(id) &&
        description === textAt(properties, 'Description') &&
        madeSince(createdDate, since),
    )
    return found?.id
  },
}

interface Patch {
  readonly op: string
  readonly path: string
  readonly value?: string
}

const PATCHED = new Map([
  ['DeploymentId', '/deploymentId'],
  ['Description', '/description'],
  ['TracingEnabled', '/tracingEnabled'],
  ['CacheClusterEnabled', '/cacheClusterEnabled'],
  ['CacheClusterSize', '/cacheClusterSize'],
  ['ClientCertificateId', '/clientCertificateId'],
  ['DocumentationVersion', '/documentationVersion'],
])

/** The settings of `MethodSettings`, as paths of a patch. Source: API Gateway API, UpdateStage patch operations. */
const METHOD_SETTINGS = new Map([
  ['LoggingLevel', 'logging/loglevel'],
  ['DataTraceEnabled', 'logging/dataTrace'],
  ['MetricsEnabled', 'metrics/enabled'],
  ['ThrottlingBurstLimit', 'throttling/burstLimit'],
  ['ThrottlingRateLimit', 'throttling/rateLimit'],
  ['CachingEnabled', 'caching/enabled'],
  ['CacheTtlInSeconds', 'caching/ttlInSeconds'],
  ['CacheDataEncrypted', 'caching/dataEncrypted'],
])

const methodPath = (setting: Value): string => {
  const path = textAt(setting, 'ResourcePath') ?? '/*'
  const method = textAt(setting, 'HttpMethod') ?? '*'
  const plain = path === '/*' ? '*' : path.replaceAll('~', '~0').replaceAll('/', '~1')
  return `/${plain}/${method}`
}

function methodPatches(properties: Dict, before: Dict): Patch[] {
  const old = new Map(
    (listAt(before, 'MethodSettings') ?? []).map((setting) => [methodPath(setting), setting]),
  )
  const out: Patch[] = []
  for (const setting of listAt(properties, 'MethodSettings') ?? []) {
    const path = methodPath(setting)
    const was = old.get(path)
    old.delete(path)
    for (const [name, tail] of METHOD_SETTINGS) {
      const value = memberOf(setting, name)
      if (value === undefined || sameValue(value, memberOf(was, name))) continue
      out.push({ op: 'replace', path: `${path}/${tail}`, value: scalarText(value) ?? '' })
    }
  }
  for (const path of old.keys()) out.push({ op: 'remove', path })
  return out
}

/** What differs, as patches. A new stage is patched with what CreateStage does not take. */
function patchesOf(properties: Dict, before: Dict, names: ReadonlyMap<string, string>): Patch[] {
  const out: Patch[] = []
  for (const [name, path] of names) {
    const [old, fresh] = [memberOf(before, name), memberOf(properties, name)]
    if (!sameValue(old, fresh)) out.push({ op: 'replace', path, value: scalarText(fresh) ?? '' })
  }
  const logs = dictAt(properties, 'AccessLogSetting')
  const oldLogs = dictAt(before, 'AccessLogSetting')
  for (const [name, path] of [
    ['DestinationArn', '/accessLogSettings/destinationArn'],
    ['Format', '/accessLogSettings/format'],
  ] as const) {
    const value = textAt(logs, name)
    if (value !== undefined && value !== textAt(oldLogs, name)) out.push({ op: 'replace', path, value })
  }
  if (logs === undefined && oldLogs !== undefined) out.push({ op: 'remove', path: '/accessLogSettings' })
  return [...out, ...methodPatches(properties, before)]
}

function variablePatches(properties: Dict, before: Dict): Patch[] {
  const [old, fresh] = [dictAt(before, 'Variables') ?? {}, dictAt(properties, 'Variables') ?? {}]
  const set = Object.entries(fresh)
    .filter(([name, value]) => old[name] !== value)
    .map(([name, value]) => ({ op: 'replace', path: `/variables/${name}`, value: scalarText(value) ?? '' }))
  const gone = Object.keys(old)
    .filter((name) => !Object.hasOwn(fresh, name))
    .map((name) => ({ op: 'remove', path: `/variables/${name}` }))
  return [...set, ...gone]
}

async function patch(
  context: ResourceContext,
  properties: Dict,
  name: string,
  patches: readonly Patch[],
): Promise<void> {
  if (patches.length === 0) return
  await context.call(
    'apigateway',
    'UpdateStage',
    request({ restApiId: text(properties, 'RestApiId'), stageName: name, patchOperations: patches }),
  )
}

export const restStage: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::ApiGateway::Stage', properties, ['CanarySetting'])
    const name = textAt(properties, 'StageName') ?? 'default'
    const tags = tagMap(properties)
    await context.call(
      'apigateway',
      'CreateStage',
      request({
        restApiId: text(properties, 'RestApiId'),
        stageName: name,
        deploymentId: memberOf(properties, 'DeploymentId'),
        description: memberOf(properties, 'Description'),
        cacheClusterEnabled: memberOf(properties, 'CacheClusterEnabled'),
        cacheClusterSize: memberOf(properties, 'CacheClusterSize'),
        variables: memberOf(properties, 'Variables'),
        documentationVersion: memberOf(properties, 'DocumentationVersion'),
        tracingEnabled: memberOf(properties, 'TracingEnabled'),
        tags: Object.keys(tags).length === 0 ? undefined : tags,
      }),
    )
    await patch(context, properties, name, patchesOf(properties, {}, new Map()))
    return { physicalId: name, attributes: {} }
  },
  async update(context, name, properties, before) {
    refuse('AWS::ApiGateway::Stage', properties, ['CanarySetting'])
    const patches = [...patchesOf(properties, before, PATCHED), ...variablePatches(properties, before)]
    await patch(context, properties, name, patches)
    return { physicalId: name, attributes: {} }
  },
  async delete(context, name, properties) {
    await unlessGone(() =>
      context.call('apigateway', 'DeleteStage', {
        restApiId: text(properties, 'RestApiId'),
        stageName: name,
      }),
    )
  },
  existing: (_, properties) => textAt(properties, 'StageName'),
}
