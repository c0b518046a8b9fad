/**
 * One step of a deployment on one resource: make, change, replace or remove it, with its events. Every step writes its
 * intent before it calls a service and its outcome after; a repetition after a crash uses the same names.
 */
import { upperId, uuid } from '#base/ids.ts'
import { Fault } from '#base/fault.ts'
import type { ResourceDefinition } from '#engines/templates/template.ts'
import { refuse, TemplateError } from '#engines/templates/template-error.ts'
import { type Dict, sameValue } from '#engines/templates/value.ts'
import { present } from '#base/assert.ts'
import type { Deployment } from '#services/cloudformation/deployment.ts'
import { reasonOf, serviceOf } from '#services/cloudformation/failures.ts'
import { HandlerFailure, Interrupted } from '#services/cloudformation/interruption.ts'
import { type NewEvent, STACK_TYPE } from '#services/cloudformation/journal.ts'
import { type Incarnation, isInDoubt, type ResourceRecord } from '#services/cloudformation/records.ts'
import { appliedOf, propertiesOf, type Wanted } from '#services/cloudformation/resource-properties.ts'
import { handlerOf } from '#services/cloudformation/resources/all.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { exists } from '#services/cloudformation/resources/properties.ts'
import { denial } from '#services/cloudformation/stack-policy.ts'
import { changesBetween } from '#services/cloudformation/tables.ts'
import type { Outcome } from '#services/cloudformation/work-through.ts'

const TOKEN_CHARACTERS = 12

/** Handlers of types in the template were checked when it was prepared. */
const handlerFor = (type: string): ResourceHandler =>
  present(handlerOf(type), `a deployed type such as ${type} has a handler`)

const eventOf = (record: ResourceRecord, reason?: string): NewEvent => ({
  logicalId: record.logicalId,
  physicalId: record.current?.physicalId ?? '',
  type: record.type,
  status: record.status,
  reason,
  properties: record.current === undefined ? undefined : JSON.stringify(record.current.properties),
})

/** Brings one resource of the template to what the template says. */
export async function deployOne(run: Deployment, definition: ResourceDefinition): Promise<Outcome> {
  const record = run.resources.get(definition.logicalId)
  if (record?.status === 'CREATE_FAILED' && record.current !== undefined) {
    await handlerFor(record.type).delete(
      contextFor(run, record),
      record.current.physicalId,
      record.current.properties,
    )
    return await createOne(run, definition, undefined)
  }
  if (record?.current === undefined || record.done === 'created')
    return await createOne(run, definition, record)
  if (record.done !== undefined && record.status !== 'UPDATE_IN_PROGRESS') return 'done'
  return await updateOne(run, definition, record, record.current)
}

function freshRecord(run: Deployment, definition: ResourceDefinition): ResourceRecord {
  return {
    logicalId: definition.logicalId,
    type: definition.type,
    status: 'CREATE_IN_PROGRESS',
    updatedAt: run.now(),
    token: upperId(run.state.ports.random, TOKEN_CHARACTERS),
    deletionPolicy: definition.deletionPolicy,
    updateReplacePolicy: definition.updateReplacePolicy,
    metadata: definition.metadata,
    needs: run.needsOf(definition.logicalId),
  }
}

async function createOne(
  run: Deployment,
  definition: ResourceDefinition,
  before: ResourceRecord | undefined,
): Promise<Outcome> {
  if (before?.status === 'CREATE_COMPLETE') return 'done'
  const repeated = before?.status === 'CREATE_IN_PROGRESS'
  const record = repeated && before !== undefined ? before : freshRecord(run, definition)
  run.resources.set(record.logicalId, record)
  record.done = 'created'
  if (!repeated) await run.write(record, [eventOf(record)])
  let properties: Dict = {}
  try {
    if (run.isLate()) refuse('Resource creation cancelled')
    const wanted = await propertiesOf(run, definition)
    properties = wanted.applied
    const made = await makeOne(run, record, properties, repeated)
    record.current = incarnation(record, made, wanted.given)
    const started = eventOf(record, 'Resource creation Initiated')
    record.status = 'CREATE_COMPLETE'
    record.statusReason = made.notice
    await run.write(record, [started, eventOf(record, made.notice)])
    return 'done'
  } catch (error) {
    keepLeftover(run, record, properties, error)
    return await failOne(run, record, 'CREATE_FAILED', error)
  }
}

const incarnation = (record: ResourceRecord, made: Made, properties: Dict): Incarnation => ({
  physicalId: made.physicalId,
  attributes: made.attributes,
  properties,
  token: record.token,
  type: record.type,
})

