/** What the model does not say about the settings of a mapping, and settings from requests. Pure but for the queue, which is asked. */
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { compileFilterCriteria } from '#engines/patterns/filter-criteria.ts'
import type { CreateEventSourceMappingRequest, UpdateEventSourceMappingRequest } from '#model/lambda.ts'
import type { Api } from '#ports/api.ts'
import {
  batchTooLarge,
  bothScalings,
  filterInvalid,
  noWindowForFifo,
  notForQueues,
  otherRegion,
  pollersCrossed,
  pollersOutOfRange,
  queueNotReadable,
  scalingForQueuesOnly,
  sourceNotWritten,
  unrecognizedSource,
  visibilityTooShort,
  windowNeeded,
} from '#services/lambda/event-sources/faults.ts'
import { BATCH_SIZE, PROVISIONED } from '#services/lambda/event-sources/limits.ts'
import type { MappingSettings } from '#services/lambda/event-sources/record.ts'
import { SourceQueue } from '#services/lambda/event-sources/source-queue.ts'
import type { FunctionReference } from '#services/lambda/names.ts'

const OTHER_SOURCES: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDB stream',
  kinesis: 'Kinesis stream',
  kafka: 'Amazon MSK',
  mq: 'Amazon MQ',
  rds: 'Amazon DocumentDB',
}

/** Members that streams and brokers have and queues have not. */
const NOT_FOR_QUEUES = [
  'StartingPosition',
  'StartingPositionTimestamp',
  'ParallelizationFactor',
  'BisectBatchOnFunctionError',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'DestinationConfig',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
] as const satisfies (keyof CreateEventSourceMappingRequest)[]

/** The ARN of the queue. Faults: none, no queue, another region. Source: Lambda API, CreateEventSourceMapping. */
export function checkSource(input: CreateEventSourceMappingRequest, region: string): string {
  const { EventSourceArn: source } = input
  if (source === undefined) {
    if (input.SelfManagedEventSource !== undefined) throw sourceNotWritten('self-managed Apache Kafka')
    throw unrecognizedSource()
  }
  const arn = parseArn(source)
  if (arn === undefined || arn.resource === '') throw unrecognizedSource()
  const other = Object.hasOwn(OTHER_SOURCES, arn.service) ? OTHER_SOURCES[arn.service] : undefined
  if (other !== undefined && input.ScalingConfig !== undefined) throw scalingForQueuesOnly()
  if (other !== undefined) throw sourceNotWritten(other)
  if (arn.service !== 'sqs') throw unrecognizedSource()
  if (arn.region !== region) throw otherRegion(source, region)
  return source
}

type Input = Omit<CreateEventSourceMappingRequest, 'FunctionName'> &
  Omit<UpdateEventSourceMappingRequest, 'UUID'>

export function checkMembers(input: Input): void {
  for (const member of NOT_FOR_QUEUES) if (isGiven(input[member])) throw notForQueues(member)
}

/** Templates give empty lists, empty structures, `false` and zero for what they do not use. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false
  return typeof value !== 'object' || Object.keys(value).length > 0 || !isPlain(value)
}

const isPlain = (value: object): boolean =>
  Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype

/** The queue is there, and its messages stay invisible for as long as the function may run. Source: recorded AWS answers. */
export async function checkQueue(api: Api, sourceArn: string, timeoutSeconds: number): Promise<void> {
  let attributes: Readonly<Record<string, string>>
  try {
    attributes = await new SourceQueue(api, sourceArn).attributes(['VisibilityTimeout'])
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw queueNotReadable(error)
  }
  const visibility = Number(attributes['VisibilityTimeout'] ?? timeoutSeconds)
  if (visibility < timeoutSeconds) throw visibilityTooShort(visibility, timeoutSeconds)
}

export function newMappingSettings(
  input: CreateEventSourceMappingRequest,
  reference: FunctionReference,
): MappingSettings {
  const defaults: MappingSettings = {
    functionName: reference.name,
    qualifier: reference.qualifier,
    enabled: true,
    batchSize: BATCH_SIZE.default,
    windowSeconds: 0,
    filters: [],
    reportsFailures: false,
    concurrencyMax: undefined,
    provisioned: undefined,
    kmsKeyArn: undefined,
    metrics: undefined,
    logLevel: undefined,
  }
  return changedMappingSettings(defaults, input, reference)
}

/** Settings with what the input names; what it leaves out stays, an empty structure takes away. */
export function changedMappingSettings(
  before: MappingSettings,
  input: Input,
  reference: FunctionReference,
): MappingSettings {
  const { FilterCriteria: filter, ScalingConfig: scaling, MetricsConfig: metrics, KMSKeyArn: key } = input
  const { FunctionResponseTypes: types, LoggingConfig: logging } = input
  return {
    functionName: reference.name,
    qualifier: reference.qualifier,
    enabled: input.Enabled ?? before.enabled,
    batchSize: input.BatchSize ?? before.batchSize,
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? before.windowSeconds,
    filters: filter === undefined ? before.filters : patternsOf(filter),
    reportsFailures: types === undefined ? before.reportsFailures : types.includes('ReportBatchItemFailures'),
    concurrencyMax: scaling === undefined ? before.concurrencyMax : scaling.MaximumConcurrency,
    provisioned: provisionedOf(before, input),
    kmsKeyArn: key === undefined ? before.kmsKeyArn : key === '' ? undefined : key,
    metrics: metrics === undefined ? before.metrics : metrics.Metrics,
    logLevel: logging === undefined ? before.logLevel : logging.SystemLogLevel,
  }
}

const patternsOf = ({ Filters: filters }: NonNullable<Input['FilterCriteria']>): string[] =>
  (filters ?? []).map(({ Pattern: pattern }) => pattern ?? '')

function provisionedOf(before: MappingSettings, input: Input): MappingSettings['provisioned'] {
  const given = input.ProvisionedPollerConfig
  if (given === undefined) return before.provisioned
  const { MinimumPollers: minimum, MaximumPollers: maximum, PollerGroupName: group } = given
  if (minimum === undefined && maximum === undefined && group === undefined) return undefined
  const least = minimum ?? Math.min(PROVISIONED.minimum.default, maximum ?? PROVISIONED.minimum.default)
  return { minimum: least, maximum: maximum ?? Math.max(PROVISIONED.maximum.default, least), group }
}

/** Rules between the settings. Source: Lambda developer guide, Amazon SQS event source mappings. */
export function checkSettings(settings: MappingSettings, sourceArn: string): void {
  const { batchSize, windowSeconds, provisioned } = settings
  const isFifo = sourceArn.endsWith('.fifo')
  if (isFifo && windowSeconds > 0) throw noWindowForFifo()
  if (isFifo && batchSize > BATCH_SIZE.fifoMax) throw batchTooLarge(batchSize, BATCH_SIZE.fifoMax)
  if (batchSize > BATCH_SIZE.withoutWindowMax && windowSeconds === 0) throw windowNeeded()
  if (!compileFilterCriteria(settings.filters, 'body').ok) throw filterInvalid()
  if (provisioned === undefined) return
  if (settings.concurrencyMax !== undefined) throw bothScalings()
  checkPollers('MinimumPollers', provisioned.minimum, PROVISIONED.minimum)
  checkPollers('MaximumPollers', provisioned.maximum, PROVISIONED.maximum)
  if (provisioned.minimum > provisioned.maximum) throw pollersCrossed()
}

function checkPollers(member: string, value: number, range: { least: number; most: number }): void {
  if (value < range.least || value > range.most) throw pollersOutOfRange(member, range.least, range.most)
}
