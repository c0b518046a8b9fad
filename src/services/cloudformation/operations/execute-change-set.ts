/** ExecuteChangeSet: the change set's template and values become the stack's next ones. */
import type { CloudFormation } from '#model/cloudformation.ts'
import type { Operation } from '#ports/service.ts'
import { changeSetsOf, findChangeSet } from '#services/cloudformation/change-set-lookup.ts'
import { changeSetStatus, validationError } from '#services/cloudformation/faults.ts'
import { templateOf } from '#services/cloudformation/journal.ts'
import { type Prepared, prepare } from '#services/cloudformation/prepare.ts'
import { type ChangeSetRecord, changeSets, type StackRecord } from '#services/cloudformation/records.ts'
import { begin, ownerOf, requireUpdatable } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'

/** Source: CloudFormation API, ExecuteChangeSet. The stack's other change sets become obsolete. */
export const executeChangeSet: Operation<CloudFormation['ExecuteChangeSet'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const { stack, record } = await findChangeSet(state, owner, input.ChangeSetName, input.StackName)
  if (record.status !== 'CREATE_COMPLETE' || record.executionStatus !== 'AVAILABLE') {
    const status = record.status === 'CREATE_COMPLETE' ? record.executionStatus : record.status
    throw changeSetStatus(`ChangeSet [${record.id}] cannot be executed in its current status of [${status}]`)
  }
  if (record.type === 'UPDATE') requireUpdatable(stack)
  const prepared = await preparedAgain(state, owner, stack, record)
  const others = await changeSetsOf(state, owner, stack)
  await state.store.tx((tx) => {
    for (const other of others) {
      const executed = other.uuid === record.uuid
      if (!executed && other.executionStatus !== 'AVAILABLE') continue
      const executionStatus = executed ? 'EXECUTE_COMPLETE' : 'OBSOLETE'
      changeSets.put(tx, owner, [stack.uuid, other.uuid], { ...other, executionStatus })
    }
  })
  await begin(state, owner, {
    stack,
    kind: record.type === 'CREATE' ? 'create' : 'update',
    prepared,
    settings: {
      capabilities: record.capabilities,
      tags: record.tags,
      roleArn: record.roleArn,
      clientToken: input.ClientRequestToken,
      onFailure: onFailureOf(record.onStackFailure, input.DisableRollback, record.type),
      changeSetId: record.id,
    },
  })
  return {}
}

function onFailureOf(
  wanted: string | undefined,
  disableRollback: boolean | undefined,
  type: 'CREATE' | 'UPDATE',
): 'ROLLBACK' | 'DO_NOTHING' | 'DELETE' {
  if (wanted === 'DO_NOTHING' || disableRollback === true) return 'DO_NOTHING'
  return wanted === 'DELETE' && type === 'CREATE' ? 'DELETE' : 'ROLLBACK'
}

/** The template as it was when the change set was made, with the same parameter values. */
async function preparedAgain(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  record: ChangeSetRecord,
): Promise<Prepared> {
  const template = await templateOf(state, owner, stack, record.uuid)
  if (template === undefined) throw validationError(`ChangeSet ${record.name} has no template`)
  return await prepare(state, owner, {
    text: template.original,
    stackName: stack.name,
    stackId: stack.stackId,
    parameters: new Map(template.parameters.map(({ key, value }) => [key, value])),
    notificationArns: stack.notificationArns,
  })
}
