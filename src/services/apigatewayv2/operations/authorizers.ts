/** Authorizers: create, read, update, delete, and forgetting what they answered. */
import type { ApiGatewayV2, Authorizer } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { authorizerFrom } from '#services/apigatewayv2/authorizer-checks.ts'
import { type HttpApi, type StoredAuthorizer, own } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, noPart, noStage } from '#services/apigatewayv2/faults.ts'
import { AUTHORIZERS_MAX } from '#services/apigatewayv2/limits.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const at = (api: HttpApi, id: string): StoredAuthorizer => {
  const authorizer = own(api.authorizers ?? {}, id)
  if (authorizer === undefined) throw noPart('Authorizer', id)
  return authorizer
}

export const createAuthorizer: Op<'CreateAuthorizer'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Authorizer => {
    const authorizer = authorizerFrom(input)
    const before = draft.authorizers ?? {}
    if (Object.values(before).some((one) => one.Name === input.Name))
      throw badRequest('Authorizer name must be unique')
    if (Object.keys(before).length >= AUTHORIZERS_MAX)
      throw badRequest(`Unable to create authorizer: an API has at most ${AUTHORIZERS_MAX} authorizers`)
    const AuthorizerId = state.newId(6)
    const made = { ...authorizer, AuthorizerId }
    draft.authorizers = { ...before, [AuthorizerId]: made }
    return made
  })

export const getAuthorizer: Op<'GetAuthorizer'> = async (input, state, call) =>
  at(await state.api(call, input.ApiId), input.AuthorizerId)

export const getAuthorizers: Op<'GetAuthorizers'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).authorizers ?? {}, input)

/** Members that were not given stay; what the authorizer answered is forgotten. */
export const updateAuthorizer: Op<'UpdateAuthorizer'> = async (input, state, call) => {
  const changed = await state.change(call, input.ApiId, (draft): StoredAuthorizer => {
    const { AuthorizerId, ...before } = at(draft, input.AuthorizerId)
    const { ApiId: _, AuthorizerId: _i, ...members } = input
    const given = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
    const authorizer = authorizerFrom({
      ...before,
      AuthorizerType: before.AuthorizerType ?? 'REQUEST',
      IdentitySource: before.IdentitySource ?? [],
      ...given,
    })
    const made = { ...authorizer, AuthorizerId }
    draft.authorizers = { ...draft.authorizers, [AuthorizerId]: made }
    return made
  })
  state.opinions.clear(`${input.ApiId}/`)
  return changed
}

/** Fault ConflictException while a route uses it (inferred). */
export const deleteAuthorizer: Op<'DeleteAuthorizer'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const { AuthorizerId } = at(draft, input.AuthorizerId)
    const user = Object.values(draft.routes).find((route) => route.AuthorizerId === AuthorizerId)
    if (user !== undefined)
      throw conflict(`Cannot delete authorizer '${AuthorizerId}', is referenced in route: ${user.RouteKey}`)
    const { [AuthorizerId]: _, ...rest } = draft.authorizers ?? {}
    draft.authorizers = rest
    return {}
  })

export const resetAuthorizersCache: Op<'ResetAuthorizersCache'> = async (input, state, call) => {
  const api = await state.api(call, input.ApiId)
  if (own(api.stages, input.StageName) === undefined) throw noStage()
  state.opinions.clear(`${api.id}/${input.StageName}/`)
  return {}
}
