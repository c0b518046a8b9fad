/**
 * Writes `src/model/resources/cloudformation.json` from the package @aws-cdk/aws-service-spec (Apache-2.0): the names
 * of all resource types that AWS knows, and for the types that we deploy their properties, attributes and
 * identifiers. Run: `npm install @aws-cdk/aws-service-spec` in some folder, then `node tools/make-resources.ts FOLDER`.
 *
 * A property is `[type, flags]`. Types: s string, i integer, n number, b boolean, j JSON, t tag, `[x` list, `{x` map,
 * `@Name` a definition, `x|y` either. Flags: r required, c a change replaces the resource, m a change may replace it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** When you add a handler to `services/cloudformation/resources`, add its type here and run this. */
const DEPLOYED = [
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::Deployment',
  'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::Method',
  'AWS::ApiGateway::Resource',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::Stage',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::ApiMapping',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Deployment',
  'AWS::ApiGatewayV2::DomainName',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Model',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::ApiGatewayV2::VpcLink',
  'AWS::CloudFormation::Stack',
  'AWS::CloudFormation::WaitCondition',
  'AWS::CloudFormation::WaitConditionHandle',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentConfig',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::ECR::Repository',
  'AWS::Events::ApiDestination',
  'AWS::Events::Archive',
  'AWS::Events::Connection',
  'AWS::Events::EventBus',
  'AWS::Events::EventBusPolicy',
  'AWS::Events::Rule',
  'AWS::IAM::AccessKey',
  'AWS::IAM::Group',
  'AWS::IAM::InstanceProfile',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::IAM::User',
  'AWS::IAM::UserToGroupAddition',
  'AWS::Lambda::Alias',
  'AWS::Lambda::CodeSigningConfig',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::LayerVersionPermission',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Url',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicInlinePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueueInlinePolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SSM::Parameter',
]
/** Known to CloudFormation, but in no resource schema. */
const FURTHER = ['AWS::CDK::Metadata', 'AWS::CloudFormation::CustomResource', 'AWS::CloudFormation::Macro']

interface SpecType {
  readonly type: string
  readonly element?: SpecType
  readonly types?: readonly SpecType[]
  readonly reference?: { readonly $ref: string }
}
interface SpecProperty {
  readonly type: SpecType
  readonly required?: boolean
  readonly causesReplacement?: 'yes' | 'no' | 'maybe'
}
interface SpecDefinition {
  readonly $id: string
  readonly name: string
  readonly properties: Readonly<Record<string, SpecProperty>>
}
interface SpecResource extends SpecDefinition {
  readonly cloudFormationType: string
  readonly attributes: Readonly<Record<string, SpecProperty>>
  readonly primaryIdentifier?: readonly string[]
  readonly cfnRefIdentifier?: readonly string[]
}
interface Spec {
  all(kind: 'resource'): Iterable<SpecResource>
  all(kind: 'typeDefinition'): Iterable<SpecDefinition>
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('the folder with node_modules/@aws-cdk/aws-service-spec is missing')
const load = createRequire(join(folder, 'package.json'))
const spec = (
  load('@aws-cdk/aws-service-spec') as { loadAwsServiceSpecSync(): Spec }
).loadAwsServiceSpecSync()
const version = (
  JSON.parse(readFileSync(join(folder, 'node_modules/@aws-cdk/aws-service-spec/package.json'), 'utf8')) as {
    version: string
  }
).version
const definitions = new Map([...spec.all('typeDefinition')].map((one) => [one.$id, one]))
const resources = [...spec.all('resource')]

const PLAIN = new Map([
  ['string', 's'],
  ['integer', 'i'],
  ['number', 'n'],
  ['boolean', 'b'],
  ['json', 'j'],
  ['tag', 't'],
  ['date-time', 's'],
  ['null', 'j'],
])

function typeOf(type: SpecType, used: Map<string, SpecDefinition>): string {
  if (type.type === 'array' && type.element !== undefined) return `[${typeOf(type.element, used)}`
  if (type.type === 'map' && type.element !== undefined) return `{${typeOf(type.element, used)}`
  if (type.type === 'union') return (type.types ?? []).map((one) => typeOf(one, used)).join('|')
  if (type.type === 'ref' && type.reference !== undefined) {
    const found = definitions.get(type.reference.$ref)
    if (found === undefined) throw new Error(`no definition ${type.reference.$ref}`)
    used.set(found.name, found)
    return `@${found.name}`
  }
  return PLAIN.get(type.type) ?? 'j'
}

function propertiesOf(
  properties: Readonly<Record<string, SpecProperty>>,
  used: Map<string, SpecDefinition>,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const replaces =
        property.causesReplacement === 'yes' ? 'c' : property.causesReplacement === 'maybe' ? 'm' : ''
      const flags = (property.required === true ? 'r' : '') + replaces
      const type = typeOf(property.type, used)
      return [name, flags === '' ? [type] : [type, flags]]
    }),
  )
}

function tableOf(resource: SpecResource): unknown {
  const used = new Map<string, SpecDefinition>()
  const properties = propertiesOf(resource.properties, used)
  const attributes = Object.keys(resource.attributes)
  const inner: Record<string, unknown> = {}
  for (let before = -1; before !== used.size;) {
    before = used.size
    for (const [name, definition] of used) inner[name] ??= propertiesOf(definition.properties, used)
  }
  return {
    properties,
    definitions: inner,
    attributes,
    identifier: resource.primaryIdentifier ?? [],
    ref: resource.cfnRefIdentifier ?? resource.primaryIdentifier ?? [],
  }
}

const names = [...new Set([...resources.map((one) => one.cloudFormationType), ...FURTHER])].sort()
const tables = DEPLOYED.map((type) => {
  const found = resources.find((one) => one.cloudFormationType === type)
  if (found === undefined) throw new Error(`AWS has no resource type ${type}`)
  return `${JSON.stringify(type)}:${JSON.stringify(tableOf(found))}`
})
const out = join(import.meta.dirname, '../src/model/resources/cloudformation.json')
const source = JSON.stringify(`@aws-cdk/aws-service-spec ${version}, Apache-2.0`)
writeFileSync(
  out,
  `{"source":${source},\n"types":${JSON.stringify(names)},\n"tables":{\n${tables.join(',\n')}\n}}\n`,
)
console.log(`${out}: ${names.length} types, ${tables.length} with their tables`)
