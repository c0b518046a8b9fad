/** Finding a change set by its ARN, or by its name within a stack. */
import { changeSetMissing, stackMissing, validationError } from '#services/cloudformation/faults.ts'
import { findStack } from '#services/cloudformation/journal.ts'
import { STACKS_MAX } from '#services/cloudformation/limits.ts'
import { type ChangeSetRecord, changeSets, type StackRecord } from '#services/cloudformation/records.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { allStacks } from '#services/cloudformation/journal.ts'

export interface FoundChangeSet {
  readonly stack: StackRecord
  readonly record: ChangeSetRecord
}

export const changeSetsOf = async (
  state: CloudFormationState,
  owner: Owner,
  stack: { readonly uuid: string },
): Promise<ChangeSetRecord[]> =>
  await changeSets.list(state.store.read, owner, [stack.uuid], { limit: STACKS_MAX })

/** Faults: ChangeSetNotFound, ValidationError. Source: CloudFormation API, DescribeChangeSet. */
export async function findChangeSet(
  state: CloudFormationState,
  owner: Owner,
  nameOrId: string,
  stackName: string | undefined,
): Promise<FoundChangeSet> {
  const byId = nameOrId.startsWith('arn:')
  if (!byId && stackName === undefined) {
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.')
  }
  const candidates =
    stackName === undefined ? await allStacks(state, owner) : await named(state, owner, stackName)
  for (const stack of candidates) {
    const record = (await changeSetsOf(state, owner, stack)).find(
      ({ id, name }) => (byId ? id : name) === nameOrId,
    )
    if (record !== undefined) return { stack, record }
  }
  throw changeSetMissing(nameOrId)
}

async function named(state: CloudFormationState, owner: Owner, name: string): Promise<StackRecord[]> {
  const found = await findStack(state, owner, name)
  if (found === undefined) throw stackMissing(name)
  return [found]
}
