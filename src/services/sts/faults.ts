/** One constructor for each error STS answers here. Texts are AWS's (STS API, Errors, and recorded answers). */
import { Fault } from '#base/fault.ts'

export const validationError = (message: string): Fault =>
  new Fault('ValidationError', message, { status: 400 })

export const accessDenied = (message: string): Fault => new Fault('AccessDenied', message, { status: 403 })

export const expiredToken = (): Fault =>
  new Fault('ExpiredToken', 'The security token included in the request is expired', { status: 403 })

export const malformedPolicy = (): Fault =>
  new Fault('MalformedPolicyDocumentException', 'Syntax errors in policy.', { status: 400 })

export const packedPolicyTooLarge = (percent: number): Fault =>
  new Fault(
    'PackedPolicyTooLargeException',
    `Packed size of session tags and policies consumes ${percent}% of allotted space`,
    { status: 400 },
  )

/** Source: STS API, DecodeAuthorizationMessage, Errors. */
export const invalidMessage = (): Fault =>
  new Fault('InvalidAuthorizationMessageException', 'Message is not valid', { status: 400 })

/** Source: STS API, AssumeRoleWithWebIdentity, Errors; recorded AWS answers. */
export const invalidIdentityToken = (message: string): Fault =>
  new Fault('InvalidIdentityTokenException', message, { status: 400 })

export const expiredIdentityToken = (message: string): Fault =>
  new Fault('ExpiredTokenException', message, { status: 400 })

export const rejectedClaim = (message: string): Fault =>
  new Fault('IDPRejectedClaimException', message, { status: 403 })

export const issuerUnreachable = (): Fault =>
  new Fault('IDPCommunicationErrorException', 'IdP unreachable: could not retrieve its keys', { status: 400 })

export const notVerified = (what: string): Fault =>
  new Fault('NotImplemented', `${what} are not verified here: while IAM is enforced, none is taken.`, {
    status: 501,
    side: 'server',
  })

/** Source: STS API, GetWebIdentityToken, Errors. */
export const federationDisabled = (): Fault =>
  new Fault(
    'OutboundWebIdentityFederationDisabledException',
    'The outbound web identity federation feature is not enabled for this account.',
    { status: 403 },
  )

export const sessionTooShort = (): Fault =>
  new Fault(
    'SessionDurationEscalationException',
    'The requested token duration would extend the session beyond its original expiration time.',
    { status: 403 },
  )
