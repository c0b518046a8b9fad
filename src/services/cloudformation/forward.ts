/** The way forward of a creation or an update: every resource of the template, then the outputs; or the decision to go back. */
import { present } from '#base/assert.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { failedText } from '#services/cloudformation/failures.ts'
import { templateOf } from '#services/cloudformation/journal.ts'
import { findLeftovers } from '#services/cloudformation/leftovers.ts'
import { checkExports, outputsOf, putExports } from '#services/cloudformation/outputs.ts'
import { type StoredOutput, templates } from '#services/cloudformation/records.ts'
import { cleanup, unwanted } from '#services/cloudformation/removal.ts'
import { deployOne } from '#services/cloudformation/resource-step.ts'
import { rollback } from '#services/cloudformation/rollback.ts'
import { denial } from '#services/cloudformation/stack-policy.ts'
import type { Tx } from '#ports/store.ts'

export async function deploy(run: Deployment): Promise<void> {
  const { graph, resources } = run.template
  const denied = deniedRemovals(run)
  if (denied !== undefined) {
    await undo(run, denied)
    return
  }
  run.leftovers = await findLeftovers(run)
  const failed = await run.each(graph, false, (id) =>
    deployOne(run, present(resources.get(id), 'the graph holds resources of the template')),
  )
  if (failed.length > 0) {
    await undo(run, failuresText(run, failed))
    return
  }
  if (run.operation.cancelled === true) {
    await undo(run, 'User Initiated')
    return
  }
  try {
    const outputs = outputsOf(run.template, run.scope())
    await checkExports(run.state, run.owner, run.stack, outputs)
    await complete(run, outputs)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    await undo(run, error.message)
  }
}

/** Resources that the template lost and that the stack's policy keeps. */
function deniedRemovals(run: Deployment): string | undefined {
  const { policy } = run
  if (policy === undefined) return undefined
  for (const { logicalId, type } of unwanted(run)) {
    const why = denial(policy, { action: 'Update:Delete', logicalId, type })
    if (why !== undefined) return why
  }
  return undefined
}

async function complete(run: Deployment, outputs: readonly StoredOutput[]): Promise<void> {
  const { stack, owner } = run
  const before = stack.outputs
  const next = await templateOf(run.state, owner, stack, 'next')
  stack.outputs = outputs
  const settle = (tx: Tx): void => {
    putExports(tx, owner, stack, before)
    if (next !== undefined) templates.put(tx, owner, [stack.uuid, 'current'], next)
    templates.delete(tx, owner, stack.uuid, 'next')
  }
  if (run.operation.kind === 'create') {
    await run.finish('CREATE_COMPLETE', { more: settle })
    return
  }
  run.operation.phase = 'cleanup'
  await run.setStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', undefined, settle)
  await cleanup(run, false)
}

function failuresText(run: Deployment, failed: readonly string[]): string {
  const kinds = (status: string): string[] => failed.filter((id) => run.resources.get(id)?.status === status)
  const [created, updated] = [kinds('CREATE_FAILED'), kinds('UPDATE_FAILED')]
  return (
    (created.length > 0 ? failedText('create', created) : '') +
    (updated.length > 0 ? failedText('update', updated) : '')
  )
}

/** After a failure: stay, or go back. */
async function undo(run: Deployment, text: string): Promise<void> {
  const { kind, onFailure } = run.operation
  const creates = kind === 'create'
  run.stack.failure = text.trim()
  if (onFailure === 'DO_NOTHING') {
    // What an update did can still be undone, by RollbackStack.
    const ending = { reason: text.trim(), keepsMarks: !creates }
    await run.finish(creates ? 'CREATE_FAILED' : 'UPDATE_FAILED', ending)
    return
  }
  run.operation.phase = 'rollback'
  if (creates && onFailure === 'DELETE')
    await run.setStatus('DELETE_IN_PROGRESS', `${text}Delete requested by user.`)
  else if (creates) await run.setStatus('ROLLBACK_IN_PROGRESS', `${text}Rollback requested by user.`)
  else await run.setStatus('UPDATE_ROLLBACK_IN_PROGRESS', text.trim())
  await rollback(run, text)
}
