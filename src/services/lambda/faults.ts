/**
 * One constructor per error that Lambda answers, with AWS's text. Codes and statuses are the model's; `Type` is
 * `User` on nearly all. ResourceNotFoundException spells its text `Message`, all others `message`: the model knows.
 */
import { Fault } from '#base/fault.ts'

const user = { Type: 'User' } as const

const invalid = (message: string): Fault =>
  new Fault('InvalidParameterValueException', message, { status: 400, members: user })
const notFound = (message: string): Fault =>
  new Fault('ResourceNotFoundException', message, { status: 404, members: user })
const conflict = (message: string): Fault =>
  new Fault('ResourceConflictException', message, { status: 409, members: user })

/** The text is the whole of it: for rules that AWS checks beyond its model. */
export const invalidParameter = invalid

/** Source: recorded AWS answer; the ARN carries the qualifier for Invoke and GetFunction, not for the others. */
export const functionNotFound = (arn: string): Fault => notFound(`Function not found: ${arn}`)

/** Source: recorded AWS answer. */
export const functionExists = (name: string): Fault => conflict(`Function already exist: ${name}`)

/** Source: recorded AWS answer. */
export const wrongRegion = (given: string, here: string): Fault =>
  notFound(`Functions from '${given}' are not reachable in this region ('${here}')`)

/** Source: recorded AWS answer: code and an empty text. */
export const foreignAccount = (): Fault => new Fault('AccessDeniedException', '', { status: 403 })

/** Source: recorded AWS answer. */
export const qualifiersDiffer = (): Fault =>
  invalid('The derived qualifier from the function name does not match the specified qualifier.')

/** Source: recorded AWS answer. */
export const latestStays = (): Fault =>
  invalid('$LATEST version cannot be deleted without deleting the function.')

/** Source: recorded AWS answer. */
export const nameTooLong = (name: string): Fault =>
  invalid(
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
  )

/** Source: Lambda developer guide, Function states. `because` is ours and empty while a function is pending. */
export const notActive = (state: string, because: string): Fault =>
  conflict(
    `The operation cannot be performed at this time. The function is currently in the following state: ${state}${because === '' ? '' : `. ${because}`}`,
  )

/** Source: recorded AWS answer. */
export const updateInProgress = (arn: string): Fault =>
  conflict(`The operation cannot be performed at this time. An update is in progress for resource: ${arn}`)

/** Source: recorded AWS answer; `api` is GetFunction/GetAlias or GetPolicy. */
export const wrongRevision = (api: string): Fault =>
  new Fault(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${api} API to retrieve the latest Revision Id`,
    { status: 412, members: user },
  )

/** Source: recorded AWS answer, whose parser is Java's; the words after the colon are ours. */
export const payloadNotJson = (why: string): Fault =>
  new Fault(
    'InvalidRequestContentException',
    `Could not parse request body into json: Could not parse payload into json: ${why}`,
    { status: 400, members: user },
  )

/** Source: Lambda API, Invoke. */
export const clientContextInvalid = (): Fault =>
  new Fault('InvalidRequestContentException', 'Client context must be a valid Base64-encoded JSON object.', {
    status: 400,
    members: user,
  })

/** Source: Lambda quotas; text as AWS answers it for CreateFunction (recorded). */
export const payloadTooLarge = (limitBytes: number): Fault =>
  new Fault(
    'RequestTooLargeException',
    `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
    { status: 413, members: user },
  )

/** Source: recorded AWS answer. */
export const zipTooLarge = (limitBytes: number): Fault =>
  new Fault('RequestEntityTooLargeException', `Zipped size must be smaller than ${limitBytes} bytes`, {
    status: 413,
  })

/** Source: recorded AWS answer. */
export const unzippedTooLarge = (limitBytes: number): Fault =>
  invalid(`Unzipped size must be smaller than ${limitBytes} bytes`)

/** Source: recorded AWS answer. */
export const notAZip = (): Fault =>
  invalid('Could not unzip uploaded file. Please check your file, then try to upload again.')

/** Ours: AWS unzips such packages its own way; we refuse what would leave the function's folder. */
export const unsafeZip = (what: string): Fault =>
  invalid(`Could not unzip uploaded file. Please check your file, then try to upload again. (${what})`)

