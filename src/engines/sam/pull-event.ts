/** Events that Lambda polls for: an event source mapping, and what the function's role needs to read the source. */
import type { EventCall } from '#engines/sam/event-call.ts'
import { given, isIntrinsic } from '#engines/sam/intrinsics.ts'
import { type Rules, rules } from '#engines/sam/properties.ts'
import { sourcePolicies } from '#engines/sam/pull-policy.ts'
import { type Made, made } from '#engines/sam/resource.ts'
import { invalidEvent } from '#engines/sam/sam-error.ts'
import { managedPolicyArn, publishToTopic, sendToQueue, writeToBucket } from '#engines/sam/statements.ts'
import { type Dict, dictAt, memberOf, sameValue, type Value } from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

const COMMON = `BatchSize:int StartingPosition StartingPositionTimestamp Enabled:bool MaximumBatchingWindowInSeconds:int
  MaximumRetryAttempts:int BisectBatchOnFunctionError:bool MaximumRecordAgeInSeconds:int DestinationConfig:map
  ParallelizationFactor:int Topics:list Queues:list SourceAccessConfigurations:list SecretsManagerKmsKeyId:str
  TumblingWindowInSeconds:int FunctionResponseTypes:list KafkaBootstrapServers:list FilterCriteria:map KmsKeyArn
  ConsumerGroupId:str ScalingConfig:map ProvisionedPollerConfig:map SchemaRegistryConfig:map MetricsConfig:map
  LoggingConfig:map`

const streaming = COMMON.replace('StartingPosition ', 'StartingPosition! ')

export const PULL_RULES: ReadonlyMap<string, Rules> = new Map([
  ['Kinesis', rules(`${streaming} Stream!`)],
  ['DynamoDB', rules(`${streaming} Stream!`)],
  ['MSK', rules(`${streaming} Stream!`)],
  ['SQS', rules(`${COMMON} Queue!`)],
  ['MQ', rules(`${COMMON} Broker! DynamicPolicyName:bool^`)],
  ['SelfManagedKafka', rules(COMMON)],
  ['DocumentDB', rules(`${COMMON} Cluster! DatabaseName! CollectionName FullDocument`)],
])

/** The property that holds the source's ARN. */
const SOURCE = new Map([
  ['Kinesis', 'Stream'],
  ['DynamoDB', 'Stream'],
  ['MSK', 'Stream'],
  ['SQS', 'Queue'],
  ['MQ', 'Broker'],
  ['DocumentDB', 'Cluster'],
])

/** AWS's policies for reading each source. */
const READING = new Map([
  ['Kinesis', 'service-role/AWSLambdaKinesisExecutionRole'],
  ['DynamoDB', 'service-role/AWSLambdaDynamoDBExecutionRole'],
  ['SQS', 'service-role/AWSLambdaSQSQueueExecutionRole'],
  ['MSK', 'service-role/AWSLambdaMSKExecutionRole'],
])

const PASSED =
  words(`StartingPosition StartingPositionTimestamp BatchSize Enabled MaximumBatchingWindowInSeconds
    MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds ParallelizationFactor
    Topics Queues SourceAccessConfigurations TumblingWindowInSeconds FunctionResponseTypes
    FilterCriteria KmsKeyArn ScalingConfig ProvisionedPollerConfig MetricsConfig LoggingConfig`)
const FILTERED = ['DocumentDB', 'DynamoDB', 'Kinesis', 'MQ', 'MSK', 'SelfManagedKafka', 'SQS']

export const pullEvent = (call: EventCall): Made[] => [eventSourceMapping(call)]

