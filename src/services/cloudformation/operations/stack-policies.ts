/** Stack policies: SetStackPolicy, GetStackPolicy, and those that come with CreateStack and UpdateStack. */
import type { CloudFormation } from '#model/cloudformation.ts'
import { text } from '#base/bytes.ts'
import type { Call, Operation } from '#ports/service.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { findStack, putStack } from '#services/cloudformation/journal.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import { ownerOf } from '#services/cloudformation/stack-change.ts'
import { checkedPolicy } from '#services/cloudformation/stack-policy.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'
import { objectAddress, objectBytes } from '#services/cloudformation/template-source.ts'

/** The document, in the request or in our S3; undefined when there is none. Fault ValidationError. */
export async function policyText(
  state: CloudFormationState,
  call: Call,
  body: string | undefined,
  address: string | undefined,
): Promise<string | undefined> {
  if (body !== undefined && address !== undefined)
    throw validationError('You cannot specify both StackPolicyURL and StackPolicyBody')
  if (body !== undefined) return checkedPolicy(body)
  if (address === undefined) return undefined
  const place = objectAddress(address)
  if (place === undefined || place.key === '')
    throw validationError('StackPolicyURL must be a supported URL.')
  const { account, region, span } = call
  return checkedPolicy(text(await objectBytes(place, state.ports.api, { account, region, span })))
}

/** Fault ValidationError, in the words of these two operations (recorded). */
async function named(state: CloudFormationState, call: Call, name: string): Promise<StackRecord> {
  const found = await findStack(state, ownerOf(call), name)
  if (found === undefined) throw validationError(`Stack: ${name} does not exist`)
  return found
}

/** Source: CloudFormation API, SetStackPolicy. */
export const setStackPolicy: Operation<CloudFormation['SetStackPolicy'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  const found = await named(state, call, input.StackName)
  const policy = await policyText(state, call, input.StackPolicyBody, input.StackPolicyURL)
  if (policy === undefined)
    throw validationError('One of StackPolicyURL or StackPolicyBody must be specified.')
  const stack = state.live.get(found.stackId) ?? found
  stack.policy = policy
  await state.store.tx((tx) => putStack(tx, owner, stack))
  return {}
}

/** Source: CloudFormation API, GetStackPolicy. */
export const getStackPolicy: Operation<CloudFormation['GetStackPolicy'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const { policy } = await named(state, call, input.StackName)
  return policy === undefined ? {} : { StackPolicyBody: policy }
}
