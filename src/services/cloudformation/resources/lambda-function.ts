/** AWS::Lambda::Function. Inline code becomes a package with one file; a new function is waited for until it is active. */
import { utf8 } from '#base/bytes.ts'
import {
  type Dict,
  dictAt,
  memberOf,
  sameValue,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { zipOf } from '#engines/templates/zip.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { FUNCTION_ACTIVE_MS, FUNCTION_POLL_MS } from '#services/cloudformation/limits.ts'
import {
  type Made,
  pause,
  type ResourceContext,
  type ResourceHandler,
} from '#services/cloudformation/resources/handler.ts'
import {
  pick,
  refuse,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { responseModule } from '#services/cloudformation/resources/response-modules.ts'

const TYPE = 'AWS::Lambda::Function'

/** Properties that the API takes by the same names, each with the value that stands for "none". */
const CONFIGURATION = new Map<string, Value | undefined>([
  ['Handler', undefined],
  ['Runtime', undefined],
  ['Role', undefined],
  ['Description', ''],
  ['Timeout', 3],
  ['MemorySize', 128],
  ['VpcConfig', { SubnetIds: [], SecurityGroupIds: [] }],
  ['Environment', { Variables: {} }],
  ['DeadLetterConfig', { TargetArn: '' }],
  ['TracingConfig', { Mode: 'PassThrough' }],
  ['Layers', []],
  ['FileSystemConfigs', []],
  ['ImageConfig', {}],
  ['EphemeralStorage', { Size: 512 }],
  ['SnapStart', { ApplyOn: 'None' }],
  ['LoggingConfig', undefined],
  ['DurableConfig', undefined],
])
const AT_CREATION = [
  'Architectures',
  'PackageType',
  'CodeSigningConfigArn',
  'TenancyConfig',
  'CapacityProviderConfig',
]
const REFUSED = ['FunctionScalingConfig', 'PublishToLatestPublished']

export const lambdaFunction: ResourceHandler = {
  async create(context, properties) {
    check(context, properties)
    const name = nameOf(context, properties)
    const code = codeOf(properties)
    await context.call(
      'lambda',
      'CreateFunction',
      request({
        FunctionName: name,
        ...pick(properties, [...CONFIGURATION.keys(), ...AT_CREATION]),
        KMSKeyArn: memberOf(properties, 'KmsKeyArn'),
        Code: code,
        Tags: tagMap(properties),
      }),
    )
    await settled(context, name)
    await extras(context, name, properties, {})
    return await described(context, name)
  },

  async update(context, name, properties, before) {
    check(context, properties)
    const code = codeOf(properties)
    const architectures = memberOf(properties, 'Architectures')
    const newCode = !sameValue(memberOf(properties, 'Code'), memberOf(before, 'Code'))
    if (newCode || !sameValue(architectures, memberOf(before, 'Architectures'))) {
      await context.call(
        'lambda',
        'UpdateFunctionCode',
        request({ FunctionName: name, ...code, Architectures: architectures }),
      )
      await settled(context, name)
    }
    await signing(context, name, properties, before)
    const changed = changedConfiguration(properties, before)
    if (Object.keys(changed).length > 0) {
      await context.call('lambda', 'UpdateFunctionConfiguration', request({ FunctionName: name, ...changed }))
      await settled(context, name)
    }
    await retag(context, name, properties, before)
    await extras(context, name, properties, before)
    return await described(context, name)
  },

  async delete(context, name) {
    await unlessGone(() => context.call('lambda', 'DeleteFunction', { FunctionName: name }))
  },

  existing: nameOf,
}

function nameOf(context: ResourceContext, properties: Dict): string {
  return textAt(properties, 'FunctionName') ?? context.name(64)
}

function check(context: ResourceContext, properties: Dict): void {
  refuse(TYPE, properties, REFUSED)
  for (const [property, operation] of [
    ['ReservedConcurrentExecutions', 'PutFunctionConcurrency'],
    ['RuntimeManagementConfig', 'PutRuntimeManagementConfig'],
    ['RecursiveLoop', 'PutFunctionRecursionConfig'],
  ] as const) {
    if (!context.has('lambda', operation)) refuse(TYPE, properties, [property])
  }
}

function codeOf(properties: Dict): Record<string, unknown> {
  const code = dictAt(properties, 'Code') ?? {}
  const source = textAt(code, 'ZipFile')
  if (source === undefined) return { ...code }
  const { ZipFile: _, ...rest } = code
  return {
    ...rest,
    ZipFile: inlinePackage(textAt(properties, 'Runtime') ?? '', source),
  }
}

function inlinePackage(runtime: string, source: string): Uint8Array {
  const beside = responseModule(runtime, source)
  const files = [{ name: fileOf(runtime), content: utf8(source) }]
  if (beside !== undefined) files.push({ name: beside.name, content: utf8(beside.text) })
  return zipOf(files)
}

/** The file that inline code stands in. Source: CloudFormation, AWS::Lambda::Function Code, ZipFile. */
function fileOf(runtime: string): string {
  if (runtime.startsWith('nodejs')) return 'index.js'
  if (runtime.startsWith('python')) return 'index.py'
  throw validationError('ZipFile can only be used when Runtime is set to Node.js or Python.')
}

async function signing(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const arn = textAt(properties, 'CodeSigningConfigArn')
  if (arn === textAt(before, 'CodeSigningConfigArn')) return
  if (arn === undefined)
    await context.call('lambda', 'DeleteFunctionCodeSigningConfig', { FunctionName: name })
  else
    await context.call('lambda', 'PutFunctionCodeSigningConfig', {
      FunctionName: name,
      CodeSigningConfigArn: arn,
    })
}

function changedConfiguration(properties: Dict, before: Dict): Dict {
  const out: Dict = {}
  for (const [name, none] of CONFIGURATION) {
    const [old, fresh] = [memberOf(before, name), memberOf(properties, name)]
    if (sameValue(old, fresh)) continue
    const value = fresh ?? none
    if (value !== undefined) out[name] = value
  }
  const key = memberOf(properties, 'KmsKeyArn')
  if (!sameValue(key, memberOf(before, 'KmsKeyArn'))) out['KMSKeyArn'] = key ?? ''
  return out
}

/** Waits until the function is active and its last update done. Faults: ValidationError with Lambda's reason. */
async function settled(context: ResourceContext, name: string): Promise<void> {
  const started = context.clock.elapsed()
  while (context.clock.elapsed() - started < FUNCTION_ACTIVE_MS) {
    const { Configuration: found } = await context.call('lambda', 'GetFunction', { FunctionName: name })
    if (found?.State === 'Failed' || found?.LastUpdateStatus === 'Failed') {
      const reason = found.StateReason ?? found.LastUpdateStatusReason ?? 'no reason given'
      throw validationError(`Function ${name} did not become active: ${reason}`)
    }
    const waits = found?.State === 'Pending' || found?.LastUpdateStatus === 'InProgress'
    if (!waits) return
    await pause(context.clock, FUNCTION_POLL_MS)
  }
  throw validationError(`Function ${name} did not become active in ${FUNCTION_ACTIVE_MS / 1_000} seconds`)
}

async function extras(context: ResourceContext, name: string, properties: Dict, before: Dict): Promise<void> {
  const reserved = memberOf(properties, 'ReservedConcurrentExecutions')
  const old = memberOf(before, 'ReservedConcurrentExecutions')
  if (typeof reserved === 'number' && reserved !== old) {
    await context.call('lambda', 'PutFunctionConcurrency', {
      FunctionName: name,
      ReservedConcurrentExecutions: reserved,
    })
  } else if (reserved === undefined && old !== undefined) {
    await context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName: name })
  }
  const runtime = dictAt(properties, 'RuntimeManagementConfig')
  if (runtime !== undefined && !sameValue(runtime, memberOf(before, 'RuntimeManagementConfig'))) {
    await context.call('lambda', 'PutRuntimeManagementConfig', request({ FunctionName: name, ...runtime }))
  }
  const loop = textAt(properties, 'RecursiveLoop')
  if (loop !== undefined && loop !== memberOf(before, 'RecursiveLoop')) {
    await context.call(
      'lambda',
      'PutFunctionRecursionConfig',
      request({ FunctionName: name, RecursiveLoop: loop }),
    )
  }
}

