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
