/** CreateStack, UpdateStack, DeleteStack and the protection against the last. */
import type { CloudFormation } from '#model/cloudformation.ts'
import type { Call, Operation } from '#ports/service.ts'
import { alreadyExists, insufficientCapabilities, validationError } from '#services/cloudformation/faults.ts'
import {
  checkName,
  checkResourceTypes,
  parameterMap,
  refuseOptions,
  stackTags,
} from '#services/cloudformation/inputs.ts'
import {
  currentTemplate,
  exportsOf,
  findStack,
  putStack,
  resourcesOf,
  stackOf,
} from '#services/cloudformation/journal.ts'
import { policyText } from '#services/cloudformation/operations/stack-policies.ts'
import { planOf } from '#services/cloudformation/plan.ts'
import {
  asValidation,
  capabilitiesOf,
  missingCapabilities,
  type Prepared,
  prepare,
  Refusal,
  type Wanted,
} from '#services/cloudformation/prepare.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import {
  begin,
  beginDeletion,
  newStack,
  ownerOf,
  requireSameTypes,
  requireUpdatable,
  sameTags,
  unchanged,
} from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { templateText } from '#services/cloudformation/template-source.ts'

/** A refusal as the call's own error: direct operations have no change set to carry it. */
async function prepared(state: CloudFormationState, owner: Owner, wanted: Wanted): Promise<Prepared> {
  try {
    return await prepare(state, owner, wanted)
  } catch (error) {
    if (error instanceof Refusal) throw validationError(error.message)
    throw error
  }
}

/** Faults: InsufficientCapabilitiesException. Macros need CAPABILITY_AUTO_EXPAND when nobody reviews a change set. */
function requireCapabilities(result: Prepared, given: readonly string[]): void {
  const needed = [
    ...capabilitiesOf(result.processed).needed,
    ...(result.transformed ? ['CAPABILITY_AUTO_EXPAND'] : []),
  ]
  const missing = missingCapabilities(needed, given)
  if (missing.length > 0) throw insufficientCapabilities(missing)
}

const textOf = (call: Call, state: CloudFormationState, source: Parameters<typeof templateText>[0]) =>
  templateText(source, state.ports.api, { account: call.account, region: call.region, span: call.span })

/** Source: CloudFormation API, CreateStack. Transform errors are answered at once; AWS lets the stack fail. */
export const createStack: Operation<CloudFormation['CreateStack'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  checkName(input.StackName, 'stackName')
  refuseOptions(input)
  if (input.DisableRollback !== undefined && input.OnFailure !== undefined) {
    throw validationError('Only one of OnFailure or DisableRollback may be specified.')
  }
  if ((await findStack(state, owner, input.StackName)) !== undefined) throw alreadyExists(input.StackName)
  const text = await textOf(call, state, input)
  if (text === undefined) throw validationError('Either Template URL or Template Body must be specified.')
  const stack = newStack(state, owner, input.StackName, call.at)
  const result = await prepared(state, owner, {
    text,
    stackName: stack.name,
    stackId: stack.stackId,
    parameters: parameterMap(input.Parameters, []),
    notificationArns: [],
  })
  checkResourceTypes(
    input.ResourceTypes,
    [...result.resolved.resources.values()].map(({ type }) => type),
  )
  requireCapabilities(result, input.Capabilities ?? [])
  stack.terminationProtection = input.EnableTerminationProtection === true
  stack.policy = await policyText(state, call, input.StackPolicyBody, input.StackPolicyURL)
  await begin(state, owner, {
    stack,
    kind: 'create',
    prepared: result,
    settings: {
      capabilities: input.Capabilities ?? [],
      tags: stackTags(input.Tags),
      roleArn: input.RoleARN,
      clientToken: input.ClientRequestToken,
      onFailure: onFailureOf(input.OnFailure, input.DisableRollback),
      timeoutMinutes: input.TimeoutInMinutes,
    },
  })
  return { StackId: stack.stackId }
}

function onFailureOf(
  onFailure: string | undefined,
  disableRollback: boolean | undefined,
): 'ROLLBACK' | 'DO_NOTHING' | 'DELETE' {
  if (onFailure === 'DO_NOTHING' || onFailure === 'DELETE' || onFailure === 'ROLLBACK') return onFailure
  return disableRollback === true ? 'DO_NOTHING' : 'ROLLBACK'
}

const NO_UPDATES = 'No updates are to be performed.'

