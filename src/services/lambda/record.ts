/**
 * A function as the store keeps it, and as the API shows it. One JSON record holds `$LATEST` and all that belongs to the
 * function (aliases, tags, reservation, policies), so that every change is one transaction; each published version is a
 * record of its own, which changes only in state.
 */
import { createHash } from 'node:crypto'
import { Records } from '#base/records.ts'
import { type Instant, isoMs, instant } from '#base/time.ts'
import type {
  FunctionConfiguration,
  LastUpdateStatus,
  LastUpdateStatusReasonCode,
  State,
  StateReasonCode,
} from '#model/lambda.ts'
import type { StagedCode } from '#ports/sandboxes.ts'
import type { UrlRecords } from '#services/lambda/urls/record.ts'
import type { Read } from '#ports/store.ts'
import { LATEST, type Owner, functionArn } from '#services/lambda/names.ts'
import { runtimeVersionArn } from '#services/lambda/active-function.ts'

/** What a caller may set, with defaults filled in. */
export interface FunctionSettings {
  readonly runtime: string
  readonly role: string
  readonly handler: string
  readonly description: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly ephemeralMb: number
  /** Undefined when none was ever given: AWS then shows no Environment. */
  readonly variables: Readonly<Record<string, string>> | undefined
  readonly tracingMode: string
  readonly logFormat: string
  readonly applicationLogLevel: string | undefined
  readonly systemLogLevel: string | undefined
  readonly logGroup: string
  readonly snapStart: string
  /** Stored and shown; functions use the machine's network and plain storage (README, differences). */
  readonly vpc:
    | { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
    | undefined
  readonly deadLetterArn: string | undefined
  readonly kmsKeyArn: string | undefined
  /** ARNs of versions, in their order. */
  readonly layers: readonly string[] | undefined
}

export interface FunctionPackage {
  /** Of the zip as it came; what Code.Location leads to. */
  readonly blobId: string
  readonly code: StagedCode
}

/** A version of a layer that a function has: it stays when the layer's version is deleted. */
export interface LayerUse {
  readonly arn: string
  /** Undefined for a layer of an account that nobody has here. */
  readonly package: FunctionPackage | undefined
}

export interface PolicyStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: unknown
  readonly Action: string
  readonly Resource: string
  readonly Condition?: unknown
}

export interface ResourcePolicy {
  readonly statements: readonly PolicyStatement[]
  readonly revisionId: string
}

/** What is done with asynchronous events; what is undefined is AWS's default. */
export interface EventInvokeConfig {
  readonly lastModifiedAt: number
  readonly retriesMax: number | undefined
  readonly ageSecondsMax: number | undefined
  /** ARNs of destinations. */
  readonly onSuccess: string | undefined
  readonly onFailure: string | undefined
}

/** What environments run: `$LATEST`, or a published version. */
export interface VersionRecord {
  readonly account: string
  readonly region: string
  readonly name: string
  /** The number of a published version; absent is `$LATEST`. */
  readonly version?: string | undefined
  readonly settings: FunctionSettings
  readonly architecture: string
  readonly package: FunctionPackage
  /** What the layers of the settings were when they were set. */
  readonly layers?: readonly LayerUse[] | undefined
  readonly revisionId: string
  readonly lastModifiedAt: number
  /** Counts every change of the record: a later one never loses to an earlier one in memory. */
  readonly change: number
  /** Counts changes of code and settings: what environments run. */
  readonly generation: number
  readonly runtimeVersion: string | undefined
  readonly state: FunctionState
}

/** A name for a version, or for two of them. */
export interface AliasRecord {
  readonly version: string
  readonly description: string
  /** The second version and the share of invokes that it gets. */
  readonly second?: { readonly version: string; readonly weight: number } | undefined
  readonly revisionId: string
}

/** What was published last: the same is not published again. */
export interface Published {
  readonly version: string
  /** Of code and configuration at that time. */
  readonly fingerprint: string
}

