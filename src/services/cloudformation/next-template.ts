/** The template that a deployment works towards, resolved again from what is stored. */
import { type ResolvedTemplate, resolveTemplate } from '#engines/templates/template.ts'
import { templateOf } from '#services/cloudformation/journal.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import { type CloudFormationState, type Owner, partitionOf } from '#services/cloudformation/state.ts'

/** Undefined for deletions and rollbacks, which go by the resources alone. An update that cleans up has its template already. */
export async function nextTemplate(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
): Promise<ResolvedTemplate | undefined> {
  const { operation } = stack
  const settled =
    operation?.kind === 'update' && operation.phase === 'cleanup' && !stack.status.includes('ROLLBACK')
  const next = await templateOf(state, owner, stack, settled ? 'current' : 'next')
  if (next === undefined) return undefined
  const [account, region] = owner
  const parameters = new Map(next.parameters.map(({ key, value }) => [key, value]))
  const pseudo = {
    account,
    region,
    partition: partitionOf(region),
    stackName: stack.name,
    stackId: stack.stackId,
    notificationArns: stack.notificationArns,
  }
  const fetched = new Map((next.fetched ?? []).map(({ key, value }) => [key, value]))
  return resolveTemplate(next.processed, parameters, pseudo, fetched)
}
