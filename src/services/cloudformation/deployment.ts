/**
 * A deployment: the machine that brings a stack from what it is to what its operation wants, resource by resource in
 * dependency order, and back when one fails. Everything it decides on is in the store, so a start of the platform
 * goes on where the last one ended. What a step does to a resource is `resource-step.ts`.
 */
import { present } from '#base/assert.ts'
import type { Instant } from '#base/time.ts'
import type { Scope } from '#engines/templates/evaluate.ts'
import { type Graph, reversed } from '#engines/templates/graph.ts'
import type { ResolvedTemplate, ResourceDefinition } from '#engines/templates/template.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import { memberOf } from '#engines/templates/value.ts'
import { failedText } from '#services/cloudformation/failures.ts'
import {
  addEvent,
  exportsOf,
  type NewEvent,
  putStack,
  resourcesOf,
  stackEvent,
  templateOf,
} from '#services/cloudformation/journal.ts'
import { findLeftovers } from '#services/cloudformation/leftovers.ts'
import { RESOURCES_AT_ONCE } from '#services/cloudformation/limits.ts'
import { checkExports, outputsOf, putExports } from '#services/cloudformation/outputs.ts'
import {
  type ExportRecord,
  type ResourceRecord,
  resources as resourceRecords,
  type StackRecord,
  type StoredOperation,
  type StoredOutput,
  templates,
} from '#services/cloudformation/records.ts'
import { contextOf } from '#services/cloudformation/resource-context.ts'
import { deployOne, removeOne, restoreOne } from '#services/cloudformation/resource-step.ts'
import type { ResourceContext } from '#services/cloudformation/resources/handler.ts'
import { type Outcome, workThrough } from '#services/cloudformation/work-through.ts'
import { nextTemplate } from '#services/cloudformation/next-template.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import type { Tx } from '#ports/store.ts'

/** Thrown between two steps when the platform ends; the next start resumes. */
class Interrupted extends Error {}

export class Deployment {
  readonly state: CloudFormationState
  readonly owner: Owner
  readonly stack: StackRecord
  readonly resources: Map<string, ResourceRecord>
  /** What a crash left of interrupted creations: ids by logical id. */
  leftovers: ReadonlyMap<string, string> = new Map()
  readonly #exports: ReadonlyMap<string, ExportRecord>
  readonly #resolved: ResolvedTemplate | undefined
  /** Steps write one after the other, so that events have an order. */
  #writing: Promise<void> = Promise.resolve()

  private constructor(parts: {
    state: CloudFormationState
    owner: Owner
    stack: StackRecord
    resources: Map<string, ResourceRecord>
    exports: ReadonlyMap<string, ExportRecord>
    resolved: ResolvedTemplate | undefined
  }) {
    this.state = parts.state
    this.owner = parts.owner
    this.stack = parts.stack
    this.resources = parts.resources
    this.#exports = parts.exports
    this.#resolved = parts.resolved
  }

  /** Reads what the stack's operation needs. */
  static async open(state: CloudFormationState, owner: Owner, stack: StackRecord): Promise<Deployment> {
    const resolved = await nextTemplate(state, owner, stack)
    return new Deployment({
      state,
      owner,
      stack,
      resources: await resourcesOf(state, owner, stack),
      exports: await exportsOf(state, owner),
      resolved,
    })
  }

  now(): Instant {
    return this.state.ports.clock.now()
  }

  /** True when the stack has a TimeoutInMinutes and its creation has taken longer. */
  isLate(): boolean {
    const { kind, startedAt } = this.#operation
    const { timeoutMinutes } = this.stack
    return (
      kind === 'create' && timeoutMinutes !== undefined && this.now() > startedAt + timeoutMinutes * 60_000
    )
  }

