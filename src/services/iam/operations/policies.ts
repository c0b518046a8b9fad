/** Managed policies of the account and their versions. */
import { prefixedId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import { checkDocument, checkSize } from '#services/iam/documents.ts'
import { allOf, pageFor, pathOf, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import {
  awsManagedUnknown,
  deleteConflict,
  limitExceeded,
  noSuchPolicyVersion,
  policyExists,
  quotaExceeded,
} from '#services/iam/faults.ts'
import { POLICIES_MAX, POLICY_CHARACTERS_MAX, POLICY_VERSIONS_MAX } from '#services/iam/limits.ts'
import { countedAwsPolicies, ownPolicyOf, policyOf, putPolicy } from '#services/iam/managed.ts'
import {
  type IamState,
  nameKey,
  ownerOf,
  policies,
  type PolicyRecord,
  type PolicyVersionRecord,
} from '#services/iam/records.ts'
import { listedPolicy, listedVersion, policyView, versionView } from '#services/iam/views.ts'

/** Faults EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded. Names are unique in an account, whatever the path. Source: IAM API, CreatePolicy. */
export const createPolicy: Operation<Iam['CreatePolicy'], IamState> = async (input, state, call) => {
  checkPolicy(input.PolicyDocument)
  const path = pathOf(input.Path)
  const now = wholeSeconds(state.clock.now())
  const policy: PolicyRecord = {
    name: input.PolicyName,
    path,
    id: prefixedId(state.random, 'ANPA'),
    arn: `arn:aws:iam::${call.account}:policy${path}${input.PolicyName}`,
    description: input.Description,
    createdAt: now,
    updatedAt: now,
    tags: withTags([], input.Tags ?? [], 'TagsPerPolicy'),
    versions: [{ id: 'v1', document: input.PolicyDocument, createdAt: now }],
    defaultVersion: 'v1',
    nextVersion: 2,
    attachments: 0,
    boundaries: 0,
  }
  await state.store.tx(async (tx) => {
    const all = await allOf(tx, policies, call.account, POLICIES_MAX)
    if (all.some((one) => nameKey(one.name) === nameKey(policy.name))) throw policyExists(policy.name)
    if (all.length >= POLICIES_MAX) throw quotaExceeded('PoliciesPerAccount', POLICIES_MAX)
    putPolicy(tx, call.account, policy)
  })
  return { Policy: policyView(policy) }
}

function checkPolicy(document: string): void {
  checkDocument(document, 'managed')
  checkSize([document], 'PolicySize', POLICY_CHARACTERS_MAX)
}

export const getPolicy: Operation<Iam['GetPolicy'], IamState> = async (input, state, call) => ({
  Policy: policyView(await policyOf(state.store.read, call.account, input.PolicyArn)),
})

/** Those of the account and the better known of AWS's. */
export const listPolicies: Operation<Iam['ListPolicies'], IamState> = async (input, state, call) => {
  const { read } = state.store
  const local = input.Scope === 'AWS' ? [] : await allOf(read, policies, call.account, POLICIES_MAX)
  const aws = input.Scope === 'Local' ? [] : await countedAwsPolicies(read, call.account)
  const all = [...local, ...aws]
  const used = (one: PolicyRecord): boolean =>
    input.PolicyUsageFilter === 'PermissionsBoundary' ? one.boundaries > 0 : one.attachments > 0
  const shown = all.filter(
    (one) =>
      one.path.startsWith(input.PathPrefix ?? '/') &&
      ((input.OnlyAttached !== true && input.PolicyUsageFilter === undefined) || used(one)),
  )
  const { items, ...page } = pageFor(shown, input, (one) => one.name)
  return { Policies: items.map(listedPolicy), ...page }
}

/** Fault DeleteConflict while it is attached or has further versions. Source: recorded AWS answers. */
export const deletePolicy: Operation<Iam['DeletePolicy'], IamState> = async (input, state, call) => {
  await state.store.tx(async (tx) => {
    const policy = await ownPolicyOf(tx, call.account, input.PolicyArn)
    if (policy.attachments > 0 || policy.boundaries > 0)
      throw deleteConflict('Cannot delete a policy attached to entities.')
    if (policy.versions.length > 1)
      throw deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      )
    policies.delete(tx, ownerOf(call.account), nameKey(policy.arn.slice(policy.arn.indexOf(':policy/') + 8)))
  })
  return {}
}

/** One policy changed in a transaction of its own. */
function changePolicy(
  state: IamState,
  call: Call,
  arn: string,
  change: (policy: PolicyRecord) => PolicyRecord,
): Promise<PolicyRecord> {
  return state.store.tx(async (tx) => {
    const changed = change(await ownPolicyOf(tx, call.account, arn))
    putPolicy(tx, call.account, changed)
    return changed
  })
}

export const createPolicyVersion: Operation<Iam['CreatePolicyVersion'], IamState> = async (
  input,
  state,
  call,
) => {
  checkPolicy(input.PolicyDocument)
  const now = wholeSeconds(state.clock.now())
  const policy = await changePolicy(state, call, input.PolicyArn, (old) => {
    if (old.versions.length >= POLICY_VERSIONS_MAX)
      throw limitExceeded(
        'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
      )
    const id = `v${old.nextVersion}`
    return {
      ...old,
      updatedAt: now,
      versions: [{ id, document: input.PolicyDocument, createdAt: now }, ...old.versions],
      defaultVersion: input.SetAsDefault === true ? id : old.defaultVersion,
      nextVersion: old.nextVersion + 1,
    }
  })
  const [version] = policy.versions
  return { PolicyVersion: version === undefined ? undefined : listedVersion(policy, version) }
}

function versionOf(policy: PolicyRecord, versionId: string): PolicyVersionRecord {
  const found = policy.versions.find((one) => one.id === versionId)
  if (found === undefined) throw noSuchPolicyVersion(policy.arn, versionId)
  return found
}

export const getPolicyVersion: Operation<Iam['GetPolicyVersion'], IamState> = async (input, state, call) => {
  const policy = await policyOf(state.store.read, call.account, input.PolicyArn)
  const version = versionOf(policy, input.VersionId)
  if (version.document === '') throw awsManagedUnknown(policy.arn)
  return { PolicyVersion: versionView(policy, version) }
}

export const listPolicyVersions: Operation<Iam['ListPolicyVersions'], IamState> = async (
  input,
  state,
  call,
) => {
  const policy = await policyOf(state.store.read, call.account, input.PolicyArn)
  const { items, ...page } = pageFor(policy.versions, input, (one) => one.id.padStart(8, '0'))
  return { Versions: items.toReversed().map((one) => listedVersion(policy, one)), ...page }
}

export const deletePolicyVersion: Operation<Iam['DeletePolicyVersion'], IamState> = async (
  input,
  state,
  call,
) => {
  await changePolicy(state, call, input.PolicyArn, (policy) => {
    const version = versionOf(policy, input.VersionId)
    if (version.id === policy.defaultVersion)
      throw deleteConflict('Cannot delete the default version of a policy.')
    return { ...policy, versions: policy.versions.filter((one) => one !== version) }
  })
  return {}
}

export const setDefaultPolicyVersion: Operation<Iam['SetDefaultPolicyVersion'], IamState> = async (
  input,
  state,
  call,
) => {
  const updatedAt = wholeSeconds(state.clock.now())
  await changePolicy(state, call, input.PolicyArn, (policy) => ({
    ...policy,
    updatedAt,
    defaultVersion: versionOf(policy, input.VersionId).id,
  }))
  return {}
}

export const tagPolicy: Operation<Iam['TagPolicy'], IamState> = async (input, state, call) => {
  await changePolicy(state, call, input.PolicyArn, (policy) => ({
    ...policy,
    tags: withTags(policy.tags, input.Tags, 'TagsPerPolicy'),
  }))
  return {}
}

export const untagPolicy: Operation<Iam['UntagPolicy'], IamState> = async (input, state, call) => {
  await changePolicy(state, call, input.PolicyArn, (policy) => ({
    ...policy,
    tags: withoutTags(policy.tags, input.TagKeys),
  }))
  return {}
}

export const listPolicyTags: Operation<Iam['ListPolicyTags'], IamState> = async (input, state, call) => {
  const policy = await policyOf(state.store.read, call.account, input.PolicyArn)
  const { items, ...page } = pageFor(policy.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
