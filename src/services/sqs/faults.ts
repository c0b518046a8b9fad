/** One constructor for each error SQS answers here. Texts are AWS's (recorded answers and SQS API, Errors); `inferred` marks a guess. */
import { Fault } from '#base/fault.ts'

/** The service answers 400 where its model has 404. Source: recorded answers. */
const BAD = { status: 400 }

export const queueDoesNotExist = (): Fault =>
  new Fault('QueueDoesNotExist', 'The specified queue does not exist.')

export const queueNameExists = (attribute: string): Fault =>
  new Fault(
    'QueueNameExists',
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  )

export const queueDeletedRecently = (): Fault =>
  new Fault(
    'QueueDeletedRecently',
    'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
  )

/** The member's text as AWS prints it, such as `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: ...`. */
export const invalidValue = (value: string | number, parameter: string, reason: string): Fault =>
  new Fault(
    'InvalidParameterValue',
    `Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`,
  )

export const invalidParameter = (message: string): Fault => new Fault('InvalidParameterValue', message)

export const missingParameter = (parameter: string): Fault =>
  new Fault('MissingParameter', `The request must contain the parameter ${parameter}.`)

export const invalidQueueName = (): Fault =>
  new Fault(
    'InvalidParameterValue',
    'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  )

export const invalidFifoName = (): Fault =>
  new Fault(
    'InvalidParameterValue',
    'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
  )

/** Source: recorded AWS answers. */
export const onlyOfFifo = (name: string): Fault =>
  new Fault('InvalidAttributeName', `You can specify the ${name} only when FifoQueue is set to true.`)

export const unknownAttribute = (name: string): Fault =>
  new Fault('InvalidAttributeName', `Unknown Attribute ${name}.`)

export const invalidAttributeValue = (name: string, reason?: string): Fault =>
  new Fault(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`,
  )

/** Of one message, or of an entry of a batch. Source: recorded AWS answers. */
export const messageTooLong = (bytes: number, inBatch: boolean): Fault =>
  invalidParameter(
    `One or more parameters ${inBatch ? 'cannot be validated' : 'are invalid'}. Reason: Message must be shorter than ${bytes} bytes.`,
  )

export const batchTooLong = (limit: number, sent: number): Fault =>
  new Fault(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${sent} bytes.`,
  )

export const tooManyEntries = (limit: number, sent: number): Fault =>
  new Fault(
    'TooManyEntriesInBatchRequest',
    `Maximum number of entries per request are ${limit}. You have sent ${sent}.`,
  )

export const emptyBatch = (entry: string): Fault =>
  new Fault('EmptyBatchRequest', `There should be at least one ${entry} in the request.`)

export const idsNotDistinct = (id: string): Fault =>
  new Fault('BatchEntryIdsNotDistinct', `Id ${id} repeated.`)

export const invalidBatchId = (): Fault =>
  new Fault(
    'InvalidBatchEntryId',
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  )

export const invalidContents = (): Fault =>
  new Fault(
    'InvalidMessageContents',
    'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  )

export const receiptHandleInvalid = (handle: string): Fault =>
  new Fault(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
    BAD,
  )

export const receiptHandleExpired = (handle: string): Fault =>
  invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.')

/** A visibility change of a message that is not in flight. */
export const messageGone = (handle: string): Fault =>
  invalidValue(
    handle,
    'ReceiptHandle',
    'Message does not exist or is not available for visibility timeout change.',
  )

export const notInFlight = (): Fault => new Fault('MessageNotInflight', '')

export const overLimit = (message: string): Fault => new Fault('OverLimit', message)

export const purgeInProgress = (queue: string): Fault =>
  new Fault('PurgeQueueInProgress', `Only one PurgeQueue operation on ${queue} is allowed every 60 seconds.`)

export const notFound = (message: string): Fault => new Fault('ResourceNotFoundException', message, BAD)

export const unsupported = (message: string): Fault => new Fault('UnsupportedOperation', message)

export const invalidAddress = (url: string): Fault =>
  new Fault('InvalidAddress', `The address ${url} is not valid for this endpoint.`, BAD)
