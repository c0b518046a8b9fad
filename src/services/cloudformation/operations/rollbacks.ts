/** Going back by hand: CancelUpdateStack, ContinueUpdateRollback, RollbackStack. */
import type { CloudFormation } from '#model/cloudformation.ts'
import type { Operation } from '#ports/service.ts'
import { cancelWaits } from '#services/cloudformation/background.ts'
import { notDone, validationError } from '#services/cloudformation/faults.ts'
import { putStack, resourcesOf, stackOf } from '#services/cloudformation/journal.ts'
import { beginRollback, ownerOf } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

/** What is under way ends first; then everything is undone. Source: CloudFormation API, CancelUpdateStack. */
export const cancelUpdateStack: Operation<CloudFormation['CancelUpdateStack'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const found = await stackOf(state, owner, input.StackName)
  const stack = state.live.get(found.stackId) ?? found
  if (stack.operation === undefined || stack.status !== 'UPDATE_IN_PROGRESS')
    throw validationError('CancelUpdateStack cannot be called from current stack status')
  stack.operation.cancelled = true
  await state.store.tx((tx) => putStack(tx, owner, stack))
  cancelWaits(state, stack.stackId)
  return {}
}

/** Source: CloudFormation API, ContinueUpdateRollback; texts inferred. */
export const continueUpdateRollback: Operation<
  CloudFormation['ContinueUpdateRollback'],
  CloudFormationState
> = async (input, state, call) => {
  const owner = ownerOf(call)
  const stack = await stackOf(state, owner, input.StackName)
  if (stack.operation !== undefined || stack.status !== 'UPDATE_ROLLBACK_FAILED')
    throw validationError(
      `Stack:${stack.stackId} is in ${stack.status} state and can not continue update rollback.`,
    )
  const skip = input.ResourcesToSkip ?? []
  const resources = await resourcesOf(state, owner, stack)
  const wrong = skip.filter((id) => resources.get(id)?.status !== 'UPDATE_FAILED')
  if (wrong.length > 0)
    throw validationError(
      `ResourcesToSkip can only be resources that are in UPDATE_FAILED state because of the rollback: [${wrong.join(', ')}]`,
    )
  await beginRollback(state, owner, stack, { kind: 'update', skip, clientToken: input.ClientRequestToken })
  return {}
}

/** For stacks whose failed operation was left as it was. Source: CloudFormation API, RollbackStack; texts inferred. */
export const rollbackStack: Operation<CloudFormation['RollbackStack'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  if (input.RetainExceptOnCreate === true) throw notDone('RetainExceptOnCreate of rollbacks')
  const stack = await stackOf(state, owner, input.StackName)
  const created = stack.status === 'CREATE_FAILED'
  if (stack.operation !== undefined || (!created && stack.status !== 'UPDATE_FAILED'))
    throw validationError(`Stack:${stack.stackId} is in ${stack.status} state and can not be rolled back.`)
  const kind = created ? 'create' : 'update'
  const options = { kind, skip: [], clientToken: input.ClientRequestToken } as const
  return { StackId: stack.stackId, OperationId: await beginRollback(state, owner, stack, options) }
}
