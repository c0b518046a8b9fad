/** Deployments run after their call has been answered: started here, awaited when the platform ends, resumed when it starts. */
import { Deployment } from '#services/cloudformation/deployment.ts'
import { addEvent, putStack, stackEvent } from '#services/cloudformation/journal.ts'
import { STACKS_MAX } from '#services/cloudformation/limits.ts'
import { running, type StackRecord, stacks } from '#services/cloudformation/records.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { present } from '#base/assert.ts'

/** Runs the stack's operation to its end, behind the caller's back. */
export function launch(state: CloudFormationState, owner: Owner, stack: StackRecord): void {
  if (state.running.has(stack.stackId)) return
  const work = deploy(state, owner, stack).finally(() => {
    state.running.delete(stack.stackId)
    state.live.delete(stack.stackId)
  })
  state.live.set(stack.stackId, stack)
  state.running.set(stack.stackId, work)
}

async function deploy(state: CloudFormationState, owner: Owner, stack: StackRecord): Promise<void> {
  try {
    await (await Deployment.open(state, owner, stack)).run()
  } catch (error) {
    await fail(state, owner, stack, error)
  }
}

/** A defect of ours ends the operation: a stack never stays in progress with nobody working on it. */
async function fail(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  error: unknown,
): Promise<void> {
  state.ports.log.error('cloudformation.deployment.defect', {
    stack: stack.stackId,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  const kind = stack.operation?.kind
  const rollback = stack.operation?.phase === 'rollback'
  stack.status =
    kind === 'delete'
      ? 'DELETE_FAILED'
      : kind === 'update'
        ? rollback
          ? 'UPDATE_ROLLBACK_FAILED'
          : 'UPDATE_FAILED'
        : rollback
          ? 'ROLLBACK_FAILED'
          : 'CREATE_FAILED'
  stack.statusReason = 'Internal Failure'
  await state.store.tx((tx) => {
    const event = stackEvent(stack, 'Internal Failure')
    addEvent(state, tx, owner, { stack, event, at: state.ports.clock.now() })
    delete stack.operation
    putStack(tx, owner, stack)
  })
}

/** Goes on with every deployment that the last run of the platform left. Before the first request. */
export async function resumeCloudFormation(state: CloudFormationState): Promise<void> {
  const left = await running.list(state.store.read, [], [], { limit: STACKS_MAX })
  for (const { owner, uuid } of left) {
    const account = present(accountId(owner[0]), 'a stored owner is an account')
    const region = present(regionOf(owner[1]), 'a stored owner has a region')
    const stack = await stacks.get(state.store.read, [account, region], uuid)
    if (stack?.operation === undefined) continue
    state.ports.log.info('cloudformation.deployment.resumed', { stack: stack.stackId, status: stack.status })
    launch(state, [account, region], stack)
  }
}

/** Ends what a stack's handlers wait for from outside: their resources fail. */
export function cancelWaits(state: CloudFormationState, stackId: string): void {
  for (const [id, waiting] of state.waiting) if (id.startsWith(`${stackId}|`)) waiting.cancel()
}

/** Lets running deployments stop between two steps. They go on at the next `resumeCloudFormation`. */
export async function stopCloudFormation(state: CloudFormationState): Promise<void> {
  state.stopping = true
  for (const waiting of state.waiting.values()) waiting.interrupt()
  await Promise.all(state.running.values())
}

/** For the platform's reset: what runs ends first, then the files are emptied by the platform. */
export async function resetCloudFormation(state: CloudFormationState): Promise<void> {
  await stopCloudFormation(state)
  state.stopping = false
}
