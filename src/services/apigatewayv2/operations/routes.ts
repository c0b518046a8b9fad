/** Routes: create, read, update, delete. */
import type { ApiGatewayV2, Route } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { checkAuthorization, checkFree, checkRoute, routeFrom } from '#services/apigatewayv2/checks.ts'
import { type HttpApi, type StoredRoute, own } from '#services/apigatewayv2/document.ts'
import { badRequest, noPart } from '#services/apigatewayv2/faults.ts'
import { ROUTES_MAX } from '#services/apigatewayv2/limits.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const at = (api: HttpApi, id: string): StoredRoute => {
  const route = own(api.routes, id)
  if (route === undefined) throw noPart('Route', id)
  return route
}

export const createRoute: Op<'CreateRoute'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Route => {
    checkRoute(input, draft)
    checkFree(input.RouteKey, draft)
    if (Object.keys(draft.routes).length >= ROUTES_MAX) {
      throw badRequest(`Unable to create route: an API has at most ${ROUTES_MAX} routes`)
    }
    const made = routeFrom(input)
    checkAuthorization(made, draft)
    const RouteId = state.newId()
    return (draft.routes[RouteId] = { ...made, RouteKey: input.RouteKey, RouteId })
  })

export const getRoute: Op<'GetRoute'> = async (input, state, call) =>
  at(await state.api(call, input.ApiId), input.RouteId)

export const getRoutes: Op<'GetRoutes'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).routes, input)

export const updateRoute: Op<'UpdateRoute'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Route => {
    const before = at(draft, input.RouteId)
    checkRoute(input, draft)
    const RouteKey = input.RouteKey ?? before.RouteKey
    checkFree(RouteKey, draft, before.RouteId)
    const AuthorizationType = input.AuthorizationType ?? before.AuthorizationType
    const isOpen = AuthorizationType === 'NONE' || AuthorizationType === 'AWS_IAM'
    const changed = routeFrom({
      AuthorizationType,
      AuthorizationScopes: input.AuthorizationScopes ?? (isOpen ? undefined : before.AuthorizationScopes),
      AuthorizerId: input.AuthorizerId ?? (isOpen ? undefined : before.AuthorizerId),
      OperationName: input.OperationName ?? before.OperationName,
      Target: input.Target ?? before.Target,
    })
    checkAuthorization(changed, draft)
    return (draft.routes[before.RouteId] = { ...before, ...changed, RouteKey })
  })

export const deleteRoute: Op<'DeleteRoute'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    delete draft.routes[at(draft, input.RouteId).RouteId]
    return {}
  })
