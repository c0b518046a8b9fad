/** STS's public surface. Kept sessions say who calls; whether the caller may is decided elsewhere. */
import type { Sts } from '#model/sts.ts'
import type { Service } from '#ports/service.ts'
import {
  assumeRole,
  getAccessKeyInfo,
  getCallerIdentity,
  getFederationToken,
  getSessionToken,
} from '#services/sts/operations.ts'
import type { StsState } from '#services/sts/sessions.ts'

export { accountOfKeyId } from '#services/sts/access-key.ts'
export { createSts, identityOf, type Identity, type StsPorts, type StsState } from '#services/sts/sessions.ts'

const notYet = [
  'AssumeRoleWithSAML',
  'AssumeRoleWithWebIdentity',
  'AssumeRoot',
  'DecodeAuthorizationMessage',
  'GetDelegatedAccessToken',
  'GetScopedCredentials',
  'GetWebIdentityToken',
] as const satisfies readonly (keyof Sts)[]

type NotYet = (typeof notYet)[number]

export const sts: Service<Sts, StsState, NotYet> = {
  name: 'sts',
  operations: {
    AssumeRole: assumeRole,
    GetAccessKeyInfo: getAccessKeyInfo,
    GetCallerIdentity: getCallerIdentity,
    GetFederationToken: getFederationToken,
    GetSessionToken: getSessionToken,
  },
  notYet,
}
