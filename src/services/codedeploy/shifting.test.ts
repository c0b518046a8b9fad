import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { DeploymentInfo } from '#model/codedeploy.ts'
import { type Cloud, call, cloud, op, started } from '#services/codedeploy/fake-codedeploy.ts'
import { type CodeDeployState, resumeCodeDeploy, stopCodeDeploy } from '#services/codedeploy/index.ts'

const MINUTE = 60_000
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ROLE = 'arn:aws:iam::000000000000:role/deployer'
const ROLLBACK = { enabled: true, events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST'] }

interface World {
  readonly cloud: Cloud
  readonly state: CodeDeployState
  readonly deploy: (hooks?: readonly string[], to?: { from: string; target: string }) => Promise<string>
  readonly info: (id: string) => Promise<DeploymentInfo>
}

const specOf = (
  hooks: readonly string[] = [],
  { from, target }: { from: string; target: string } = { from: '1', target: '2' },
): string => `version: 0.0
Resources:
  - app:
      Type: AWS::Lambda::Function
      Properties: { Name: app, Alias: live, CurrentVersion: ${from}, TargetVersion: "${target}" }
Hooks: [${hooks.map((name) => `{ ${name}: check-${name} }`).join(', ')}]
`

async function world(
  configuration: string,
  rollback: typeof ROLLBACK | undefined = ROLLBACK,
): Promise<World> {
  const of = cloud(turn)
  const state = started(of, memoryStores())
  await op.CreateApplication({ applicationName: 'shop', computePlatform: 'Lambda' }, state, call)
  await op.CreateDeploymentGroup(
    {
      applicationName: 'shop',
      deploymentGroupName: 'main',
      serviceRoleArn: ROLE,
      deploymentConfigName: `CodeDeployDefault.Lambda${configuration}`,
      autoRollbackConfiguration: rollback,
    },
    state,
    call,
  )
  return worldOf(of, state)
}

function worldOf(of: Cloud, state: CodeDeployState): World {
  return {
    cloud: of,
    state,
    deploy: async (hooks, to) => {
      const revision = { revisionType: 'AppSpecContent', appSpecContent: { content: specOf(hooks, to) } }
      const input = { applicationName: 'shop', deploymentGroupName: 'main', revision }
      const { deploymentId = '' } = await op.CreateDeployment(input, state, call)
      await of.clock.settle()
      return deploymentId
    },
    info: async (deploymentId) =>
      (await op.GetDeployment({ deploymentId }, state, call)).deploymentInfo ?? assert.fail('it is there'),
  }
}

const report = async ({ cloud: of, state }: World, status: 'Succeeded' | 'Failed'): Promise<void> => {
  const { deployment, execution } = of.hooks.at(-1) ?? assert.fail('a hook was called')
  const input = { deploymentId: deployment, lifecycleEventHookExecutionId: execution, status }
  assert.deepEqual(await op.PutLifecycleEventHookExecutionStatus(input, state, call), {
    lifecycleEventHookExecutionId: execution,
  })
  await of.clock.settle()
}

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

const lifecycle = async ({ state }: World, deploymentId: string): Promise<string> => {
  const { deploymentTarget } = await op.GetDeploymentTarget(
    { deploymentId, targetId: 'app:live' },
    state,
    call,
  )
  const events = deploymentTarget?.lambdaTarget?.lifecycleEvents ?? []
  return events.map(({ lifecycleEventName, status }) => `${lifecycleEventName} ${status}`).join(', ')
}

test('A canary deployment gives the new version 10 percent, and all after its five minutes', async () => {
  const on = await world('Canary10Percent5Minutes')
  const id = await on.deploy()
  assert.match(id, /^d-[A-Z0-9]{9}$/)
  assert.deepEqual(on.cloud.shifts, ['0 1 2=0.1'])
  assert.equal((await on.info(id)).status, 'InProgress')
  await on.cloud.clock.advance(5 * MINUTE - 1)
  assert.equal(on.cloud.shifts.length, 1)
  await on.cloud.clock.advance(1)
  assert.deepEqual(on.cloud.shifts, ['0 1 2=0.1', '300 2'])
  const { status, deploymentOverview, startTime, completeTime } = await on.info(id)
  assert.equal(status, 'Succeeded')
  assert.equal(deploymentOverview?.Succeeded, 1)
  assert.equal(Number(completeTime) - Number(startTime), 5 * MINUTE)
  assert.equal(
    await lifecycle(on, id),
    'Start Succeeded, BeforeAllowTraffic Skipped, AllowTraffic Succeeded, AfterAllowTraffic Skipped, End Succeeded',
  )
  assert.deepEqual(on.cloud.errors, [])
})

test('A linear deployment gives 10 percent more every minute, ten times', async () => {
  const on = await world('Linear10PercentEvery1Minute')
  const id = await on.deploy()
  await on.cloud.clock.advance(4.5 * MINUTE)
  const target = { deploymentId: id, targetId: 'app:live' }
  const { deploymentTarget } = await op.GetDeploymentTarget(target, on.state, call)
  assert.equal(deploymentTarget?.lambdaTarget?.lambdaFunctionInfo?.targetVersionWeight, 50)
  await on.cloud.clock.advance(4.5 * MINUTE)
  const weights = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
  assert.deepEqual(on.cloud.shifts, [
    ...weights.map((weight, index) => `${index * 60} 1 2=${weight}`),
    '540 2',
  ])
  assert.equal((await on.info(id)).status, 'Succeeded')
})

test('Hooks come before and after the traffic, and the deployment waits for what they report', async () => {
  const on = await world('AllAtOnce')
  const id = await on.deploy(['BeforeAllowTraffic', 'AfterAllowTraffic'])
  await on.cloud.clock.advance(MINUTE)
  assert.deepEqual(
    on.cloud.hooks.map(({ name, deployment }) => [name, deployment]),
    [['check-BeforeAllowTraffic', id]],
  )
  assert.deepEqual(on.cloud.shifts, [])
  await report(on, 'Succeeded')
  assert.deepEqual(on.cloud.shifts, ['60 2'])
  assert.equal(on.cloud.hooks.at(-1)?.name, 'check-AfterAllowTraffic')
  assert.equal((await on.info(id)).status, 'InProgress')
  await report(on, 'Succeeded')
  assert.equal((await on.info(id)).status, 'Succeeded')
  await refused(() => report(on, 'Succeeded'), 'LifecycleEventAlreadyCompletedException')
})

test('A hook that reports Failed, after the traffic, has the alias shifted back by a deployment of its own', async () => {
  const on = await world('AllAtOnce')
  const id = await on.deploy(['AfterAllowTraffic'])
  await report(on, 'Failed')
  assert.deepEqual(on.cloud.shifts, ['0 2', '0 1'])
  const { status, errorInformation, rollbackInfo } = await on.info(id)
  assert.equal(status, 'Failed')
  assert.equal(errorInformation?.code, 'HOOK_EXECUTION_FAILURE')
  const back = await on.info(rollbackInfo?.rollbackDeploymentId ?? '')
  assert.deepEqual(
    [back.status, back.creator, back.rollbackInfo?.rollbackTriggeringDeploymentId],
    ['Succeeded', 'codeDeployRollback', id],
  )
  assert.equal(
    await lifecycle(on, id),
    'Start Succeeded, BeforeAllowTraffic Skipped, AllowTraffic Succeeded, AfterAllowTraffic Failed, End Skipped',
  )
})

test('A hook that reports nothing fails the deployment after an hour', async () => {
  const on = await world('AllAtOnce')
  const id = await on.deploy(['BeforeAllowTraffic'])
  await on.cloud.clock.advance(60 * MINUTE - 1)
  assert.equal((await on.info(id)).status, 'InProgress')
  await on.cloud.clock.advance(1)
  assert.equal((await on.info(id)).status, 'Failed')
  assert.match((await on.info(id)).errorInformation?.message ?? '', /did not report a status within one hour/)
})

test('A hook that cannot be invoked fails the deployment; without automatic rollback nothing comes after it', async () => {
  const on = await world('AllAtOnce', { enabled: false, events: [] })
  on.cloud.faults.set('lambda:Invoke', new Fault('ResourceNotFoundException', 'Function not found: x'))
  const id = await on.deploy(['BeforeAllowTraffic'])
  const { status, errorInformation, rollbackInfo } = await on.info(id)
  assert.deepEqual(
    [status, errorInformation?.code, rollbackInfo],
    ['Failed', 'HOOK_EXECUTION_FAILURE', undefined],
  )
  assert.deepEqual(on.cloud.shifts, [])
})

test('StopDeployment ends a shift where it is, or has it undone', async () => {
  const on = await world('Linear10PercentEvery1Minute')
  const left = await on.deploy()
  await on.cloud.clock.advance(MINUTE)
  const input = { deploymentId: left, autoRollbackEnabled: false }
  assert.equal((await op.StopDeployment(input, on.state, call)).status, 'Pending')
  await on.cloud.clock.advance(10 * MINUTE)
  assert.equal((await on.info(left)).status, 'Stopped')
  assert.deepEqual(on.cloud.aliases.get('app:live'), { version: '1', weights: { 2: 0.2 } })
  await refused(() => op.StopDeployment(input, on.state, call), 'DeploymentAlreadyCompletedException')
  const undone = await on.deploy()
  await op.StopDeployment({ deploymentId: undone }, on.state, call)
  await on.cloud.clock.settle()
  const { status, errorInformation, rollbackInfo } = await on.info(undone)
  assert.deepEqual([status, errorInformation?.code], ['Stopped', 'MANUAL_STOP'])
  assert.equal((await on.info(rollbackInfo?.rollbackDeploymentId ?? '')).status, 'Succeeded')
  assert.deepEqual(on.cloud.aliases.get('app:live'), { version: '1', weights: {} })
})

test('A deployment from another version than the alias has fails, and a group deploys one at a time', async () => {
  const on = await world('Canary10Percent5Minutes')
  const wrong = await on.deploy([], { from: '7', target: '8' })
  const { status, errorInformation } = await on.info(wrong)
  assert.deepEqual([status, errorInformation?.code], ['Failed', 'INVALID_LAMBDA_CONFIGURATION'])
  assert.match(errorInformation?.message ?? '', /does not match the current version in AppSpec file/)
  assert.deepEqual(on.cloud.shifts, [])
  const first = await on.deploy()
  await refused(() => on.deploy(), 'DeploymentLimitExceededException', new RegExp(`'main'.*'${first}'`))
  await on.cloud.clock.advance(5 * MINUTE)
  const second = await on.deploy([], { from: '2', target: '3' })
  const { previousRevision } = await on.info(second)
  assert.equal(previousRevision?.appSpecContent?.content, specOf())
})

test('What Lambda refuses in the middle of a shift fails the deployment', async () => {
  const on = await world('Canary10Percent5Minutes')
  const id = await on.deploy()
  on.cloud.faults.set('lambda:UpdateAlias', new Fault('ResourceNotFoundException', 'Cannot find alias'))
  await on.cloud.clock.advance(5 * MINUTE)
  const { status, errorInformation, rollbackInfo } = await on.info(id)
  assert.deepEqual([status, errorInformation?.code], ['Failed', 'INVALID_LAMBDA_FUNCTION'])
  assert.equal((await on.info(rollbackInfo?.rollbackDeploymentId ?? '')).status, 'Failed')
})

test('A restart of the platform goes on with a deployment, wherever its time stands', async () => {
  const of = cloud(turn)
  const stores = memoryStores()
  const first = started(of, stores)
  await op.CreateApplication({ applicationName: 'shop', computePlatform: 'Lambda' }, first, call)
  const group = {
    applicationName: 'shop',
    deploymentGroupName: 'main',
    serviceRoleArn: ROLE,
    deploymentConfigName: 'CodeDeployDefault.LambdaLinear10PercentEvery1Minute',
  }
  await op.CreateDeploymentGroup(group, first, call)
  const id = await worldOf(of, first).deploy(['AfterAllowTraffic'])
  await stopCodeDeploy(first)
  await of.clock.advance(2 * MINUTE)
  assert.deepEqual(of.shifts, ['0 1 2=0.1'])
  const second = started(of, stores)
  await resumeCodeDeploy(second)
  await of.clock.advance(10 * MINUTE)
  assert.deepEqual(of.shifts.slice(1, 3), ['120 1 2=0.3', '180 1 2=0.4'])
  assert.equal(of.shifts.at(-1), '540 2')
  await stopCodeDeploy(second)
  const third = worldOf(of, started(of, stores))
  await resumeCodeDeploy(third.state)
  await of.clock.settle()
  assert.equal(of.hooks.length, 1)
  await report(third, 'Succeeded')
  assert.equal((await third.info(id)).status, 'Succeeded')
  assert.equal(third.state.driven.size, 0)
})

test('A revision in a bucket is read from there; one that is not there is a deployment that has failed', async () => {
  const on = await world('AllAtOnce')
  const deployFrom = async (key: string): Promise<DeploymentInfo> => {
    const s3Location = { bucket: 'specs', key, bundleType: 'YAML' }
    const revision = { revisionType: 'S3', s3Location }
    const input = { applicationName: 'shop', deploymentGroupName: 'main', revision }
    const { deploymentId = '' } = await op.CreateDeployment(input, on.state, call)
    await on.cloud.clock.settle()
    return await on.info(deploymentId)
  }
  on.cloud.objects.set('specs/app.yaml', specOf())
  on.cloud.objects.set('specs/bad.yaml', 'version: 0.0\nResources: []')
  assert.equal((await deployFrom('app.yaml')).status, 'Succeeded')
  const missing = await deployFrom('none.yaml')
  assert.equal(missing.status, 'Failed')
  assert.match(missing.errorInformation?.message ?? '', /The specified key does not exist/)
  assert.match((await deployFrom('bad.yaml')).errorInformation?.message ?? '', /exactly one function/)
  assert.deepEqual(on.cloud.shifts, ['0 2'])
})
