/** Settings of groups and deployments, checked: what belongs to servers and containers, and what is not watched here, is refused by name. Pure. */
import type {
  AlarmConfiguration,
  AutoRollbackConfiguration,
  CreateDeploymentGroupInput,
  CreateDeploymentInput,
  TriggerConfig,
  UpdateDeploymentGroupInput,
} from '#model/codedeploy.ts'
import type { AutoRollback } from '#services/codedeploy/deployment.ts'
import {
  invalidRollback,
  invalidStyle,
  noAlarms,
  notForLambda,
  noTriggers,
} from '#services/codedeploy/faults.ts'

export const NO_ROLLBACK: AutoRollback = { enabled: false, events: [] }

/** Fault InvalidAutoRollbackConfigException. Source: CodeDeploy API, AutoRollbackConfiguration. */
export function autoRollbackOf(given: AutoRollbackConfiguration): AutoRollback {
  const { enabled = false, events = [] } = given
  if (enabled && events.length === 0)
    throw invalidRollback('An automatic rollback that is enabled needs at least one event.')
  return { enabled, events }
}

/** Fault InvalidAlarmConfigException for alarms that would have to be watched. */
export function checkAlarms(alarms: AlarmConfiguration | undefined): void {
  const names = (alarms?.alarms ?? []).map(({ name }) => name ?? '')
  if (alarms?.enabled === true && names.length > 0) throw noAlarms(names)
}

function checkTriggers(triggers: readonly TriggerConfig[] | undefined): void {
  if (triggers === undefined || triggers.length === 0) return
  throw noTriggers(triggers.map(({ triggerName }) => triggerName ?? ''))
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)

const setOf = (settings: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(settings).filter((name) => isSet(settings[name]))

/** Faults InvalidInputException, InvalidDeploymentStyleException, and those of alarms and triggers. */
export function checkGroup(input: CreateDeploymentGroupInput | UpdateDeploymentGroupInput): void {
  const foreign = setOf({
    ec2TagFilters: input.ec2TagFilters,
    onPremisesInstanceTagFilters: input.onPremisesInstanceTagFilters,
    autoScalingGroups: input.autoScalingGroups,
    blueGreenDeploymentConfiguration: input.blueGreenDeploymentConfiguration,
    loadBalancerInfo: input.loadBalancerInfo,
    ec2TagSet: input.ec2TagSet,
    ecsServices: input.ecsServices,
    onPremisesTagSet: input.onPremisesTagSet,
    outdatedInstancesStrategy: input.outdatedInstancesStrategy,
    ec2DeploymentOptions: input.ec2DeploymentOptions,
    terminationHookEnabled: input.terminationHookEnabled,
  })
  if (foreign.length > 0) throw notForLambda('InvalidInputException', foreign)
  const { deploymentStyle: style } = input
  const fits = style?.deploymentType === 'BLUE_GREEN' && style.deploymentOption === 'WITH_TRAFFIC_CONTROL'
  if (style !== undefined && !fits) throw invalidStyle()
  checkAlarms(input.alarmConfiguration)
  checkTriggers(input.triggerConfigurations)
}

/** Faults InvalidInputException, InvalidAlarmConfigException. */
export function checkDeployment(input: CreateDeploymentInput): void {
  const foreign = setOf({
    targetInstances: input.targetInstances,
    ignoreApplicationStopFailures: input.ignoreApplicationStopFailures,
    updateOutdatedInstancesOnly: input.updateOutdatedInstancesOnly,
    fileExistsBehavior: input.fileExistsBehavior,
    deploymentMode: input.deploymentMode,
    ec2DeploymentOptions: input.ec2DeploymentOptions,
  })
  if (foreign.length > 0) throw notForLambda('InvalidInputException', foreign)
  checkAlarms(input.overrideAlarmConfiguration)
}
