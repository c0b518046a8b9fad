/** What of IAM is not written: delegation, role templates, organisation features, last-accessed reports, credentials of single services. Move a name to `index.ts` when its operation exists. */
import type { Iam } from '#model/iam.ts'

export const notYet = [
  'AcceptDelegationRequest',
  'AcquireRole',
  'AssociateDelegationRequest',
  'CreateDelegationRequest',
  'CreateServiceSpecificCredential',
  'DeleteServiceSpecificCredential',
  'DisableOrganizationsRootCredentialsManagement',
  'DisableOrganizationsRootSessions',
  'EnableOrganizationsRootCredentialsManagement',
  'EnableOrganizationsRootSessions',
  'GenerateOrganizationsAccessReport',
  'GenerateServiceLastAccessedDetails',
  'GetAccountProperties',
  'GetDelegationRequest',
  'GetHumanReadableSummary',
  'GetOrganizationsAccessReport',
  'GetRoleTemplateVersion',
  'GetServiceLastAccessedDetails',
  'GetServiceLastAccessedDetailsWithEntities',
  'ListDelegationRequests',
  'ListOrganizationsFeatures',
  'ListPoliciesGrantingServiceAccess',
  'ListServiceSpecificCredentials',
  'PutAccountProperties',
  'RejectDelegationRequest',
  'ResetServiceSpecificCredential',
  'SendDelegationToken',
  'UpdateDelegationRequest',
  'UpdateOpenIDConnectProvider',
  'UpdateServiceSpecificCredential',
] as const satisfies readonly (keyof Iam)[]

export type NotYet = (typeof notYet)[number]
