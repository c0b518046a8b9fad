/** Reading and writing what is kept of stacks: each step's records in one transaction, events numbered. */
import { uuid } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import { STACKS_MAX } from '#services/cloudformation/limits.ts'
import {
  changeSets,
  type EventRecord,
  events,
  exported,
  type ExportRecord,
  type ResourceRecord,
  resources,
  running,
  stackNames,
  type StackRecord,
  stacks,
  type TemplateRecord,
  templates,
} from '#services/cloudformation/records.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { stackMissing, validationError } from '#services/cloudformation/faults.ts'
import type { Tx } from '#ports/store.ts'

/** The uuid at the end of a stack id, or undefined when the text is no stack id. */
export function uuidIn(nameOrId: string): string | undefined {
  const match = nameOrId.match(/^arn:[^:]+:cloudformation:[^:]*:[^:]*:stack\/[^/]+\/([^/]+)$/)
  return match?.[1]
}

/** By name (a stack that exists) or by id (a deleted one too). */
export async function findStack(
  state: CloudFormationState,
  owner: Owner,
  nameOrId: string,
): Promise<StackRecord | undefined> {
  const { read } = state.store
  const byId = uuidIn(nameOrId)
  const id = byId ?? (await stackNames.get(read, owner, nameOrId))?.uuid
  return id === undefined ? undefined : await stacks.get(read, owner, id)
}

/** Faults: ValidationError when there is none. */
export async function stackOf(
  state: CloudFormationState,
  owner: Owner,
  nameOrId: string,
): Promise<StackRecord> {
  const found = await findStack(state, owner, nameOrId)
  if (found === undefined) throw stackMissing(nameOrId)
  return found
}

export async function allStacks(state: CloudFormationState, owner: Owner): Promise<StackRecord[]> {
  const found = await stacks.list(state.store.read, owner, [], { limit: STACKS_MAX })
  return found.sort((a, b) => b.createdAt - a.createdAt)
}

export async function resourcesOf(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
): Promise<Map<string, ResourceRecord>> {
  const found = await resources.list(state.store.read, owner, [stack.uuid], { limit: STACKS_MAX })
  return new Map(found.map((record) => [record.logicalId, record]))
}

export const templateOf = (
  state: CloudFormationState,
  owner: Owner,
  stack: { readonly uuid: string },
  which: string,
): Promise<TemplateRecord | undefined> => templates.get(state.store.read, owner, stack.uuid, which)

export interface NewEvent {
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason?: string | undefined
  readonly properties?: string | undefined
}

/** The next event of a stack, written with whatever else the step writes. */
export function addEvent(
  state: CloudFormationState,
  tx: Tx,
  owner: Owner,
  entry: { readonly stack: StackRecord; readonly event: NewEvent; readonly at: Instant },
): void {
  const { stack, event, at } = entry
  const ours = event.type === STACK_TYPE
  const record: EventRecord = {
    id: ours ? uuid(state.ports.random) : `${event.logicalId}-${event.status}-${isoStamp(at)}`,
    at,
    ...event,
    clientToken: stack.operation?.clientToken,
    operationId: stack.operation?.id,
  }
  events.put(tx, owner, [stack.uuid, stack.eventCount], record)
  stack.eventCount++
}

export const STACK_TYPE = 'AWS::CloudFormation::Stack'

/** The time in an event's id. */
const isoStamp = (at: Instant): string => String(Math.floor(at))

/** Writes the stack under its uuid, its name, and the list of stacks that run. */
export function putStack(tx: Tx, owner: Owner, stack: StackRecord): void {
  stacks.put(tx, owner, [stack.uuid], stack)
  if (stack.status === 'DELETE_COMPLETE') stackNames.delete(tx, owner, stack.name)
  else stackNames.put(tx, owner, [stack.name], { uuid: stack.uuid })
  if (stack.operation === undefined) running.delete(tx, [], stack.uuid)
  else running.put(tx, [], [stack.uuid], { owner, uuid: stack.uuid })
}

/** A stack event of the stack itself. */
export const stackEvent = (stack: StackRecord, reason?: string): NewEvent => ({
  logicalId: stack.name,
  physicalId: stack.stackId,
  type: STACK_TYPE,
  status: stack.status,
  reason,
})

export async function exportsOf(
  state: CloudFormationState,
  owner: Owner,
): Promise<Map<string, ExportRecord>> {
  const found = await exported.list(state.store.read, owner, [], { limit: STACKS_MAX })
  return new Map(found.map((record) => [record.name, record]))
}

/** Stacks of this account and region that import the name. */
export async function importersOf(state: CloudFormationState, owner: Owner, name: string): Promise<string[]> {
  const all = await allStacks(state, owner)
  return all
    .filter(({ status, imports }) => status !== 'DELETE_COMPLETE' && imports.includes(name))
    .map((stack) => stack.name)
}

/** Forgets what belongs to a stack that is gone, but for its record and events. */
export function dropParts(
  tx: Tx,
  owner: Owner,
  stack: StackRecord,
  parts: { readonly resources: Iterable<string>; readonly changeSets: Iterable<string> },
): void {
  for (const id of parts.resources) resources.delete(tx, owner, stack.uuid, id)
  for (const id of parts.changeSets) {
    changeSets.delete(tx, owner, stack.uuid, id)
    templates.delete(tx, owner, stack.uuid, id)
  }
}

/** The template that a stack was last deployed with, or its first one while that is deployed. Faults: ValidationError. */
export async function currentTemplate(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
): Promise<TemplateRecord> {
  const found =
    (await templateOf(state, owner, stack, 'current')) ?? (await templateOf(state, owner, stack, 'next'))
  if (found === undefined) throw validationError(`Stack ${stack.name} has no template yet`)
  return found
}
