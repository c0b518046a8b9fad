/**
 * A SAM application with a DeploymentPreference, deployed twice on a platform whose clock the test moves: traffic
 * really shifts between the versions of an alias, hooks report from within, and a failing one takes the stack back.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { element, json, query, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const API = { Version: '2010-05-15' }
const MINUTE = 60_000

/** A hook as users write them, without an SDK: it reports what its variable says. */
const HOOK = `
exports.handler = async (event) => {
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus',
      authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID +
        '/20260101/us-east-1/codedeploy/aws4_request, SignedHeaders=host, Signature=' + '0'.repeat(64),
      'x-amz-security-token': process.env.AWS_SESSION_TOKEN ?? '',
    },
    body: JSON.stringify({
      deploymentId: event.DeploymentId,
      lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
      status: process.env.VERDICT,
    }),
  })
  if (answer.status !== 200) throw new Error(await answer.text())
}
`

interface Wish {
  readonly says: string
  readonly type: string
  readonly verdict?: string
}

const templateOf = ({ says, type, verdict = 'Succeeded' }: Wish): string =>
  JSON.stringify({
    Transform: 'AWS::Serverless-2016-10-31',
    Globals: { Function: { Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 30 } },
    Resources: {
      App: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          FunctionName: 'app',
          InlineCode: `exports.handler = async () => '${says}'`,
          AutoPublishAlias: 'live',
          DeploymentPreference: { Type: type, Hooks: { PreTraffic: { Ref: 'Before' } } },
        },
      },
      Before: {
        Type: 'AWS::Serverless::Function',
        Properties: { InlineCode: HOOK, Environment: { Variables: { VERDICT: verdict } } },
      },
    },
  })

async function stack(on: Platform, action: string, template?: string): Promise<string> {
  const answer = await query(on, 'cloudformation', {
    ...API,
    Action: action,
    StackName: 'shop',
    ...(template === undefined ? {} : { TemplateBody: template }),
    'Capabilities.member.1': 'CAPABILITY_IAM',
    'Capabilities.member.2': 'CAPABILITY_AUTO_EXPAND',
  })
  assert.equal(answer.status, 200, answer.body)
  return element(answer, 'StackStatus') ?? ''
}

const events = async (on: Platform): Promise<string> =>
  (await query(on, 'cloudformation', { ...API, Action: 'DescribeStackEvents', StackName: 'shop' })).body

/** Looks until it holds: functions and deployments of this test run in real time. */
async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (let found = await look(); ; found = await look()) {
    if (holds(found)) return found
    await new Promise((resume) => setTimeout(resume, 30))
  }
}

const rested = async (on: Platform): Promise<string> =>
  await until(
    () => stack(on, 'DescribeStacks'),
    (status) => !status.endsWith('IN_PROGRESS'),
  )

interface Alias {
  readonly FunctionVersion: string
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> }
}

async function alias(on: Platform): Promise<string> {
  const got = await rest(on, 'lambda GET /2015-03-31/functions/app/aliases/live')
  assert.equal(got.status, 200, got.body)
  const { FunctionVersion, RoutingConfig } = JSON.parse(got.body) as Alias
  return `${FunctionVersion} ${JSON.stringify(RoutingConfig?.AdditionalVersionWeights ?? {})}`
}

async function becomes(on: Platform, wanted: string): Promise<void> {
  await until(
    () => alias(on),
    (found) => found === wanted,
  )
}

async function advance(on: Platform, ms: number): Promise<void> {
  const body = JSON.stringify({ action: 'advance', ms })
  assert.equal((await send(on, { path: '/_windtunnel/clock', body })).status, 200)
}

interface Info {
  readonly status: string
  readonly creator: string
  readonly errorInformation?: { readonly code: string }
}

async function deployments(on: Platform): Promise<Info[]> {
  const call = async (operation: string, input: unknown): Promise<unknown> => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `CodeDeploy_20141006.${operation}`,
    }
    const answer = await send(on, { service: 'codedeploy', headers, body: JSON.stringify(input) })
    assert.equal(answer.status, 200, answer.body)
    return JSON.parse(answer.body)
  }
  const { deployments: deploymentIds } = (await call('ListDeployments', {})) as { deployments: string[] }
  if (deploymentIds.length === 0) return []
  const { deploymentsInfo } = (await call('BatchGetDeployments', { deploymentIds })) as {
    deploymentsInfo: Info[]
  }
  return deploymentsInfo
}

const saysLive = async (on: Platform): Promise<string> =>
  (await rest(on, 'lambda POST /2015-03-31/functions/app:live/invocations', '{}')).body