/** Source: CloudFormation API, UpdateStack. */
export const updateStack: Operation<CloudFormation['UpdateStack'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  refuseOptions(input)
  const stack = await stackOf(state, owner, input.StackName)
  requireUpdatable(stack)
  const text = await updateText(call, state, stack, input)
  const result = await prepared(state, owner, {
    text,
    stackName: stack.name,
    stackId: stack.stackId,
    parameters: parameterMap(input.Parameters, stack.parameters),
    notificationArns: stack.notificationArns,
  })
  checkResourceTypes(
    input.ResourceTypes,
    [...result.resolved.resources.values()].map(({ type }) => type),
  )
  requireCapabilities(result, input.Capabilities ?? [])
  const current = await resourcesOf(state, owner, stack)
  requireSameTypes(result, current)
  const tags = input.Tags === undefined ? stack.tags : stackTags(input.Tags)
  const known = await exportsOf(state, owner)
  const changes = asValidation(() =>
    planOf({
      resolved: result.resolved,
      current,
      tables: state.tables,
      tags,
      exported: (name) => known.get(name)?.value,
    }),
  )
  if (changes.length === 0 && (await unchanged(state, owner, stack, result)) && sameTags(stack, tags)) {
    throw validationError(NO_UPDATES)
  }
  const policyDuring = await policyText(
    state,
    call,
    input.StackPolicyDuringUpdateBody,
    input.StackPolicyDuringUpdateURL,
  )
  stack.policy = (await policyText(state, call, input.StackPolicyBody, input.StackPolicyURL)) ?? stack.policy
  await begin(state, owner, {
    stack,
    kind: 'update',
    prepared: result,
    settings: {
      capabilities: input.Capabilities ?? [],
      tags,
      roleArn: input.RoleARN,
      clientToken: input.ClientRequestToken,
      onFailure: input.DisableRollback === true ? 'DO_NOTHING' : 'ROLLBACK',
      policyDuring,
    },
  })
  return { StackId: stack.stackId }
}

async function updateText(
  call: Call,
  state: CloudFormationState,
  stack: StackRecord,
  input: {
    readonly UsePreviousTemplate?: boolean | undefined
    readonly TemplateBody?: string | undefined
    readonly TemplateURL?: string | undefined
  },
): Promise<string> {
  const given = await textOf(call, state, input)
  if (given !== undefined) {
    if (input.UsePreviousTemplate === true) {
      throw validationError('You cannot specify both usePreviousTemplate and Template Body/Template URL.')
    }
    return given
  }
  if (input.UsePreviousTemplate !== true) {
    throw validationError('Either Template URL or Template Body must be specified.')
  }
  return (await currentTemplate(state, ownerOf(call), stack)).original
}

/** Source: CloudFormation API, DeleteStack: no error for a stack that does not exist. */
export const deleteStack: Operation<CloudFormation['DeleteStack'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const stack = await findStack(state, owner, input.StackName)
  if (stack === undefined || stack.status === 'DELETE_COMPLETE') return {}
  if (stack.terminationProtection) {
    throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`)
  }
  if (stack.operation?.kind === 'delete') return {}
  if (stack.operation !== undefined) {
    throw validationError(`Stack [${stack.stackId}] cannot be deleted while in status ${stack.status}`)
  }
  const retain = input.RetainResources ?? []
  if (retain.length > 0 && stack.status !== 'DELETE_FAILED') {
    throw validationError(
      `Invalid operation on stack [${stack.stackId}]. RetainResources can only be used for stacks in DELETE_FAILED state.`,
    )
  }
  const force = input.DeletionMode === 'FORCE_DELETE_STACK'
  if (force && stack.status !== 'DELETE_FAILED') {
    throw validationError(
      `Invalid operation on stack [${stack.stackId}]. FORCE_DELETE_STACK can only be used for stacks in DELETE_FAILED state.`,
    )
  }
  await beginDeletion(state, owner, stack, { retain, clientToken: input.ClientRequestToken, force })
  return {}
}

export const updateTerminationProtection: Operation<
  CloudFormation['UpdateTerminationProtection'],
  CloudFormationState
> = async (input, state, call) => {
  const owner = ownerOf(call)
  const found = await stackOf(state, owner, input.StackName)
  const stack = state.live.get(found.stackId) ?? found
  stack.terminationProtection = input.EnableTerminationProtection
  await state.store.tx((tx) => putStack(tx, owner, stack))
  return { StackId: stack.stackId }
}
