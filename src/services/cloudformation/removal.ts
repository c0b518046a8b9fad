/** Taking resources away: all of a stack's, or what an update or its rollback leaves over. */
import { present } from '#base/assert.ts'
import { type Graph, reversed } from '#engines/templates/graph.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { failedText } from '#services/cloudformation/failures.ts'
import { checkExports, putExports } from '#services/cloudformation/outputs.ts'
import type { ResourceRecord } from '#services/cloudformation/records.ts'
import { removeOne } from '#services/cloudformation/resource-step.ts'
import type { Outcome } from '#services/cloudformation/work-through.ts'

const recordOf = (run: Deployment, id: string): ResourceRecord =>
  present(run.resources.get(id), 'the graph holds resources of the stack')

/** Every resource that exists, those first that nothing needs any more. The failed ones. */
export async function removeAll(
  run: Deployment,
  keeps: (record: ResourceRecord) => boolean,
): Promise<string[]> {
  return await run.each(deletionGraph(run, [...run.resources.keys()]), true, async (id) => {
    const record = recordOf(run, id)
    for (const life of [record.current, record.before, ...(record.superseded ?? [])]) {
      if (life === record.before && record.before?.physicalId === record.current?.physicalId) continue
      const outcome = await removeOne(run, record, life, keeps(record))
      if (outcome === 'failed' && run.operation.force !== true) return outcome
    }
    record.current = undefined
    record.before = undefined
    record.superseded = undefined
    record.status = 'DELETE_COMPLETE'
    record.done = 'removed'
    await run.write(record, [])
    return 'done'
  })
}

function deletionGraph(run: Deployment, ids: readonly string[]): Graph {
  const graph = new Map(
    ids.map((id) => [id, new Set((run.resources.get(id)?.needs ?? []).filter((need) => ids.includes(need)))]),
  )
  return reversed(graph)
}

/** Resources of the stack that its next template does not have. */
export const unwanted = (run: Deployment): ResourceRecord[] => {
  const wanted = run.resolved?.resources
  return [...run.resources.values()].filter(({ logicalId }) => wanted !== undefined && !wanted.has(logicalId))
}

/** After an update: what was replaced or is no longer wanted. After a rollback: what the update had made. */
export async function cleanup(run: Deployment, rolledBack: boolean): Promise<void> {
  const gone = new Set(unwanted(run))
  const ids = [...run.resources.values()]
    .filter((record) =>
      rolledBack
        ? record.done === 'created' || record.before !== undefined || record.superseded !== undefined
        : record.done === 'replaced' || gone.has(record) || record.superseded !== undefined,
    )
    .map(({ logicalId }) => logicalId)
  await run.each(deletionGraph(run, ids), true, async (id) => {
    const record = recordOf(run, id)
    const superseded = await removeSuperseded(run, record)
    const whole = rolledBack ? record.done === 'created' : gone.has(record)
    const policy = whole ? record.deletionPolicy : record.updateReplacePolicy
    const keeps = policy === 'Retain' || policy === 'RetainExceptOnCreate'
    // What an update made and its rollback takes away is kept by Retain alone; a replacement's new life never is.
    const keep = rolledBack ? whole && policy === 'Retain' : keeps
    const outcome = await removeOne(run, record, whole ? record.current : record.before, keep)
    record.before = undefined
    record.done = whole ? 'removed' : undefined
    await run.write(record, [])
    return superseded === 'failed' ? superseded : outcome
  })
  await run.finish(rolledBack ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE')
}

/** What earlier updates replaced and left. */
async function removeSuperseded(run: Deployment, record: ResourceRecord): Promise<Outcome> {
  let outcome: Outcome = 'done'
  for (const life of record.superseded ?? []) {
    const one = await removeOne(run, record, life, record.updateReplacePolicy === 'Retain')
    if (one === 'failed') outcome = one
  }
  record.superseded = undefined
  return outcome
}

export async function deleteStack(run: Deployment): Promise<void> {
  const { retain } = run.operation
  try {
    await checkExports(run.state, run.owner, run.stack, [])
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    await run.finish('DELETE_FAILED', { reason: error.message })
    return
  }
  const failed = await removeAll(
    run,
    ({ deletionPolicy, logicalId }) => deletionPolicy.startsWith('Retain') || retain.includes(logicalId),
  )
  if (failed.length > 0) {
    await run.finish('DELETE_FAILED', { reason: failedText('delete', failed).trim() })
    return
  }
  run.stack.deletedAt = run.now()
  const outputs = run.stack.outputs
  await run.finish('DELETE_COMPLETE', {
    more: (tx) => putExports(tx, run.owner, { ...run.stack, outputs: [] }, outputs),
  })
}
