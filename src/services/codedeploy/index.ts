/** CodeDeploy for functions: traffic of an alias shifted from one version to another on the clock. Servers and containers are not here. */
import type { CodeDeploy } from '#model/codedeploy.ts'
import type { Service } from '#ports/service.ts'
import {
  batchGetApplications,
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  updateApplication,
} from '#services/codedeploy/operations/applications.ts'
import {
  createDeploymentConfig,
  deleteDeploymentConfig,
  getDeploymentConfig,
  listDeploymentConfigs,
} from '#services/codedeploy/operations/configurations.ts'
import { createDeployment } from '#services/codedeploy/operations/create-deployment.ts'
import {
  batchGetDeployments,
  batchGetDeploymentTargets,
  getDeployment,
  getDeploymentTarget,
  listDeployments,
  listDeploymentTargets,
  putLifecycleEventHookExecutionStatus,
  stopDeployment,
} from '#services/codedeploy/operations/deployments.ts'
import {
  batchGetDeploymentGroups,
  createDeploymentGroup,
  deleteDeploymentGroup,
  getDeploymentGroup,
  listDeploymentGroups,
  updateDeploymentGroup,
} from '#services/codedeploy/operations/groups.ts'
import { listTagsForResource, tagResource, untagResource } from '#services/codedeploy/operations/tags.ts'
import type { CodeDeployState } from '#services/codedeploy/state.ts'

export { resetCodeDeploy, resumeCodeDeploy, stopCodeDeploy } from '#services/codedeploy/drive.ts'
export { createCodeDeploy, type CodeDeployPorts, type CodeDeployState } from '#services/codedeploy/state.ts'

/** Instances, on-premises instances, GitHub, registered revisions, rerouting by hand and stacks' own blue/green hook. */
const NOT_YET = [
  'AddTagsToOnPremisesInstances',
  'BatchGetApplicationRevisions',
  'BatchGetDeploymentInstances',
  'BatchGetOnPremisesInstances',
  'ContinueDeployment',
  'DeleteGitHubAccountToken',
  'DeleteResourcesByExternalId',
  'DeregisterOnPremisesInstance',
  'GetApplicationRevision',
  'GetDeploymentInstance',
  'GetOnPremisesInstance',
  'ListApplicationRevisions',
  'ListDeploymentInstances',
  'ListGitHubAccountTokenNames',
  'ListOnPremisesInstances',
  'RegisterApplicationRevision',
  'RegisterOnPremisesInstance',
  'RemoveTagsFromOnPremisesInstances',
  'SkipWaitTimeForInstanceTermination',
] as const satisfies readonly (keyof CodeDeploy)[]

export const codedeploy: Service<CodeDeploy, CodeDeployState, (typeof NOT_YET)[number]> = {
  name: 'codedeploy',
  operations: {
    BatchGetApplications: batchGetApplications,
    BatchGetDeploymentGroups: batchGetDeploymentGroups,
    BatchGetDeployments: batchGetDeployments,
    BatchGetDeploymentTargets: batchGetDeploymentTargets,
    CreateApplication: createApplication,
    CreateDeployment: createDeployment,
    CreateDeploymentConfig: createDeploymentConfig,
    CreateDeploymentGroup: createDeploymentGroup,
    DeleteApplication: deleteApplication,
    DeleteDeploymentConfig: deleteDeploymentConfig,
    DeleteDeploymentGroup: deleteDeploymentGroup,
    GetApplication: getApplication,
    GetDeployment: getDeployment,
    GetDeploymentConfig: getDeploymentConfig,
    GetDeploymentGroup: getDeploymentGroup,
    GetDeploymentTarget: getDeploymentTarget,
    ListApplications: listApplications,
    ListDeploymentConfigs: listDeploymentConfigs,
    ListDeploymentGroups: listDeploymentGroups,
    ListDeployments: listDeployments,
    ListDeploymentTargets: listDeploymentTargets,
    ListTagsForResource: listTagsForResource,
    PutLifecycleEventHookExecutionStatus: putLifecycleEventHookExecutionStatus,
    StopDeployment: stopDeployment,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateApplication: updateApplication,
    UpdateDeploymentGroup: updateDeploymentGroup,
  },
  notYet: NOT_YET,
}
