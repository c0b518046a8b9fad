/** Change sets: made from a template and parameters before the call is answered, looked at, deleted. */
import type { Change, CloudFormation, CreateChangeSetInput, ResourceChange } from '#model/cloudformation.ts'
import { uuid } from '#base/ids.ts'
import { instant } from '#base/time.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  newStack,
  ownerOf,
  requireSameTypes,
  requireUpdatable,
  sameTags,
  templateRecord,
  unchanged,
} from '#services/cloudformation/stack-change.ts'
import { changeSetsOf, findChangeSet } from '#services/cloudformation/change-set-lookup.ts'
import {
  capabilitiesText,
  insufficientCapabilities,
  notDone,
  stackNamedMissing,
  validationError,
} from '#services/cloudformation/faults.ts'
import { Fault } from '#base/fault.ts'
import {
  checkName,
  checkResourceTypes,
  parameterMap,
  refuseOptions,
  stackTags,
  storedParameters,
} from '#services/cloudformation/inputs.ts'
import {
  addEvent,
  currentTemplate,
  exportsOf,
  findStack,
  putStack,
  resourcesOf,
  stackEvent,
  stackOf,
} from '#services/cloudformation/journal.ts'
import { PAGE } from '#services/cloudformation/limits.ts'
import { shownParameters } from '#services/cloudformation/operations/describe-stacks.ts'
import { pageAt } from '#services/cloudformation/paging.ts'
import { planOf } from '#services/cloudformation/plan.ts'
import {
  asValidation,
  capabilitiesOf,
  missingCapabilities,
  parsedTemplate,
  type Prepared,
  prepare,
  Refusal,
} from '#services/cloudformation/prepare.ts'
import {
  type ChangeSetRecord,
  changeSets,
  type StackRecord,
  type StoredChange,
  templates,
} from '#services/cloudformation/records.ts'
import { changeSetArn } from '#services/cloudformation/resource-context.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { templateText } from '#services/cloudformation/template-source.ts'

const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set."

/** Source: CloudFormation API, CreateChangeSet. */
export const createChangeSet: Operation<CloudFormation['CreateChangeSet'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  checkName(input.ChangeSetName, 'changeSetName')
  refuseOptions(input)
  if (input.ChangeSetType === 'IMPORT' || (input.ResourcesToImport ?? []).length > 0) {
    throw notDone('import of resources')
  }
  const type = input.ChangeSetType === 'CREATE' ? 'CREATE' : 'UPDATE'
  const existing = await findStack(state, owner, input.StackName)
  const stack = await stackFor(state, call, input, existing)
  const text = await textFor(state, call, input, stack)
  const set = await computed(state, owner, { input, stack, text, type, at: call.at })
  const failedBefore = (await changeSetsOf(state, owner, stack)).filter(
    ({ name, status }) => name === input.ChangeSetName && status === 'FAILED',
  )
  await state.store.tx((tx) => {
    for (const { uuid } of failedBefore) {
      changeSets.delete(tx, owner, stack.uuid, uuid)
      templates.delete(tx, owner, stack.uuid, uuid)
    }
    if (existing === undefined) {
      stack.statusReason = 'User Initiated'
      addEvent(state, tx, owner, { stack, event: stackEvent(stack, 'User Initiated'), at: call.at })
      putStack(tx, owner, stack)
    }
    changeSets.put(tx, owner, [stack.uuid, set.record.uuid], set.record)
    if (set.prepared !== undefined) {
      templates.put(tx, owner, [stack.uuid, set.record.uuid], templateRecord(set.prepared))
    }
  })
  return { Id: set.record.id, StackId: stack.stackId }
}