/** Source: Lambda API answers when the zip is empty. */
export const emptyZip = (): Fault => invalid('Uploaded file must be a non-empty zip')

/** Source: recorded AWS answer. */
export const codeNotReadable = (code: string, message: string): Fault =>
  invalid(`Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${message}`)

export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded'
  | 'CallerRateLimitExceeded'

/** Source: recorded AWS answer; Retry-After is in the model, its value inferred. */
export const tooManyRequests = (reason: ThrottleReason): Fault =>
  new Fault('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    members: { Type: 'User', Reason: reason },
    headers: { 'Retry-After': '1' },
  })

/** AWS takes queues and topics of the function's region only; the text is inferred. */
export const deadLetterInvalid = (arn: string): Fault => invalid(`The provided DLQ ARN ${arn} is invalid.`)

/** Source: Lambda API, Invoke. */
export const recursiveInvocation = (): Fault =>
  new Fault(
    'RecursiveInvocationException',
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation.",
    { status: 400, members: user },
  )

/** Source: recorded AWS answers. */
export const noSuchFunction = (): Fault => notFound("The function doesn't exist.")
export const noEventInvokeConfig = (arn: string): Fault =>
  notFound(`The function ${arn} doesn't have an EventInvokeConfig`)
export const nothingConfigured = (): Fault =>
  invalid('You must specify at least one of error handling or destination setting.')
export const destinationInvalid = (arn: string): Fault => invalid(`The destination ARN ${arn} is invalid.`)
export const ownDestination = (): Fault =>
  invalid("You can't specify the function as a destination for itself.")
export const destinationConfigInvalid = (success: string | undefined, failure: string | undefined): Fault => {
  const shown = (name: string, arn: string | undefined): string =>
    arn === undefined ? 'null' : `${name}(destination=${arn})`
  return invalid(
    `The provided destination config DestinationConfig(onSuccess=${shown('OnSuccess', success)}, onFailure=${shown('OnFailure', failure)}) is invalid.`,
  )
}

/** Source: recorded AWS answer, without the Type member. */
export const tooMuchReserved = (minimum: number): Fault =>
  new Fault(
    'InvalidParameterValueException',
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
    { status: 400 },
  )

/** Source: recorded AWS answer. */
export const functionsOnly = (): Fault =>
  invalid(
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  )

/** Source: recorded AWS answers. */
export const noSuchPolicy = (): Fault => notFound('The resource you requested does not exist.')
export const noPolicy = (): Fault => notFound('No policy is associated with the given resource.')
export const statementNotFound = (id: string): Fault =>
  notFound(`Statement ${id} is not found in resource policy.`)
export const statementExists = (id: string): Fault =>
  conflict(
    `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
  )
export const latestHasNoPolicy = (): Fault =>
  invalid('We currently do not support adding policies for $LATEST.')
export const policyNotFound = (arn: string): Fault => notFound(`No policy found for: ${arn}`)
export const principalInvalid = (): Fault =>
  invalid('The provided principal was invalid. Please check the principal and try again.')
/** Source: Lambda API, AddPermission. */
export const policyTooLong = (): Fault =>
  new Fault('PolicyLengthExceededException', 'The final policy size is bigger than the limit (20480).', {
    status: 400,
    members: user,
  })

/** Source: recorded AWS answers. */
export const tagsOnFunctionsOnly = (): Fault =>
  invalid('Tags on function aliases and versions are not supported. Please specify a function ARN.')
export const noTags = (): Fault => invalid('An error occurred and the request cannot be processed.')
export const tooManyTags = (): Fault => invalid('Number of tags exceeds resource tag limit.')

/** The machine could not run the function: AWS's own code for its own trouble, with the machine's words. */
export const serviceTrouble = (what: string): Fault =>
  new Fault('ServiceException', what, { status: 500, side: 'server', members: { Type: 'Service' } })

/** Ours: an option that AWS has and this platform does not. Never answered as if it worked. */
export const optionNotWritten = (option: string): Fault =>
  new Fault('NotImplemented', `${option} is not supported by this version of Windtunnel.`, { status: 501 })