export function eventSourceMapping(call: EventCall): Made {
  const { id, type, properties, target } = call
  const source = SOURCE.get(type)
  checkFilter(call)
  const mapping = made(
    id,
    'AWS::Lambda::EventSourceMapping',
    {
      FunctionName: target.name,
      EventSourceArn: source === undefined ? undefined : properties[source],
      ...Object.fromEntries(PASSED.map((name) => [name, memberOf(properties, name)])),
      SelfManagedEventSource: given(properties['KafkaBootstrapServers'])
        ? { Endpoints: { KafkaBootstrapServers: properties['KafkaBootstrapServers'] ?? null } }
        : undefined,
      ...kafkaConfig(call),
      DocumentDBEventSourceConfig: type === 'DocumentDB' ? documentConfig(properties) : undefined,
    },
    { attributes: target.attributes },
  )
  const destination = destinationPolicy(call)
  if (given(properties['DestinationConfig'])) {
    mapping.properties['DestinationConfig'] = properties['DestinationConfig'] ?? null
  }
  linkPolicies(call, destination)
  return mapping
}

function checkFilter({ name, type, properties }: EventCall): void {
  const filter = dictAt(properties, 'FilterCriteria')
  if (filter === undefined || !given(filter) || isIntrinsic(filter)) return
  if (!FILTERED.includes(type)) {
    invalidEvent(name, `FilterCriteria is only available for ${FILTERED.join(', ')} events.`)
  }
  if (Object.keys(filter).some((key) => key !== 'Filters')) {
    invalidEvent(name, 'FilterCriteria field has a wrong format')
  }
}

function kafkaConfig({ id, type, properties }: EventCall): Dict {
  const [group, registry] = [properties['ConsumerGroupId'], properties['SchemaRegistryConfig']]
  const kafka = type === 'MSK' || type === 'SelfManagedKafka'
  if (given(group) && !kafka) {
    invalidEvent(id, `Property ConsumerGroupId not defined for resource of type ${type}.`)
  }
  if (!kafka || !(given(group) || given(registry))) return {}
  const name = type === 'MSK' ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig'
  return {
    [name]: {
      ...(group !== undefined && given(group) ? { ConsumerGroupId: group } : {}),
      ...(registry !== undefined && given(registry) ? { SchemaRegistryConfig: registry } : {}),
    },
  }
}

function documentConfig(properties: Dict): Dict {
  const out: Dict = { DatabaseName: properties['DatabaseName'] ?? null }
  for (const name of ['CollectionName', 'FullDocument']) {
    const value = properties[name]
    if (value !== undefined && given(value)) out[name] = value
  }
  return out
}

/** Takes `Type` out of the failure destination and gives the policy it stands for. */
function destinationPolicy({ id, properties }: EventCall): Value | undefined {
  const config = dictAt(properties, 'DestinationConfig')
  if (config === undefined || !given(config)) return undefined
  const failure = dictAt(config, 'OnFailure')
  if (failure === undefined) {
    return invalidEvent(id, "Property 'DestinationConfig.OnFailure' should be a map.")
  }
  const type = memberOf(failure, 'Type')
  if (!given(type)) return undefined
  delete failure['Type']
  const arn = memberOf(failure, 'Destination') ?? null
  if (type === 'SQS') return sendToQueue(arn, id)
  if (type === 'SNS') return publishToTopic(arn, id)
  if (type === 'S3') return writeToBucket(arn, id)
  if (type === 'Kafka') return undefined
  return invalidEvent(id, "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'")
}

function linkPolicies(call: EventCall, destination: Value | undefined): void {
  const { role } = call
  const reading = READING.get(call.type)
  const statements = sourcePolicies(call)
  const before = memberOf(role.properties, 'ManagedPolicyArns')
  const arns = Array.isArray(before) ? before : []
  const arn = reading === undefined ? undefined : managedPolicyArn(call.world.options.partition, reading)
  if (arn !== undefined && !arns.includes(arn)) role.properties['ManagedPolicyArns'] = [...arns, arn]
  for (const policy of [...statements, ...(destination === undefined ? [] : [destination])]) {
    const found = memberOf(role.properties, 'Policies')
    const policies = Array.isArray(found) ? found : []
    const document = memberOf(policy, 'PolicyDocument')
    if (policies.some((known) => sameValue(memberOf(known, 'PolicyDocument'), document))) continue
    role.properties['Policies'] = [...policies, policy]
  }
}
