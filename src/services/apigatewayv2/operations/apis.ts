/** CreateApi (quick create too), GetApi, GetApis, UpdateApi, DeleteApi, DeleteCorsConfiguration. */
import type { Api, ApiGatewayV2, CreateApiRequest, UpdateApiRequest } from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import { checkCors, checkRouteKey } from '#services/apigatewayv2/checks.ts'
import { DEFAULT_ROUTE, DEFAULT_STAGE, type HttpApi } from '#services/apigatewayv2/document.ts'
import { badRequest, notYet } from '#services/apigatewayv2/faults.ts'
import { integrationFrom } from '#services/apigatewayv2/integration-checks.ts'
import { listed } from '#services/apigatewayv2/paging.ts'
import { type HttpState, apiEndpoint, printed } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

/** Source: recorded AWS answers for the default expressions. */
export function newApi(wish: CreateApiRequest, id: string, state: HttpState): HttpApi {
  if (wish.ProtocolType === 'WEBSOCKET') throw notYet('A WebSocket API')
  if (wish.ProtocolType !== 'HTTP')
    throw badRequest('Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]')
  if (wish.CorsConfiguration !== undefined) checkCors(wish.CorsConfiguration)
  const settings: Omit<Api, 'ApiEndpoint'> = {
    ApiId: id,
    ApiKeySelectionExpression: wish.ApiKeySelectionExpression ?? '$request.header.x-api-key',
    CorsConfiguration: wish.CorsConfiguration,
    CreatedDate: state.ports.clock.now(),
    Description: wish.Description,
    DisableExecuteApiEndpoint: wish.DisableExecuteApiEndpoint ?? false,
    DisableSchemaValidation: wish.DisableSchemaValidation,
    IpAddressType: wish.IpAddressType ?? 'ipv4',
    Name: wish.Name,
    ProtocolType: 'HTTP',
    RouteSelectionExpression: wish.RouteSelectionExpression ?? '$request.method $request.path',
    Tags: wish.Tags ?? {},
    Version: wish.Version,
  }
  return { id, settings, routes: {}, integrations: {}, stages: {}, deployments: {} }
}

/**
 * With `Target` it also makes an integration of format 2.0, a route and the stage `$default`, all managed by
 * API Gateway. Source: API Gateway V2 reference, CreateApi, quick create.
 */
export const createApi: Op<'CreateApi'> = async (input, state, call) => {
  const api = newApi(input, state.newId(10), state)
  if (input.Target === undefined && (input.RouteKey ?? input.CredentialsArn) !== undefined) {
    throw badRequest('RouteKey and CredentialsArn can be specified only together with Target')
  }
  if (input.Target !== undefined) quickCreate(api, { ...input, Target: input.Target }, state)
  return printed(await state.create(call, api), call.endpoint)
}

function quickCreate(
  api: HttpApi,
  wish: CreateApiRequest & { readonly Target: string },
  state: HttpState,
): void {
  const RouteKey = wish.RouteKey ?? DEFAULT_ROUTE
  checkRouteKey(RouteKey)
  const isAddress = /^https?:/.test(wish.Target)
  const integration = integrationFrom({
    IntegrationType: isAddress ? 'HTTP_PROXY' : 'AWS_PROXY',
    IntegrationUri: wish.Target,
    PayloadFormatVersion: isAddress ? '1.0' : '2.0',
    CredentialsArn: wish.CredentialsArn,
  })
  const IntegrationId = state.newId()
  api.integrations[IntegrationId] = { ...integration, IntegrationId, ApiGatewayManaged: true }
  const RouteId = state.newId()
  api.routes[RouteId] = {
    RouteId,
    RouteKey,
    ApiGatewayManaged: true,
    ApiKeyRequired: false,
    AuthorizationType: 'NONE',
    Target: `integrations/${IntegrationId}`,
  }
  const now = state.ports.clock.now()
  api.stages[DEFAULT_STAGE] = {
    StageName: DEFAULT_STAGE,
    ApiGatewayManaged: true,
    AutoDeploy: true,
    CreatedDate: now,
    LastUpdatedDate: now,
    DefaultRouteSettings: { DetailedMetricsEnabled: false },
    RouteSettings: {},
    StageVariables: {},
    Tags: {},
  }
}

export const getApi: Op<'GetApi'> = async (input, state, call) =>
  printed(await state.api(call, input.ApiId), call.endpoint)

export const getApis: Op<'GetApis'> = async (input, state, call) => {
  const owner = { account: call.account, region: call.region }
  const { items, next } = await listed(state.catalog, owner, input)
  const Items = items.map((api) => printed(api, call.endpoint))
  return next === undefined ? { Items } : { Items, NextToken: next }
}

/** Members that were not given stay. A quick-created API also takes `Target` and `RouteKey` for its own parts. */
export const updateApi: Op<'UpdateApi'> = async (input, state, call) => {
  if (input.CorsConfiguration !== undefined) checkCors(input.CorsConfiguration)
  const settings = await state.change(call, input.ApiId, (draft) => {
    draft.settings = { ...draft.settings, ...given(input) }
    updateManaged(draft, input)
    return draft.settings
  })
  return { ...settings, ApiEndpoint: apiEndpoint(input.ApiId, call.endpoint) }
}

function given(input: UpdateApiRequest): Partial<Api> {
  const {
    ApiId: _,
    CredentialsArn: _c,
    RouteKey: _r,
    Target: _t,
    DisableSchemaValidation: _d,
    ...members
  } = input
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function updateManaged(draft: HttpApi, input: UpdateApiRequest): void {
  if (input.Target === undefined && input.RouteKey === undefined && input.CredentialsArn === undefined) return
  const route = Object.values(draft.routes).find((one) => one.ApiGatewayManaged === true)
  const integration = Object.values(draft.integrations).find((one) => one.ApiGatewayManaged === true)
  if (route === undefined || integration === undefined) {
    throw badRequest(
      'Target, RouteKey and CredentialsArn can be updated only for APIs made with quick create',
    )
  }
  if (input.RouteKey !== undefined) {
    checkRouteKey(input.RouteKey)
    draft.routes[route.RouteId] = { ...route, RouteKey: input.RouteKey }
  }
  const IntegrationUri = input.Target ?? integration.IntegrationUri
  const isAddress = /^https?:/.test(IntegrationUri ?? '')
  const isSame = isAddress === (integration.IntegrationType === 'HTTP_PROXY')
  const checked = integrationFrom({
    IntegrationType: isAddress ? 'HTTP_PROXY' : 'AWS_PROXY',
    IntegrationUri,
    PayloadFormatVersion: isSame ? integration.PayloadFormatVersion : isAddress ? '1.0' : '2.0',
    TimeoutInMillis: integration.TimeoutInMillis,
    CredentialsArn: input.CredentialsArn ?? integration.CredentialsArn,
  })
  draft.integrations[integration.IntegrationId] = { ...integration, ...checked }
}

export const deleteApi: Op<'DeleteApi'> = async (input, state, call) => {
  await state.delete(call, input.ApiId)
  return {}
}

export const deleteCorsConfiguration: Op<'DeleteCorsConfiguration'> = (input, state, call: Call) =>
  state.change(call, input.ApiId, (draft) => {
    const { CorsConfiguration: _, ...settings } = draft.settings
    draft.settings = settings
    return {}
  })
