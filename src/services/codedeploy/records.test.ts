import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { memoryStores } from '#host/store/memory.ts'
import { call, cloud, op, started } from '#services/codedeploy/fake-codedeploy.ts'
import type { CodeDeployState } from '#services/codedeploy/index.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const service = (): CodeDeployState => started(cloud(turn), memoryStores())

async function refused(work: () => unknown, code: string, message?: RegExp): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.code, code)
      if (message !== undefined) assert.match(error.message, message)
      return true
    },
  )
}

const APP = { applicationName: 'shop', computePlatform: 'Lambda' } as const
const GROUP = {
  applicationName: 'shop',
  deploymentGroupName: 'main',
  serviceRoleArn: 'arn:aws:iam::000000000000:role/deployer',
} as const

test('Applications and their groups are made, shown, renamed and deleted', async () => {
  const state = service()
  await op.CreateApplication(APP, state, call)
  await refused(() => op.CreateApplication(APP, state, call), 'ApplicationAlreadyExistsException')
  await refused(
    () => op.CreateApplication({ applicationName: 'servers' }, state, call),
    'InvalidComputePlatformException',
    /^Windtunnel deploys the compute platform Lambda only/,
  )
  await refused(
    () => op.CreateApplication({ ...APP, applicationName: 'a b' }, state, call),
    'InvalidApplicationNameException',
  )
  await op.CreateDeploymentGroup(GROUP, state, call)
  await refused(() => op.CreateDeploymentGroup(GROUP, state, call), 'DeploymentGroupAlreadyExistsException')
  await op.UpdateApplication({ applicationName: 'shop', newApplicationName: 'store' }, state, call)
  await refused(
    () => op.GetApplication({ applicationName: 'shop' }, state, call),
    'ApplicationDoesNotExistException',
    /^No application found for name: shop$/,
  )
  const update = {
    applicationName: 'store',
    currentDeploymentGroupName: 'main',
    newDeploymentGroupName: 'other',
    deploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
  }
  await op.UpdateDeploymentGroup(update, state, call)
  const named = { applicationName: 'store', deploymentGroupName: 'other' }
  const { deploymentGroupInfo: info } = await op.GetDeploymentGroup(named, state, call)
  assert.deepEqual(
    [info?.deploymentConfigName, info?.computePlatform, info?.deploymentStyle?.deploymentType],
    ['CodeDeployDefault.LambdaCanary10Percent5Minutes', 'Lambda', 'BLUE_GREEN'],
  )
  assert.deepEqual((await op.ListDeploymentGroups(named, state, call)).deploymentGroups, ['other'])
  await op.DeleteApplication(named, state, call)
  await op.DeleteApplication(named, state, call)
  assert.deepEqual(await op.ListApplications({}, state, call), { applications: [] })
})

test('Settings that nobody would act upon are refused by name', async () => {
  const state = service()
  await op.CreateApplication(APP, state, call)
  const alarmConfiguration = { enabled: true, alarms: [{ name: 'errors' }] }
  await refused(
    () => op.CreateDeploymentGroup({ ...GROUP, alarmConfiguration }, state, call),
    'InvalidAlarmConfigException',
    /^Windtunnel has no CloudWatch alarms yet.*errors/,
  )
  const triggerConfigurations = [{ triggerName: 'told', triggerTargetArn: 'arn', triggerEvents: [] }]
  await refused(
    () => op.CreateDeploymentGroup({ ...GROUP, triggerConfigurations }, state, call),
    'InvalidTriggerConfigException',
    /^Windtunnel .*told/,
  )
  await refused(
    () => op.CreateDeploymentGroup({ ...GROUP, autoScalingGroups: ['asg'] }, state, call),
    'InvalidInputException',
    /autoScalingGroups/,
  )
  const style = { deploymentType: 'IN_PLACE', deploymentOption: 'WITHOUT_TRAFFIC_CONTROL' } as const
  await refused(
    () => op.CreateDeploymentGroup({ ...GROUP, deploymentStyle: style }, state, call),
    'InvalidDeploymentStyleException',
  )
  const off = { enabled: false, alarms: [{ name: 'errors' }] }
  await op.CreateDeploymentGroup({ ...GROUP, alarmConfiguration: off }, state, call)
  const { deploymentGroupInfo } = await op.GetDeploymentGroup(GROUP, state, call)
  assert.deepEqual(deploymentGroupInfo?.alarmConfiguration, off)
})

