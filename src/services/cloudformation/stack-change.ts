/**
 * Starting the three operations on stacks, from CreateStack and its like as well as from executed change sets: the
 * record, its first events, the template that it shall have, all in one transaction; then the deployment.
 */
import { uuid } from '#base/ids.ts'
import type { Instant } from '#base/time.ts'
import { evaluate } from '#engines/templates/evaluate.ts'
import { dictAt, sameValue, scalarText } from '#engines/templates/value.ts'
import type { Call } from '#ports/service.ts'
import { launch } from '#services/cloudformation/background.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { storedParameters } from '#services/cloudformation/inputs.ts'
import {
  addEvent,
  currentTemplate,
  putStack,
  resourcesOf,
  stackEvent,
} from '#services/cloudformation/journal.ts'
import { importsIn, type Prepared } from '#services/cloudformation/prepare.ts'
import {
  type ResourceRecord,
  resources,
  type StackRecord,
  type StackTag,
  type StoredOperation,
  type TemplateRecord,
  templates,
} from '#services/cloudformation/records.ts'
import { stackArn } from '#services/cloudformation/resource-context.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'

export const ownerOf = (call: Call): Owner => [call.account, call.region]

/** A stack that nothing has been done to yet. */
export function newStack(state: CloudFormationState, owner: Owner, name: string, at: Instant): StackRecord {
  const id = uuid(state.ports.random)
  return {
    stackId: stackArn(owner, name, id),
    name,
    uuid: id,
    createdAt: at,
    status: 'REVIEW_IN_PROGRESS',
    parameters: [],
    capabilities: [],
    tags: [],
    notificationArns: [],
    disableRollback: false,
    terminationProtection: false,
    outputs: [],
    imports: [],
    eventCount: 0,
  }
}

export interface Settings {
  readonly capabilities: readonly string[]
  readonly tags: readonly StackTag[]
  readonly roleArn: string | undefined
  readonly clientToken: string | undefined
  readonly onFailure: StoredOperation['onFailure']
  readonly changeSetId?: string | undefined
  readonly timeoutMinutes?: number | undefined
  /** A stack policy for this update alone. */
  readonly policyDuring?: string | undefined
}

export const templateRecord = (prepared: Prepared): TemplateRecord => ({
  original: prepared.original,
  processed: prepared.processed,
  transformed: prepared.transformed,
  parameters: [...prepared.resolved.parameterTexts].map(([key, value]) => ({ key, value })),
  fetched: [...prepared.resolved.fetched].map(([key, value]) => ({ key, value })),
})

/** Writes what the operation needs and launches it. */
export async function begin(
  state: CloudFormationState,
  owner: Owner,
  what: {
    readonly stack: StackRecord
    readonly kind: 'create' | 'update'
    readonly prepared: Prepared
    readonly settings: Settings
  },
): Promise<void> {
  const { stack, kind, prepared, settings } = what
  const at = state.ports.clock.now()
  const description = prepared.processed['Description']
  stack.description = typeof description === 'string' ? description : undefined
  stack.parameters = storedParameters(prepared.resolved)
  stack.capabilities = settings.capabilities
  stack.tags = settings.tags
  stack.roleArn = settings.roleArn ?? stack.roleArn
  stack.changeSetId = settings.changeSetId
  stack.timeoutMinutes = settings.timeoutMinutes ?? stack.timeoutMinutes
  stack.disableRollback = settings.onFailure === 'DO_NOTHING'
  stack.imports = importNames(prepared)
  stack.failure = undefined
  if (kind === 'update') {
    stack.updatedAt = at
    if (stack.status === 'UPDATE_FAILED') await settleMarks(state, owner, stack)
  }
  await start(state, owner, {
    stack,
    operation: {
      kind,
      id: uuid(state.ports.random),
      phase: 'forward',
      clientToken: settings.clientToken,
      onFailure: settings.onFailure,
      startedAt: at,
      retain: [],
      policyDuring: settings.policyDuring,
    },
    template: templateRecord(prepared),
  })
}

/** After an update that failed and was left: its marks come off, what it replaced is remembered for the next cleanup. */
async function settleMarks(state: CloudFormationState, owner: Owner, stack: StackRecord): Promise<void> {
  const marked = [...(await resourcesOf(state, owner, stack)).values()].filter(
    ({ done, before }) => done !== undefined || before !== undefined,
  )
  await state.store.tx((tx) => {
    for (const record of marked) {
      if (record.done === 'replaced' && record.before !== undefined)
        record.superseded = [...(record.superseded ?? []), record.before]
      record.done = undefined
      record.before = undefined
      record.beforePolicies = undefined
      resources.put(tx, owner, [stack.uuid, record.logicalId], record)
    }
  })
}

