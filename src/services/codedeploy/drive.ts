/**
 * The shell of deployments: does what `deployment.ts` says is next through Lambda's own API, writes what came of it, and
 * waits on the platform's clock. One deployment is driven by one loop at a time; changes from outside are written in
 * transactions and wake it.
 */
import { utf8 } from '#base/bytes.ts'
import { present } from '#base/assert.ts'
import { Fault } from '#base/fault.ts'
import { accountId, regionOf, upperId } from '#base/ids.ts'
import type { ErrorCode, RevisionLocation } from '#model/codedeploy.ts'
import type { ApiIdentity } from '#ports/api.ts'
import { type Move, printAppSpec } from '#services/codedeploy/app-spec.ts'
import {
  type Act,
  after,
  type Deployment,
  type Happened,
  nextAct,
  rollbackOf,
  rollsBack,
} from '#services/codedeploy/deployment.ts'
import { LISTED_MAX } from '#services/codedeploy/limits.ts'
import { functionArn, type Place } from '#services/codedeploy/names.ts'
import { active, deployments, ownerOf, putDeployment } from '#services/codedeploy/records.ts'
import type { CodeDeployState, Driven } from '#services/codedeploy/state.ts'

type Work = Exclude<Act, { readonly kind: 'wait' | 'rest' | 'note' }>

/** `d-` and nine letters and digits. Source: CodeDeploy API, examples. */
export const newDeploymentId = (state: CodeDeployState): string => `d-${upperId(state.random, 9)}`

/** Goes on with a deployment as soon as possible: after it was made, and whenever something happened to it. */
export function wake(state: CodeDeployState, place: Place, id: string): void {
  if (state.stopping) return
  const key = [...ownerOf(place), id].join(' ')
  const driven = state.driven.get(key) ?? { place, id, running: undefined, again: false, alarm: undefined }
  state.driven.set(key, driven)
  driven.alarm?.cancel()
  driven.alarm = undefined
  if (driven.running !== undefined) {
    driven.again = true
    return
  }
  driven.running = drive(state, driven)
    .catch((error: unknown) => broken(state, driven.id, error))
    .finally(() => {
      driven.running = undefined
      if (driven.again && !state.stopping) wake(state, place, id)
      else if (driven.alarm === undefined) state.driven.delete(key)
    })
}

/** A defect of ours. What the store could not take stays as it was, and goes on at the next start. */
function broken(state: CodeDeployState, deployment: string, error: unknown): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  state.log.error('codedeploy.deployment.defect', { deployment, message })
}

async function drive(state: CodeDeployState, driven: Driven): Promise<void> {
  const { place, id } = driven
  while (!state.stopping) {
    driven.again = false
    const deployment = await deployments.get(state.store.read, ownerOf(place), id)
    if (deployment === undefined) return
    const act = nextAct(deployment, state.clock.now())
    if (act.kind === 'rest') return
    if (act.kind === 'wait') {
      if (driven.again) continue
      driven.alarm = state.clock.wakeAt(act.until, () => wake(state, place, id))
      return
    }
    const happened = act.kind === 'note' ? act.happened : await perform(state, place, { deployment, act })
    await commit(state, place, id, happened)
  }
}

interface Performance {
  readonly deployment: Deployment
  readonly act: Work
}

/** A refusal of the service behind fails the deployment, and so does a defect: none stays under way with nobody driving it. */
async function perform(
  state: CodeDeployState,
  place: Place,
  { deployment, act }: Performance,
): Promise<Happened> {
  const move = present(deployment.move, 'a deployment without an AppSpec file has failed before it began')
  const resource = functionArn(place, move.functionName)
  const span = state.tracer.begin({ ...place, service: 'codedeploy', operation: deployment.phase, resource })
  span.set('deployment', deployment.id)
  try {
    const happened = await work(state, { ...place, span }, deployment, { act, move })
    span.end(happened.kind === 'failed' ? 'error' : 'ok')
    return happened
  } catch (error) {
    span.end(error instanceof Fault ? 'error' : 'fault')
    if (error instanceof Fault)
      return { kind: 'failed', code: codeOf(act, error), message: refusalText(act, error) }
    broken(state, deployment.id, error)
    return { kind: 'failed', code: 'INTERNAL_ERROR', message: 'There was an internal error.' }
  }
}

/** Source: CodeDeploy API, ErrorInformation; which is which is inferred. */
function codeOf({ kind }: Work, { code }: Fault): ErrorCode {
  if (kind === 'invoke') return 'HOOK_EXECUTION_FAILURE'
  if (/TooManyRequests|Throttl/.test(code)) return 'THROTTLED'
  return /NotFound/.test(code) ? 'INVALID_LAMBDA_FUNCTION' : 'INVALID_LAMBDA_CONFIGURATION'
}

