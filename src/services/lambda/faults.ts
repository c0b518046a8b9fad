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

/** Source: AWS answers that public issue threads quote. */
export const notAllowed = (who: string, arn: string): Fault =>
  new Fault(
    'AccessDeniedException',
    `User: ${who} is not authorized to perform: lambda:InvokeFunction on resource: ${arn} because no resource-based policy allows the lambda:InvokeFunction action`,
    { status: 403 },
  )

/** Source: recorded AWS answer: code and an empty text. */
export const foreignAccount = (): Fault => new Fault('AccessDeniedException', '', { status: 403 })

/** Source: recorded AWS answer. */
export const qualifiersDiffer = (): Fault =>
  invalid('The derived qualifier from the function name does not match the specified qualifier.')

/** Source: recorded AWS answer. */
export const latestStays = (): Fault =>
  invalid('$LATEST version cannot be deleted without deleting the function.')

/** Source: recorded AWS answers. */
export const aliasExists = (arn: string): Fault => conflict(`Alias already exists: ${arn}`)
export const aliasNotFound = (arn: string): Fault => notFound(`Cannot find alias arn: ${arn}`)
export const tooManyRoutes = (): Fault =>
  invalid('Number of items in AdditionalVersionWeights cannot be greater than 1')
export const routedTwice = (version: string): Fault =>
  invalid(
    `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
  )
export const latestHasNoRouting = (): Fault =>
  invalid('$LATEST is not supported for an alias pointing to more than 1 version')
export const weightInvalid = (version: string, weight: number): Fault =>
  new Fault(
    'ValidationException',
    `1 validation error detected: Value '{${version}=${weight}}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]`,
    { status: 400 },
  )

/** Source: recorded AWS answer. */
export const aliasStays = (): Fault => invalid('Deletion of aliases is not currently supported.')

/** Source: AWS answers that public issue threads quote. */
export const versionHasAliases = (aliases: readonly string[]): Fault =>
  conflict(`Unable to delete version because the following aliases reference it: [${aliases.join(', ')}]`)

/** Source: recorded AWS answers. */
export const otherCode = (given: string, here: string): Fault =>
  invalid(
    `CodeSHA256 (${given}) is different from current CodeSHA256 in $LATEST (${here}). Please try again with the CodeSHA256 in $LATEST.`,
  )

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

/** Source: recorded AWS answers. */
export const unpublishedNotProvisioned = (): Fault =>
  invalid('Provisioned Concurrency Configs cannot be applied to unpublished function versions.')
export const onlyPublished = (): Fault =>
  invalid('The function resource provided must be an alias or a published version.')
export const noProvisioned = (): Fault =>
  new Fault(
    'ProvisionedConcurrencyConfigNotFoundException',
    'No Provisioned Concurrency Config found for this function',
    { status: 404, members: user },
  )
export const aliasOfProvisioned = (): Fault =>
  conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
export const versionOfProvisioned = (): Fault =>
  conflict('Version is pointed by a Provisioned Concurrency alias')
export const provisionedAboveReserved = (): Fault =>
  invalid(
    'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
  )
export const provisionedAboveUnreserved = (left: number): Fault =>
  invalid(
    `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${left}].`,
  )
export const provisionedBelowMinimum = (minimum: number): Fault =>
  invalid(
    `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
  )
export const reservedBelowProvisioned = (reserved: number, provisioned: number): Fault =>
  invalid(
    ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
  )
/** Source: Lambda developer guide, Aliases; the text is inferred. */
export const provisionedHasRouting = (): Fault =>
  invalid(
    'Provisioned concurrency of an alias cannot be changed while its routing configuration is in place.',
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
export const noCodeSigning = (arn: string): Fault =>
  new Fault(
    'CodeSigningConfigNotFoundException',
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
    { status: 404, members: user },
  )
export const codeSigningGone = (arn: string): Fault =>
  new Fault('ResourceNotFoundException', `The Lambda code signing configuration ${arn} can not be found.`, {
    status: 404,
  })
/** Source: Lambda API, DeleteCodeSigningConfig; the text is inferred. */
export const codeSigningInUse = (): Fault =>
  conflict('The code signing configuration is in use by functions. Remove it from them first.')

/** Source: Lambda API, PutRuntimeManagementConfig; the texts are inferred. */
export const aliasHasNoRuntime = (): Fault =>
  invalid('Runtime management is not supported for aliases. Please specify a version or $LATEST.')
export const manualNeedsArn = (): Fault =>
  invalid('RuntimeVersionArn is required when UpdateRuntimeOn is Manual.')
export const onlyManualHasArn = (): Fault =>
  invalid('RuntimeVersionArn can only be given when UpdateRuntimeOn is Manual.')

/** Source: an AWS answer that the AWS CDK quotes. */
export const levelsNeedJson = (): Fault =>
  invalid(
    'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
  )

/** Source: recorded AWS answers; the first is inferred. */
export const tooManyLayers = (max: number): Fault => invalid(`Cannot reference more than ${max} layers.`)
export const noLayerVersion = (arn: string): Fault => invalid(`Layer version ${arn} does not exist.`)
export const layerVersionGone = (arn: string): Fault => notFound(`Layer version ${arn} does not exist.`)
export const layerTwice = (arn: string, other: string): Fault =>
  invalid(
    `Two different versions of the same layer are not allowed to be referenced in the same function. ${arn} and ${other} are versions of the same layer.`,
  )
/** Source: AWS answers that public issue threads quote. */
export const codeWithLayersTooLarge = (limitBytes: number, bytes: number): Fault =>
  invalid(
    `Function code combined with layers exceeds the maximum allowed size of ${limitBytes} bytes. The actual size is ${bytes} bytes.`,
  )
/** Source: Lambda API, AddLayerVersionPermission; the text is inferred. */
export const organizationNeedsAll = (): Fault =>
  invalid('OrganizationId can only be used with the principal *.')
export const layerNotAllowed = (account: string, arn: string): Fault =>
  new Fault(
    'AccessDeniedException',
    `User: arn:aws:iam::${account}:root is not authorized to perform: lambda:GetLayerVersion on resource: ${arn} because no resource-based policy allows the lambda:GetLayerVersion action`,
    { status: 403 },
  )

/** Source: recorded AWS answers. */
export const tagsOnFunctionsOnly = (): Fault =>
  invalid('Tags on function aliases and versions are not supported. Please specify a function ARN.')
export const noTags = (): Fault => invalid('An error occurred and the request cannot be processed.')
export const tooManyTags = (): Fault => invalid('Number of tags exceeds resource tag limit.')

/** Source: recorded AWS answers, for function URLs. */
export const urlFunctionNotFound = (): Fault => notFound('Function does not exist')
export const urlExists = (arn: string): Fault =>
  conflict(
    `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
  )

/** The machine could not run the function: AWS's own code for its own trouble, with the machine's words. */
export const serviceTrouble = (what: string): Fault =>
  new Fault('ServiceException', what, { status: 500, side: 'server', members: { Type: 'Service' } })

/** Ours: an option that AWS has and this platform does not. Never answered as if it worked. */
export const imagesDoNotRun = (): Fault =>
  new Fault(
    'NotImplemented',
    "PackageType Image is not supported by this version of Windtunnel: container images are not run. Deploy the same code as a zip; a bootstrap that starts the image's program runs as provided.al2023.",
    { status: 501 },
  )

export const optionNotWritten = (option: string): Fault =>
  new Fault('NotImplemented', `${option} is not supported by this version of Windtunnel.`, { status: 501 })
