/**
 * `UpdatePolicy: CodeDeployLambdaAliasUpdate`: an alias that gets another version is moved by a CodeDeploy deployment,
 * and the update waits for it. The deployment is known by a mark in its description, so that a repetition after a crash
 * goes on waiting for it. Source: CloudFormation template reference, UpdatePolicy attribute.
 */
import { dictAt, type Dict, textAt } from '#engines/templates/value.ts'
import type { DeploymentInfo } from '#model/codedeploy.ts'
import { HandlerFailure } from '#services/cloudformation/interruption.ts'
import { DEPLOYMENT_POLL_MS, DEPLOYMENT_POLL_MS_MAX, SHIFT_MS_MAX } from '#services/cloudformation/limits.ts'
import type { ResourceContext } from '#services/cloudformation/resources/handler.ts'
import { text } from '#services/cloudformation/resources/properties.ts'

interface AliasMove {
  readonly policy: Dict
  readonly properties: Dict
  readonly from: string
}

/** Moves the alias by a deployment when its policy asks for it and its version changes. Throws `HandlerFailure` when that failed. */
export async function deployAlias(context: ResourceContext, properties: Dict, before: Dict): Promise<void> {
  const policy = dictAt(context.updatePolicy, 'CodeDeployLambdaAliasUpdate')
  const from = textAt(before, 'FunctionVersion')
  if (policy === undefined || from === undefined || from === text(properties, 'FunctionVersion')) return
  const id = await begun(context, { policy, properties, from })
  try {
    await succeeded(context, id)
  } catch (error) {
    // A cancelled update stops its deployment and has it undone.
    if (error instanceof HandlerFailure) await undone(context, id)
    throw error
  }
}

/** The deployment of this update, made unless it was before. */
async function begun(context: ResourceContext, { policy, properties, from }: AliasMove): Promise<string> {
  const group = {
    applicationName: text(policy, 'ApplicationName'),
    deploymentGroupName: text(policy, 'DeploymentGroupName'),
  }
  const { requestId, sent } = await context.mailbox().open('deployment', SHIFT_MS_MAX)
  const description = `CloudFormation: ${context.stack.name}, ${context.logicalId} (${requestId})`
  const known = sent ? await madeBefore(context, group, description) : undefined
  if (known !== undefined) return known
  await context.mailbox().noteSent()
  const content = JSON.stringify({
    version: 0,
    Resources: [
      { [context.logicalId]: { Type: 'AWS::Lambda::Function', Properties: moved(properties, from) } },
    ],
    Hooks: hooksOf(policy),
  })
  const revision = { revisionType: 'AppSpecContent', appSpecContent: { content } } as const
  const input = { ...group, revision, description }
  const { deploymentId = '' } = await context.call('codedeploy', 'CreateDeployment', input)
  return deploymentId
}

const moved = (properties: Dict, from: string): Dict => ({
  Name: text(properties, 'FunctionName'),
  Alias: text(properties, 'Name'),
  CurrentVersion: from,
  TargetVersion: text(properties, 'FunctionVersion'),
})

const hooksOf = (policy: Dict): Dict[] =>
  ['BeforeAllowTraffic', 'AfterAllowTraffic'].flatMap((hook) => {
    const functionName = textAt(policy, `${hook}Hook`)
    return functionName === undefined || functionName === '' ? [] : [{ [hook]: functionName }]
  })

async function madeBefore(
  context: ResourceContext,
  group: { readonly applicationName: string; readonly deploymentGroupName: string },
  description: string,
): Promise<string | undefined> {
  const { deployments = [] } = await context.call('codedeploy', 'ListDeployments', group)
  const deploymentIds = deployments.slice(0, 25)
  if (deploymentIds.length === 0) return undefined
  const { deploymentsInfo = [] } = await context.call('codedeploy', 'BatchGetDeployments', { deploymentIds })
  return deploymentsInfo.find((one) => one.description === description)?.deploymentId
}

const look = async (context: ResourceContext, deploymentId: string): Promise<DeploymentInfo> =>
  (await context.call('codedeploy', 'GetDeployment', { deploymentId })).deploymentInfo ?? {}

const isOver = ({ status }: DeploymentInfo): boolean =>
  status === 'Succeeded' || status === 'Failed' || status === 'Stopped'

/** Waits until it is over, whatever it comes to. It takes the time that it takes, on the platform's clock. */
async function over(context: ResourceContext, id: string, cancellable = false): Promise<DeploymentInfo> {
  for (let wait = DEPLOYMENT_POLL_MS; ; wait = Math.min(DEPLOYMENT_POLL_MS_MAX, wait * 2)) {
    const found = await look(context, id)
    if (isOver(found)) return found
    if (cancellable && context.cancelled()) throw new HandlerFailure('Resource update cancelled')
    await context.pause(wait)
  }
}

/** Waits for it, and for the one that undoes it. The reason's text is inferred. */
async function succeeded(context: ResourceContext, id: string): Promise<void> {
  const { status, errorInformation, rollbackInfo } = await over(context, id, true)
  if (status === 'Succeeded') return
  const undoing = rollbackInfo?.rollbackDeploymentId
  const back = undoing === undefined ? undefined : await over(context, undoing)
  const why = `${errorInformation?.message ?? ''} (Error code: ${errorInformation?.code ?? ''})`
  const rolled = back === undefined ? '' : ` Rollback ${undoing}: ${back.status ?? ''}.`
  throw new HandlerFailure(`CodeDeploy deployment ${id} ${status ?? ''}. ${why}${rolled}`)
}

/** Stops it if it runs, and waits until the traffic is where it was. */
async function undone(context: ResourceContext, deploymentId: string): Promise<void> {
  if (!isOver(await look(context, deploymentId)))
    await context.call('codedeploy', 'StopDeployment', { deploymentId, autoRollbackEnabled: true })
  const { rollbackInfo } = await over(context, deploymentId)
  const undoing = rollbackInfo?.rollbackDeploymentId
  if (undoing !== undefined) await over(context, undoing)
}
