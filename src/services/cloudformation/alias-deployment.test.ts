import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '#base/json.ts'
import type { DeploymentInfo } from '#model/codedeploy.ts'
import {
  defects,
  type FakeCloud,
  fakeCall,
  fakePlatform,
  settled,
  until,
} from '#services/cloudformation/fake-ports.ts'
import { cloudformation, resumeCloudFormation, stopCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

const templateOf = (version: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    Resources: {
      App: { Type: 'AWS::CodeDeploy::Application', Properties: { ComputePlatform: 'Lambda' } },
      Group: {
        Type: 'AWS::CodeDeploy::DeploymentGroup',
        Properties: {
          ApplicationName: { Ref: 'App' },
          ServiceRoleArn: 'arn:aws:iam::000000000000:role/r',
          DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
          AutoRollbackConfiguration: { Enabled: true, Events: ['DEPLOYMENT_FAILURE'] },
        },
      },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: { FunctionName: 'f', Name: 'live', FunctionVersion: version, ...more },
        UpdatePolicy: {
          CodeDeployLambdaAliasUpdate: {
            ApplicationName: { Ref: 'App' },
            DeploymentGroupName: { Ref: 'Group' },
            BeforeAllowTrafficHook: 'before',
          },
        },
      },
    },
  })

/** CodeDeploy as far as CloudFormation looks at it: deployments that a test brings to their end. */
function codeDeploy(cloud: FakeCloud): DeploymentInfo[] {
  const all: DeploymentInfo[] = []
  const find = (id: unknown): DeploymentInfo =>
    all.find(({ deploymentId }) => deploymentId === id) ?? assert.fail(`${String(id)} was made`)
  cloud.answers.set('lambda:CreateAlias', () => ({ AliasArn: 'arn:aws:lambda:us-east-1:0:function:f:live' }))
  cloud.answers.set('codedeploy:CreateDeployment', ({ description }) => {
    const deploymentId = `d-${all.length + 1}`
    all.push({ deploymentId, status: 'InProgress', description: String(description) })
    return { deploymentId }
  })
  cloud.answers.set('codedeploy:GetDeployment', (input) => ({ deploymentInfo: find(input['deploymentId']) }))
  cloud.answers.set('codedeploy:ListDeployments', () => ({
    deployments: all.map(({ deploymentId }) => deploymentId),
  }))
  cloud.answers.set('codedeploy:BatchGetDeployments', () => ({ deploymentsInfo: all }))
  cloud.answers.set('codedeploy:StopDeployment', (input) => {
    end(all, input['deploymentId'], 'Stopped')
    return {}
  })
  return all
}

function end(all: DeploymentInfo[], id: unknown, status: 'Succeeded' | 'Failed' | 'Stopped'): void {
  const at = all.findIndex(({ deploymentId }) => deploymentId === id)
  const errorInformation = { code: 'HOOK_EXECUTION_FAILURE', message: 'The hook failed.' } as const
  const ended: DeploymentInfo = { ...all[at], status }
  all[at] = status === 'Succeeded' ? ended : { ...ended, errorInformation }
}

const statusOf = async (state: CloudFormationState): Promise<string> =>
  String((await op.DescribeStacks({ StackName: 'app' }, state, call)).Stacks?.[0]?.StackStatus)

const named = (cloud: FakeCloud, operation: string): Readonly<Record<string, unknown>>[] =>
  cloud.calls.filter((one) => one.operation === operation).map(({ input }) => input)

async function created() {
  const platform = fakePlatform()
  const { cloud } = platform
  const deployments = codeDeploy(cloud)
  const state = platform.start()
  await op.CreateStack({ StackName: 'app', TemplateBody: templateOf('1') }, state, call)
  await settled(state)
  assert.equal(await statusOf(state), 'CREATE_COMPLETE')
  assert.deepEqual(deployments, [])
  const update = async (version: string, more: Record<string, unknown> = {}): Promise<void> =>
    void (await op.UpdateStack({ StackName: 'app', TemplateBody: templateOf(version, more) }, state, call))
  return { ...platform, state, deployments, update }
}

