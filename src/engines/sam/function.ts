/**
 * AWS::Serverless::Function: the function, its role, version, alias and URL, and the order in which they are made.
 * What an event adds is in the event's own file.
 */
import { s3Code } from '#engines/sam/code-location.ts'
import { addDeployment } from '#engines/sam/deployment-preference.ts'
import { eventInvokeConfig } from '#engines/sam/event-invoke.ts'
import { functionEvents } from '#engines/sam/events.ts'
import { given, ifParts, isIf, isNoValue, not, conditional, IF_ARGUMENTS } from '#engines/sam/intrinsics.ts'
import { roleOf } from '#engines/sam/policies.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import {
  arnOf,
  type Made,
  made,
  passedOn,
  propagateTags,
  type Source,
  tagList,
} from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { managedPolicyArn, trustOf } from '#engines/sam/statements.ts'
import { aliasOf, aliasNameOf, versionOf } from '#engines/sam/function-version.ts'
import { urlOf } from '#engines/sam/function-url.ts'
import { conditionsOf, type World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

/** Properties that go to AWS::Lambda::Function as they are. */
const PASSED =
  words(`FunctionName Handler Runtime Description MemorySize Timeout VpcConfig Role Environment KmsKeyArn
    ReservedConcurrentExecutions Layers FileSystemConfigs ImageConfig PackageType Architectures
    SnapStart EphemeralStorage CodeSigningConfigArn RuntimeManagementConfig LoggingConfig
    TenancyConfig RecursiveLoop DurableConfig PublishToLatestPublished`)
const CREATED_BY = 'lambda:createdBy'
const RESERVED_TAGS = [CREATED_BY, 'serverlessrepo:applicationId', 'serverlessrepo:semanticVersion']

/** Tags with SAM's own first. */
export function samTags(id: string, tags: Value | undefined, more: Dict = {}): Value[] {
  for (const name of RESERVED_TAGS) {
    if (isDict(tags) && Object.hasOwn(tags, name)) {
      invalidResource(
        id,
        `${name} is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.`,
      )
    }
  }
  return [...tagList({ [CREATED_BY]: 'SAM' }), ...tagList(more), ...tagList(tags)]
}

/** Source: SAM specification, AWS::Serverless::Function and its generated resources. */
export function transformFunction(world: World, source: Source): Made[] {
  const { id, properties } = source
  checkRules(source)
  const lambda = lambdaFunction(world, source)
  const resources = [lambda]
  if (given(properties['ProvisionedConcurrencyConfig']) && !given(properties['AutoPublishAlias'])) {
    invalidResource(
      id,
      'To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function',
    )
  }
  const alias = published(world, source, lambda, resources)
  const url = dictAt(properties, 'FunctionUrlConfig')
  if (url !== undefined && given(url)) resources.push(...urlOf(source, url, alias))
  addDeployment(world, source, alias)
  const invoked = eventInvokeConfig(world, source, alias)
  resources.push(...invoked.resources)
  const role = executionRole(world, source, invoked.policies)
  if (linkRole(world, source, lambda, role)) resources.push(role)
  resources.push(...functionEvents(world, source, { lambda, alias, role }))
  propagateTags(resources, properties['Tags'], properties['PropagateTags'] === true)
  return resources
}

function checkRules({ id, properties }: Source): void {
  const has = (name: string): boolean => memberOf(properties, name) !== undefined && properties[name] !== null
  const wrong: string[] = []
  for (const other of ['ProvisionedConcurrencyConfig', 'VpcConfig']) {
    if (has('CapacityProviderConfig') && has(other)) {
      wrong.push(`Cannot specify 'CapacityProviderConfig' and '${other}' together.`)
    }
  }
  if (has('FunctionScalingConfig') && !has('CapacityProviderConfig')) {
    wrong.push("'FunctionScalingConfig' requires 'CapacityProviderConfig'.")
  }
  if (has('VersionDeletionPolicy') && !has('AutoPublishAlias')) {
    wrong.push("'VersionDeletionPolicy' requires 'AutoPublishAlias'.")
  }
  if (wrong.length > 0) invalidResource(id, wrong.join('\n'))
  const queue = dictAt(properties, 'DeadLetterQueue')
  if (queue !== undefined && given(queue)) checkDeadLetterQueue(id, queue)
  if (given(properties['TenancyConfig'])) checkTenancy(id, properties)
}

const DEAD_LETTER_ACTIONS = new Map([
  ['SQS', 'sqs:SendMessage'],
  ['SNS', 'sns:Publish'],
])

function checkDeadLetterQueue(id: string, queue: Dict): void {
  const type = queue['Type']
  if (!given(type) || !given(queue['TargetArn'])) {
    invalidResource(id, "'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
  }
  if (typeof type !== 'string')
    return invalidResource(id, "Property 'DeadLetterQueue.Type' should be a string.")
  if (!DEAD_LETTER_ACTIONS.has(type)) invalidResource(id, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']")
}

function checkTenancy(id: string, properties: Dict): void {
  const refused = new Map([
    ['ProvisionedConcurrencyConfig', 'Provisioned concurrency'],
    ['FunctionUrlConfig', 'Function URL'],
    ['SnapStart', 'SnapStart'],
  ])
  for (const [name, words] of refused) {
    if (given(properties[name])) {
      invalidResource(id, `${words} is not supported for functions enabled with tenancy configuration.`)
    }
  }
  for (const event of Object.values(dictAt(properties, 'Events') ?? {})) {
    const type = textAt(event, 'Type')
    if (type !== 'Api' && type !== 'HttpApi') {
      invalidResource(
        id,
        `Event source '${type ?? 'None'}' is not supported for functions enabled with tenancy configuration. Only Api and HttpApi event sources are supported.`,
      )
    }
  }
}

function lambdaFunction(world: World, source: Source): Made {
  const { id, properties } = source
  const passed = Object.fromEntries(PASSED.map((name) => [name, memberOf(properties, name)]))
  if (!given(properties['FunctionName'])) delete passed['FunctionName']
  const queue = dictAt(properties, 'DeadLetterQueue')
  const capacity = dictAt(properties, 'CapacityProviderConfig')
  const lambda = made(
    id,
    'AWS::Lambda::Function',
    {
      ...passed,
      Code: codeOf(source),
      Tags: samTags(id, properties['Tags']),
      TracingConfig: isTraced(world, properties) ? { Mode: properties['Tracing'] ?? null } : undefined,
      DeadLetterConfig: given(queue) ? { TargetArn: queue?.['TargetArn'] ?? null } : undefined,
      CapacityProviderConfig:
        given(capacity) && capacity !== undefined ? capacityOf(id, capacity) : undefined,
      FunctionScalingConfig: given(properties['FunctionScalingConfig'])
        ? properties['FunctionScalingConfig']
        : undefined,
    },
    { attributes: source.attributes, dependsOn: source.dependsOn },
  )
  checkPackage(lambda)
  return lambda
}

function isTraced(world: World, properties: Dict): boolean {
  return (
    given(properties['Tracing']) && resolveParameters(properties['Tracing'], world.parameters) !== 'Disabled'
  )
}

function capacityOf(id: string, config: Dict): Dict {
  const known = ['Arn', 'PerExecutionEnvironmentMaxConcurrency', 'ExecutionEnvironmentMemoryGiBPerVCpu']
  const stranger = Object.keys(config).find((name) => !known.includes(name))
  if (stranger !== undefined || config['Arn'] === undefined) {
    return invalidResource(id, `Invalid CapacityProviderConfig: ${stranger ?? 'Arn'}`)
  }
  const { Arn, ...rest } = config
  return { LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn: Arn, ...rest } }
}

function codeOf({ id, properties }: Source): Dict {
  const kind = memberOf(properties, 'PackageType') ?? 'Zip'
  if (kind === 'Image') {
    const image = memberOf(properties, 'ImageUri')
    if (image === undefined || image === null) invalidResource(id, "'ImageUri' must be set.")
    if (!given(image))
      invalidResource(id, "'ImageUri' requires that a image hosted at a registry be specified.")
    return { ImageUri: image ?? null }
  }
  if (kind !== 'Zip') invalidResource(id, `invalid 'PackageType' : ${JSON.stringify(kind)}`)
  const [inline, uri] = [memberOf(properties, 'InlineCode'), memberOf(properties, 'CodeUri')]
  const key = memberOf(properties, 'SourceKMSKeyArn')
  const more = given(key) ? { SourceKMSKeyArn: key ?? null } : {}
  if (inline !== undefined && inline !== null) return { ZipFile: inline, ...more }
  if (uri === undefined || uri === null) {
    return invalidResource(id, "Only one of 'InlineCode' or 'CodeUri' can be set.")
  }
  return { ...s3Code(id, 'CodeUri', uri), ...more }
}

function checkPackage({ id, properties }: Made): void {
  const image = memberOf(properties, 'PackageType') === 'Image'
  const code = dictAt(properties, 'Code') ?? {}
  const has = (name: string): boolean => given(memberOf(properties, name))
  if (!image && !(has('Runtime') && has('Handler'))) {
    invalidResource(id, 'Runtime and Handler needs to be present when PackageType is of type `Zip`')
  }
  if (!image && (given(code['ImageUri']) || has('ImageConfig'))) {
    invalidResource(id, 'ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`')
  }
  if (image && (has('Handler') || has('Runtime') || has('Layers'))) {
    invalidResource(id, 'Runtime, Handler, Layers cannot be present when PackageType is of type `Image`')
  }
}

/** Version and alias of AutoPublishAlias. */
function published(world: World, source: Source, lambda: Made, resources: Made[]): Made | undefined {
  const { id, properties } = source
  if (!given(properties['AutoPublishAlias'])) return undefined
  const name = aliasNameOf(world, source)
  let sha: string | undefined
  if (given(properties['AutoPublishCodeSha256'])) {
    const found = resolveParameters(properties['AutoPublishCodeSha256'], world.parameters)
    if (typeof found !== 'string') return invalidResource(id, 'AutoPublishCodeSha256 must be a string')
    sha = found
    const description = resolveParameters(properties['Description'], world.parameters)
    lambda.properties['Description'] =
      description === undefined || description === null || description === ''
        ? sha
        : typeof description === 'string'
          ? `${description} ${sha}`
          : { 'Fn::Join': [' ', [description, sha]] }
  }
  const version = versionOf(world, source, lambda, sha)
  const alias = aliasOf(source, name, version)
  resources.push(version, alias)
  return alias
}

function executionRole(world: World, source: Source, invokePolicies: readonly Value[]): Made {
  const { id, properties } = source
  const { partition } = world.options
  const durable = given(properties['DurableConfig'])
  const basic = durable ? 'AWSLambdaBasicDurableExecutionRolePolicy' : 'AWSLambdaBasicExecutionRole'
  const arns: Value[] = [managedPolicyArn(partition, `service-role/${basic}`)]
  if (isTraced(world, properties)) arns.push(managedPolicyArn(partition, xrayPolicy(partition)))
  if (given(properties['VpcConfig'])) {
    arns.push(managedPolicyArn(partition, 'service-role/AWSLambdaVPCAccessExecutionRole'))
  }
  const queue = dictAt(properties, 'DeadLetterQueue')
  const documents: Value[] = []
  if (queue !== undefined && given(queue)) {
    documents.push({
      PolicyName: 'DeadLetterQueuePolicy',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: DEAD_LETTER_ACTIONS.get(textAt(queue, 'Type') ?? '') ?? null,
            Resource: queue['TargetArn'] ?? null,
            Effect: 'Allow',
          },
        ],
      },
    })
  }
  return roleOf(world, {
    owner: id,
    attributes: passedOn(source),
    trust: memberOf(properties, 'AssumeRolePolicyDocument') ?? trustOf('lambda.amazonaws.com'),
    policies: properties['Policies'],
    managedPolicyArns: arns,
    documents: [...documents, ...(given(properties['EventInvokeConfig']) ? invokePolicies : [])],
    path: properties['RolePath'],
    permissionsBoundary: properties['PermissionsBoundary'],
    tags: samTags(id, properties['Tags']),
  })
}