async function stackFor(
  state: CloudFormationState,
  call: Call,
  input: CreateChangeSetInput,
  existing: StackRecord | undefined,
): Promise<StackRecord> {
  const owner = ownerOf(call)
  if (input.ChangeSetType === 'CREATE') {
    if (existing === undefined) {
      checkName(input.StackName, 'stackName')
      return newStack(state, owner, input.StackName, call.at)
    }
    if (existing.status !== 'REVIEW_IN_PROGRESS') {
      throw validationError(
        `Stack [${existing.name}] already exists and cannot be created again with the changeSet [${input.ChangeSetName}].`,
      )
    }
  } else {
    if (existing === undefined) throw stackNamedMissing(input.StackName)
    requireUpdatable(existing)
  }
  // A failed one gives its name up: the AWS CLI names them by the second, and here two deployments fit into one.
  const same = (await changeSetsOf(state, owner, existing)).some(
    ({ name, status }) => name === input.ChangeSetName && status !== 'FAILED',
  )
  if (same) {
    throw new Fault('AlreadyExistsException', `ChangeSet ${input.ChangeSetName} already exists`, {
      status: 400,
    })
  }
  return existing
}

async function textFor(
  state: CloudFormationState,
  call: Call,
  input: CreateChangeSetInput,
  stack: StackRecord,
): Promise<string> {
  const text = await templateText(input, state.ports.api, {
    account: call.account,
    region: call.region,
    span: call.span,
  })
  if (text !== undefined) {
    if (input.UsePreviousTemplate === true) {
      throw validationError('You cannot specify both usePreviousTemplate and Template Body/Template URL.')
    }
    return text
  }
  if (input.UsePreviousTemplate !== true) {
    throw validationError('Either Template URL or Template Body must be specified.')
  }
  return (await currentTemplate(state, ownerOf(call), stack)).original
}

interface Wish {
  readonly input: CreateChangeSetInput
  readonly stack: StackRecord
  readonly text: string
  readonly type: 'CREATE' | 'UPDATE'
  readonly at: number
}

interface Computed {
  readonly record: ChangeSetRecord
  readonly prepared: Prepared | undefined
}

/** Faults of the template are the call's; a `Refusal` or the lack of changes makes a change set that failed. */
async function computed(state: CloudFormationState, owner: Owner, wish: Wish): Promise<Computed> {
  const { input, stack } = wish
  const given = input.Capabilities ?? []
  const early = missingCapabilities(capabilitiesOf(parsedTemplate(wish.text).body).needed, given)
  if (early.length > 0) throw insufficientCapabilities(early)
  const tags = input.Tags === undefined ? stack.tags : stackTags(input.Tags)
  let prepared: Prepared | undefined
  let changes: readonly StoredChange[] = []
  let reason: string | undefined
  try {
    prepared = await prepare(state, owner, {
      text: wish.text,
      stackName: stack.name,
      stackId: stack.stackId,
      parameters: parameterMap(input.Parameters, stack.parameters),
      notificationArns: stack.notificationArns,
    })
    checkResourceTypes(
      input.ResourceTypes,
      [...prepared.resolved.resources.values()].map(({ type }) => type),
    )
    const missing = missingCapabilities(capabilitiesOf(prepared.processed).needed, given)
    if (missing.length > 0) throw new Refusal(capabilitiesText(missing))
    changes = await changesOf(state, owner, { stack, prepared, tags })
    const nothing = wish.type === 'UPDATE' && changes.length === 0 && sameTags(stack, tags)
    if (nothing && (await unchanged(state, owner, stack, prepared))) reason = NO_CHANGES
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    reason = error.message
  }
  return { record: recordOf(state, owner, wish, { prepared, changes, reason, tags }), prepared }
}

async function changesOf(
  state: CloudFormationState,
  owner: Owner,
  what: { readonly stack: StackRecord; readonly prepared: Prepared; readonly tags: StackRecord['tags'] },
): Promise<StoredChange[]> {
  const current = await resourcesOf(state, owner, what.stack)
  requireSameTypes(what.prepared, current)
  const known = await exportsOf(state, owner)
  return asValidation(() =>
    planOf({
      resolved: what.prepared.resolved,
      current,
      tables: state.tables,
      tags: what.tags,
      exported: (name) => known.get(name)?.value,
    }),
  )
}

