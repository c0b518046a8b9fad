/** The account as a whole: its alias, a summary of its entities, the version of its session tokens. */
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { accountOf, changeAccount } from '#services/iam/account.ts'
import { allOf, pageFor } from '#services/iam/entities.ts'
import { alreadyExists, notFound } from '#services/iam/faults.ts'
import {
  ACCESS_KEYS_MAX,
  ATTACHED_POLICIES_MAX,
  GROUPS_MAX,
  GROUPS_OF_USER_MAX,
  GROUP_INLINE_CHARACTERS_MAX,
  INLINE_POLICIES_CHARACTERS_MAX,
  INSTANCE_PROFILES_MAX,
  LISTED_MAX,
  POLICIES_MAX,
  POLICY_CHARACTERS_MAX,
  POLICY_VERSIONS_MAX,
  ROLES_MAX,
  SERVER_CERTIFICATES_MAX,
  SIGNING_CERTIFICATES_MAX,
  TRUST_POLICY_CHARACTERS_MAX,
  USERS_MAX,
  USER_INLINE_CHARACTERS_MAX,
} from '#services/iam/limits.ts'
import {
  type IamState,
  groups,
  instanceProfiles,
  mfaDevices,
  oidcProviders,
  policies,
  roles,
  samlProviders,
  serverCertificates,
  users,
} from '#services/iam/records.ts'

/** An account has one alias: another takes its place. Source: IAM user guide, Your AWS account ID and its alias. */
export const createAccountAlias: Operation<Iam['CreateAccountAlias'], IamState> = async (
  input,
  state,
  call,
) => {
  const alias = input.AccountAlias
  await changeAccount(state, call.account, (old) => {
    if (old.alias === alias) throw alreadyExists(`The account alias ${alias} already exists.`)
    return { ...old, alias }
  })
  return {}
}

export const deleteAccountAlias: Operation<Iam['DeleteAccountAlias'], IamState> = async (
  input,
  state,
  call,
) => {
  await changeAccount(state, call.account, (old) => {
    if (old.alias !== input.AccountAlias) throw notFound('account alias', input.AccountAlias)
    return { ...old, alias: undefined }
  })
  return {}
}

export const listAccountAliases: Operation<Iam['ListAccountAliases'], IamState> = async (
  input,
  state,
  call,
) => {
  const { alias } = await accountOf(state.store.read, call.account)
  const { items, ...page } = pageFor(alias === undefined ? [] : [alias], input, (one) => one)
  return { AccountAliases: items, ...page }
}

const QUOTAS: Readonly<Record<string, number>> = {
  AccessKeysPerUserQuota: ACCESS_KEYS_MAX,
  AssumeRolePolicySizeQuota: TRUST_POLICY_CHARACTERS_MAX,
  AttachedPoliciesPerGroupQuota: ATTACHED_POLICIES_MAX,
  AttachedPoliciesPerRoleQuota: ATTACHED_POLICIES_MAX,
  AttachedPoliciesPerUserQuota: ATTACHED_POLICIES_MAX,
  GroupPolicySizeQuota: GROUP_INLINE_CHARACTERS_MAX,
  GroupsPerUserQuota: GROUPS_OF_USER_MAX,
  GroupsQuota: GROUPS_MAX,
  InstanceProfilesQuota: INSTANCE_PROFILES_MAX,
  PoliciesQuota: POLICIES_MAX,
  PolicySizeQuota: POLICY_CHARACTERS_MAX,
  PolicyVersionsInUseQuota: 10_000,
  RolePolicySizeQuota: INLINE_POLICIES_CHARACTERS_MAX,
  RolesQuota: ROLES_MAX,
  ServerCertificatesQuota: SERVER_CERTIFICATES_MAX,
  SigningCertificatesPerUserQuota: SIGNING_CERTIFICATES_MAX,
  UserPolicySizeQuota: USER_INLINE_CHARACTERS_MAX,
  UsersQuota: USERS_MAX,
  VersionsPerPolicyQuota: POLICY_VERSIONS_MAX,
}

/** The root here has no access keys, certificates, devices or password of its own. Source: IAM API, GetAccountSummary. */
export const getAccountSummary: Operation<Iam['GetAccountSummary'], IamState> = async (
  _input,
  state,
  call,
) => {
  const { read } = state.store
  const own = await allOf(read, policies, call.account, POLICIES_MAX)
  const devices = await allOf(read, mfaDevices, call.account, LISTED_MAX)
  const count = async (
    records: typeof users | typeof groups | typeof roles | typeof instanceProfiles,
  ): Promise<number> => (await allOf<unknown>(read, records, call.account, LISTED_MAX)).length
  const providers = [
    ...(await allOf<unknown>(read, oidcProviders, call.account, LISTED_MAX)),
    ...(await allOf<unknown>(read, samlProviders, call.account, LISTED_MAX)),
  ]
  const certificates = await allOf(read, serverCertificates, call.account, LISTED_MAX)
  const { tokenVersion } = await accountOf(read, call.account)
  return {
    SummaryMap: {
      ...QUOTAS,
      AccountAccessKeysPresent: 0,
      AccountMFAEnabled: 0,
      AccountPasswordPresent: 0,
      AccountSigningCertificatesPresent: 0,
      GlobalEndpointTokenVersion: tokenVersion === 'v2Token' ? 2 : 1,
      Groups: await count(groups),
      InstanceProfiles: await count(instanceProfiles),
      MFADevices: devices.length,
      MFADevicesInUse: devices.filter((one) => one.user !== undefined).length,
      Policies: own.length,
      PolicyVersionsInUse: own.reduce((sum, one) => sum + one.versions.length, 0),
      Providers: providers.length,
      Roles: await count(roles),
      ServerCertificates: certificates.length,
      Users: await count(users),
    },
  }
}

/** Kept and told in the summary: tokens here are of one kind. Source: IAM API, SetSecurityTokenServicePreferences. */
export const setSecurityTokenServicePreferences: Operation<
  Iam['SetSecurityTokenServicePreferences'],
  IamState
> = async (input, state, call) => {
  await changeAccount(state, call.account, (old) => ({
    ...old,
    tokenVersion: input.GlobalEndpointTokenVersion,
  }))
  return {}
}
