/** DeploymentPreference: CodeDeploy's application, role and deployment groups, and the alias's update policy. */
import { getAtt, given, ifParts, isIntrinsic, isNoValue, ref, sub } from '#engines/sam/intrinsics.ts'
import { combinedConditions } from '#engines/sam/conditions.ts'
import { resolveMappings, resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, members, type Source, tagList } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { managedPolicyArn, trustOf } from '#engines/sam/statements.ts'
import type { DeploymentPreference, World } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

const APPLICATION = 'ServerlessDeploymentApplication'
const ROLE = 'CodeDeployServiceRole'
const CONDITION = 'ServerlessCodeDeployCondition'
const CONFIGURATIONS = new Set(
  words(`Canary10Percent5Minutes Canary10Percent10Minutes Canary10Percent15Minutes
    Canary10Percent30Minutes Linear10PercentEvery1Minute Linear10PercentEvery2Minutes
    Linear10PercentEvery3Minutes Linear10PercentEvery10Minutes AllAtOnce`),
)

/** Notes a function's preference and puts the update policy on its alias. */
export function addDeployment(world: World, source: Source, alias: Made | undefined): void {
  const { id, properties } = source
  const settings = dictAt(properties, 'DeploymentPreference')
  if (settings === undefined || !given(settings)) return
  const known = (name: string): Value | undefined =>
    resolveMappings(resolveParameters(settings[name], world.parameters), world.mappings)
  for (const name of ['Enabled', 'Type']) {
    const value = known(name)
    if (value !== undefined) settings[name] = value
  }
  const passes = Object.hasOwn(settings, 'PassthroughCondition')
    ? booleanOf(id, 'PassthroughCondition', known('PassthroughCondition'))
    : false
  const enabledValue = memberOf(settings, 'Enabled') ?? true
  const enabled = enabledValue !== 'false' && enabledValue !== 'False' && given(enabledValue)
  const tags = dictAt(properties, 'Tags')
  world.deployments.set(id, {
    enabled,
    settings,
    condition: enabled && passes ? textAt(source.attributes, 'Condition') : undefined,
    tags: enabled && properties['PropagateTags'] === true && tags !== undefined ? tags : undefined,
  })
  if (!enabled) return
  checkSettings(id, settings)
  if (alias === undefined) {
    return invalidResource(id, "'DeploymentPreference' requires AutoPublishAlias property to be specified.")
  }
  const hooks = dictAt(settings, 'Hooks')
  alias.attributes['UpdatePolicy'] = {
    CodeDeployLambdaAliasUpdate: members({
      ApplicationName: ref(APPLICATION),
      DeploymentGroupName: ref(`${id}DeploymentGroup`),
      BeforeAllowTrafficHook: memberOf(hooks, 'PreTraffic'),
      AfterAllowTrafficHook: memberOf(hooks, 'PostTraffic'),
    }),
  }
}

function checkSettings(id: string, settings: Dict): void {
  if (!Object.hasOwn(settings, 'Type')) {
    invalidResource(id, "'DeploymentPreference' is missing required Property 'Type'")
  }
  const hooks = memberOf(settings, 'Hooks')
  if (hooks !== undefined && !isDict(hooks)) {
    invalidResource(id, "'Hooks' property of 'DeploymentPreference' must be a dictionary")
  }
}

function booleanOf(id: string, name: string, value: Value | undefined): boolean {
  if (value === true || value === 'true' || value === 'True') return true
  if (value === false || value === 'false' || value === 'False') return false
  if (isIntrinsic(value)) {
    return invalidResource(
      id,
      `Unsupported intrinsic: the only intrinsic functions supported for property ${name} are FindInMap and parameter Refs.`,
    )
  }
  return invalidResource(id, `Invalid value for property ${name}.`)
}