const refusalText = (act: Work, { message }: Fault): string =>
  act.kind === 'invoke'
    ? `The deployment failed because the function ${act.functionName} of the lifecycle event ${act.hook} could not be invoked: ${message}`
    : `The deployment failed because Lambda refused it: ${message}`

async function work(
  state: CodeDeployState,
  as: ApiIdentity,
  deployment: Deployment,
  { act, move }: { readonly act: Work; readonly move: Move },
): Promise<Happened> {
  const alias = { FunctionName: move.functionName, Name: move.alias }
  switch (act.kind) {
    case 'check': {
      const { FunctionVersion } = await state.api.call('lambda', 'GetAlias', alias, as)
      const undoes = deployment.creator === 'codeDeployRollback'
      return undoes || FunctionVersion === move.currentVersion ? { kind: 'checked' } : ELSEWHERE
    }
    case 'invoke': {
      const event = {
        DeploymentId: deployment.id,
        LifecycleEventHookExecutionId: deployment.executionIds[act.hook],
      }
      const input = {
        FunctionName: act.functionName,
        InvocationType: 'Event',
        Payload: utf8(JSON.stringify(event)),
      }
      await state.api.call('lambda', 'Invoke', input, as)
      return { kind: 'invoked', hook: act.hook }
    }
    case 'shift': {
      const share = act.weight === 100 ? {} : { [move.targetVersion]: act.weight / 100 }
      const input = {
        ...alias,
        FunctionVersion: act.weight === 100 ? move.targetVersion : move.currentVersion,
        RoutingConfig: { AdditionalVersionWeights: share },
      }
      await state.api.call('lambda', 'UpdateAlias', input, as)
      return { kind: 'shifted', weight: act.weight }
    }
    default:
      return act satisfies never
  }
}

/** Source: recorded AWS answer. */
const ELSEWHERE: Happened = {
  kind: 'failed',
  code: 'INVALID_LAMBDA_CONFIGURATION',
  message:
    'The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration is missing or has an invalid configuration. The Lambda function alias version does not match the current version in AppSpec file.',
}

/** What happened, and the way back that follows from it, in one transaction. */
async function commit(state: CodeDeployState, place: Place, id: string, happened: Happened): Promise<void> {
  const owner = ownerOf(place)
  const undoing = await state.store.tx(async (tx) => {
    const before = await deployments.get(tx, owner, id)
    if (before === undefined) return undefined
    const next = after(before, happened, state.clock.now())
    return await putEnded(state, next, (one) => putDeployment(tx, owner, one))
  })
  if (undoing !== undefined) wake(state, place, undoing.id)
}

/** Writes it; when it has ended so that it is undone, also the deployment that undoes it, which is answered. */
export async function putEnded(
  state: CodeDeployState,
  next: Deployment,
  put: (deployment: Deployment) => Promise<void>,
): Promise<Deployment | undefined> {
  if (!rollsBack(next)) {
    await put(next)
    return undefined
  }
  const now = state.clock.now()
  const undoing = rollbackOf(next, { id: newDeploymentId(state), revision: wayBack(next), now })
  const message = undoing.rollback?.message ?? ''
  await put({ ...next, rollback: { deploymentId: undoing.id, message } })
  await put(undoing)
  return undoing
}

function wayBack({ move }: Deployment): RevisionLocation {
  const { functionName, alias, currentVersion, targetVersion } = present(move, 'only what moved is undone')
  const content = printAppSpec({
    functionName,
    alias,
    currentVersion: targetVersion,
    targetVersion: currentVersion,
  })
  return { revisionType: 'AppSpecContent', appSpecContent: { content } }
}

/** Goes on with every deployment that the last run of the platform left. */
export async function resumeCodeDeploy(state: CodeDeployState): Promise<void> {
  for (const { owner, id } of await active.list(state.store.read, [], [], { limit: LISTED_MAX })) {
    const account = present(accountId(owner[0]), 'a stored owner is an account')
    const region = present(regionOf(owner[1]), 'a stored owner has a region')
    state.log.info('codedeploy.deployment.resumed', { deployment: id })
    wake(state, { account, region }, id)
  }
}

/** Lets what runs end its step. It goes on at the next `resumeCodeDeploy`. */
export async function stopCodeDeploy(state: CodeDeployState): Promise<void> {
  state.stopping = true
  const all = [...state.driven.values()]
  for (const { alarm } of all) alarm?.cancel()
  await Promise.all(all.flatMap(({ running }) => (running === undefined ? [] : [running])))
}

/** For the platform's reset: what runs ends first, then the files are emptied by the platform. */
export async function resetCodeDeploy(state: CodeDeployState): Promise<void> {
  await stopCodeDeploy(state)
  state.driven.clear()
  state.stopping = false
}
