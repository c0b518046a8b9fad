/** What runs on a platform, as a flight or a person needs it: APIs with their addresses, functions with their names. */
import { stringAt } from '#base/json.ts'
import { ApiError, type PlatformClient, listAt } from '#cli/client.ts'

export interface Application {
  readonly stack: string
  readonly status: string
  readonly resources: number
  readonly outputs: readonly Output[]
  /** APIs and function URLs by logical id, APIs one row a stage, each address ending in a slash. */
  readonly endpoints: readonly Endpoint[]
  /** Functions by logical id, with their names. */
  readonly functions: readonly { readonly name: string; readonly functionName: string }[]
  /** Queues (by URL), topics (by ARN), buses and buckets (by name) that events can be sent to. */
  readonly events?: readonly EventPlaceName[] | undefined
}

export interface Endpoint {
  readonly name: string
  readonly id: string
  readonly url: string
  /** True of a function URL, which a target must name: it is never the one API of an application. */
  readonly isFunctionUrl?: boolean
}

export interface EventPlaceName {
  readonly kind: 'queue' | 'topic' | 'bus' | 'bucket'
  /** Its logical id; without a stack its name. */
  readonly name: string
  readonly id: string
}

const EVENT_KINDS: Readonly<Record<string, EventPlaceName['kind']>> = {
  'AWS::SQS::Queue': 'queue',
  'AWS::SNS::Topic': 'topic',
  'AWS::Events::EventBus': 'bus',
  'AWS::S3::Bucket': 'bucket',
}

/** An output of the stack, its value as AWS would give it. */
export interface Output {
  readonly key: string
  readonly value: string
  readonly description: string
  /** The same text with the addresses that answer here, where it names an API of this application. */
  readonly localValue?: string
}

interface Resource {
  readonly type: string
  readonly name: string
  readonly id: string
}

/** The application of one stack. */
export async function applicationOf(client: PlatformClient, stack: string): Promise<Application> {
  const described = listAt(
    await client.call('cloudformation', 'DescribeStacks', { StackName: stack }),
    'Stacks',
  )[0]
  const resources = await stackResources(client, stack)
  const endpoints = await endpointsOf(client, resources)
  const outputs = listAt(described, 'Outputs').map((output): Output => {
    const value = stringAt(output, 'OutputValue') ?? ''
    const localValue = localised(value, client, new Set(endpoints.map(({ id }) => id)))
    return {
      key: stringAt(output, 'OutputKey') ?? '',
      value,
      description: stringAt(output, 'Description') ?? '',
      ...(localValue === value ? {} : { localValue }),
    }
  })
  return {
    stack,
    status: stringAt(described, 'StackStatus') ?? '',
    resources: resources.length,
    outputs,
    endpoints,
    functions: resources
      .filter(({ type }) => type === 'AWS::Lambda::Function')
      .map(({ name, id }) => ({ name, functionName: id })),
    events: resources.flatMap(({ type, name, id }) => {
      const kind = EVENT_KINDS[type]
      return kind === undefined ? [] : [{ kind, name, id }]
    }),
  }
}

/** Everything there is, for flights against what somebody else deployed. */
export async function everything(client: PlatformClient): Promise<Application> {
  const http = listAt(await client.call('apigatewayv2', 'GetApis', {}), 'Items')
  const rest = listAt(await client.call('apigateway', 'GetRestApis', {}), 'items')
  const functions = listAt(await client.call('lambda', 'ListFunctions', {}), 'Functions')
  const resources: Resource[] = [
    ...http.map((api) => ({
      type: 'AWS::ApiGatewayV2::Api',
      name: stringAt(api, 'Name') ?? '',
      id: stringAt(api, 'ApiId') ?? '',
    })),
    ...rest.map((api) => ({
      type: 'AWS::ApiGateway::RestApi',
      name: stringAt(api, 'name') ?? '',
      id: stringAt(api, 'id') ?? '',
    })),
  ]
  return {
    stack: '',
    status: '',
    resources: resources.length + functions.length,
    outputs: [],
    endpoints: await endpointsOf(client, resources),
    functions: functions.map((each) => ({
      name: stringAt(each, 'FunctionName') ?? '',
      functionName: stringAt(each, 'FunctionName') ?? '',
    })),
  }
}