/** What CodeDeploy needs, after all functions; and the condition that joins those of the functions. */
export function deploymentResources(world: World): { readonly resources: Made[]; readonly conditions: Dict } {
  const all = [...world.deployments.values()]
  const enabled = [...world.deployments].filter(([, preference]) => preference.enabled)
  if (enabled.length === 0) return { resources: [], conditions: {} }
  const needed = !all.some((one) => one.condition === undefined && one.enabled)
  const names = [...new Set(all.flatMap((one) => (one.condition === undefined ? [] : [one.condition])))]
  const attributes: Dict = needed ? { Condition: names.length <= 1 ? (names[0] ?? '') : CONDITION } : {}
  const tags: Dict = Object.assign({}, ...enabled.map(([, one]) => one.tags ?? {}))
  const shared = Object.keys(tags).length === 0 ? undefined : tagList(tags)
  const resources = [
    made(
      APPLICATION,
      'AWS::CodeDeploy::Application',
      { ComputePlatform: 'Lambda', Tags: shared },
      { attributes },
    ),
  ]
  if (!all.every((one) => !one.enabled || given(one.settings['Role']))) {
    resources.push(serviceRole(world, attributes, shared))
  }
  for (const [id, preference] of enabled) resources.push(groupOf(id, preference))
  return { resources, conditions: needed ? combinedConditions(names, CONDITION) : {} }
}

function serviceRole(world: World, attributes: Dict, tags: Value[] | undefined): Made {
  const { partition } = world.options
  const limited = partition === 'aws-iso' || partition === 'aws-iso-b' ? 'Limited' : ''
  const arn = managedPolicyArn(partition, `service-role/AWSCodeDeployRoleForLambda${limited}`)
  return made(
    ROLE,
    'AWS::IAM::Role',
    { AssumeRolePolicyDocument: trustOf('codedeploy.amazonaws.com'), ManagedPolicyArns: [arn], Tags: tags },
    { attributes },
  )
}

function groupOf(id: string, { settings, tags, condition }: DeploymentPreference): Made {
  return made(
    `${id}DeploymentGroup`,
    'AWS::CodeDeploy::DeploymentGroup',
    {
      AlarmConfiguration: alarmsOf(id, memberOf(settings, 'Alarms')),
      ApplicationName: ref(APPLICATION),
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
      DeploymentConfigName: configurationOf(copyOf(settings['Type'] ?? null), undefined),
      DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
      ServiceRoleArn: given(settings['Role']) ? settings['Role'] : getAtt(ROLE, 'Arn'),
      TriggerConfigurations: given(settings['TriggerConfigurations'])
        ? settings['TriggerConfigurations']
        : undefined,
      Tags: tags === undefined || Object.keys(tags).length === 0 ? undefined : tagList(tags),
    },
    { attributes: condition === undefined ? {} : { Condition: condition } },
  )
}

function alarmsOf(id: string, alarms: Value | undefined): Value | undefined {
  if (alarms === undefined || !given(alarms) || isNoValue(alarms)) return undefined
  const parts = ifParts(alarms)
  if (parts !== undefined) return { 'Fn::If': [parts[0], alarmList(id, parts[1]), alarmList(id, parts[2])] }
  return alarmList(id, alarms)
}

function alarmList(id: string, alarms: Value): Value {
  if (!Array.isArray(alarms)) return invalidResource(id, 'Alarms must be a list')
  if (alarms.length === 0 || isNoValue(alarms[0])) return {}
  return { Enabled: true, Alarms: alarms.map((alarm) => ({ Name: alarm })) }
}

/** CodeDeploy's own names get their prefix, also inside functions. */
function configurationOf(value: Value, within: string | undefined): Value {
  if (Array.isArray(value)) return value.map((item) => configurationOf(item, undefined))
  if (isDict(value) && isIntrinsic(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, configurationOf(item, name)]),
    )
  }
  if (typeof value !== 'string' || !CONFIGURATIONS.has(value)) return value
  const parts: Value[] = ['CodeDeployDefault.Lambda${ConfigName}', { ConfigName: value }]
  return within === 'Fn::Sub' ? parts : sub('CodeDeployDefault.Lambda${ConfigName}', { ConfigName: value })
}
