/** Whether principals of the account may ask STS for tokens that others verify. Off until it is enabled, as in AWS. */
import { Fault } from '#base/fault.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { accountOf, changeAccount } from '#services/iam/account.ts'
import type { IamState } from '#services/iam/records.ts'

const disabled = (): Fault =>
  new Fault('FeatureDisabledException', 'Outbound web identity federation is not enabled for this account.')

/** The issuer is an address of this platform, where its keys are; AWS's is below `tokens.sts.global.api.aws`. Fault FeatureEnabled. Source: IAM API. */
export const enableOutboundWebIdentityFederation: Operation<
  Iam['EnableOutboundWebIdentityFederation'],
  IamState
> = async (_input, state, call) => {
  const account = await changeAccount(state, call.account, (old) => {
    if (old.issues === true)
      throw new Fault(
        'FeatureEnabledException',
        'Outbound web identity federation is already enabled for this account.',
      )
    return { ...old, issues: true, issuer: `${call.endpoint}/_aws/sts/${call.account}` }
  })
  return { IssuerIdentifier: account.issuer }
}

/** Fault FeatureDisabled. */
export const disableOutboundWebIdentityFederation: Operation<
  Iam['DisableOutboundWebIdentityFederation'],
  IamState
> = async (_input, state, call) => {
  await changeAccount(state, call.account, (old) => {
    if (old.issues !== true) throw disabled()
    return { ...old, issues: false }
  })
  return {}
}

/** Fault FeatureDisabled where it was never enabled. */
export const getOutboundWebIdentityFederationInfo: Operation<
  Iam['GetOutboundWebIdentityFederationInfo'],
  IamState
> = async (_input, state, call) => {
  const { issuer, issues } = await accountOf(state.store.read, call.account)
  if (issuer === undefined) throw disabled()
  return { IssuerIdentifier: issuer, JwtVendingEnabled: issues === true }
}
