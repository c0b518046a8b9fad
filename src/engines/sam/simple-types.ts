/** The small types: SimpleTable, LayerVersion, Application, CapacityProvider. */
import { s3Code } from '#engines/sam/code-location.ts'
import { samTags } from '#engines/sam/function.ts'
import { getAtt, given, isIntrinsic } from '#engines/sam/intrinsics.ts'
import { hashedId } from '#engines/sam/logical-id.ts'
import { resolveMappings, resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, members, passedOn, type Source, tagList } from '#engines/sam/resource.ts'
import { LAYER_VERSION } from '#engines/sam/rules.ts'
import { invalidResource, shown } from '#engines/sam/sam-error.ts'
import { managedPolicyArn, trustOf } from '#engines/sam/statements.ts'
import type { World } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

const ATTRIBUTE_TYPES = new Map([
  ['String', 'S'],
  ['Number', 'N'],
  ['Binary', 'B'],
])

export function transformSimpleTable(_: World, source: Source): Made[] {
  const { id, properties } = source
  const key = dictAt(properties, 'PrimaryKey')
  const [name, type] =
    key !== undefined && given(key)
      ? [keyMember(id, key, 'Name'), keyMember(id, key, 'Type')]
      : ['id', 'String']
  const attribute = typeof type === 'string' ? ATTRIBUTE_TYPES.get(type) : undefined
  if (attribute === undefined) {
    return invalidResource(id, `Invalid 'Type' "${shown(type)}".`)
  }
  const throughput = memberOf(properties, 'ProvisionedThroughput')
  const optional = (property: string): Value | undefined =>
    given(properties[property]) ? properties[property] : undefined
  return [
    made(
      id,
      'AWS::DynamoDB::Table',
      {
        AttributeDefinitions: [{ AttributeName: name, AttributeType: attribute }],
        KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
        PointInTimeRecoverySpecification: optional('PointInTimeRecoverySpecification'),
        ...(given(throughput) ? { ProvisionedThroughput: throughput } : { BillingMode: 'PAY_PER_REQUEST' }),
        SSESpecification: optional('SSESpecification'),
        TableName: optional('TableName'),
        Tags: given(properties['Tags']) ? tagList(properties['Tags']) : undefined,
      },
      { attributes: source.attributes, dependsOn: source.dependsOn },
    ),
  ]
}

function keyMember(id: string, key: Dict, name: string): Value {
  const found = memberOf(key, name)
  if (found === undefined || found === null) {
    return invalidResource(id, `Property 'PrimaryKey.${name}' is required.`)
  }
  return found
}

/** A layer's logical id carries a digest of everything about it: each change makes a new version beside the old one. */
export function transformLayer(world: World, source: Source): Made[] {
  const { id, properties } = source
  for (const name of ['LayerName', 'LicenseInfo', 'Description', 'RetentionPolicy']) {
    const before = memberOf(properties, name)
    if (before === undefined || !given(before)) continue
    const value = resolveParameters(before, world.parameters) ?? null
    if (typeof value !== 'string' && !isDict(value)) {
      invalidResource(id, `Could not resolve parameter for '${name}' or parameter is not a String.`)
    }
    properties[name] = value
  }
  const retention = retentionOf(id, memberOf(properties, 'RetentionPolicy'))
  const attributes = passedOn(source)
  attributes['DeletionPolicy'] ??= 'Retain'
  if (retention !== undefined) attributes['DeletionPolicy'] = retention
  const { DeletionPolicy: _, UpdateReplacePolicy: __, Metadata: ___, ...kept } = source.attributes
  const depends = source.dependsOn
  const digested: Dict = {
    Type: LAYER_VERSION,
    ...(depends === undefined || !given(depends) ? {} : { DependsOn: depends }),
    ...kept,
    Properties: members(copyOf(properties)),
  }
  const layerId = hashedId(id, { [id]: digested })
  checkArchitectures(layerId, memberOf(properties, 'CompatibleArchitectures'))
  return [
    made(
      layerId,
      'AWS::Lambda::LayerVersion',
      {
        LayerName: given(properties['LayerName']) ? properties['LayerName'] : id,
        Description: properties['Description'],
        Content: s3Code(layerId, 'ContentUri', properties['ContentUri'] ?? null),
        CompatibleArchitectures: properties['CompatibleArchitectures'],
        CompatibleRuntimes: properties['CompatibleRuntimes'],
        LicenseInfo: properties['LicenseInfo'],
      },
      { attributes, dependsOn: depends },
    ),
  ]
}

function retentionOf(id: string, policy: Value | undefined): string | undefined {
  const options = "['Retain', 'Delete']"
  if (isIntrinsic(policy)) {
    return invalidResource(
      id,
      `'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ${options}`,
    )
  }
  if (policy === undefined || policy === null) return undefined
  if (typeof policy !== 'string') {
    return invalidResource(
      id,
      `Invalid 'RetentionPolicy' type, please use one of the following options: ${options}`,
    )
  }
  const found = ['Retain', 'Delete'].find((option) => option.toLowerCase() === policy.toLowerCase())
  return found ?? invalidResource(id, `'RetentionPolicy' must be one of the following options: ${options}.`)
}

function checkArchitectures(id: string, wanted: Value | undefined): void {
  if (!Array.isArray(wanted)) return
  if (wanted.some((one) => !isIntrinsic(one) && one !== 'arm64' && one !== 'x86_64')) {
    invalidResource(id, "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'")
  }
}

