/** The errors that CloudFormation answers. Source: CloudFormation API reference, Common errors and each operation's errors. */
import { Fault } from '#base/fault.ts'

export const validationError = (message: string): Fault =>
  new Fault('ValidationError', message, { status: 400 })

export const stackMissing = (name: string): Fault => validationError(`Stack with id ${name} does not exist`)

export const stackNamedMissing = (name: string): Fault => validationError(`Stack [${name}] does not exist`)

export const alreadyExists = (name: string): Fault =>
  new Fault('AlreadyExistsException', `Stack [${name}] already exists`, { status: 400 })

export const insufficientCapabilities = (needed: readonly string[]): Fault =>
  new Fault('InsufficientCapabilitiesException', capabilitiesText(needed), { status: 400 })

export const capabilitiesText = (needed: readonly string[]): string =>
  `Requires capabilities : [${needed.join(', ')}]`

export const changeSetMissing = (name: string): Fault =>
  new Fault('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, { status: 404 })

export const changeSetStatus = (message: string): Fault =>
  new Fault('InvalidChangeSetStatus', message, { status: 400 })

/** What we do not do of an operation that we have: said instead of ignored. */
export const notDone = (what: string): Fault => validationError(`Windtunnel does not support ${what} yet.`)
