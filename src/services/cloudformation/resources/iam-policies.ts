/** Policies of IAM as resources of their own: put on users, groups and roles (AWS::IAM::Policy), or attached to them. */
import { printArn } from '#base/arn.ts'
import { type Dict, memberOf, sameValue, textAt, type Value } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { HOLDERS, namesAt } from '#services/cloudformation/resources/iam-holders.ts'
import {
  documentText,
  pick,
  request,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

/** AWS::IAM::Policy: an inline policy put on roles, users and groups. Its Ref is a generated name. */
export const iamPolicy: ResourceHandler = {
  async create(context, properties) {
    checkHeld(properties)
    await putOn(context, properties, {})
    const id = context.name(64)
    return { physicalId: id, attributes: { Id: id } }
  },
  async update(context, physicalId, properties, before) {
    checkHeld(properties)
    await putOn(context, properties, before)
    return { physicalId, attributes: { Id: physicalId } }
  },
  async delete(context, _, properties) {
    await takeFrom(context, properties, undefined)
  },
}

/** Source: CloudFormation template reference, AWS::IAM::Policy, Roles; the text as recorded in public reports. */
function checkHeld(properties: Dict): void {
  if (HOLDERS.some(({ property }) => namesAt(properties, property).length > 0)) return
  throw validationError('At least one of [Groups,Roles,Users] must be non-empty.')
}

async function putOn(context: ResourceContext, properties: Dict, before: Dict): Promise<void> {
  const policy = {
    name: text(properties, 'PolicyName'),
    document: documentText(memberOf(properties, 'PolicyDocument')) ?? '{}',
  }
  for (const holders of HOLDERS)
    for (const name of namesAt(properties, holders.property)) await holders.put(context, name, policy)
  await takeFrom(context, before, properties)
}

/** From all that had it, but for those that have it under the same name still. */
async function takeFrom(context: ResourceContext, before: Dict, properties: Dict | undefined): Promise<void> {
  const policy = textAt(before, 'PolicyName')
  if (policy === undefined) return
  const isSameName = properties !== undefined && textAt(properties, 'PolicyName') === policy
  for (const holders of HOLDERS) {
    const stay = isSameName ? namesAt(properties, holders.property) : []
    for (const name of namesAt(before, holders.property).filter((one) => !stay.includes(one)))
      await unlessGone(() => holders.remove(context, name, policy))
  }
}

/** AWS::IAM::ManagedPolicy. Its Ref is its ARN. */
export const iamManagedPolicy: ResourceHandler = {
  async create(context, properties) {
    const { Policy: policy } = await context.call(
      'iam',
      'CreatePolicy',
      request({
        PolicyName: policyName(context, properties),
        ...pick(properties, ['Path', 'Description']),
        PolicyDocument: documentText(memberOf(properties, 'PolicyDocument')),
      }),
    )
    const arn = policy?.Arn ?? ''
    await attachTo(context, arn, properties, {})
    return managed(arn, policy?.PolicyId)
  },
  async update(context, arn, properties, before) {
    const document: Value | undefined = memberOf(properties, 'PolicyDocument')
    if (!sameValue(document, memberOf(before, 'PolicyDocument'))) {
      await newVersion(context, arn, documentText(document) ?? '{}')
    }
    await attachTo(context, arn, properties, before)
    return managed(arn, undefined)
  },
  async delete(context, arn, properties) {
    await attachTo(context, arn, {}, properties)
    await unlessGone(async () => {
      const { Versions: versions } = await context.call('iam', 'ListPolicyVersions', { PolicyArn: arn })
      for (const version of versions ?? []) {
        if (version.IsDefaultVersion === true || version.VersionId === undefined) continue
        await context.call('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId: version.VersionId })
      }
      await context.call('iam', 'DeletePolicy', { PolicyArn: arn })
    })
  },
  existing(context, properties) {
    const { partition, account } = context.stack
    const resource = `policy${textAt(properties, 'Path') ?? '/'}${policyName(context, properties)}`
    return printArn({ partition, service: 'iam', region: '', account, resource })
  },
}

const policyName = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'ManagedPolicyName') ?? context.name(128)

const managed = (arn: string, id: string | undefined): Made => ({
  physicalId: arn,
  attributes: { PolicyArn: arn, ...(id === undefined ? {} : { PolicyId: id }) },
})

/** A policy has at most five versions: the oldest that is not the default goes first. */
async function newVersion(context: ResourceContext, arn: string, document: string): Promise<void> {
  const { Versions: versions = [] } = await context.call('iam', 'ListPolicyVersions', { PolicyArn: arn })
  const spare = versions.filter((one) => one.IsDefaultVersion !== true).at(-1)?.VersionId
  if (versions.length >= 5 && spare !== undefined) {
    await context.call('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId: spare })
  }
  await context.call('iam', 'CreatePolicyVersion', {
    PolicyArn: arn,
    PolicyDocument: document,
    SetAsDefault: true,
  })
}

async function attachTo(
  context: ResourceContext,
  arn: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  for (const holders of HOLDERS) {
    const [was, shall] = [namesAt(before, holders.property), namesAt(properties, holders.property)]
    for (const name of shall.filter((one) => !was.includes(one))) await holders.attach(context, name, arn)
    for (const name of was.filter((one) => !shall.includes(one)))
      await unlessGone(() => holders.detach(context, name, arn))
  }
}
