/** The Globals section: defaults for every resource of a type. Maps are merged, lists are joined, the rest is overruled. */
import { isIntrinsic } from '#engines/sam/intrinsics.ts'
import { isOpenApi3 } from '#engines/sam/editor.ts'
import { API, MANAGED } from '#engines/sam/rules.ts'
import { resourceText, SamRefused } from '#engines/sam/sam-error.ts'
import {
  copyOf,
  type Dict,
  dictAt,
  isDict,
  memberOf,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

const PREFIX = 'AWS::Serverless::'

/** Source: SAM specification, Globals section. */
const SUPPORTED: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'Function',
    words(`Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags PropagateTags
      Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath
      PermissionsBoundary ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument
      EventInvokeConfig FileSystemConfigs CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig
      RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig DurableConfig
      CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished VersionDeletionPolicy`),
  ],
  [
    'Api',
    words(`Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables EndpointConfiguration
      MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting CanarySetting
      TracingEnabled OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode`),
  ],
  [
    'HttpApi',
    words(`Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings
      FailOnWarnings PropagateTags`),
  ],
  ['SimpleTable', ['SSESpecification']],
  ['StateMachine', ['PropagateTags']],
  ['LayerVersion', ['PublishLambdaVersion']],
  [
    'CapacityProvider',
    words('VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags'),
  ],
  [
    'WebSocketApi',
    words(`AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint
      DisableSchemaValidation Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings
      StageVariables Tags`),
  ],
])

const quoted = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`

function refuse(message: string): never {
  throw new SamRefused([`'Globals' section is invalid. ${message}`])
}

function parsed(section: Value): Map<string, Dict> {
  if (!isDict(section)) return refuse('It must be a non-empty dictionary')
  const out = new Map<string, Dict>()
  for (const [name, properties] of Object.entries(section)) {
    const supported = SUPPORTED.get(name)
    if (supported === undefined) {
      return refuse(
        `'${name}' is not supported. Must be one of the following values - ${quoted([...SUPPORTED.keys()].sort())}`,
      )
    }
    if (!isDict(properties)) return refuse('Value of ${section} must be a dictionary')
    const stranger = Object.keys(properties).find((key) => !supported.includes(key))
    if (stranger !== undefined) {
      refuse(
        `'${stranger}' is not a supported property of '${name}'. Must be one of the following values - ${quoted(supported)}`,
      )
    }
    out.set(PREFIX + name, properties)
  }
  return out
}

/** Merges Globals into the resources and takes the section out. */
export function applyGlobals(template: Dict): void {
  const section = memberOf(template, 'Globals')
  const globals = section === undefined ? new Map<string, Dict>() : parsed(section)
  for (const [id, resource] of Object.entries(dictAt(template, 'Resources') ?? {})) {
    const type = textAt(resource, 'Type')
    const defaults = type === undefined ? undefined : globals.get(type)
    if (!isDict(resource) || defaults === undefined) continue
    const local = memberOf(resource, 'Properties') ?? {}
    const wanted = without(id, defaults, memberOf(resource, 'IgnoreGlobals'))
    resource['Properties'] = merged(copyOf<Value>(wanted), local)
  }
  for (const resource of Object.values(dictAt(template, 'Resources') ?? {})) {
    if (isDict(resource)) delete resource['IgnoreGlobals']
  }
  delete template['Globals']
  for (const resource of Object.values(dictAt(template, 'Resources') ?? {})) fixOpenApi(resource)
}

/** IgnoreGlobals: `*` or a list of names. */
function without(id: string, defaults: Dict, ignored: Value | undefined): Dict {
  if (ignored === undefined || ignored === null || ignored === '' || ignored === false) return defaults
  if (ignored === '*') return {}
  const message = `Resource ${id} has invalid resource attribute 'IgnoreGlobals'`
  if (!Array.isArray(ignored)) throw new SamRefused([resourceText(id, `${message}.`)])
  const out = { ...defaults }
  for (const name of ignored) {
    if (typeof name !== 'string' || !Object.hasOwn(out, name)) {
      throw new SamRefused([resourceText(id, `${message} on item '${scalarText(name) ?? ''}'.`)])
    }
    delete out[name]
  }
  return out
}

function merged(global: Value, local: Value): Value {
  if (Array.isArray(global) && Array.isArray(local)) return [...global, ...local]
  if (!isDict(global) || !isDict(local) || isIntrinsic(global) || isIntrinsic(local)) return local
  const out: Dict = { ...global }
  for (const [name, value] of Object.entries(local)) {
    const before = memberOf(global, name)
    out[name] = before === undefined ? value : merged(before, value)
  }
  return out
}

/** An API whose document the transform writes gets it in the OpenAPI version that was asked for. */
function fixOpenApi(resource: Value): void {
  const properties = textAt(resource, 'Type') === API ? dictAt(resource, 'Properties') : undefined
  const version = memberOf(properties, 'OpenApiVersion')
  if (properties === undefined || version === undefined || !Object.hasOwn(properties, MANAGED)) return
  if (!isOpenApi3(version)) return
  properties['OpenApiVersion'] = scalarText(version) ?? version
  const body = dictAt(properties, 'DefinitionBody')
  if (body === undefined) return
  body['openapi'] = properties['OpenApiVersion']
  delete body['swagger']
}
