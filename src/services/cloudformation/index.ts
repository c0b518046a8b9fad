/** CloudFormation: stacks and change sets, deployed through AWS's own APIs by the handlers in `resources/`. */
import type { CloudFormation } from '#model/cloudformation.ts'
import type { Service } from '#ports/service.ts'
import {
  createChangeSet,
  deleteChangeSet,
  describeChangeSet,
  listChangeSets,
} from '#services/cloudformation/operations/change-sets.ts'
import {
  createStack,
  deleteStack,
  updateStack,
  updateTerminationProtection,
} from '#services/cloudformation/operations/create-stack.ts'
import {
  describeStackEvents,
  describeStacks,
  listStacks,
} from '#services/cloudformation/operations/describe-stacks.ts'
import { listExports, listImports } from '#services/cloudformation/operations/exports.ts'
import { executeChangeSet } from '#services/cloudformation/operations/execute-change-set.ts'
import {
  getTemplate,
  getTemplateSummary,
  validateTemplate,
} from '#services/cloudformation/operations/get-template.ts'
import {
  cancelUpdateStack,
  continueUpdateRollback,
  rollbackStack,
} from '#services/cloudformation/operations/rollbacks.ts'
import { getStackPolicy, setStackPolicy } from '#services/cloudformation/operations/stack-policies.ts'
import {
  describeStackResource,
  describeStackResources,
  listStackResources,
} from '#services/cloudformation/operations/stack-resources.ts'
import { nestedStacks } from '#services/cloudformation/nested-stacks.ts'
import { type CloudFormationPorts, CloudFormationState } from '#services/cloudformation/state.ts'

export {
  resetCloudFormation,
  resumeCloudFormation,
  stopCloudFormation,
} from '#services/cloudformation/background.ts'
export { responses } from '#services/cloudformation/responses.ts'
export { deployedTypes } from '#services/cloudformation/resources/all.ts'
export { type CloudFormationPorts, CloudFormationState } from '#services/cloudformation/state.ts'

/** Opens nothing but the control file; the generated tables are read at first use. */
export function createCloudFormation(ports: CloudFormationPorts): CloudFormationState {
  const state = new CloudFormationState(ports)
  state.nested = nestedStacks(state)
  return state
}

const operations = {
  CancelUpdateStack: cancelUpdateStack,
  ContinueUpdateRollback: continueUpdateRollback,
  CreateChangeSet: createChangeSet,
  CreateStack: createStack,
  DeleteChangeSet: deleteChangeSet,
  DeleteStack: deleteStack,
  DescribeChangeSet: describeChangeSet,
  DescribeStackEvents: describeStackEvents,
  DescribeStackResource: describeStackResource,
  DescribeStackResources: describeStackResources,
  DescribeStacks: describeStacks,
  ExecuteChangeSet: executeChangeSet,
  GetStackPolicy: getStackPolicy,
  GetTemplate: getTemplate,
  GetTemplateSummary: getTemplateSummary,
  ListChangeSets: listChangeSets,
  ListExports: listExports,
  ListImports: listImports,
  ListStackResources: listStackResources,
  ListStacks: listStacks,
  RollbackStack: rollbackStack,
  SetStackPolicy: setStackPolicy,
  UpdateStack: updateStack,
  UpdateTerminationProtection: updateTerminationProtection,
  ValidateTemplate: validateTemplate,
}

/** Stack sets, types and hooks, drift, refactoring, generated templates, signals of resources. */
const NOT_YET = [
  'ActivateOrganizationsAccess',
  'ActivateType',
  'BatchDescribeTypeConfigurations',
  'CreateGeneratedTemplate',
  'CreateStackInstances',
  'CreateStackRefactor',
  'CreateStackSet',
  'DeactivateOrganizationsAccess',
  'DeactivateType',
  'DeleteGeneratedTemplate',
  'DeleteStackInstances',
  'DeleteStackSet',
  'DeregisterType',
  'DescribeAccountLimits',
  'DescribeChangeSetHooks',
  'DescribeEvents',
  'DescribeGeneratedTemplate',
  'DescribeOrganizationsAccess',
  'DescribePublisher',
  'DescribeResourceScan',
  'DescribeStackDriftDetectionStatus',
  'DescribeStackInstance',
  'DescribeStackRefactor',
  'DescribeStackResourceDrifts',
  'DescribeStackSet',
  'DescribeStackSetOperation',
  'DescribeType',
  'DescribeTypeRegistration',
  'DetectStackDrift',
  'DetectStackResourceDrift',
  'DetectStackSetDrift',
  'EstimateTemplateCost',
  'ExecuteStackRefactor',
  'GetGeneratedTemplate',
  'GetHookResult',
  'ImportStacksToStackSet',
  'ListGeneratedTemplates',
  'ListHookResults',
  'ListResourceScanRelatedResources',
  'ListResourceScanResources',
  'ListResourceScans',
  'ListStackInstanceResourceDrifts',
  'ListStackInstances',
  'ListStackRefactorActions',
  'ListStackRefactors',
  'ListStackSetAutoDeploymentTargets',
  'ListStackSetOperationResults',
  'ListStackSetOperations',
  'ListStackSets',
  'ListTypeRegistrations',
  'ListTypeVersions',
  'ListTypes',
  'PublishType',
  'RecordHandlerProgress',
  'RegisterPublisher',
  'RegisterType',
  'RemoveAlias',
  'SetAlias',
  'SetTypeConfiguration',
  'SetTypeDefaultVersion',
  'SignalResource',
  'StartResourceScan',
  'StopStackSetOperation',
  'TestType',
  'UpdateGeneratedTemplate',
  'UpdateStackInstances',
  'UpdateStackSet',
] as const

type NotYet = (typeof NOT_YET)[number]

export const cloudformation: Service<CloudFormation, CloudFormationState, NotYet> = {
  name: 'cloudformation',
  operations,
  notYet: NOT_YET,
}
