/** One constructor for each error IAM answers here, by the model's shape. Texts are AWS's (recorded answers). */
import { Fault } from '#base/fault.ts'

export const noSuchRole = (name: string): Fault =>
  new Fault('NoSuchEntityException', `The role with name ${name} cannot be found.`)

export const noSuchRolePolicy = (name: string): Fault =>
  new Fault('NoSuchEntityException', `The role policy with name ${name} cannot be found.`)

export const noSuchPolicy = (arn: string): Fault =>
  new Fault('NoSuchEntityException', `Policy ${arn} was not found.`)

export const notAttachable = (arn: string): Fault =>
  new Fault('NoSuchEntityException', `Policy ${arn} does not exist or is not attachable.`)

export const noSuchPolicyVersion = (arn: string, versionId: string): Fault =>
  new Fault(
    'NoSuchEntityException',
    `Policy ${arn} version ${versionId} does not exist or is not attachable.`,
  )

export const noSuchInstanceProfile = (name: string): Fault =>
  new Fault('NoSuchEntityException', `Instance Profile ${name} cannot be found.`)

export const noBoundary = (role: string): Fault =>
  new Fault('NoSuchEntityException', `Role ${role} does not have a permissions boundary.`)

export const roleExists = (name: string): Fault =>
  new Fault('EntityAlreadyExistsException', `Role with name ${name} already exists.`)

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

export const invalidInput = (message: string): Fault => new Fault('InvalidInputException', message)

export const validationError = (message: string): Fault =>
  new Fault('ValidationError', message, { status: 400 })

/** Policies that AWS keeps can be attached by their ARN; their text is not here. */
export const awsManagedUnknown = (arn: string): Fault =>
  new Fault(
    'NotImplemented',
    `The contents of policies that AWS manages are not available here: ${arn} can be attached, not read.`,
    { status: 501, side: 'server' },
  )