function recordOf(
  state: CloudFormationState,
  owner: Owner,
  { input, stack, type, at }: Wish,
  found: {
    readonly prepared: Prepared | undefined
    readonly changes: readonly StoredChange[]
    readonly reason: string | undefined
    readonly tags: StackRecord['tags']
  },
): ChangeSetRecord {
  const id = uuid(state.ports.random)
  const resolved = found.prepared?.resolved
  return {
    id: changeSetArn(owner, input.ChangeSetName, id),
    uuid: id,
    name: input.ChangeSetName,
    stackId: stack.stackId,
    stackName: stack.name,
    type,
    createdAt: at,
    description: input.Description,
    status: found.reason === undefined ? 'CREATE_COMPLETE' : 'FAILED',
    statusReason: found.reason,
    executionStatus: found.reason === undefined ? 'AVAILABLE' : 'UNAVAILABLE',
    parameters: resolved === undefined ? [] : storedParameters(resolved),
    tags: found.tags,
    capabilities: input.Capabilities ?? [],
    notificationArns: [],
    roleArn: input.RoleARN,
    onStackFailure: input.OnStackFailure,
    changes: found.changes,
  }
}

function shownChange(change: StoredChange): Change {
  const modified = change.action === 'Modify'
  const scope = [...(change.properties.length > 0 ? ['Properties'] : []), ...change.scopes]
  const resource: ResourceChange = {
    PolicyAction: change.policyAction,
    Action: change.action,
    LogicalResourceId: change.logicalId,
    PhysicalResourceId: change.physicalId,
    ResourceType: change.type,
    ...(modified ? { Replacement: change.replacement } : {}),
    Scope: scope,
    Details: [
      ...change.properties.map(({ name, recreation }) => ({
        Target: { Attribute: 'Properties', Name: name, RequiresRecreation: recreation },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      })),
      ...change.scopes.map((attribute) => ({
        Target: { Attribute: attribute, RequiresRecreation: 'Never' },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      })),
    ],
  }
  return { Type: 'Resource', ResourceChange: resource }
}

/** Source: CloudFormation API, DescribeChangeSet. */
export const describeChangeSet: Operation<CloudFormation['DescribeChangeSet'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const { record } = await findChangeSet(state, ownerOf(call), input.ChangeSetName, input.StackName)
  const page = pageAt(record.changes, input.NextToken, PAGE)
  return {
    ChangeSetName: record.name,
    ChangeSetId: record.id,
    StackId: record.stackId,
    StackName: record.stackName,
    Description: record.description,
    ...(record.parameters.length === 0 ? {} : { Parameters: shownParameters(record.parameters) }),
    CreationTime: instant(record.createdAt),
    ExecutionStatus: record.executionStatus,
    Status: record.status,
    StatusReason: record.statusReason,
    NotificationARNs: [...record.notificationArns],
    RollbackConfiguration: {},
    Capabilities: [...record.capabilities],
    Tags: [...record.tags],
    Changes: page.items.map(shownChange),
    NextToken: page.token,
    IncludeNestedStacks: false,
    ...(record.onStackFailure === undefined ? {} : { OnStackFailure: record.onStackFailure }),
  }
}

/** Source: CloudFormation API, ListChangeSets. */
export const listChangeSets: Operation<CloudFormation['ListChangeSets'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const all = await changeSetsOf(state, owner, await stackOf(state, owner, input.StackName))
  const page = pageAt(all, input.NextToken, PAGE)
  return {
    Summaries: page.items.map((record) => ({
      StackId: record.stackId,
      StackName: record.stackName,
      ChangeSetId: record.id,
      ChangeSetName: record.name,
      ExecutionStatus: record.executionStatus,
      Status: record.status,
      StatusReason: record.statusReason,
      CreationTime: instant(record.createdAt),
      Description: record.description,
      IncludeNestedStacks: false,
    })),
    NextToken: page.token,
  }
}

/** Source: CloudFormation API, DeleteChangeSet: no error when there is none. A stack under review stays. */
export const deleteChangeSet: Operation<CloudFormation['DeleteChangeSet'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const found = await findChangeSet(state, owner, input.ChangeSetName, input.StackName).catch(
    (error: unknown) => {
      if (error instanceof Fault && error.code === 'ChangeSetNotFound') return undefined
      throw error
    },
  )
  if (found === undefined) return {}
  await state.store.tx((tx) => {
    changeSets.delete(tx, owner, found.stack.uuid, found.record.uuid)
    templates.delete(tx, owner, found.stack.uuid, found.record.uuid)
  })
  return {}
}
