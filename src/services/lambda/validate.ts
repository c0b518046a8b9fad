/**
 * What AWS checks beyond its published model: pure, each with AWS's text. Options that this platform does not have
 * are refused here too, never stored and forgotten.
 */
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { utf8 } from '#base/bytes.ts'
import type {
  CreateFunctionRequest,
  DeadLetterConfig,
  UpdateFunctionConfigurationRequest,
} from '#model/lambda.ts'
import {
  deadLetterInvalid,
  invalidParameter,
  levelsNeedJson,
  imagesDoNotRun,
  optionNotWritten,
  tooManyTags,
} from '#services/lambda/faults.ts'
import {
  ENDED_RUNTIMES,
  ENVIRONMENT_BYTES,
  EPHEMERAL_MB,
  MEMORY_MB,
  RESERVED_VARIABLES,
  RUNTIMES,
  TAGS,
  TIMEOUT_SECONDS,
} from '#services/lambda/limits.ts'
import type { FunctionSettings } from '#services/lambda/record.ts'

/** Source: recorded AWS answers. */
export function checkRuntime(runtime: string): void {
  if (RUNTIMES.includes(runtime)) return
  throw invalidParameter(
    ENDED_RUNTIMES.includes(runtime)
      ? `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`
      : `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${RUNTIMES.join(', ')}] or be a valid ARN`,
  )
}

/** Source: recorded AWS answers for the size; Lambda developer guide for the reserved keys. */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name))
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  const measured = JSON.stringify(variables)
  if (utf8(measured).length > ENVIRONMENT_BYTES)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured}`,
    )
}

/** The model's ranges also serve Managed Instances; standard functions have narrower ones. Source: Lambda quotas. */
function checkAtMost(value: number | undefined, member: string, max: number): void {
  if (value === undefined || value <= max) return
  throw new Fault(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    { status: 400 },
  )
}

type Options = Omit<CreateFunctionRequest, 'FunctionName' | 'Role' | 'Code'> &
  UpdateFunctionConfigurationRequest

/** Source: Lambda developer guide, Log-level filtering. */
export function checkLogging(settings: FunctionSettings, input: Partial<Options>): void {
  const { ApplicationLogLevel: application, SystemLogLevel: system } = input.LoggingConfig ?? {}
  if (settings.logFormat !== 'JSON' && (application !== undefined || system !== undefined))
    throw levelsNeedJson()
}

/** Both CreateFunction and UpdateFunctionConfiguration. */
export function checkOptions(options: Partial<Options>): void {
  checkAtMost(options.MemorySize, 'memorySize', MEMORY_MB.max)
  checkAtMost(options.Timeout, 'timeout', TIMEOUT_SECONDS.max)
  checkAtMost(options.EphemeralStorage?.Size, 'ephemeralStorage.size', EPHEMERAL_MB.max)
  if (options.Runtime !== undefined) checkRuntime(options.Runtime)
  checkVariables(options.Environment?.Variables ?? {})
  if (options.PackageType === 'Image') throw imagesDoNotRun()
  if ((options.FileSystemConfigs?.length ?? 0) > 0) throw optionNotWritten('FileSystemConfigs')
  if (options.CapacityProviderConfig !== undefined) throw optionNotWritten('CapacityProviderConfig')
  if (options.TenancyConfig !== undefined) throw optionNotWritten('TenancyConfig')
  if (options.DurableConfig !== undefined) throw optionNotWritten('DurableConfig')
  if (Object.keys(options.Tags ?? {}).length > TAGS) throw tooManyTags()
}

/** A queue or a topic of the function's region. Source: Lambda developer guide, Dead-letter queues. */
export function checkDeadLetter(config: DeadLetterConfig | undefined, region: string): void {
  const target = config?.TargetArn
  if (target === undefined || target === '') return
  const arn = parseArn(target)
  const isReceiver = arn !== undefined && ['sqs', 'sns'].includes(arn.service) && arn.resource !== ''
  if (!isReceiver || arn.region !== region) throw deadLetterInvalid(target)
}

/** Source: Lambda API, CreateFunction: both are required for zip packages. */
export function checkZipOptions(input: CreateFunctionRequest): { runtime: string; handler: string } {
  if (input.Runtime === undefined || input.Handler === undefined)
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    )
  return { runtime: input.Runtime, handler: input.Handler }
}

/** The settings of a new function. */
export function newSettings(input: CreateFunctionRequest): FunctionSettings {
  const { runtime, handler } = checkZipOptions(input)
  const defaults: FunctionSettings = {
    runtime,
    handler,
    role: input.Role,
    description: '',
    timeoutSeconds: TIMEOUT_SECONDS.default,
    memoryMb: MEMORY_MB.default,
    ephemeralMb: EPHEMERAL_MB.default,
    variables: undefined,
    tracingMode: 'PassThrough',
    logFormat: 'Text',
    applicationLogLevel: undefined,
    systemLogLevel: undefined,
    logGroup: `/aws/lambda/${input.FunctionName}`,
    snapStart: 'None',
    vpc: undefined,
    deadLetterArn: undefined,
    kmsKeyArn: undefined,
    layers: undefined,
  }
  return changedSettings(defaults, input)
}

/** Settings with what the input names; what it leaves out stays. */
export function changedSettings(before: FunctionSettings, input: Partial<Options>): FunctionSettings {
  const logging = input.LoggingConfig
  const logFormat = logging?.LogFormat ?? before.logFormat
  const json = logFormat === 'JSON'
  const { VpcConfig: vpc, DeadLetterConfig: deadLetter, KMSKeyArn: key } = input
  return {
    ...before,
    runtime: input.Runtime ?? before.runtime,
    role: input.Role ?? before.role,
    handler: input.Handler ?? before.handler,
    description: input.Description ?? before.description,
    timeoutSeconds: input.Timeout ?? before.timeoutSeconds,
    memoryMb: input.MemorySize ?? before.memoryMb,
    ephemeralMb: input.EphemeralStorage?.Size ?? before.ephemeralMb,
    variables: input.Environment === undefined ? before.variables : (input.Environment.Variables ?? {}),
    tracingMode: input.TracingConfig?.Mode ?? before.tracingMode,
    logFormat,
    applicationLogLevel: json ? (logging?.ApplicationLogLevel ?? before.applicationLogLevel) : undefined,
    systemLogLevel: json ? (logging?.SystemLogLevel ?? before.systemLogLevel) : undefined,
    logGroup: logging?.LogGroup ?? before.logGroup,
    snapStart: input.SnapStart?.ApplyOn ?? before.snapStart,
    vpc:
      vpc === undefined
        ? before.vpc
        : { subnetIds: vpc.SubnetIds ?? [], securityGroupIds: vpc.SecurityGroupIds ?? [] },
    deadLetterArn: deadLetter === undefined ? before.deadLetterArn : emptyToNone(deadLetter.TargetArn),
    kmsKeyArn: key === undefined ? before.kmsKeyArn : emptyToNone(key),
    layers: input.Layers ?? before.layers,
  }
}

const emptyToNone = (value: string | undefined): string | undefined => (value === '' ? undefined : value)