/** Names of imports that can be known now; an unknown one is found when it is evaluated. */
function importNames(prepared: Prepared): string[] {
  const scope = {
    ...prepared.resolved.scope,
    ref: () => '',
    attribute: () => '',
    exported: () => '',
  }
  const holders = [...prepared.resolved.resources.values()].map(({ properties }) => properties)
  const outputs = dictAt(prepared.processed, 'Outputs') ?? {}
  return [...importsIn(holders), ...importsIn(outputs)].flatMap((name) => {
    const found = scalarText(evaluate(name, scope))
    return found === undefined ? [] : [found]
  })
}

/** Undoes what a creation or an update left, or goes on with a rollback that failed. The operation's id. */
export async function beginRollback(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  options: {
    readonly kind: 'create' | 'update'
    readonly skip: readonly string[]
    readonly clientToken: string | undefined
  },
): Promise<string> {
  const id = uuid(state.ports.random)
  await start(state, owner, {
    stack,
    status: options.kind === 'create' ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS',
    operation: {
      kind: options.kind,
      id,
      phase: 'rollback',
      clientToken: options.clientToken,
      onFailure: 'ROLLBACK',
      startedAt: state.ports.clock.now(),
      retain: [],
      skip: options.skip,
    },
  })
  return id
}

const IN_PROGRESS = {
  create: 'CREATE_IN_PROGRESS',
  update: 'UPDATE_IN_PROGRESS',
  delete: 'DELETE_IN_PROGRESS',
} as const

async function start(
  state: CloudFormationState,
  owner: Owner,
  what: {
    readonly stack: StackRecord
    readonly operation: StoredOperation
    readonly template?: TemplateRecord
    readonly status?: string
  },
): Promise<void> {
  const { stack, operation, template } = what
  stack.operation = operation
  stack.status = what.status ?? IN_PROGRESS[operation.kind]
  stack.statusReason = 'User Initiated'
  const at = state.ports.clock.now()
  await state.store.tx((tx) => {
    if (template !== undefined) templates.put(tx, owner, [stack.uuid, 'next'], template)
    const event = stackEvent(stack, 'User Initiated')
    addEvent(state, tx, owner, { stack, event, at })
    if (template?.transformed === true && stack.changeSetId === undefined) {
      addEvent(state, tx, owner, { stack, event: stackEvent(stack, 'Transformation succeeded'), at })
    }
    putStack(tx, owner, stack)
  })
  launch(state, owner, stack)
}

export async function beginDeletion(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  options: {
    readonly retain: readonly string[]
    readonly clientToken: string | undefined
    readonly force?: boolean
  },
): Promise<void> {
  await start(state, owner, {
    stack,
    operation: {
      kind: 'delete',
      id: uuid(state.ports.random),
      phase: 'forward',
      clientToken: options.clientToken,
      onFailure: 'DO_NOTHING',
      startedAt: state.ports.clock.now(),
      retain: options.retain,
      force: options.force,
    },
  })
}

const UPDATABLE = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'UPDATE_FAILED',
  'CREATE_FAILED',
  'IMPORT_COMPLETE',
])

/** Faults: ValidationError. Source: recorded AWS answer. */
export function requireUpdatable(stack: StackRecord): void {
  if (stack.operation === undefined && UPDATABLE.has(stack.status)) return
  throw validationError(`Stack:${stack.stackId} is in ${stack.status} state and can not be updated.`)
}

/** Faults: ValidationError when a logical id would change its type. Source: recorded AWS answer. */
export function requireSameTypes(prepared: Prepared, current: ReadonlyMap<string, ResourceRecord>): void {
  const changed = [...prepared.resolved.resources.values()].filter(({ logicalId, type }) => {
    const record = current.get(logicalId)
    return record?.current !== undefined && record.type !== type
  })
  if (changed.length === 0) return
  throw validationError(
    `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${changed.map(({ logicalId }) => logicalId).join(', ')}]`,
  )
}

export const sameTags = (stack: StackRecord, tags: StackRecord['tags']): boolean =>
  JSON.stringify(stack.tags) === JSON.stringify(tags)

/** Outputs can change although no resource does. */
export async function unchanged(
  state: CloudFormationState,
  owner: Owner,
  stack: StackRecord,
  result: Prepared,
): Promise<boolean> {
  if (stack.status.endsWith('_FAILED')) return false
  const before = await currentTemplate(state, owner, stack)
  const values = (record: readonly { key: string; value: string }[]): string => JSON.stringify(record)
  const texts = (map: ReadonlyMap<string, string>): string =>
    values([...map].map(([key, value]) => ({ key, value })))
  return (
    sameValue(before.processed['Outputs'], result.processed['Outputs']) &&
    values(before.parameters) === texts(result.resolved.parameterTexts) &&
    values(before.fetched ?? []) === texts(result.resolved.fetched)
  )
}
