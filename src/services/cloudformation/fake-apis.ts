/** What the fake cloud of CloudFormation's tests answers for REST and HTTP APIs: things with ids, as the real services give them. */
import type { FakeCloud } from '#services/cloudformation/fake-ports.ts'

export type Input = Readonly<Record<string, unknown>>
export type Answer = (input: Input, cloud: FakeCloud) => unknown

export const text = (input: Input, name: string): string => {
  const found = input[name]
  return typeof found === 'string' ? found : ''
}

/** Makes, lists, changes and deletes one kind of thing below a parent. */
interface Part {
  readonly kind: string
  /** Member of the parent's id in requests; empty when it has none. */
  readonly parent: string
  readonly id: string
  /** Member that holds a list's items. */
  readonly items: string
  /** What no two of one parent share. */
  readonly unique?: (input: Input) => string
  readonly created?: Input
}

const nameOf = (part: Part, input: Input): string =>
  part.parent === '' ? text(input, part.id) : `${text(input, part.parent)}/${text(input, part.id)}`

/** The four operations of a part, by the names its service gives them. */
function answers(
  part: Part,
  names: { create: string; list: string; update: string; remove: string },
): Record<string, Answer> {
  return {
    [names.create]: (input, cloud) => {
      const { unique } = part
      const id = `${part.kind}${cloud.next()}`
      if (unique !== undefined) {
        const taken = cloud.all(part.kind).some(([, other]) => unique(other) === unique(input))
        if (taken) return cloud.refuse(`${part.kind} ${unique(input)}`)
      }
      const thing = { ...part.created, ...input, [part.id]: id }
      cloud.make(part.kind, nameOf(part, thing), thing)
      return thing
    },
    [names.list]: (input, cloud) => ({
      [part.items]: cloud
        .all(part.kind)
        .flatMap(([, thing]) =>
          part.parent === '' || text(thing, part.parent) === text(input, part.parent) ? [thing] : [],
        ),
    }),
    [names.update]: (input, cloud) => {
      const { patchOperations: _, ...changes } = input
      cloud.change(part.kind, nameOf(part, input), changes)
      return input
    },
    [names.remove]: (input, cloud) => cloud.drop(part.kind, nameOf(part, input)),
  }
}

const SINCE = { createdDate: 2_000_000_000_000, CreatedDate: 2_000_000_000_000 }

const REST_API: Part = { kind: 'restapi', parent: '', id: 'id', items: 'items' }
const RESOURCE: Part = {
  kind: 'resource',
  parent: 'restApiId',
  id: 'id',
  items: 'items',
  unique: (input) => `${text(input, 'restApiId')} ${text(input, 'parentId')} ${text(input, 'pathPart')}`,
}
const DEPLOYMENT: Part = { kind: 'deployment', parent: 'restApiId', id: 'id', items: 'items', created: SINCE }
const HTTP_API: Part = { kind: 'httpapi', parent: '', id: 'ApiId', items: 'Items' }
const ROUTE: Part = {
  kind: 'route',
  parent: 'ApiId',
  id: 'RouteId',
  items: 'Items',
  unique: (input) => `${text(input, 'ApiId')} ${text(input, 'RouteKey')}`,
}
const INTEGRATION: Part = { kind: 'integration', parent: 'ApiId', id: 'IntegrationId', items: 'Items' }
const HTTP_DEPLOYMENT: Part = {
  kind: 'httpdeployment',
  parent: 'ApiId',
  id: 'DeploymentId',
  items: 'Items',
  created: SINCE,
}

const four = (service: string, name: string, many = `${name}s`): Parameters<typeof answers>[1] => ({
  create: `${service}:Create${name}`,
  list: `${service}:Get${many}`,
  update: `${service}:Update${name}`,
  remove: `${service}:Delete${name}`,
})

const methodKey = (input: Input): string =>
  [text(input, 'restApiId'), text(input, 'resourceId'), text(input, 'httpMethod')].join(' ')

const stageKey = (input: Input): string => `${text(input, 'restApiId')} ${text(input, 'stageName')}`

export const API_ANSWERS: Readonly<Record<string, Answer>> = {
  ...answers(REST_API, four('apigateway', 'RestApi')),
  ...answers(RESOURCE, four('apigateway', 'Resource')),
  ...answers(DEPLOYMENT, four('apigateway', 'Deployment')),
  ...answers(HTTP_API, four('apigatewayv2', 'Api')),
  ...answers(ROUTE, four('apigatewayv2', 'Route')),
  ...answers(INTEGRATION, four('apigatewayv2', 'Integration')),
  ...answers(HTTP_DEPLOYMENT, four('apigatewayv2', 'Deployment')),
  'apigateway:GetRestApi': (input) => ({ id: input['restApiId'], rootResourceId: 'root' }),
  'apigateway:DeleteRestApi': (input, cloud) => cloud.drop('restapi', text(input, 'restApiId')),
  'apigateway:UpdateRestApi': () => ({}),
  'apigateway:DeleteResource': (input, cloud) =>
    cloud.drop('resource', `${text(input, 'restApiId')}/${text(input, 'resourceId')}`),
  'apigateway:DeleteDeployment': (input, cloud) =>
    cloud.drop('deployment', `${text(input, 'restApiId')}/${text(input, 'deploymentId')}`),
  'apigateway:UpdateDeployment': () => ({}),
  'apigateway:PutMethod': (input, cloud) => cloud.make('method', methodKey(input), input),
  'apigateway:DeleteMethod': (input, cloud) => cloud.drop('method', methodKey(input)),
  'apigateway:PutIntegration': (input, cloud) => {
    cloud.change('method', methodKey(input), { integration: input['uri'] })
    return {}
  },
  'apigateway:CreateStage': (input, cloud) => cloud.make('stage', stageKey(input), input),
  'apigateway:UpdateStage': (input, cloud) => {
    cloud.need('stage', stageKey(input))
    return {}
  },
  'apigateway:DeleteStage': (input, cloud) => cloud.drop('stage', stageKey(input)),
  'apigatewayv2:GetApi': (input) => ({ ...input, ApiEndpoint: `http://${text(input, 'ApiId')}` }),
  'apigatewayv2:ReimportApi': (input, cloud) => {
    cloud.change('httpapi', text(input, 'ApiId'), { body: input['Body'] })
    return {}
  },
  'apigatewayv2:CreateStage': (input, cloud) =>
    cloud.make('httpstage', `${text(input, 'ApiId')} ${text(input, 'StageName')}`, input),
  'apigatewayv2:UpdateStage': () => ({}),
  'apigatewayv2:DeleteStage': (input, cloud) =>
    cloud.drop('httpstage', `${text(input, 'ApiId')} ${text(input, 'StageName')}`),
}
