/** AWS::Lambda::EventSourceMapping and AWS::Lambda::EventInvokeConfig: how events reach a function. */
import { type Dict, memberOf, sameValue, textAt } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { EVENT_SOURCE_ACTIVE_MS, FUNCTION_POLL_MS } from '#services/cloudformation/limits.ts'
import {
  type Made,
  pause,
  type ResourceContext,
  type ResourceHandler,
} from '#services/cloudformation/resources/handler.ts'
import {
  pick,
  refuse,
  request,
  tagMap,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf } from '#services/cloudformation/resources/search.ts'

const TYPE = 'AWS::Lambda::EventSourceMapping'
/** Members that the API takes by the same names, in both requests. */
const CONFIGURATION = [
  'BatchSize',
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'Enabled',
  'FilterCriteria',
  'FunctionName',
  'FunctionResponseTypes',
  'LoggingConfig',
  'MaximumBatchingWindowInSeconds',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'MetricsConfig',
  'ParallelizationFactor',
  'ProvisionedPollerConfig',
  'ScalingConfig',
  'SourceAccessConfigurations',
  'TumblingWindowInSeconds',
]
/** Taken by the creation alone: a change replaces the resource. */
const AT_CREATION = ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp']
const REFUSED = [
  'AmazonManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'KmsKeyArn',
  'Queues',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'Topics',
]
const NONE: Dict = { FilterCriteria: {}, FunctionResponseTypes: [], ScalingConfig: {} }

function made({ stack }: ResourceContext, id: string): Made {
  const arn = [
    'arn',
    stack.partition,
    'lambda',
    stack.region,
    stack.account,
    'event-source-mapping',
    id,
  ].join(':')
  return { physicalId: id, attributes: { Id: id, EventSourceMappingArn: arn } }
}

/** Waits until the mapping has taken up what was asked of it. */
async function settled(context: ResourceContext, id: string): Promise<void> {
  const started = context.clock.elapsed()
  while (context.clock.elapsed() - started < EVENT_SOURCE_ACTIVE_MS) {
    const { State: state = '' } = await context.call('lambda', 'GetEventSourceMapping', { UUID: id })
    if (!state.endsWith('ing')) return
    await pause(context.clock, FUNCTION_POLL_MS)
  }
  throw validationError(
    `Event source mapping ${id} did not settle in ${EVENT_SOURCE_ACTIVE_MS / 1_000} seconds`,
  )
}

export const lambdaEventSourceMapping: ResourceHandler = {
  async create(context, properties) {
    refuse(TYPE, properties, REFUSED)
    const { UUID: id = '' } = await context.call(
      'lambda',
      'CreateEventSourceMapping',
      request({ ...pick(properties, [...AT_CREATION, ...CONFIGURATION]), Tags: tagMap(properties) }),
    )
    await settled(context, id)
    return made(context, id)
  },
  async update(context, id, properties, before) {
    refuse(TYPE, properties, REFUSED)
    const changed: Dict = {}
    for (const name of CONFIGURATION) {
      const [old, fresh] = [memberOf(before, name), memberOf(properties, name)]
      const value = fresh ?? NONE[name]
      if (!sameValue(old, fresh) && value !== undefined) changed[name] = value
    }
    if (Object.keys(changed).length > 0) {
      await context.call('lambda', 'UpdateEventSourceMapping', request({ UUID: id, ...changed }))
      await settled(context, id)
    }
    return made(context, id)
  },
  async delete(context, id) {
    await unlessGone(() => context.call('lambda', 'DeleteEventSourceMapping', { UUID: id }))
  },
  /** A function has one mapping for a source. */
  async find(context, properties, { taken }) {
    const source = textAt(properties, 'EventSourceArn')
    const found = await firstOf(
      async (after) => {
        const page = await context.call(
          'lambda',
          'ListEventSourceMappings',
          request({ FunctionName: text(properties, 'FunctionName'), EventSourceArn: source, Marker: after }),
        )
        return { items: page.EventSourceMappings ?? [], next: page.NextMarker }
      },
      ({ UUID: id }) => id !== undefined && !taken.has(id),
    )
    return found?.UUID
  },
}

const invokeConfig = (properties: Dict): Dict =>
  pick(properties, ['MaximumRetryAttempts', 'MaximumEventAgeInSeconds', 'DestinationConfig'])

export const lambdaEventInvokeConfig: ResourceHandler = {
  async create(context, properties) {
    const [FunctionName, Qualifier] = [text(properties, 'FunctionName'), text(properties, 'Qualifier')]
    await context.call(
      'lambda',
      'PutFunctionEventInvokeConfig',
      request({ FunctionName, Qualifier, ...invokeConfig(properties) }),
    )
    return { physicalId: `${FunctionName}|${Qualifier}`, attributes: {} }
  },
  update: (context, _, properties) => lambdaEventInvokeConfig.create(context, properties),
  async delete(context, _, properties) {
    const [FunctionName, Qualifier] = [text(properties, 'FunctionName'), text(properties, 'Qualifier')]
    await unlessGone(() =>
      context.call('lambda', 'DeleteFunctionEventInvokeConfig', { FunctionName, Qualifier }),
    )
  },
}
