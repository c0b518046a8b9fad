/** One constructor per error that CloudWatch Logs answers, with AWS's text. All of them have status 400. */
import { Fault } from '#base/fault.ts'

const fault = (code: string, message: string): Fault => new Fault(code, message, { status: 400 })

/** The text is the whole of it. */
export const invalidParameter = (message: string): Fault => fault('InvalidParameterException', message)
/** Source: recorded AWS answers. */
export const groupNotFound = (): Fault =>
  fault('ResourceNotFoundException', 'The specified log group does not exist.')
export const streamNotFound = (): Fault =>
  fault('ResourceNotFoundException', 'The specified log stream does not exist.')
export const groupExists = (): Fault =>
  fault('ResourceAlreadyExistsException', 'The specified log group already exists')
export const streamExists = (): Fault =>
  fault('ResourceAlreadyExistsException', 'The specified log stream already exists')
export const invalidToken = (): Fault => invalidParameter('The specified nextToken is invalid.')
export const notChronological = (): Fault =>
  invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
export const prefixAndPattern = (): Fault =>
  invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.')
export const nameAndIdentifier = (): Fault =>
  fault('ValidationException', 'LogGroup name and LogGroup ARN are mutually exclusive parameters.')
/** Source: CloudWatch Logs API; texts inferred from its documentation. */
export const spansTooLong = (): Fault =>
  invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
export const uploadTooLarge = (bytes: number, limit: number): Fault =>
  invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${limit}`)
export const namesAndPrefix = (): Fault =>
  invalidParameter('logStreamNamePrefix and logStreamNames are mutually exclusive parameters.')
export const prefixWithLastEvent = (): Fault =>
  invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
export const badPattern = (): Fault => invalidParameter('Invalid filter pattern')
export const protectedGroup = (): Fault =>
  fault('ValidationException', 'The log group has deletion protection enabled and cannot be deleted.')
export const tooManyTags = (): Fault =>
  fault('TooManyTagsException', 'A resource can have no more than 50 tags.')
/** Ours: what AWS has and this platform does not. */
export const notWritten = (what: string): Fault =>
  new Fault('NotImplemented', `${what} is not supported by this version of Windtunnel.`, { status: 501 })