async function retag(context: ResourceContext, name: string, properties: Dict, before: Dict): Promise<void> {
  const [old, fresh] = [tagMap(before), tagMap(properties)]
  const gone = Object.keys(old).filter((key) => !Object.hasOwn(fresh, key))
  const changed = Object.entries(fresh).filter(([key, value]) => old[key] !== value)
  if (gone.length === 0 && changed.length === 0) return
  const arn = scalarText(memberOf((await described(context, name)).attributes, 'Arn')) ?? ''
  if (changed.length > 0) {
    await context.call('lambda', 'TagResource', { Resource: arn, Tags: Object.fromEntries(changed) })
  }
  if (gone.length > 0) await context.call('lambda', 'UntagResource', { Resource: arn, TagKeys: gone })
}

async function described(context: ResourceContext, name: string): Promise<Made> {
  const { Configuration: found } = await context.call('lambda', 'GetFunction', { FunctionName: name })
  return {
    physicalId: found?.FunctionName ?? name,
    attributes: {
      Arn: found?.FunctionArn ?? '',
      'SnapStartResponse.ApplyOn': found?.SnapStart?.ApplyOn ?? 'None',
      'SnapStartResponse.OptimizationStatus': found?.SnapStart?.OptimizationStatus ?? 'Off',
    },
  }
}

/** AWS::Lambda::Permission: one statement of a function's policy. Every change replaces it. */
export const lambdaPermission: ResourceHandler = {
  async create(context, properties) {
    const id = context.name(100)
    await context.call(
      'lambda',
      'AddPermission',
      request({
        StatementId: id,
        ...pick(properties, [
          'FunctionName',
          'Action',
          'Principal',
          'SourceArn',
          'SourceAccount',
          'EventSourceToken',
          'FunctionUrlAuthType',
          'InvokedViaFunctionUrl',
          'PrincipalOrgID',
        ]),
      }),
    )
    return { physicalId: id, attributes: { Id: id } }
  },
  update: (_, physicalId) => Promise.resolve({ physicalId, attributes: { Id: physicalId } }),
  async delete(context, id, properties) {
    await unlessGone(() =>
      context.call('lambda', 'RemovePermission', {
        FunctionName: text(properties, 'FunctionName'),
        StatementId: id,
      }),
    )
  },
  existing: (context) => context.name(100),
}
