/** An event source mapping as the store keeps it, and as the API shows it. */
import { printArn } from '#base/arn.ts'
import { Records } from '#base/records.ts'
import { instant } from '#base/time.ts'
import type { EventSourceMappingConfiguration } from '#model/lambda.ts'
import { type Owner, functionArn } from '#services/lambda/names.ts'

/** What a caller may set, with defaults filled in. */
export interface MappingSettings {
  readonly functionName: string
  /** As it was given. */
  readonly qualifier: string | undefined
  readonly enabled: boolean
  readonly batchSize: number
  readonly windowSeconds: number
  /** Patterns; empty is no filter. */
  readonly filters: readonly string[]
  readonly reportsFailures: boolean
  readonly concurrencyMax: number | undefined
  readonly provisioned:
    | { readonly minimum: number; readonly maximum: number; readonly group: string | undefined }
    | undefined
  /** Stored and shown: filters are not encrypted here. */
  readonly kmsKeyArn: string | undefined
  /** Stored and shown: the counts are attributes of spans. */
  readonly metrics: readonly string[] | undefined
  /** Stored and shown. */
  readonly logLevel: string | undefined
}

export type MappingState =
  | 'Creating'
  | 'Enabling'
  | 'Enabled'
  | 'Disabling'
  | 'Disabled'
  | 'Updating'
  | 'Deleting'

export interface MappingRecord {
  readonly account: string
  readonly region: string
  readonly id: string
  readonly sourceArn: string
  readonly settings: MappingSettings
  readonly state: MappingState
  readonly lastModifiedAt: number
  readonly tags: Readonly<Record<string, string>>
}

export const MAPPINGS = new Records<MappingRecord>('lambda-event-source-mapping')

export const mappingArn = (owner: Pick<MappingRecord, 'account' | 'region'>, id: string): string =>
  printArn({
    service: 'lambda',
    region: owner.region,
    account: owner.account,
    resource: `event-source-mapping:${id}`,
  })

export const isFifo = ({ sourceArn }: Pick<MappingRecord, 'sourceArn'>): boolean =>
  sourceArn.endsWith('.fifo')

/** `problem`: why nothing is processed; AWS shows no LastProcessingResult of a queue that is well. Source: recorded AWS answers. */
export function shownMapping(
  record: MappingRecord,
  owner: Owner,
  problem?: string,
): EventSourceMappingConfiguration {
  const { settings } = record
  const { provisioned } = settings
  return {
    UUID: record.id,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.windowSeconds,
    EventSourceArn: record.sourceArn,
    FunctionArn: functionArn(owner, settings.functionName, settings.qualifier),
    EventSourceMappingArn: mappingArn(owner, record.id),
    LastModified: instant(record.lastModifiedAt),
    State: record.state,
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: settings.reportsFailures ? ['ReportBatchItemFailures'] : [],
    LastProcessingResult: problem,
    FilterCriteria:
      settings.filters.length === 0
        ? undefined
        : { Filters: settings.filters.map((pattern) => ({ Pattern: pattern })) },
    ScalingConfig:
      settings.concurrencyMax === undefined ? undefined : { MaximumConcurrency: settings.concurrencyMax },
    ProvisionedPollerConfig:
      provisioned === undefined
        ? undefined
        : {
            MinimumPollers: provisioned.minimum,
            MaximumPollers: provisioned.maximum,
            PollerGroupName: provisioned.group,
          },
    KMSKeyArn: settings.kmsKeyArn,
    MetricsConfig: settings.metrics === undefined ? undefined : { Metrics: settings.metrics },
    LoggingConfig: settings.logLevel === undefined ? undefined : { SystemLogLevel: settings.logLevel },
  }
}
