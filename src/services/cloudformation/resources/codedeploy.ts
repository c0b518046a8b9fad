/** AWS::CodeDeploy::Application, DeploymentGroup and DeploymentConfig, of the compute platform Lambda. */
import { printArn } from '#base/arn.ts'
import { type Dict, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  lowered,
  pick,
  refuse,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

/** Characters of names. Source: CodeDeploy API, ApplicationName. */
const NAME_CHARACTERS = 100

type NameOf = (context: ResourceContext, properties: Dict) => string

const named =
  (property: string): NameOf =>
  (context, properties) =>
    textAt(properties, property) ?? context.name(NAME_CHARACTERS)

const made = (physicalId: string): Made => ({ physicalId, attributes: {} })

/** These properties in the API's spelling. */
const settings = (properties: Dict, names: readonly string[]): Readonly<Record<string, unknown>> => {
  const found = lowered(pick(properties, names))
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {}
}

async function updateTags(
  context: ResourceContext,
  resource: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const { partition, region, account } = context.stack
  const ResourceArn = printArn({ partition, service: 'codedeploy', region, account, resource })
  const { set, gone } = changedTags(properties, before)
  const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
  if (Tags.length > 0) await context.call('codedeploy', 'TagResource', { ResourceArn, Tags })
  if (gone.length > 0) await context.call('codedeploy', 'UntagResource', { ResourceArn, TagKeys: [...gone] })
}

const applicationName = named('ApplicationName')

/** Ref is its name. */
export const codedeployApplication: ResourceHandler = {
  async create(context, properties) {
    const name = applicationName(context, properties)
    const input = { applicationName: name, ...settings(properties, ['ComputePlatform']) }
    const tags = tagList(properties)
    await context.call('codedeploy', 'CreateApplication', request({ ...input, tags }))
    return made(name)
  },
  async update(context, name, properties, before) {
    await updateTags(context, `application:${name}`, properties, before)
    return made(name)
  },
  async delete(context, name) {
    await unlessGone(() => context.call('codedeploy', 'DeleteApplication', { applicationName: name }))
  },
  existing: applicationName,
}

const groupName = named('DeploymentGroupName')

/** Of other platforms, or not done: the spelling of these differs from the API's. */
const REFUSED = [
  'AutoScalingGroups',
  'BlueGreenDeploymentConfiguration',
  'Deployment',
  'ECSServices',
  'Ec2TagFilters',
  'Ec2TagSet',
  'LoadBalancerInfo',
  'OnPremisesInstanceTagFilters',
  'OnPremisesTagSet',
  'OutdatedInstancesStrategy',
  'TerminationHookEnabled',
]
const GROUP_SETTINGS = [
  'AlarmConfiguration',
  'AutoRollbackConfiguration',
  'DeploymentConfigName',
  'DeploymentStyle',
  'ServiceRoleArn',
  'TriggerConfigurations',
]

function groupInput(properties: Dict): Readonly<Record<string, unknown>> {
  refuse('AWS::CodeDeploy::DeploymentGroup', properties, REFUSED)
  return { applicationName: text(properties, 'ApplicationName'), ...settings(properties, GROUP_SETTINGS) }
}

/** What a template does not say any more is taken back. */
const NOTHING = {
  alarmConfiguration: { enabled: false, alarms: [] },
  autoRollbackConfiguration: { enabled: false, events: [] },
  deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce',
}

/** Ref is its name. */
export const codedeployDeploymentGroup: ResourceHandler = {
  async create(context, properties) {
    const name = groupName(context, properties)
    const input = { ...groupInput(properties), deploymentGroupName: name, tags: tagList(properties) }
    await context.call('codedeploy', 'CreateDeploymentGroup', request(input))
    return made(name)
  },
  async update(context, name, properties, before) {
    const input = { ...NOTHING, ...groupInput(properties), currentDeploymentGroupName: name }
    await context.call('codedeploy', 'UpdateDeploymentGroup', request(input))
    const tagged = `deploymentgroup:${text(properties, 'ApplicationName')}/${name}`
    await updateTags(context, tagged, properties, before)
    return made(name)
  },
  async delete(context, name, properties) {
    const input = { applicationName: text(properties, 'ApplicationName'), deploymentGroupName: name }
    await unlessGone(() => context.call('codedeploy', 'DeleteDeploymentGroup', input))
  },
  existing: groupName,
}

const configurationName = named('DeploymentConfigName')

/** Ref is its name. Every change makes another one. */
export const codedeployDeploymentConfig: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::CodeDeploy::DeploymentConfig', properties, ['MinimumHealthyHosts', 'ZonalConfig'])
    const name = configurationName(context, properties)
    const own = settings(properties, ['ComputePlatform', 'TrafficRoutingConfig'])
    await context.call(
      'codedeploy',
      'CreateDeploymentConfig',
      request({ deploymentConfigName: name, ...own }),
    )
    return made(name)
  },
  update: (_, name) => Promise.resolve(made(name)),
  async delete(context, name) {
    await unlessGone(() =>
      context.call('codedeploy', 'DeleteDeploymentConfig', { deploymentConfigName: name }),
    )
  },
  existing: configurationName,
}
