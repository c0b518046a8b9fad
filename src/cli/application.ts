/** What runs on a platform, as a flight or a person needs it: APIs with their addresses, functions with their names. */
import { stringAt } from '#base/json.ts'
import { type PlatformClient, listAt } from '#cli/client.ts'

export interface Application {
  readonly stack: string
  readonly status: string
  readonly resources: number
  readonly outputs: readonly { readonly key: string; readonly value: string; readonly description: string }[]
  /** APIs by logical id, one row a stage, each address ending in a slash. */
  readonly endpoints: readonly { readonly name: string; readonly id: string; readonly url: string }[]
  /** Functions by logical id, with their names. */
  readonly functions: readonly { readonly name: string; readonly functionName: string }[]
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
  const outputs = listAt(described, 'Outputs').map((output) => ({
    key: stringAt(output, 'OutputKey') ?? '',
    value: stringAt(output, 'OutputValue') ?? '',
    description: stringAt(output, 'Description') ?? '',
  }))
  return {
    stack,
    status: stringAt(described, 'StackStatus') ?? '',
    resources: resources.length,
    outputs,
    endpoints: await endpointsOf(client, resources),
    functions: resources
      .filter(({ type }) => type === 'AWS::Lambda::Function')
      .map(({ name, id }) => ({ name, functionName: id })),
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
  const port = new URL(client.endpoint).port
  const found: Application['endpoints'][number][] = []
  for (const { type, name, id } of resources) {
    const base = `http://${id}.execute-api.localhost:${port}/`
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