test('Configurations are AWS nine for Lambda and those that users make, until a group has them', async () => {
  const state = service()
  const { deploymentConfigsList: own } = await op.ListDeploymentConfigs({}, state, call)
  assert.equal(own?.length, 9)
  const name = { deploymentConfigName: 'Quarter' }
  const routing = (linearPercentage: number, linearInterval: number) => ({
    ...name,
    computePlatform: 'Lambda' as const,
    trafficRoutingConfig: {
      type: 'TimeBasedLinear' as const,
      timeBasedLinear: { linearPercentage, linearInterval },
    },
  })
  await refused(
    () => op.CreateDeploymentConfig(routing(100, 1), state, call),
    'InvalidTrafficRoutingConfigurationException',
  )
  await refused(
    () => op.CreateDeploymentConfig(routing(1, 60), state, call),
    'InvalidTrafficRoutingConfigurationException',
    /together at most 2880 minutes/,
  )
  await op.CreateDeploymentConfig(routing(25, 3), state, call)
  await refused(
    () => op.CreateDeploymentConfig(routing(25, 3), state, call),
    'DeploymentConfigAlreadyExistsException',
  )
  const { deploymentConfigInfo } = await op.GetDeploymentConfig(name, state, call)
  assert.deepEqual(deploymentConfigInfo?.trafficRoutingConfig, routing(25, 3).trafficRoutingConfig)
  await op.CreateApplication(APP, state, call)
  await op.CreateDeploymentGroup({ ...GROUP, ...name }, state, call)
  await refused(() => op.DeleteDeploymentConfig(name, state, call), 'DeploymentConfigInUseException')
  await op.DeleteDeploymentGroup(GROUP, state, call)
  await op.DeleteDeploymentConfig(name, state, call)
  await refused(() => op.GetDeploymentConfig(name, state, call), 'DeploymentConfigDoesNotExistException')
})

test('Tags are put, listed and taken off by ARN', async () => {
  const state = service()
  await op.CreateApplication({ ...APP, tags: [{ Key: 'a', Value: '1' }] }, state, call)
  await op.CreateDeploymentGroup({ ...GROUP, tags: [{ Key: 'g', Value: '1' }] }, state, call)
  const arn = 'arn:aws:codedeploy:us-east-1:000000000000'
  const ResourceArn = `${arn}:application:shop`
  await op.TagResource({ ResourceArn, Tags: [{ Key: 'b', Value: '2' }] }, state, call)
  await op.UntagResource({ ResourceArn, TagKeys: ['a', 'none'] }, state, call)
  assert.deepEqual(await op.ListTagsForResource({ ResourceArn }, state, call), {
    Tags: [{ Key: 'b', Value: '2' }],
  })
  const group = { ResourceArn: `${arn}:deploymentgroup:shop/main` }
  assert.deepEqual((await op.ListTagsForResource(group, state, call)).Tags, [{ Key: 'g', Value: '1' }])
  await refused(() => op.ListTagsForResource({ ResourceArn: 'shop' }, state, call), 'InvalidArnException')
  await refused(
    () => op.ListTagsForResource({ ResourceArn: `${arn}:instance:x` }, state, call),
    'ArnNotSupportedException',
  )
})

test('Listings go page by page, and a token that no page gave is refused', async () => {
  const state = service()
  const names = Array.from({ length: 120 }, (_, n) => `app-${String(n).padStart(3, '0')}`)
  for (const applicationName of names) await op.CreateApplication({ ...APP, applicationName }, state, call)
  const first = await op.ListApplications({}, state, call)
  assert.deepEqual(first.applications, names.slice(0, 100))
  const second = await op.ListApplications({ nextToken: first.nextToken }, state, call)
  assert.deepEqual(second, { applications: names.slice(100) })
  await refused(() => op.ListApplications({ nextToken: 'bm8=' }, state, call), 'InvalidNextTokenException')
  await refused(
    () => op.BatchGetApplications({ applicationNames: [...names.slice(0, 100), 'more'] }, state, call),
    'BatchLimitExceededException',
  )
})

test('Deployments and hooks that are not there, or that no deployment has, are refused', async () => {
  const state = service()
  await refused(() => op.GetDeployment({ deploymentId: 'd-1' }, state, call), 'InvalidDeploymentIdException')
  const none = { deploymentId: 'd-ABCDEFGHI' }
  await refused(() => op.GetDeployment(none, state, call), 'DeploymentDoesNotExistException')
  await refused(() => op.StopDeployment(none, state, call), 'DeploymentDoesNotExistException')
  const put = (status: 'Skipped' | 'Failed') =>
    op.PutLifecycleEventHookExecutionStatus(
      { ...none, lifecycleEventHookExecutionId: 'x', status },
      state,
      call,
    )
  await refused(() => put('Skipped'), 'InvalidLifecycleEventHookExecutionStatusException')
  await refused(() => put('Failed'), 'DeploymentDoesNotExistException')
  await op.CreateApplication(APP, state, call)
  await op.CreateDeploymentGroup(GROUP, state, call)
  await refused(() => op.CreateDeployment(GROUP, state, call), 'RevisionRequiredException')
  const github = { revisionType: 'GitHub', gitHubLocation: {} } as const
  await refused(
    () => op.CreateDeployment({ ...GROUP, revision: github }, state, call),
    'InvalidRevisionException',
  )
})
