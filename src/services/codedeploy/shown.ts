/** Records as the API shows them. Pure. */
import type {
  ApplicationInfo,
  DeploymentConfigInfo,
  DeploymentGroupInfo,
  DeploymentInfo,
  DeploymentOverview,
  DeploymentTarget,
  LifecycleEvent,
} from '#model/codedeploy.ts'
import { type Deployment, isOver, PHASES } from '#services/codedeploy/deployment.ts'
import { functionArn, type Place } from '#services/codedeploy/names.ts'
import type { ApplicationRecord, ConfigurationRecord, GroupRecord } from '#services/codedeploy/records.ts'
import { type Routing, shownRouting } from '#services/codedeploy/routing.ts'
import { NO_ROLLBACK } from '#services/codedeploy/settings.ts'

const LAMBDA_STYLE = { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' } as const

export const shownApplication = ({ id, name, createdAt }: ApplicationRecord): ApplicationInfo => ({
  applicationId: id,
  applicationName: name,
  createTime: createdAt,
  linkedToGitHub: false,
  computePlatform: 'Lambda',
})

export const shownGroup = (group: GroupRecord): DeploymentGroupInfo => ({
  applicationName: group.application,
  deploymentGroupId: group.id,
  deploymentGroupName: group.name,
  deploymentConfigName: group.configuration,
  ec2TagFilters: [],
  onPremisesInstanceTagFilters: [],
  autoScalingGroups: [],
  serviceRoleArn: group.serviceRoleArn,
  triggerConfigurations: [],
  alarmConfiguration: group.alarms,
  autoRollbackConfiguration: group.autoRollback,
  deploymentStyle: LAMBDA_STYLE,
  computePlatform: 'Lambda',
  terminationHookEnabled: false,
  targetRevision: group.targetRevision,
  lastSuccessfulDeployment: group.lastSucceeded,
  lastAttemptedDeployment: group.lastAttempted,
})

export const shownConfiguration = (
  name: string,
  routing: Routing,
  made: ConfigurationRecord | undefined,
): DeploymentConfigInfo => ({
  deploymentConfigId: made?.id ?? name,
  deploymentConfigName: name,
  createTime: made?.createdAt,
  computePlatform: 'Lambda',
  trafficRoutingConfig: shownRouting(routing),
})

const targetStatus = ({
  status,
}: Deployment): 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'Skipped' => {
  switch (status) {
    case 'Created':
      return 'Pending'
    case 'Stopped':
      return 'Skipped'
    case 'InProgress':
    case 'Succeeded':
    case 'Failed':
      return status
    default:
      return status satisfies never
  }
}

function overview(deployment: Deployment): DeploymentOverview {
  const status = targetStatus(deployment)
  const count = (name: string): number => (name === status ? 1 : 0)
  return {
    Pending: count('Pending'),
    InProgress: count('InProgress'),
    Succeeded: count('Succeeded'),
    Failed: count('Failed'),
    Skipped: count('Skipped'),
    Ready: 0,
  }
}

export const shownDeployment = (of: Deployment): DeploymentInfo => ({
  applicationName: of.application,
  deploymentGroupName: of.group,
  deploymentConfigName: of.configuration,
  deploymentId: of.id,
  previousRevision: of.previousRevision,
  revision: of.revision,
  status: of.status,
  errorInformation: of.error,
  createTime: of.createdAt,
  startTime: of.startedAt,
  completeTime: of.endedAt,
  deploymentOverview: overview(of),
  description: of.description,
  creator: of.creator,
  ignoreApplicationStopFailures: false,
  autoRollbackConfiguration: of.autoRollback.enabled ? of.autoRollback : NO_ROLLBACK,
  updateOutdatedInstancesOnly: false,
  rollbackInfo: of.rollback && {
    rollbackDeploymentId: of.rollback.deploymentId,
    rollbackTriggeringDeploymentId: of.rollback.triggeredBy,
    rollbackMessage: of.rollback.message,
  },
  deploymentStyle: LAMBDA_STYLE,
  instanceTerminationWaitTimeStarted: false,
  fileExistsBehavior: 'DISALLOW',
  deploymentStatusMessages: [],
  computePlatform: 'Lambda',
})

/** `function:alias`: the one target of a Lambda deployment. */
export const targetIdOf = ({ move }: Deployment): string | undefined =>
  move && `${move.functionName}:${move.alias}`

const lifecycleOf = ({ lifecycle }: Deployment): LifecycleEvent[] =>
  PHASES.map((phase) => ({
    lifecycleEventName: phase,
    status: lifecycle[phase].status,
    startTime: lifecycle[phase].startedAt,
    endTime: lifecycle[phase].endedAt,
    ...(lifecycle[phase].status === 'Failed' ? { diagnostics: { errorCode: 'ScriptFailed' } } : {}),
  }))

export function shownTarget(of: Deployment, place: Place): DeploymentTarget {
  const { move } = of
  return {
    deploymentTargetType: 'LambdaTarget',
    lambdaTarget: {
      deploymentId: of.id,
      targetId: targetIdOf(of),
      targetArn: move && `${functionArn(place, move.functionName)}:${move.alias}`,
      status: targetStatus(of),
      lastUpdatedAt: isOver(of) ? of.endedAt : (of.startedAt ?? of.createdAt),
      lifecycleEvents: lifecycleOf(of),
      lambdaFunctionInfo: move && {
        functionName: move.functionName,
        functionAlias: move.alias,
        currentVersion: move.currentVersion,
        targetVersion: move.targetVersion,
        targetVersionWeight: of.weight,
      },
    },
  }
}