export interface FunctionRecord extends VersionRecord {
  readonly tags: Readonly<Record<string, string>>
  readonly reserved: number | undefined
  /** Of the function without a qualifier. */
  readonly policy: readonly PolicyStatement[]
  readonly policyRevisionId: string
  /** Of versions and aliases, by qualifier. */
  readonly policies?: Readonly<Record<string, ResourcePolicy>> | undefined
  /** By name. */
  readonly aliases?: Readonly<Record<string, AliasRecord>> | undefined
  /** The highest number that a version of it ever had. */
  readonly lastVersion?: number | undefined
  readonly published?: Published | undefined
  /** By qualifier. */
  readonly eventInvoke?: Readonly<Record<string, EventInvokeConfig>> | undefined
  readonly urls?: UrlRecords | undefined
  /** Undefined is Terminate. */
  readonly recursiveLoop?: 'Allow' | 'Terminate' | undefined
  readonly codeSigningArn?: string | undefined
  /** By version or alias. */
  readonly provisioned?: Readonly<Record<string, ProvisionedWish>> | undefined
  /** By `$LATEST` or version. */
  readonly runtimeManagement?: Readonly<Record<string, RuntimeManagement>> | undefined
}

/** Environments that are to be started beforehand. */
export interface ProvisionedWish {
  readonly count: number
  readonly lastModifiedAt: number
}

export interface RuntimeManagement {
  /** Auto, FunctionUpdate or Manual. */
  readonly on: string
  /** Only with Manual. */
  readonly versionArn: string | undefined
}

export type FunctionState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'active' }
  /** Active, and an update is not in force yet. */
  | { readonly kind: 'updating' }
  /** Active with what was before; the last update could not be put in force. */
  | { readonly kind: 'update-failed'; readonly reason: string; readonly code: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly code: string }

export const FUNCTIONS = new Records<FunctionRecord>('lambda-function')
/** By name and number. */
export const VERSIONS = new Records<VersionRecord>('lambda-version')

export const versionOf = (record: VersionRecord): string => record.version ?? LATEST

/** Equal for equal code and configuration. */
export const fingerprintOf = ({ settings, architecture, package: { code } }: VersionRecord): string =>
  createHash('sha256')
    .update(JSON.stringify([settings, architecture, code.sha256Base64]))
    .digest('base64')

/** What holds for events of that qualifier; none stands for `$LATEST`. */
export const eventInvokeOf = (
  record: FunctionRecord,
  qualifier: string | undefined,
): EventInvokeConfig | undefined => record.eventInvoke?.[qualifier ?? LATEST]

const SCAN = 1_000

/** All functions of an owner, read a page at a time. */
export async function* everyFunction(from: Read, owner: Owner): AsyncGenerator<FunctionRecord> {
  let after: [string] | undefined
  for (;;) {
    const page = await FUNCTIONS.list(from, ownerParts(owner), [], { limit: SCAN, after })
    yield* page
    const last = page.at(-1)
    if (page.length < SCAN || last === undefined) return
    after = [last.name]
  }
}

/** Without what belongs to a version or an alias that is deleted. */
export function withoutQualifier(record: FunctionRecord, qualifier: string): FunctionRecord {
  const { [qualifier]: _config, ...eventInvoke } = record.eventInvoke ?? {}
  const { [qualifier]: _policy, ...policies } = record.policies ?? {}
  const { [qualifier]: _runtime, ...runtimeManagement } = record.runtimeManagement ?? {}
  const { [qualifier]: _provisioned, ...provisioned } = record.provisioned ?? {}
  return { ...record, eventInvoke, policies, runtimeManagement, provisioned }
}

/** All environments that are to be started beforehand, of all its versions and aliases. */
export const provisionedOf = ({ provisioned = {} }: FunctionRecord): number =>
  Object.values(provisioned).reduce((sum, { count }) => sum + count, 0)

/** All published versions of a function, by number. */
export async function* everyVersion(from: Read, owner: Owner, name: string): AsyncGenerator<VersionRecord> {
  let after: [string, number] | undefined
  for (;;) {
    const page = await VERSIONS.list(from, ownerParts(owner), [name], { limit: SCAN, after })
    yield* page
    const last = page.at(-1)
    if (page.length < SCAN || last === undefined) return
    after = [name, Number(last.version)]
  }
}

export const ownerParts = (owner: Owner): [string, string] => [owner.account, owner.region]

