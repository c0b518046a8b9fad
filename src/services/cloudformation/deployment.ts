/**
 * A deployment: the machine that brings a stack from what it is to what its operation wants, resource by resource in
 * dependency order, and back when one fails. Everything it decides on is in the store, so a start of the platform
 * goes on where the last one ended. Its phases are `forward.ts`, `rollback.ts` and `removal.ts`; what a step does to a
 * resource is `resource-step.ts`.
 */
import { present } from '#base/assert.ts'
import type { Instant } from '#base/time.ts'
import type { Scope } from '#engines/templates/evaluate.ts'
import type { Graph } from '#engines/templates/graph.ts'
import type { ResolvedTemplate, ResourceDefinition } from '#engines/templates/template.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { memberOf, type Value } from '#engines/templates/value.ts'
import { deploy } from '#services/cloudformation/forward.ts'
import { Interrupted } from '#services/cloudformation/interruption.ts'
import {
  addEvent,
  exportsOf,
  type NewEvent,
  putStack,
  resourcesOf,
  STACK_TYPE,
  stackEvent,
} from '#services/cloudformation/journal.ts'
import { RESOURCES_AT_ONCE } from '#services/cloudformation/limits.ts'
import { nextTemplate } from '#services/cloudformation/next-template.ts'
import {
  type ExportRecord,
  type ResourceRecord,
  resources as resourceRecords,
  type StackRecord,
  type StoredOperation,
} from '#services/cloudformation/records.ts'
import { cleanup, deleteStack } from '#services/cloudformation/removal.ts'
import { contextOf } from '#services/cloudformation/resource-context.ts'
import { isCustom } from '#services/cloudformation/resources/all.ts'
import type { ResourceContext } from '#services/cloudformation/resources/handler.ts'
import { rollback } from '#services/cloudformation/rollback.ts'
import { readPolicy, type StackPolicy } from '#services/cloudformation/stack-policy.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { type Outcome, workThrough } from '#services/cloudformation/work-through.ts'
import type { Tx } from '#ports/store.ts'

/** What `finish` does beside setting the stack's status. */
export interface Ending {
  readonly reason?: string | undefined
  /** Written in the same transaction. */
  readonly more?: (tx: Tx) => void
  /** The resources keep their marks of this operation, so that it can be gone on with. */
  readonly keepsMarks?: boolean
}

export class Deployment {
  readonly state: CloudFormationState
  readonly owner: Owner
  readonly stack: StackRecord
  readonly resources: Map<string, ResourceRecord>
  readonly resolved: ResolvedTemplate | undefined
  /** What a crash left of interrupted creations: ids by logical id. */
  leftovers: ReadonlyMap<string, string> = new Map()
  readonly #exports: ReadonlyMap<string, ExportRecord>
  /** Steps write one after the other, so that events have an order. */
  #writing: Promise<void> = Promise.resolve()
  #interrupted = false

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
    this.resolved = parts.resolved
    this.#exports = parts.exports
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
    const { kind, startedAt } = this.operation
    const { timeoutMinutes } = this.stack
    return (
      kind === 'create' && timeoutMinutes !== undefined && this.now() > startedAt + timeoutMinutes * 60_000
    )
  }

  get operation(): StoredOperation {
    return present(this.stack.operation, 'a deployment runs for an operation')
  }

  get template(): ResolvedTemplate {
    return present(this.resolved, 'creations and updates have their next template')
  }

  /** What may be changed by an update; undefined when all may. */
  get policy(): StackPolicy | undefined {
    const document = this.operation.policyDuring ?? this.stack.policy
    return document === undefined || this.operation.kind !== 'update' ? undefined : readPolicy(document)
  }

  definitionOf(id: string): ResourceDefinition | undefined {
    return this.resolved?.resources.get(id)
  }

  needsOf(id: string): string[] {
    return [...(this.template.graph.get(id) ?? [])]
  }

  contextOf(record: Pick<ResourceRecord, 'logicalId' | 'type'>, token: string): ResourceContext {
    const { id, phase } = this.operation
    return contextOf(this.state, this.owner, {
      stack: this.stack,
      logicalId: record.logicalId,
      type: record.type,
      token,
      attempt: `${id} ${phase} ${token}`,
    })
  }

  /** Values as they are now. */
  scope(): Scope {
    return {
      ...this.template.scope,
      ref: (id) => this.resources.get(id)?.current?.physicalId,
      attribute: (id, name) => this.#attribute(id, name),
      exported: (name) => this.#exports.get(name)?.value,
    }
  }

  /** Throws `TemplateError` where AWS has words of its own for what a provider or a nested stack did not give (recorded). */
  #attribute(id: string, name: string): Value | undefined {
    const record = this.resources.get(id)
    const found = memberOf(record?.current?.attributes, name)
    if (found !== undefined || record?.current === undefined) return found
    if (record.type === STACK_TYPE && name.startsWith('Outputs.'))
      refuse(`Output '${name.slice('Outputs.'.length)}' not found in stack '${record.current.physicalId}'`)
    if (isCustom(record.type))
      refuse(
        `CustomResource attribute error: Vendor response doesn't contain ${name} key in object ${this.stack.stackId}|${id} within S3 bucket cloudformation-custom-resource-storage-${this.owner[1].replaceAll('-', '')}`,
      )
    return undefined
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

  /** Within the operation. */
  async setStatus(status: string, reason?: string, more: (tx: Tx) => void = () => undefined): Promise<void> {
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
      if (this.operation.kind === 'delete') await deleteStack(this)
      else if (this.operation.phase === 'forward') await deploy(this)
      else if (this.operation.phase === 'cleanup') await cleanup(this, this.stack.status.includes('ROLLBACK'))
      else await rollback(this, this.stack.statusReason ?? '')
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
    }
  }

  /** Works a graph through; the failed ones. `onward` goes on with what does not need a failed one. */
  async each(graph: Graph, onward: boolean, work: (id: string) => Promise<Outcome>): Promise<string[]> {
    const guarded = async (id: string): Promise<Outcome> => {
      try {
        return await work(id)
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error
        this.#interrupted = true
        return 'failed'
      }
    }
    const { failed, done } = await workThrough(graph, {
      work: guarded,
      onward,
      atOnce: RESOURCES_AT_ONCE,
      stopping: () => this.state.stopping || (!onward && this.operation.cancelled === true),
    })
    if (this.#interrupted) throw new Interrupted()
    if (this.state.stopping && failed.length === 0 && done < graph.size) throw new Interrupted()
    return failed
  }

  /** The end of an operation: marks are taken off the resources, the stack rests. */
  async finish(status: string, { reason, more, keepsMarks }: Ending = {}): Promise<void> {
    const at = this.now()
    this.stack.status = status
    this.stack.statusReason = reason
    const event = stackEvent(this.stack, reason)
    await this.#commit((tx) => {
      more?.(tx)
      if (keepsMarks !== true) for (const record of this.resources.values()) this.#settle(tx, record)
      addEvent(this.state, tx, this.owner, { stack: this.stack, event, at })
      delete this.stack.operation
    })
  }

  #settle(tx: Tx, record: ResourceRecord): void {
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
}