export const xrayPolicy = (partition: string): string =>
  partition === 'aws' ? 'AWSXrayWriteOnlyAccess' : 'AWSXRayDaemonWriteAccess'

/** True when the function gets the role: it names none, or a branch of its Fn::If names none. */
function linkRole(world: World, source: Source, lambda: Made, role: Made): boolean {
  const named = memberOf(lambda.properties, 'Role')
  if (named === undefined || named === null) {
    lambda.properties['Role'] = arnOf(role)
    return true
  }
  if (!isIf(named)) return false
  const parts = ifParts(resolveParameters(named, world.parameters))
  if (parts === undefined) return invalidResource(source.id, `Malformed 'Role' property: ${IF_ARGUMENTS}.`)
  const [condition, then, otherwise] = parts
  if (isNoValue(then) && isNoValue(otherwise)) lambda.properties['Role'] = arnOf(role)
  else if (isNoValue(then)) {
    lambda.properties['Role'] = conditional(condition, arnOf(role), otherwise)
    role.attributes['Condition'] = condition
  } else if (isNoValue(otherwise)) {
    lambda.properties['Role'] = conditional(condition, then, arnOf(role))
    const name = typeof condition === 'string' ? condition : ''
    role.attributes['Condition'] = `NOT${name}`
    conditionsOf(world)[`NOT${name}`] = not(name)
  } else return false
  return true
}