  get #operation(): StoredOperation {
    return present(this.stack.operation, 'a deployment runs for an operation')
  }

  get #template(): ResolvedTemplate {
    return present(this.#resolved, 'creations and updates have their next template')
  }

  definitionOf(id: string): ResourceDefinition | undefined {
    return this.#resolved?.resources.get(id)
  }

  needsOf(id: string): string[] {
    return [...(this.#template.graph.get(id) ?? [])]
  }

  contextOf(logicalId: string, token: string): ResourceContext {
    return contextOf(this.state, this.owner, { stack: this.stack, logicalId, token })
  }

  /** Values as they are now. */
  scope(): Scope {
    return {
      ...this.#template.scope,
      ref: (id) => this.resources.get(id)?.current?.physicalId,
      attribute: (id, name) => memberOf(this.resources.get(id)?.current?.attributes, name),
      exported: (name) => this.#exports.get(name)?.value,
    }
  }

  /** Writes a resource (when given), the stack and these events in one transaction. */
  async write(record: ResourceRecord | undefined, events: readonly NewEvent[]): Promise<void> {
    await this.#commit((tx) => {
      const at = this.now()
      if (record !== undefined) {
        record.updatedAt = at
        resourceRecords.put(tx, this.owner, [this.stack.uuid, record.logicalId], record)
      }
      for (const event of events) addEvent(this.state, tx, this.owner, { stack: this.stack, event, at })
    })
  }

  async #commit(run: (tx: Tx) => void): Promise<void> {
    const mine = this.#writing.then(async () => {
      await this.state.store.tx((tx) => {
        run(tx)
        putStack(tx, this.owner, this.stack)
      })
    })
    this.#writing = mine.catch(() => undefined)
    await mine
  }

  async #setStatus(status: string, reason?: string, more: (tx: Tx) => void = () => undefined): Promise<void> {
    this.stack.status = status
    this.stack.statusReason = reason
    await this.#commit((tx) => {
      more(tx)
      addEvent(this.state, tx, this.owner, {
        stack: this.stack,
        event: stackEvent(this.stack, reason),
        at: this.now(),
      })
    })
  }

  /** Runs to the end, wherever the operation stands. */
  async run(): Promise<void> {
    try {
      if (this.#operation.kind === 'delete') await this.#delete()
      else if (this.#operation.phase === 'forward') await this.#forward()
      else if (this.#operation.phase === 'cleanup')
        await this.#cleanup(this.stack.status.includes('ROLLBACK'))
      else await this.#rollback(this.stack.statusReason ?? '')
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
    }
  }

  async #each(graph: Graph, onward: boolean, work: (id: string) => Promise<Outcome>): Promise<string[]> {
    const { failed, done } = await workThrough(graph, {
      work,
      onward,
      atOnce: RESOURCES_AT_ONCE,
      stopping: () => this.state.stopping,
    })
    if (this.state.stopping && failed.length === 0 && done < graph.size) throw new Interrupted()
    return failed
  }

  async #forward(): Promise<void> {
    const { graph, resources } = this.#template
    this.leftovers = await findLeftovers(this)
    const failed = await this.#each(graph, false, (id) =>
      deployOne(this, present(resources.get(id), 'the graph holds resources of the template')),
    )
    if (failed.length > 0) {
      await this.#fail(failed)
      return
    }
    try {
      const outputs = outputsOf(this.#template, this.scope())
      await checkExports(this.state, this.owner, this.stack, outputs)
      await this.#complete(outputs)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      await this.#failed(error.message)
    }
  }

  async #complete(outputs: readonly StoredOutput[]): Promise<void> {
    const before = this.stack.outputs
    const next = await templateOf(this.state, this.owner, this.stack, 'next')
    this.stack.outputs = outputs
    const settle = (tx: Tx): void => {
      putExports(tx, this.owner, this.stack, before)
      if (next !== undefined) templates.put(tx, this.owner, [this.stack.uuid, 'current'], next)
      templates.delete(tx, this.owner, this.stack.uuid, 'next')
    }
    if (this.#operation.kind === 'create') {
      await this.#finish('CREATE_COMPLETE', undefined, settle)
      return
    }
    this.#operation.phase = 'cleanup'
    await this.#setStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', undefined, settle)
    await this.#cleanup(false)
  }

  /** The end of an operation: marks are taken off the resources, the stack rests. */
  async #finish(status: string, reason?: string, more: (tx: Tx) => void = () => undefined): Promise<void> {
    const at = this.now()
    this.stack.status = status
    this.stack.statusReason = reason
    const event = stackEvent(this.stack, reason)
    await this.#commit((tx) => {
      more(tx)
      for (const record of this.resources.values()) this.#settleResource(tx, record)
      addEvent(this.state, tx, this.owner, { stack: this.stack, event, at })
      delete this.stack.operation
    })
  }

  #settleResource(tx: Tx, record: ResourceRecord): void {
    const gone =
      record.done === 'removed' || (record.current === undefined && record.status === 'DELETE_COMPLETE')
    if (gone) {
      resourceRecords.delete(tx, this.owner, this.stack.uuid, record.logicalId)
      this.resources.delete(record.logicalId)
      return
    }
    if (record.done === undefined && record.before === undefined && record.beforePolicies === undefined)
      return
    record.done = undefined
    record.before = undefined
    record.beforePolicies = undefined
    resourceRecords.put(tx, this.owner, [this.stack.uuid, record.logicalId], record)
  }

  async #fail(failed: readonly string[]): Promise<void> {
    const kinds = (status: string): string[] =>
      failed.filter((id) => this.resources.get(id)?.status === status)
    const [created, updated] = [kinds('CREATE_FAILED'), kinds('UPDATE_FAILED')]
    const text =
      (created.length > 0 ? failedText('create', created) : '') +
      (updated.length > 0 ? failedText('update', updated) : '')
    await this.#failed(text)
  }

  async #failed(text: string): Promise<void> {
    const { kind, onFailure } = this.#operation
    const creates = kind === 'create'
    if (onFailure === 'DO_NOTHING') {
      await this.#finish(creates ? 'CREATE_FAILED' : 'UPDATE_FAILED', text.trim())
      return
    }
    this.#operation.phase = 'rollback'
    if (creates && onFailure === 'DELETE') {
      await this.#setStatus('DELETE_IN_PROGRESS', `${text}Delete requested by user.`)
    } else if (creates) await this.#setStatus('ROLLBACK_IN_PROGRESS', `${text}Rollback requested by user.`)
    else await this.#setStatus('UPDATE_ROLLBACK_IN_PROGRESS', text.trim())
    await this.#rollback(text)
  }

  async #rollback(reason: string): Promise<void> {
    if (this.#operation.kind === 'create') await this.#undoCreation()
    else await this.#undoUpdate(reason)
  }

  async #undoCreation(): Promise<void> {
    const failed = await this.#removeAll((record) => record.deletionPolicy === 'Retain')
    const deletes = this.#operation.onFailure === 'DELETE'
    if (failed.length > 0) {
      await this.#finish(deletes ? 'DELETE_FAILED' : 'ROLLBACK_FAILED', failedText('delete', failed).trim())
      return
    }
    if (deletes) {
      this.stack.deletedAt = this.now()
      await this.#finish('DELETE_COMPLETE')
    } else await this.#finish('ROLLBACK_COMPLETE')
  }

  /** Every resource that exists, those first that nothing needs any more. */
  async #removeAll(keeps: (record: ResourceRecord) => boolean): Promise<string[]> {
    return await this.#each(this.#deletionGraph([...this.resources.keys()]), true, async (id) => {
      const record = present(this.resources.get(id), 'the graph holds resources of the stack')
      const outcome = await removeOne(this, record, record.current, keeps(record))
      if (outcome === 'failed') return outcome
      record.current = undefined
      record.status = 'DELETE_COMPLETE'
      record.done = 'removed'
      await this.write(record, [])
      return outcome
    })
  }

  #deletionGraph(ids: readonly string[]): Graph {
    const graph = new Map(
      ids.map((id) => [
        id,
        new Set((this.resources.get(id)?.needs ?? []).filter((need) => ids.includes(need))),
      ]),
    )
    return reversed(graph)
  }

  async #undoUpdate(reason: string): Promise<void> {
    const touched = [...this.resources.values()].filter(
      ({ done, before }) => before !== undefined && (done === 'updated' || done === 'replaced'),
    )
    const graph: Graph = new Map(
      touched.map(({ logicalId, needs }) => [
        logicalId,
        new Set(needs.filter((need) => touched.some((other) => other.logicalId === need))),
      ]),
    )
    const failed = await this.#each(graph, true, (id) =>
      restoreOne(this, present(this.resources.get(id), 'the graph holds resources of the stack')),
    )
    if (failed.length > 0) {
      await this.#finish('UPDATE_ROLLBACK_FAILED', failedText('update', failed).trim())
      return
    }
    this.#operation.phase = 'cleanup'
    await this.#setStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', reason.trim(), (tx) =>
      templates.delete(tx, this.owner, this.stack.uuid, 'next'),
    )
    await this.#cleanup(true)
  }

  /** After an update: what was replaced or is no longer wanted. After a rollback: what the update had made. */
  async #cleanup(rolledBack: boolean): Promise<void> {
    const wanted = this.#resolved?.resources
    const ids = [...this.resources.values()]
      .filter((record) => {
        if (rolledBack) return record.done === 'created' || record.before !== undefined
        return record.done === 'replaced' || (wanted !== undefined && !wanted.has(record.logicalId))
      })
      .map(({ logicalId }) => logicalId)
    await this.#each(this.#deletionGraph(ids), true, async (id) => {
      const record = present(this.resources.get(id), 'the graph holds resources of the stack')
      const whole = rolledBack ? record.done === 'created' : record.done !== 'replaced'
      const policy = whole ? record.deletionPolicy : record.updateReplacePolicy
      const keep = policy === 'Retain' || (policy === 'RetainExceptOnCreate' && !rolledBack)
      const outcome = await removeOne(
        this,
        record,
        whole ? record.current : record.before,
        keep && !rolledBack,
      )
      record.before = undefined
      record.done = whole ? 'removed' : undefined
      await this.write(record, [])
      return outcome
    })
    await this.#finish(rolledBack ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE')
  }

  async #delete(): Promise<void> {
    const { retain } = this.#operation
    try {
      await checkExports(this.state, this.owner, this.stack, [])
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      await this.#finish('DELETE_FAILED', error.message)
      return
    }
    const failed = await this.#removeAll(
      ({ deletionPolicy, logicalId }) => deletionPolicy.startsWith('Retain') || retain.includes(logicalId),
    )
    if (failed.length > 0) {
      await this.#finish('DELETE_FAILED', failedText('delete', failed).trim())
      return
    }
    this.stack.deletedAt = this.now()
    const outputs = this.stack.outputs
    await this.#finish('DELETE_COMPLETE', undefined, (tx) =>
      putExports(tx, this.owner, { ...this.stack, outputs: [] }, outputs),
    )
  }
}
