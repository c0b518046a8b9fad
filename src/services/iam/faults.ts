/** One constructor for each error IAM answers here, by the model's shape. Texts are AWS's (recorded answers). */
import { Fault } from '#base/fault.ts'

export const noSuchRole = (name: string): Fault =>
  new Fault('NoSuchEntityException', `The role with name ${name} cannot be found.`)

const noSuchEntity = (message: string): Fault => new Fault('NoSuchEntityException', message)

/** `noun` is what AWS calls the thing: `user`, `group`, `role policy`, ... */
export const notFound = (noun: string, name: string): Fault =>
  noSuchEntity(`The ${noun} with name ${name} cannot be found.`)

export const noSuchId = (noun: string, id: string): Fault =>
  noSuchEntity(`The ${noun} with id ${id} cannot be found.`)

export const noLoginProfile = (user: string): Fault =>
  noSuchEntity(`Login Profile for User ${user} cannot be found.`)

export const notInGroup = (user: string, group: string): Fault =>
  noSuchEntity(`User ${user} not in group ${group}`)

export const noSuchVirtualMfa = (serial: string): Fault =>
  noSuchEntity(`VirtualMFADevice with serial number ${serial} doesn't exist.`)

export const noSuchMfa = (serial: string): Fault =>
  noSuchEntity(`MFA Device with serial number ${serial} cannot be found.`)

export const noSuchOidcProvider = (arn: string): Fault =>
  noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`)

export const noSuchSamlProvider = (arn: string): Fault => noSuchEntity(`Manifest not found for arn ${arn}`)

export const noPasswordPolicy = (account: string): Fault =>
  noSuchEntity(`The Password Policy with domain name ${account} cannot be found.`)

export const noSuchTask = (task: string): Fault => noSuchEntity(`Deletion task ${task} cannot be found.`)

export const noSuchPolicy = (arn: string): Fault =>
  new Fault('NoSuchEntityException', `Policy ${arn} was not found.`)

export const notAttachable = (arn: string, noun = 'Policy '): Fault =>
  noSuchEntity(`${noun}${arn} does not exist or is not attachable.`)

export const noSuchPolicyVersion = (arn: string, versionId: string): Fault =>
  new Fault(
    'NoSuchEntityException',
    `Policy ${arn} version ${versionId} does not exist or is not attachable.`,
  )

export const noSuchInstanceProfile = (name: string): Fault =>
  new Fault('NoSuchEntityException', `Instance Profile ${name} cannot be found.`)

export const noBoundary = (noun: string, name: string): Fault =>
  noSuchEntity(`${noun} ${name} does not have a permissions boundary.`)

export const alreadyExists = (message: string): Fault => new Fault('EntityAlreadyExistsException', message)

/** `noun` in capitals: `User`, `Group`, `Role`. */
export const nameTaken = (noun: string, name: string): Fault =>
  alreadyExists(`${noun} with name ${name} already exists.`)

export const policyExists = (name: string): Fault =>
  new Fault(
    'EntityAlreadyExistsException',
    `A policy called ${name} already exists. Duplicate names are not allowed.`,
  )

export const instanceProfileExists = (name: string): Fault =>
  new Fault('EntityAlreadyExistsException', `Instance Profile ${name} already exists.`)

export const deleteConflict = (message: string): Fault => new Fault('DeleteConflictException', message)

export const limitExceeded = (message: string): Fault => new Fault('LimitExceededException', message)

export const quotaExceeded = (quota: string, max: number): Fault =>
  limitExceeded(`Cannot exceed quota for ${quota}: ${max}`)

export const malformedDocument = (message: string): Fault =>
  new Fault('MalformedPolicyDocumentException', message)

/** What AWS keeps or a service made is changed by nobody else. */
export const unmodifiable = (role: string): Fault =>
  new Fault(
    'UnmodifiableEntityException',
    `Cannot perform the operation on the protected role '${role}' - this role is only modifiable by AWS`,
  )

export const accessDenied = (message: string): Fault => new Fault('AccessDenied', message, { status: 403 })

export const reportNotPresent = (): Fault =>
  new Fault('CredentialReportNotPresentException', 'No report is present. Generate a report first.')

export const notUser = (): Fault =>
  validationError('Must specify userName when calling with non-User credentials')

export const malformedCertificate = (message: string): Fault =>
  new Fault('MalformedCertificateException', message)

export const invalidInput = (message: string): Fault => new Fault('InvalidInputException', message)

export const validationError = (message: string): Fault =>
  new Fault('ValidationError', message, { status: 400 })

/** Policies of AWS that are known by their name alone can be attached; their text is not here. */
export const awsManagedUnknown = (arn: string): Fault =>
  new Fault(
    'NotImplemented',
    `The contents of policies that AWS manages are not available here: ${arn} can be attached, not read.`,
    { status: 501, side: 'server' },
  )

/** An option of a written operation that would have an effect, and has none here. */
export const notImplementedOption = (what: string): Fault =>
  new Fault('NotImplemented', `${what} are not implemented here.`, { status: 501, side: 'server' })

export const noSuchSshKey = (id: string): Fault =>
  noSuchEntity(`The Public Key with id ${id} cannot be found.`)
