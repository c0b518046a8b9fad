/** The two documents of a repository: its resource policy and its lifecycle policy. Kept and given back; nothing is pulled or expires here. */
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import type { Ecr } from '#model/ecr.ts'
import type { Operation } from '#ports/service.ts'
import {
  invalidLifecyclePolicy,
  invalidPolicy,
  lifecyclePolicyNotFound,
  repositoryPolicyNotFound,
} from '#services/ecr/faults.ts'
import { changeRepository, type EcrState, repositoryOf } from '#services/ecr/repositories.ts'

/** Fault InvalidParameter. Source: ECR API, SetRepositoryPolicy. */
function checkPolicy(text: string): void {
  const statements = valueAt(parseJson(text), 'Statement')
  if (!Array.isArray(statements) && !isRecord(statements)) throw invalidPolicy()
}

export const setRepositoryPolicy: Operation<Ecr['SetRepositoryPolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  checkPolicy(input.policyText)
  const { name } = await changeRepository(state, call, input, (before) => ({
    ...before,
    policy: input.policyText,
  }))
  return { registryId: call.account, repositoryName: name, policyText: input.policyText }
}

export const getRepositoryPolicy: Operation<Ecr['GetRepositoryPolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  const { name, policy } = await repositoryOf(state.store.read, call, input)
  if (policy === undefined) throw repositoryPolicyNotFound(name, call.account)
  return { registryId: call.account, repositoryName: name, policyText: policy }
}

export const deleteRepositoryPolicy: Operation<Ecr['DeleteRepositoryPolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  let policy: string | undefined
  const { name } = await changeRepository(state, call, input, (before) => {
    policy = before.policy
    if (policy === undefined) throw repositoryPolicyNotFound(before.name, call.account)
    return { ...before, policy: undefined }
  })
  return { registryId: call.account, repositoryName: name, policyText: policy }
}

/** Source: ECR API, PutLifecyclePolicy: a document with its list of rules. */
export const putLifecyclePolicy: Operation<Ecr['PutLifecyclePolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  const text = input.lifecyclePolicyText
  if (!Array.isArray(valueAt(parseJson(text), 'rules'))) throw invalidLifecyclePolicy()
  const { name } = await changeRepository(state, call, input, (before) => ({
    ...before,
    lifecyclePolicy: text,
  }))
  return { registryId: call.account, repositoryName: name, lifecyclePolicyText: text }
}

export const getLifecyclePolicy: Operation<Ecr['GetLifecyclePolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  const { name, lifecyclePolicy } = await repositoryOf(state.store.read, call, input)
  if (lifecyclePolicy === undefined) throw lifecyclePolicyNotFound(name, call.account)
  return { registryId: call.account, repositoryName: name, lifecyclePolicyText: lifecyclePolicy }
}

export const deleteLifecyclePolicy: Operation<Ecr['DeleteLifecyclePolicy'], EcrState> = async (
  input,
  state,
  call,
) => {
  let text: string | undefined
  const { name } = await changeRepository(state, call, input, (before) => {
    text = before.lifecyclePolicy
    if (text === undefined) throw lifecyclePolicyNotFound(before.name, call.account)
    return { ...before, lifecyclePolicy: undefined }
  })
  return { registryId: call.account, repositoryName: name, lifecyclePolicyText: text }
}