/** Applications of the Serverless Application Repository need AWS itself: only templates by address work here. */
export function transformApplication(world: World, source: Source): Made[] {
  const { id, properties } = source
  const location = properties['Location'] ?? null
  const known = (name: string): Value => {
    const value = resolveMappings(
      resolveParameters(memberOf(location, name), world.parameters),
      world.mappings,
    )
    return value ?? null
  }
  let tags: Dict = {}
  if (isDict(location)) {
    for (const name of ['ApplicationId', 'SemanticVersion']) {
      if (!Object.hasOwn(location, name)) {
        invalidResource(id, `Resource is missing the required [${name}] property.`)
      }
    }
    tags = applicationTags(id, known('ApplicationId'), known('SemanticVersion'))
  }
  const address = typeof location === 'string' ? location : world.options.applicationUrl?.(tags)
  if (address === undefined) {
    return invalidResource(
      id,
      'Serverless Application Repository is not available in this region. Windtunnel deploys applications whose Location is the address of a template.',
    )
  }
  return [
    made(
      id,
      'AWS::CloudFormation::Stack',
      {
        TemplateURL: address,
        Parameters: properties['Parameters'],
        NotificationARNs: properties['NotificationARNs'],
        Tags: samTags(id, properties['Tags'], tags),
        TimeoutInMinutes: properties['TimeoutInMinutes'],
      },
      { attributes: passedOn(source), dependsOn: source.dependsOn },
    ),
  ]
}

function applicationTags(id: string, application: Value, version: Value): Dict {
  const unresolved = 'cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.'
  if (application === null) invalidResource(id, "Property 'ApplicationId' is required.")
  if (isDict(application)) invalidResource(id, `Property 'ApplicationId' ${unresolved}`)
  if (typeof application === 'string' && /\{\{resolve:ssm:[a-zA-Z0-9_.\-/]+(:\d+)?\}\}/.test(application)) {
    invalidResource(
      id,
      "Serverless Application Repostiory does not support dynamic reference in 'ApplicationId' property.",
    )
  }
  if (!given(version)) invalidResource(id, "Property 'SemanticVersion' cannot be blank.")
  if (isDict(version)) invalidResource(id, `Property 'SemanticVersion' ${unresolved}`)
  return { 'serverlessrepo:applicationId': application, 'serverlessrepo:semanticVersion': version }
}

export function transformCapacityProvider(world: World, source: Source): Made[] {
  const { id, properties } = source
  const network = dictAt(properties, 'VpcConfig') ?? {}
  const wanted = dictAt(properties, 'InstanceRequirements')
  const scaling = dictAt(properties, 'ScalingConfig')
  const types = ['AllowedTypes', 'ExcludedTypes']
  if (types.every((name) => (memberOf(wanted, name) ?? null) !== null)) {
    const named = types.map((name) => `'InstanceRequirements.${name}'`).join(' and ')
    return invalidResource(id, `Cannot specify ${named} together.`)
  }
  const resources: Made[] = []
  let role = memberOf(properties, 'OperatorRole')
  if (!given(role)) {
    const operator = made(
      `${id}OperatorRole`,
      'AWS::IAM::Role',
      {
        AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com'),
        ManagedPolicyArns: [managedPolicyArn(world.options.partition, 'AWSLambdaManagedEC2ResourceOperator')],
        Tags: tagList({ 'lambda:createdBy': 'SAM' }),
      },
      { attributes: passedOn(source) },
    )
    resources.push(operator)
    role = getAtt(operator.id, 'Arn')
  }
  resources.push(
    made(
      id,
      'AWS::Lambda::CapacityProvider',
      {
        CapacityProviderName: given(properties['CapacityProviderName'])
          ? properties['CapacityProviderName']
          : undefined,
        VpcConfig: members({
          SubnetIds: network['SubnetIds'],
          SecurityGroupIds: network['SecurityGroupIds'],
        }),
        PermissionsConfig: { CapacityProviderOperatorRoleArn: role ?? null },
        Tags: tagList({ ...dictAt(properties, 'Tags'), 'lambda:createdBy': 'SAM' }),
        InstanceRequirements: wanted === undefined || !given(wanted) ? undefined : instances(wanted),
        CapacityProviderScalingConfig:
          scaling === undefined || !given(scaling) ? undefined : scalingOf(scaling),
        KmsKeyArn: given(properties['KmsKeyArn']) ? properties['KmsKeyArn'] : undefined,
      },
      { attributes: source.attributes, dependsOn: source.dependsOn },
    ),
  )
  combineTags(resources, properties)
  return resources
}

const instances = (wanted: Dict): Dict =>
  members({
    Architectures: wanted['Architectures'],
    AllowedInstanceTypes: wanted['AllowedTypes'],
    ExcludedInstanceTypes: wanted['ExcludedTypes'],
  })

function scalingOf(wanted: Dict): Dict {
  const target = memberOf(wanted, 'AverageCPUUtilization') ?? null
  const policy = { PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: target }
  return members({
    MaxVCpuCount: wanted['MaxVCpuCount'],
    ScalingMode: target === null ? 'Auto' : 'Manual',
    ScalingPolicies: target === null ? undefined : [policy],
  })
}

/** PropagateTags adds to tags that are there instead of replacing them. */
function combineTags(resources: readonly Made[], properties: Dict): void {
  const tags = dictAt(properties, 'Tags')
  if (properties['PropagateTags'] !== true || tags === undefined || !given(tags)) return
  for (const resource of resources) {
    const before = memberOf(resource.properties, 'Tags')
    const all = new Map<string, Value>()
    for (const tag of [...(Array.isArray(before) ? before : []), ...tagList(tags)]) {
      const key = memberOf(tag, 'Key')
      if (typeof key === 'string') all.set(key, memberOf(tag, 'Value') ?? '')
    }
    resource.properties['Tags'] = [...all].map(([key, value]) => ({ Key: key, Value: value }))
  }
}