test('An alias that gets another version is moved by a deployment, for which the stack waits', async () => {
  const { cloud, state, deployments, update } = await created()
  await update('2', { Description: 'second' })
  await until(() => deployments.length === 1)
  assert.equal(await statusOf(state), 'UPDATE_IN_PROGRESS')
  assert.deepEqual(named(cloud, 'lambda:UpdateAlias'), [])
  const [input] = named(cloud, 'codedeploy:CreateDeployment')
  const { revision, applicationName, deploymentGroupName } = input ?? {}
  assert.match(`${String(applicationName)} ${String(deploymentGroupName)}`, /^app-App-\w+ app-Group-\w+$/)
  const { appSpecContent } = revision as { appSpecContent: { content: string } }
  assert.deepEqual(parseJson(appSpecContent.content), {
    version: 0,
    Resources: [
      {
        Alias: {
          Type: 'AWS::Lambda::Function',
          Properties: { Name: 'f', Alias: 'live', CurrentVersion: '1', TargetVersion: '2' },
        },
      },
    ],
    Hooks: [{ BeforeAllowTraffic: 'before' }],
  })
  end(deployments, 'd-1', 'Succeeded')
  await settled(state)
  assert.equal(await statusOf(state), 'UPDATE_COMPLETE')
  const [rest] = named(cloud, 'lambda:UpdateAlias')
  assert.deepEqual([rest?.['FunctionVersion'], rest?.['Description']], ['2', 'second'])
  await update('2', { Description: 'only this' })
  await settled(state)
  assert.equal(deployments.length, 1)
  assert.equal(named(cloud, 'lambda:UpdateAlias').length, 2)
  assert.deepEqual(defects, [])
})

test('A deployment that fails fails the update, and the way back takes no deployment', async () => {
  const { cloud, state, deployments, update } = await created()
  await update('2')
  await until(() => deployments.length === 1)
  end(deployments, 'd-1', 'Failed')
  await settled(state)
  assert.equal(await statusOf(state), 'UPDATE_ROLLBACK_COMPLETE')
  assert.equal(deployments.length, 1)
  assert.equal(named(cloud, 'lambda:UpdateAlias').at(-1)?.['FunctionVersion'], '1')
  const { StackEvents } = await op.DescribeStackEvents({ StackName: 'app' }, state, call)
  const reasons = (StackEvents ?? []).map(({ ResourceStatusReason }) => ResourceStatusReason)
  assert.ok(
    reasons.includes(
      'CodeDeploy deployment d-1 Failed. The hook failed. (Error code: HOOK_EXECUTION_FAILURE)',
    ),
  )
})

test('A platform that ends in the middle of a deployment goes on waiting for the same one', async () => {
  const { cloud, state, deployments, update, start } = await created()
  await update('2')
  await until(() => deployments.length === 1)
  await stopCloudFormation(state)
  const next = start()
  await resumeCloudFormation(next)
  const looks = named(cloud, 'codedeploy:GetDeployment').length
  await until(() => named(cloud, 'codedeploy:GetDeployment').length > looks)
  assert.equal(deployments.length, 1)
  end(deployments, 'd-1', 'Succeeded')
  await settled(next)
  assert.equal(await statusOf(next), 'UPDATE_COMPLETE')
})

test('A cancelled update stops its deployment and has it undone', async () => {
  const { cloud, state, deployments, update } = await created()
  await update('2')
  await until(() => named(cloud, 'codedeploy:GetDeployment').length > 2)
  await op.CancelUpdateStack({ StackName: 'app' }, state, call)
  await settled(state)
  assert.equal(await statusOf(state), 'UPDATE_ROLLBACK_COMPLETE')
  assert.deepEqual(named(cloud, 'codedeploy:StopDeployment'), [
    { deploymentId: 'd-1', autoRollbackEnabled: true },
  ])
  assert.deepEqual(
    deployments.map(({ status }) => status),
    ['Stopped'],
  )
})
