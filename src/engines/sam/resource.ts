/** Resources on their way through the transform: what the template says (`Source`) and what it becomes (`Made`). */
import { getAtt, ref } from '#engines/sam/intrinsics.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

/** A resource of the SAM template, its properties checked. */
export interface Source {
  readonly id: string
  readonly type: string
  readonly properties: Dict
  readonly dependsOn: Value | undefined
  /** DeletionPolicy, UpdatePolicy, Condition, UpdateReplacePolicy, Metadata as given. */
  readonly attributes: Dict
}

/** A plain CloudFormation resource. */
export interface Made {
  id: string
  readonly type: string
  readonly properties: Dict
  readonly attributes: Dict
  dependsOn: Value | undefined
}

const ATTRIBUTES = ['DeletionPolicy', 'UpdatePolicy', 'Condition', 'UpdateReplacePolicy', 'Metadata'] as const

export function attributesOf(resource: Value | undefined): Dict {
  const out: Dict = {}
  for (const name of ATTRIBUTES) {
    const value = memberOf(resource, name)
    if (value !== undefined) out[name] = value
  }
  return out
}

/** The attributes that go on to every resource made from this one. */
export function passedOn(source: { readonly attributes: Dict }): Dict {
  const out: Dict = {}
  for (const name of ['Condition', 'DeletionPolicy', 'UpdateReplacePolicy']) {
    const value = memberOf(source.attributes, name)
    if (value !== undefined) out[name] = value
  }
  return out
}

/** Members that are there: undefined and null are left out, as SAM leaves out what nobody gave. */
export function members(all: Readonly<Record<string, Value | undefined>>): Dict {
  const out: Dict = {}
  for (const [name, value] of Object.entries(all))
    if (value !== undefined && value !== null) out[name] = value
  return out
}

export interface MadeOptions {
  readonly attributes?: Dict
  readonly dependsOn?: Value | undefined
}

export function made(
  id: string,
  type: string,
  properties: Readonly<Record<string, Value | undefined>>,
  options: MadeOptions = {},
): Made {
  if (!/^[A-Za-z0-9]+$/.test(id)) invalidResource(id, 'Logical ids must be alphanumeric.')
  return {
    id,
    type,
    properties: members(properties),
    attributes: { ...options.attributes },
    dependsOn: options.dependsOn,
  }
}

export function printed(resource: Made): Dict {
  const { dependsOn } = resource
  const depends =
    dependsOn === undefined ||
    dependsOn === null ||
    dependsOn === '' ||
    (Array.isArray(dependsOn) && dependsOn.length === 0)
  return {
    Type: resource.type,
    ...(depends ? {} : { DependsOn: dependsOn }),
    ...resource.attributes,
    Properties: resource.properties,
  }
}

export const arnOf = (resource: Made): Dict => getAtt(resource.id, 'Arn')
export const refTo = (resource: Made): Dict => ref(resource.id)

/** A map of tags as CloudFormation's list. */
export function tagList(tags: Value | undefined): Value[] {
  return Object.entries(isDict(tags) ? tags : {}).map(([key, value]) => ({ Key: key, Value: value ?? '' }))
}

const LISTED = new Set(
  words(`AWS::ApiGateway::RestApi AWS::ApiGateway::Stage AWS::ApiGateway::DomainName AWS::SQS::Queue
    AWS::ApiGateway::DomainNameV2 AWS::ApiGateway::UsagePlan AWS::ApiGateway::ApiKey AWS::IAM::Role
    AWS::ApiGateway::DomainNameAccessAssociation AWS::Lambda::Function AWS::SNS::Topic
    AWS::S3::Bucket AWS::Lambda::CapacityProvider AWS::IoT::TopicRule
    AWS::StepFunctions::StateMachine`),
)
const MAPPED = new Set(['AWS::ApiGatewayV2::Stage', 'AWS::ApiGatewayV2::DomainName'])

/** Sets the tags of every resource that takes them, when PropagateTags is on. */
export function propagateTags(resources: readonly Made[], tags: Value | undefined, on: boolean): void {
  if (!on || !isDict(tags) || Object.keys(tags).length === 0) return
  for (const resource of resources) {
    if (LISTED.has(resource.type)) resource.properties['Tags'] = tagList(tags)
    else if (MAPPED.has(resource.type)) resource.properties['Tags'] = { ...tags }
  }
}
