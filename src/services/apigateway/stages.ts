/** Stages: a new one's defaults, and the patches of its settings. Pure changes of a document. */
import type { Instant } from '#base/time.ts'
import type { MethodSetting, PatchOperation } from '#model/apigateway.ts'
import {
  type RestDocument,
  type StoredStage,
  filled,
  own,
  texts,
  without,
} from '#services/apigateway/document.ts'
import { badRequest, noDeployment, notYet } from '#services/apigateway/faults.ts'
import { unescaped } from '#services/apigateway/patches.ts'

export interface StageWish {
  readonly stageName: string
  readonly deploymentId: string
  readonly description?: string | undefined
  readonly variables?: Readonly<Record<string, string | null>> | undefined
  readonly tracingEnabled?: boolean | undefined
  readonly documentationVersion?: string | undefined
  readonly tags?: Readonly<Record<string, string | null>> | undefined
  readonly cacheClusterEnabled?: boolean | undefined
  readonly canarySettings?: unknown
}

/** Source: recorded AWS answers for defaults. */
export function stageFrom(wish: StageWish, at: Instant): StoredStage {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(wish.stageName)) throw badRequest('Stage name only allows a-zA-Z0-9_-')
  if (wish.cacheClusterEnabled === true) throw notYet('The cache of a REST API')
  if (wish.canarySettings !== undefined) throw notYet('A canary of a REST API')
  return {
    stageName: wish.stageName,
    deploymentId: wish.deploymentId,
    description: wish.description,
    cacheClusterEnabled: false,
    cacheClusterStatus: 'NOT_AVAILABLE',
    methodSettings: {},
    variables: filled(texts(wish.variables)),
    documentationVersion: wish.documentationVersion,
    tracingEnabled: wish.tracingEnabled ?? false,
    tags: filled(wish.tags),
    createdDate: at,
    lastUpdatedDate: at,
  }
}

/** Source: recorded AWS answers. */
const NEW_SETTING: MethodSetting = {
  metricsEnabled: false,
  dataTraceEnabled: false,
  throttlingBurstLimit: 5_000,
  throttlingRateLimit: 10_000,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: 'SUCCEED_WITH_RESPONSE_HEADER',
}

const isTrue = (value: string): boolean => value.toLowerCase() === 'true'
const SETTINGS: Readonly<Record<string, (value: string) => MethodSetting>> = {
  'metrics/enabled': (value) => ({ metricsEnabled: isTrue(value) }),
  'logging/dataTrace': (value) => ({ dataTraceEnabled: isTrue(value) }),
  'logging/loglevel': (value) => ({ loggingLevel: value }),
  'throttling/burstLimit': (value) => ({ throttlingBurstLimit: Number(value) }),
  'throttling/rateLimit': (value) => ({ throttlingRateLimit: Number(value) }),
  'caching/ttlInSeconds': (value) => ({ cacheTtlInSeconds: Number(value) }),
  'caching/enabled': (value) => ({ cachingEnabled: isTrue(value) }),
  'caching/dataEncrypted': (value) => ({ cacheDataEncrypted: isTrue(value) }),
  'caching/requireAuthorizationForCacheControl': (value) => ({
    requireAuthorizationForCacheControl: isTrue(value),
  }),
  'caching/unauthorizedCacheControlHeaderStrategy': (value) => ({
    unauthorizedCacheControlHeaderStrategy: value,
  }),
}

/** The paths of AWS's refusal, as it prints them. Source: recorded AWS answer. */
const PATHS = [
  '/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId',
  '/accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format',
  '/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace',
  '/{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds',
  '/{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted',
  '/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy',
  '/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds',
  '/*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy',
  '/variables/{variable_name}, /tracingEnabled',
].join(', ')

/** Applies patches in order. Faults BadRequestException with AWS's list of paths. */
export function patchStage(
  api: RestDocument,
  before: StoredStage,
  operations: readonly PatchOperation[] | undefined,
): StoredStage {
  let stage = before
  for (const { op, path = '', value } of operations ?? []) {
    const change: Change = { op: op ?? '', path, value: value ?? '' }
    stage = path.startsWith('/variables/') ? patchVariable(stage, change) : patchOther(api, stage, change)
  }
  return stage
}

interface Change {
  readonly op: string
  readonly path: string
  readonly value: string
}

function patchVariable(stage: StoredStage, change: Change): StoredStage {
  const name = unescaped(change.path.slice('/variables/'.length))
  const variables =
    change.op === 'remove' ? without(stage.variables, name) : { ...stage.variables, [name]: change.value }
  return { ...stage, variables: filled(variables) }
}

function patchOther(api: RestDocument, stage: StoredStage, change: Change): StoredStage {
  switch (change.path) {
    case '/deploymentId':
      if (own(api.deployments, change.value) === undefined) throw noDeployment()
      return { ...stage, deploymentId: change.value }
    case '/description':
      return { ...stage, description: change.op === 'remove' ? undefined : change.value }
    case '/tracingEnabled':
      return { ...stage, tracingEnabled: isTrue(change.value) }
    case '/cacheClusterEnabled':
      if (isTrue(change.value)) throw notYet('The cache of a REST API')
      return { ...stage, cacheClusterEnabled: false }
    case '/cacheClusterSize':
      throw notYet('The cache of a REST API')
    case '/clientCertificateId':
      throw notYet('A client certificate of a REST API')
    default:
      if (change.path.startsWith('/accessLogSettings')) return patchAccessLog(stage, change)
      if (change.path.startsWith('/canarySettings')) throw notYet('A canary of a REST API')
      return patchMethodSetting(stage, change)
  }
}

function patchAccessLog(stage: StoredStage, change: Change): StoredStage {
  const name = change.path.slice('/accessLogSettings/'.length)
  if (change.path === '/accessLogSettings' && change.op === 'remove') {
    return { ...stage, accessLogSettings: undefined }
  }
  if (change.op === 'remove') {
    throw badRequest(
      `Cannot remove method setting accessLogSettings/${name} because there is no method setting for this method `,
    )
  }
  if (name !== 'destinationArn' && name !== 'format') {
    throw badRequest(
      'Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]',
    )
  }
  if (change.value === '') throw badRequest('Access Log value must not be empty')
  return { ...stage, accessLogSettings: { ...stage.accessLogSettings, [name]: change.value } }
}

function patchMethodSetting(stage: StoredStage, change: Change): StoredStage {
  const parts = change.path.slice(1).split('/')
  const [resource = '', method = ''] = parts
  const key = `${unescaped(resource).replace(/^\/(?=.)/, '')}/${method}`
  if (change.op === 'remove' && parts.length === 2) {
    if (own(stage.methodSettings, key) === undefined) {
      throw badRequest(
        `Cannot remove method setting ${key} because there is no method setting for this method `,
      )
    }
    return { ...stage, methodSettings: without(stage.methodSettings, key) }
  }
  const setting = own(SETTINGS, parts.slice(2).join('/'))
  if (setting === undefined || change.op !== 'replace') {
    throw badRequest(`Invalid method setting path: ${change.path}. Must be one of: [${PATHS}]`)
  }
  const before = own(stage.methodSettings, key) ?? NEW_SETTING
  return {
    ...stage,
    methodSettings: { ...stage.methodSettings, [key]: { ...before, ...setting(change.value) } },
  }
}