/**
 * What an event's target names: a logical id of the application, an address, or a name that is looked up. Undefined
 * when there is no such thing; Faults of the look-up that are no "not found" are thrown.
 */
export async function eventPlaceOf(
  client: PlatformClient,
  application: Application,
  { kind, name }: Pick<EventPlaceName, 'kind' | 'name'>,
): Promise<string | undefined> {
  const known = application.events?.find((each) => each.kind === kind && each.name === name)
  if (known !== undefined) return known.id
  try {
    switch (kind) {
      case 'queue': {
        if (/^https?:/.test(name)) return name
        return stringAt(await client.call('sqs', 'GetQueueUrl', { QueueName: name }), 'QueueUrl')
      }
      case 'topic': {
        const arn = name.startsWith('arn:') ? name : `arn:aws:sns:${client.region}:${client.account}:${name}`
        await client.call('sns', 'GetTopicAttributes', { TopicArn: arn })
        return arn
      }
      case 'bus':
        return stringAt(await client.call('events', 'DescribeEventBus', { Name: name }), 'Name')
      case 'bucket':
        await client.call('s3', 'HeadBucket', { Bucket: name })
        return name
      default:
        return kind satisfies never
    }
  } catch (error) {
    if (error instanceof ApiError && /NotFound|NonExistent|NoSuch|DoesNotExist/.test(error.code))
      return undefined
    throw error
  }
}

/** Where an API answers on a platform: `http://{id}.execute-api.localhost:PORT`. */
function apiOrigin(client: PlatformClient, id: string): string {
  const { port } = new URL(client.endpoint)
  return `http://${id}.execute-api.localhost${port === '' ? '' : `:${port}`}`
}

const API_ORIGIN = /https?:\/\/([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?![\w-]|\.\w)/g

/** AWS's addresses of these APIs as the platform's own; everything else stays as it is. */
export function localised(text: string, client: PlatformClient, apis: ReadonlySet<string>): string {
  return text.replaceAll(API_ORIGIN, (whole, id: string) => (apis.has(id) ? apiOrigin(client, id) : whole))
}

async function stackResources(client: PlatformClient, stack: string): Promise<Resource[]> {
  const found: Resource[] = []
  let next: string | undefined
  do {
    const page = await client.call('cloudformation', 'ListStackResources', {
      StackName: stack,
      ...(next === undefined ? {} : { NextToken: next }),
    })
    for (const row of listAt(page, 'StackResourceSummaries')) {
      found.push({
        type: stringAt(row, 'ResourceType') ?? '',
        name: stringAt(row, 'LogicalResourceId') ?? '',
        id: stringAt(row, 'PhysicalResourceId') ?? '',
      })
    }
    next = stringAt(page, 'NextToken')
  } while (next !== undefined)
  return found
}

async function endpointsOf(
  client: PlatformClient,
  resources: readonly Resource[],
): Promise<Application['endpoints']> {
  const found: Application['endpoints'][number][] = []
  for (const { type, name, id } of resources) {
    if (type === 'AWS::Lambda::Url') {
      const url = stringAt(
        await client.call('lambda', 'GetFunctionUrlConfig', { FunctionName: id }),
        'FunctionUrl',
      )
      if (url !== undefined) found.push({ name, id, url, isFunctionUrl: true })
      continue
    }
    const base = `${apiOrigin(client, id)}/`
    const isRest = type === 'AWS::ApiGateway::RestApi'
    if (!isRest && type !== 'AWS::ApiGatewayV2::Api') continue
    const answer = isRest
      ? await client.call('apigateway', 'GetStages', { restApiId: id })
      : await client.call('apigatewayv2', 'GetStages', { ApiId: id })
    const stages = listAt(answer, isRest ? 'item' : 'Items').map(
      (stage) => stringAt(stage, isRest ? 'stageName' : 'StageName') ?? '',
    )
    for (const stage of stages)
      found.push({ name, id, url: stage === '$default' ? base : `${base}${stage}/` })
  }
  return found
}
