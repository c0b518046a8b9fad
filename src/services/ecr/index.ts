/** ECR: repositories as metadata, because `cdk bootstrap` and templates make them. No registry is behind them. */
import type { Ecr } from '#model/ecr.ts'
import type { Service } from '#ports/service.ts'
import {
  deleteLifecyclePolicy,
  deleteRepositoryPolicy,
  getLifecyclePolicy,
  getRepositoryPolicy,
  putLifecyclePolicy,
  setRepositoryPolicy,
} from '#services/ecr/operations/policies.ts'
import {
  createRepository,
  deleteRepository,
  describeRepositories,
  putImageScanningConfiguration,
  putImageTagMutability,
} from '#services/ecr/operations/repositories.ts'
import { listTagsForResource, tagResource, untagResource } from '#services/ecr/operations/tags.ts'
import type { EcrState } from '#services/ecr/repositories.ts'

export { createEcr, type EcrPorts, type EcrState } from '#services/ecr/repositories.ts'

/** Images, pushes and pulls, and with them the token for a registry that is not there; scans, replication, caches. */
const NOT_YET = [
  'BatchCheckLayerAvailability',
  'BatchDeleteImage',
  'BatchGetImage',
  'BatchGetRepositoryScanningConfiguration',
  'CompleteLayerUpload',
  'CreatePullThroughCacheRule',
  'CreateRepositoryCreationTemplate',
  'DeletePullThroughCacheRule',
  'DeleteRegistryPolicy',
  'DeleteRepositoryCreationTemplate',
  'DeleteSigningConfiguration',
  'DeregisterPullTimeUpdateExclusion',
  'DescribeImageReplicationStatus',
  'DescribeImageScanFindings',
  'DescribeImageSigningStatus',
  'DescribeImages',
  'DescribePullThroughCacheRules',
  'DescribeRegistry',
  'DescribeReplicationBackfillResults',
  'DescribeRepositoryCreationTemplates',
  'GetAccountSetting',
  'GetAuthorizationToken',
  'GetDownloadUrlForLayer',
  'GetLifecyclePolicyPreview',
  'GetRegistryPolicy',
  'GetRegistryScanningConfiguration',
  'GetSigningConfiguration',
  'InitiateLayerUpload',
  'ListImageReferrers',
  'ListImages',
  'ListPullTimeUpdateExclusions',
  'ListReplicationBackfills',
  'PutAccountSetting',
  'PutImage',
  'PutRegistryPolicy',
  'PutRegistryScanningConfiguration',
  'PutReplicationConfiguration',
  'PutSigningConfiguration',
  'RegisterPullTimeUpdateExclusion',
  'StartImageScan',
  'StartLifecyclePolicyPreview',
  'StartReplicationBackfill',
  'StopReplicationBackfill',
  'UpdateImageStorageClass',
  'UpdatePullThroughCacheRule',
  'UpdateRepositoryCreationTemplate',
  'UploadLayerPart',
  'ValidatePullThroughCacheRule',
] as const satisfies readonly (keyof Ecr)[]

export const ecr: Service<Ecr, EcrState, (typeof NOT_YET)[number]> = {
  name: 'ecr',
  operations: {
    CreateRepository: createRepository,
    DeleteLifecyclePolicy: deleteLifecyclePolicy,
    DeleteRepository: deleteRepository,
    DeleteRepositoryPolicy: deleteRepositoryPolicy,
    DescribeRepositories: describeRepositories,
    GetLifecyclePolicy: getLifecyclePolicy,
    GetRepositoryPolicy: getRepositoryPolicy,
    ListTagsForResource: listTagsForResource,
    PutImageScanningConfiguration: putImageScanningConfiguration,
    PutImageTagMutability: putImageTagMutability,
    PutLifecyclePolicy: putLifecyclePolicy,
    SetRepositoryPolicy: setRepositoryPolicy,
    TagResource: tagResource,
    UntagResource: untagResource,
  },
  notYet: NOT_YET,
}