/** A handler that failed half way may have made something under a known name: the rollback takes it away. */
function keepLeftover(run: Deployment, record: ResourceRecord, properties: Dict, error: unknown): void {
  const own = error instanceof HandlerFailure ? error.physicalId : undefined
  if (own === undefined && (!(error instanceof Fault) || exists(error.code))) return
  const named =
    own ??
    run.leftovers.get(record.logicalId) ??
    handlerFor(record.type).existing?.(contextFor(run, record), properties)
  if (named === undefined) return
  record.current = { physicalId: named, attributes: {}, properties, token: record.token, type: record.type }
}

const contextFor = (run: Deployment, record: ResourceRecord, token = record.token): ResourceContext =>
  run.contextOf(record, token)

async function makeOne(
  run: Deployment,
  record: ResourceRecord,
  properties: Dict,
  repeated: boolean,
): Promise<Made> {
  const handler = handlerFor(record.type)
  const context = contextFor(run, record)
  const leftover = run.leftovers.get(record.logicalId)
  if (leftover !== undefined) return await handler.update(context, leftover, properties, {})
  try {
    return await handler.create(context, properties)
  } catch (error) {
    const left =
      repeated && error instanceof Fault && exists(error.code)
        ? handler.existing?.(context, properties)
        : undefined
    if (left === undefined || isOthers(run, record, left)) throw error
    return await handler.update(context, left, properties, {})
  }
}

/** True when another resource of the stack is the thing of that name: then nothing was left by this one. */
const isOthers = (run: Deployment, record: ResourceRecord, physicalId: string): boolean =>
  run.resources
    .values()
    .some(
      ({ logicalId, type, current }) =>
        logicalId !== record.logicalId && type === record.type && current?.physicalId === physicalId,
    )

async function failOne(
  run: Deployment,
  record: ResourceRecord,
  status: string,
  error: unknown,
): Promise<Outcome> {
  if (error instanceof Interrupted) throw error
  const token = uuid(run.state.ports.random)
  const reason = reasonOf(error, serviceOf(record.type), token)
  if (reason === undefined) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    run.state.ports.log.error('cloudformation.resource.defect', {
      stack: run.stack.stackId,
      resource: record.logicalId,
      message,
    })
  }
  record.status = status
  record.statusReason = reason ?? 'Internal Failure'
  await run.write(record, [eventOf(record, record.statusReason)])
  return 'failed'
}

async function updateOne(
  run: Deployment,
  definition: ResourceDefinition,
  record: ResourceRecord,
  current: Incarnation,
): Promise<Outcome> {
  const before = record.beforePolicies ?? {
    deletion: record.deletionPolicy,
    replacement: record.updateReplacePolicy,
  }
  try {
    const wanted = await propertiesOf(run, definition)
    const changed = changedIn(run, record.type, current.properties, wanted.given)
    const fresh: ResourceRecord = {
      ...record,
      deletionPolicy: definition.deletionPolicy,
      updateReplacePolicy: definition.updateReplacePolicy,
      metadata: definition.metadata,
      needs: run.needsOf(definition.logicalId),
    }
    run.resources.set(record.logicalId, fresh)
    if (changed === 'no') {
      if (!sameValue(JSON.parse(JSON.stringify(record)), JSON.parse(JSON.stringify(fresh))))
        await run.write(fresh, [])
      return 'done'
    }
    fresh.beforePolicies = before
    checkPolicy(run, record, changed === 'replace' ? 'Update:Replace' : 'Update:Modify')
    return changed === 'replace'
      ? await replaceOne(run, fresh, current, wanted)
      : await changeOne(run, fresh, current, wanted)
  } catch (error) {
    return await failOne(run, record, 'UPDATE_FAILED', error)
  }
}

/** Throws `TemplateError` when the stack's policy keeps the resource as it is. */
function checkPolicy(
  run: Deployment,
  { logicalId, type }: ResourceRecord,
  action: 'Update:Replace' | 'Update:Modify',
): void {
  const { policy } = run
  const why = policy === undefined ? undefined : denial(policy, { action, logicalId, type })
  if (why !== undefined) refuse(why)
}

function changedIn(run: Deployment, type: string, before: Dict, after: Dict): 'no' | 'in place' | 'replace' {
  // What stands at the address of its template may have changed although the address has not.
  if (type === STACK_TYPE) return 'in place'
  const table = run.state.tables.tables.get(type)
  if (table === undefined) return sameValue(before, after) ? 'no' : 'in place'
  const changes = changesBetween(table, before, after)
  if (changes.length === 0) return 'no'
  return changes.some(({ replaces }) => replaces === 'yes') ? 'replace' : 'in place'
}

async function changeOne(
  run: Deployment,
  record: ResourceRecord,
  current: Incarnation,
  { given, applied, updatePolicy }: Wanted,
): Promise<Outcome> {
  record.status = 'UPDATE_IN_PROGRESS'
  record.before ??= current
  record.done = 'updated'
  await run.write(record, [eventOf(record)])
  try {
    const { attributes } = current
    const context = { ...contextFor(run, record, current.token), updatePolicy, attributes }
    const made = await handlerFor(record.type).update(
      context,
      current.physicalId,
      applied,
      current.properties,
    )
    if (made.physicalId !== current.physicalId) record.done = 'replaced'
    record.current = { ...incarnation(record, made, given), token: current.token }
    record.status = 'UPDATE_COMPLETE'
    record.statusReason = made.notice
    await run.write(record, [eventOf(record, made.notice)])
    return 'done'
  } catch (error) {
    return await failOne(run, record, 'UPDATE_FAILED', error)
  }
}