test('A second deployment shifts 10 percent, then all, and the stack waits for it', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  await stack(on, 'CreateStack', templateOf({ says: 'one', type: 'Canary10Percent5Minutes' }))
  assert.equal(await rested(on), 'CREATE_COMPLETE')
  assert.equal(await alias(on), '1 {}')
  assert.deepEqual(await deployments(on), [])
  await stack(on, 'UpdateStack', templateOf({ says: 'two', type: 'Canary10Percent5Minutes' }))
  await becomes(on, '1 {"2":0.1}')
  await advance(on, 4 * MINUTE)
  assert.equal(await alias(on), '1 {"2":0.1}')
  assert.equal(await stack(on, 'DescribeStacks'), 'UPDATE_IN_PROGRESS')
  await advance(on, MINUTE)
  assert.equal(await rested(on), 'UPDATE_COMPLETE')
  assert.equal(await alias(on), '2 {}')
  assert.equal(await saysLive(on), '"two"')
  const [only, ...others] = await deployments(on)
  assert.deepEqual([only?.status, others], ['Succeeded', []])
  assert.equal(await on.stop(), 0)
})

test('A failing hook fails the update: the alias stays, the stack goes back', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  await stack(on, 'CreateStack', templateOf({ says: 'one', type: 'AllAtOnce', verdict: 'Failed' }))
  assert.equal(await rested(on), 'CREATE_COMPLETE')
  await stack(on, 'UpdateStack', templateOf({ says: 'two', type: 'AllAtOnce', verdict: 'Failed' }))
  assert.equal(await rested(on), 'UPDATE_ROLLBACK_COMPLETE')
  assert.equal(await alias(on), '1 {}')
  assert.equal(await saysLive(on), '"one"')
  const all = await deployments(on)
  assert.deepEqual(all.map(({ status, creator }) => `${creator} ${status}`).toSorted(), [
    'codeDeployRollback Succeeded',
    'user Failed',
  ])
  assert.equal(
    all.find(({ creator }) => creator === 'user')?.errorInformation?.code,
    'HOOK_EXECUTION_FAILURE',
  )
  assert.match(await events(on), /CodeDeploy deployment d-[A-Z0-9]{9} Failed\..*HOOK_EXECUTION_FAILURE/)
  assert.equal(await on.stop(), 0)
})

test('A kill in the middle of a shift: the next platform goes on with deployment and stack', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-codedeploy-'))
  const options = ['--data', folder, '--virtual-time']
  try {
    const first = await platform(options)
    await stack(first, 'CreateStack', templateOf({ says: 'one', type: 'Linear10PercentEvery1Minute' }))
    assert.equal(await rested(first), 'CREATE_COMPLETE')
    await stack(first, 'UpdateStack', templateOf({ says: 'two', type: 'Linear10PercentEvery1Minute' }))
    await becomes(first, '1 {"2":0.1}')
    await first.kill()
    const second = await platform(options)
    assert.equal(await stack(second, 'DescribeStacks'), 'UPDATE_IN_PROGRESS')
    await advance(second, 4 * MINUTE)
    // Commits to a file take longer than the turns that an advance leaves them.
    await becomes(second, '1 {"2":0.5}')
    await advance(second, 5 * MINUTE)
    assert.equal(await rested(second), 'UPDATE_COMPLETE')
    assert.equal(await alias(second), '2 {}')
    assert.equal((await deployments(second)).length, 1)
    assert.equal(await second.stop(), 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('Alarms and triggers of a preference fail the stack by name, and what is not written says so', async () => {
  const on = await platform()
  const template = JSON.parse(templateOf({ says: 'one', type: 'AllAtOnce' })) as {
    Resources: { App: { Properties: { DeploymentPreference: Record<string, unknown> } } }
  }
  template.Resources.App.Properties.DeploymentPreference['Alarms'] = ['errors']
  await stack(on, 'CreateStack', JSON.stringify(template))
  assert.equal(await rested(on), 'ROLLBACK_COMPLETE')
  assert.match(await events(on), /Windtunnel has no CloudWatch alarms yet.*errors/)
  const body = '{"instanceName":"x","iamUserArn":"y"}'
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'CodeDeploy_20141006.RegisterOnPremisesInstance',
  }
  assert.match((await send(on, { service: 'codedeploy', headers, body })).body, /NotImplemented/)
  assert.equal((await json(on, 'logs.DescribeLogGroups', {})).status, 200)
  assert.equal(await on.stop(), 0)
})
