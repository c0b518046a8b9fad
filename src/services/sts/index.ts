/** STS's public surface. Kept sessions say who calls; whether the caller may is decided elsewhere. */
import type { Sts } from '#model/sts.ts'
import type { Service } from '#ports/service.ts'
import {
  assumeRole,
  decodeAuthorizationMessage,
  getAccessKeyInfo,
  getCallerIdentity,
  getFederationToken,
  getSessionToken,
} from '#services/sts/operations.ts'
import { getWebIdentityToken } from '#services/sts/outbound-tokens.ts'
import { assumeRoleWithSAML } from '#services/sts/saml.ts'
import type { StsState } from '#services/sts/sessions.ts'
import { assumeRoleWithWebIdentity } from '#services/sts/web-identity.ts'

export { issuerDocument } from '#services/sts/outbound-tokens.ts'
export { accountOfKeyId } from '#services/sts/access-key.ts'
export type { Identity } from '#services/sts/identities.ts'
export {
  createSts,
  identityOf,
  sessionOf,
  type SessionRecord,
  type StsPorts,
  type StsState,
} from '#services/sts/sessions.ts'

/** Organisations' roots, and exchanges of tokens that no client here begins. */
const notYet = [
  'AssumeRoot',
  'GetDelegatedAccessToken',
  'GetScopedCredentials',
] as const satisfies readonly (keyof Sts)[]

type NotYet = (typeof notYet)[number]

export const sts: Service<Sts, StsState, NotYet> = {
  name: 'sts',
  operations: {
    AssumeRole: assumeRole,
    AssumeRoleWithSAML: assumeRoleWithSAML,
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
    DecodeAuthorizationMessage: decodeAuthorizationMessage,
    GetAccessKeyInfo: getAccessKeyInfo,
    GetCallerIdentity: getCallerIdentity,
    GetFederationToken: getFederationToken,
    GetSessionToken: getSessionToken,
    GetWebIdentityToken: getWebIdentityToken,
  },
  notYet,
}
