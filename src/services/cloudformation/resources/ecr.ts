/** AWS::ECR::Repository: its metadata, which is all that ECR is here. */
import { printArn } from '#base/arn.ts'
import { type Dict, dictAt, memberOf, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  documentText,
  request,
  tagList,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

const nameOf = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'RepositoryName') ?? context.name(200, true)

function made({ stack }: ResourceContext, name: string): Made {
  const { partition, region, account } = stack
  return {
    physicalId: name,
    attributes: {
      Arn: printArn({ partition, service: 'ecr', region, account, resource: `repository/${name}` }),
      RepositoryUri: `${account}.dkr.ecr.${region}.amazonaws.com/${name}`,
    },
  }
}

function mutability(properties: Dict): Readonly<Record<string, unknown>> {
  const filters = memberOf(properties, 'ImageTagMutabilityExclusionFilters')
  return {
    imageTagMutability: memberOf(properties, 'ImageTagMutability') ?? 'MUTABLE',
    imageTagMutabilityExclusionFilters: Array.isArray(filters)
      ? filters.map((filter) => ({
          filterType: memberOf(filter, 'ImageTagMutabilityExclusionFilterType'),
          filter: memberOf(filter, 'ImageTagMutabilityExclusionFilterValue'),
        }))
      : undefined,
  }
}

const scanning = (properties: Dict): { readonly scanOnPush: boolean } => ({
  scanOnPush: memberOf(dictAt(properties, 'ImageScanningConfiguration'), 'ScanOnPush') === true,
})

/** The two documents: what is there is put, what was there and is not any more is taken away. */
async function putDocuments(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const repositoryName = name
  const policyOf = (from: Dict): string | undefined => documentText(memberOf(from, 'RepositoryPolicyText'))
  const cycleOf = (from: Dict): string | undefined =>
    textAt(dictAt(from, 'LifecyclePolicy'), 'LifecyclePolicyText')
  const [policy, cycle] = [policyOf(properties), cycleOf(properties)]
  if (policy !== undefined)
    await context.call('ecr', 'SetRepositoryPolicy', { repositoryName, policyText: policy })
  else if (policyOf(before) !== undefined)
    await unlessGone(() => context.call('ecr', 'DeleteRepositoryPolicy', { repositoryName }))
  if (cycle !== undefined)
    await context.call('ecr', 'PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: cycle })
  else if (cycleOf(before) !== undefined)
    await unlessGone(() => context.call('ecr', 'DeleteLifecyclePolicy', { repositoryName }))
}

export const ecrRepository: ResourceHandler = {
  async create(context, properties) {
    const name = nameOf(context, properties)
    const encryption = dictAt(properties, 'EncryptionConfiguration')
    const whole = {
      repositoryName: name,
      ...mutability(properties),
      imageScanningConfiguration: scanning(properties),
      encryptionConfiguration:
        encryption === undefined
          ? undefined
          : request({
              encryptionType: memberOf(encryption, 'EncryptionType'),
              kmsKey: memberOf(encryption, 'KmsKey'),
            }),
      tags: tagList(properties),
    }
    await context.call('ecr', 'CreateRepository', request(whole))
    await putDocuments(context, name, properties, {})
    return made(context, name)
  },
  async update(context, name, properties, before) {
    await context.call(
      'ecr',
      'PutImageTagMutability',
      request({ repositoryName: name, ...mutability(properties) }),
    )
    await context.call('ecr', 'PutImageScanningConfiguration', {
      repositoryName: name,
      imageScanningConfiguration: scanning(properties),
    })
    await putDocuments(context, name, properties, before)
    const one = made(context, name)
    const resourceArn = textAt(one.attributes, 'Arn') ?? ''
    const { set, gone } = changedTags(properties, before)
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
    if (tags.length > 0) await context.call('ecr', 'TagResource', { resourceArn, tags })
    if (gone.length > 0) await context.call('ecr', 'UntagResource', { resourceArn, tagKeys: [...gone] })
    return one
  },
  async delete(context, name) {
    await unlessGone(() => context.call('ecr', 'DeleteRepository', { repositoryName: name, force: true }))
  },
  existing: nameOf,
}
