/** The way back after a failure: what a creation made goes, what an update changed becomes again what it was. */
import { present } from '#base/assert.ts'
import type { Graph } from '#engines/templates/graph.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { failedText } from '#services/cloudformation/failures.ts'
import { templates } from '#services/cloudformation/records.ts'
import { cleanup, removeAll } from '#services/cloudformation/removal.ts'
import { restoreOne } from '#services/cloudformation/resource-step.ts'

export async function rollback(run: Deployment, reason: string): Promise<void> {
  if (run.operation.kind === 'create') await undoCreation(run)
  else await undoUpdate(run, reason)
}

async function undoCreation(run: Deployment): Promise<void> {
  const failed = await removeAll(run, (record) => record.deletionPolicy === 'Retain')
  const deletes = run.operation.onFailure === 'DELETE'
  if (failed.length > 0) {
    const reason = failedText('delete', failed).trim()
    await run.finish(deletes ? 'DELETE_FAILED' : 'ROLLBACK_FAILED', { reason })
    return
  }
  if (deletes) {
    run.stack.deletedAt = run.now()
    await run.finish('DELETE_COMPLETE')
  } else await run.finish('ROLLBACK_COMPLETE')
}

/** A resource that the caller vouches for: it stays as it is. */
async function leave(run: Deployment, logicalId: string): Promise<void> {
  const record = present(run.resources.get(logicalId), 'what is skipped is a resource of the stack')
  record.before = undefined
  record.done = undefined
  record.status = 'UPDATE_COMPLETE'
  record.statusReason = undefined
  await run.write(record, [])
}

async function undoUpdate(run: Deployment, reason: string): Promise<void> {
  const skipped = run.operation.skip ?? []
  for (const id of skipped) await leave(run, id)
  const touched = [...run.resources.values()].filter(
    ({ done, before, logicalId }) =>
      before !== undefined && (done === 'updated' || done === 'replaced') && !skipped.includes(logicalId),
  )
  const graph: Graph = new Map(
    touched.map(({ logicalId, needs }) => [
      logicalId,
      new Set(needs.filter((need) => touched.some((other) => other.logicalId === need))),
    ]),
  )
  const failed = await run.each(graph, true, (id) =>
    restoreOne(run, present(run.resources.get(id), 'the graph holds resources of the stack')),
  )
  if (failed.length > 0) {
    const ending = { reason: failedText('update', failed).trim(), keepsMarks: true }
    await run.finish('UPDATE_ROLLBACK_FAILED', ending)
    return
  }
  run.operation.phase = 'cleanup'
  await run.setStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', reason.trim(), (tx) =>
    templates.delete(tx, run.owner, run.stack.uuid, 'next'),
  )
  await cleanup(run, true)
}