interface ShownState {
  readonly State: State
  readonly StateReason?: string
  readonly StateReasonCode?: StateReasonCode
  readonly LastUpdateStatus?: LastUpdateStatus
  readonly LastUpdateStatusReason?: string
  readonly LastUpdateStatusReasonCode?: LastUpdateStatusReasonCode
}

/** Source: recorded AWS answers; the reason of an update says "created" there too. */
function shownState(state: FunctionState): ShownState {
  switch (state.kind) {
    case 'pending':
      return {
        State: 'Pending',
        StateReason: 'The function is being created.',
        StateReasonCode: 'Creating',
      }
    case 'active':
      return { State: 'Active', LastUpdateStatus: 'Successful' }
    case 'updating':
      return {
        State: 'Active',
        LastUpdateStatus: 'InProgress',
        LastUpdateStatusReason: 'The function is being created.',
        LastUpdateStatusReasonCode: 'Creating',
      }
    case 'update-failed':
      return {
        State: 'Active',
        LastUpdateStatus: 'Failed',
        LastUpdateStatusReason: state.reason,
        LastUpdateStatusReasonCode: state.code,
      }
    case 'failed':
      return { State: 'Failed', StateReason: state.reason, StateReasonCode: state.code }
    default:
      return state satisfies never
  }
}

/** `2024-03-27T09:14:35.000+0000` */
export const lastModified = (at: Instant): string => isoMs(at).replace('Z', '+0000')

/** As AWS shows it; `qualifier` is in the ARN only when it was asked for. */
export function configurationOf(
  record: VersionRecord,
  owner: Owner,
  qualifier?: string,
): FunctionConfiguration {
  const {
    settings,
    package: { code },
  } = record
  return {
    FunctionName: record.name,
    FunctionArn: functionArn(owner, record.name, qualifier),
    Runtime: settings.runtime,
    Role: settings.role,
    Handler: settings.handler,
    CodeSize: code.packageBytes,
    Description: settings.description,
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMb,
    LastModified: lastModified(instant(record.lastModifiedAt)),
    CodeSha256: code.sha256Base64,
    Version: versionOf(record),
    ...optionsOf(settings),
    ...shownLayers(record),
    TracingConfig: { Mode: settings.tracingMode },
    RevisionId: record.revisionId,
    ...shownState(record.state),
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: settings.ephemeralMb },
    SnapStart: { ApplyOn: settings.snapStart, OptimizationStatus: 'Off' },
    RuntimeVersionConfig: {
      RuntimeVersionArn: runtimeVersionArn(owner.region, record.runtimeVersion ?? settings.runtime),
    },
    LoggingConfig: {
      LogFormat: settings.logFormat,
      ...(settings.logFormat === 'JSON'
        ? {
            ApplicationLogLevel: settings.applicationLogLevel ?? 'INFO',
            SystemLogLevel: settings.systemLogLevel ?? 'INFO',
          }
        : {}),
      LogGroup: settings.logGroup,
    },
  }
}

function shownLayers({ settings, layers = [] }: VersionRecord): Partial<FunctionConfiguration> {
  const arns = settings.layers ?? []
  if (arns.length === 0) return {}
  const sizeOf = (arn: string): number | undefined =>
    layers.find((layer) => layer.arn === arn)?.package?.code.packageBytes
  return {
    Layers: arns.map((Arn) => {
      const CodeSize = sizeOf(Arn)
      return CodeSize === undefined ? { Arn } : { Arn, CodeSize }
    }),
  }
}

/** Members that are shown only when they were set. */
function optionsOf(settings: FunctionSettings): Partial<FunctionConfiguration> {
  const { vpc, variables, deadLetterArn, kmsKeyArn } = settings
  return {
    ...(vpc === undefined
      ? {}
      : {
          VpcConfig: {
            SubnetIds: vpc.subnetIds,
            SecurityGroupIds: vpc.securityGroupIds,
            VpcId: vpc.subnetIds.length === 0 ? '' : 'vpc-00000000',
            Ipv6AllowedForDualStack: false,
          },
        }),
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: deadLetterArn } }),
    ...(variables === undefined ? {} : { Environment: { Variables: variables } }),
    ...(kmsKeyArn === undefined ? {} : { KMSKeyArn: kmsKeyArn }),
  }
}