const REPLACES = 'Requested update requires the creation of a new physical resource; hence creating one.'

async function replaceOne(
  run: Deployment,
  record: ResourceRecord,
  current: Incarnation,
  { given, applied }: Wanted,
): Promise<Outcome> {
  const repeated = isInDoubt(record)
  if (!repeated) record.token = upperId(run.state.ports.random, TOKEN_CHARACTERS)
  record.status = 'UPDATE_IN_PROGRESS'
  if (!repeated) await run.write(record, [eventOf(record, REPLACES)])
  try {
    const made = await makeOne(run, record, applied, repeated)
    if (made.physicalId === current.physicalId && handlerFor(record.type).existing !== undefined) {
      throw customNamed(current.physicalId)
    }
    record.before = current
    record.done = 'replaced'
    record.current = incarnation(record, made, given)
    const started = eventOf(record, 'Resource creation Initiated')
    record.status = 'UPDATE_COMPLETE'
    record.statusReason = made.notice
    await run.write(record, [started, eventOf(record, made.notice)])
    return 'done'
  } catch (error) {
    const taken = error instanceof Fault && exists(error.code)
    record.token = current.token
    return await failOne(run, record, 'UPDATE_FAILED', taken ? customNamed(current.physicalId) : error)
  }
}

/** Source: CloudFormation user guide, Troubleshooting, custom-named resources. */
const customNamed = (name: string): TemplateError =>
  new TemplateError(
    `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${name} and update the stack again.`,
  )

/** Back to what it was before the operation. */
export async function restoreOne(run: Deployment, record: ResourceRecord): Promise<Outcome> {
  const { before, current } = record
  if (before === undefined) return 'done'
  const policies = record.beforePolicies
  if (policies !== undefined) {
    record.deletionPolicy = policies.deletion
    record.updateReplacePolicy = policies.replacement
  }
  record.status = 'UPDATE_IN_PROGRESS'
  await run.write(record, [eventOf(record)])
  try {
    const handler = handlerFor(record.type)
    if (record.done === 'replaced' && handler.mayReplace !== true) {
      record.current = before
      record.before = current
      record.done = 'restored'
    } else {
      const { attributes } = current ?? before
      const context = { ...contextFor(run, record, before.token), attributes }
      const made = await handler.update(
        context,
        current?.physicalId ?? before.physicalId,
        await appliedOf(run, record, before.properties),
        current?.properties ?? {},
      )
      const left = current !== undefined && made.physicalId !== current.physicalId ? current : undefined
      record.current = { ...before, attributes: made.attributes, physicalId: made.physicalId }
      record.before = left
      record.done = left === undefined ? undefined : 'restored'
    }
    record.status = 'UPDATE_COMPLETE'
    record.statusReason = undefined
    await run.write(record, [eventOf(record)])
    return 'done'
  } catch (error) {
    return await failOne(run, record, 'UPDATE_FAILED', error)
  }
}

/** Removes one life of a resource; `keep` says that its policy retains it. */
export async function removeOne(
  run: Deployment,
  record: ResourceRecord,
  life: Incarnation | undefined,
  keep: boolean,
): Promise<Outcome> {
  if (life === undefined) return 'done'
  const event = (status: string, reason?: string): NewEvent => ({
    ...eventOf(record, reason),
    physicalId: life.physicalId,
    status,
    properties: JSON.stringify(life.properties),
  })
  if (keep) {
    await run.write(undefined, [event('DELETE_SKIPPED')])
    return 'done'
  }
  await run.write(undefined, [event('DELETE_IN_PROGRESS')])
  try {
    await handlerFor(record.type).delete(
      contextFor(run, record, life.token),
      life.physicalId,
      life.properties,
    )
    await run.write(undefined, [event('DELETE_COMPLETE')])
    return 'done'
  } catch (error) {
    if (error instanceof Interrupted) throw error
    const token = uuid(run.state.ports.random)
    const reason = reasonOf(error, serviceOf(record.type), token)
    if (reason === undefined) {
      run.state.ports.log.error('cloudformation.resource.defect', {
        stack: run.stack.stackId,
        resource: record.logicalId,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
    if (record.current === life) {
      record.status = 'DELETE_FAILED'
      record.statusReason = reason ?? 'Internal Failure'
    }
    await run.write(record.current === life ? record : undefined, [
      event('DELETE_FAILED', reason ?? 'Internal Failure'),
    ])
    return 'failed'
  }
}
