/** Integrations: create, read, update, delete. What they may be is `integration-checks.ts`. */
import type { ApiGatewayV2, Integration } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { type HttpApi, type StoredIntegration, own } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, noPart } from '#services/apigatewayv2/faults.ts'
import { integrationFrom } from '#services/apigatewayv2/integration-checks.ts'
import { INTEGRATIONS_MAX } from '#services/apigatewayv2/limits.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const at = (api: HttpApi, id: string): StoredIntegration => {
  const integration = own(api.integrations, id)
  if (integration === undefined) throw noPart('Integration', id)
  return integration
}

export const createIntegration: Op<'CreateIntegration'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Integration => {
    const integration = integrationFrom(input)
    if (Object.keys(draft.integrations).length >= INTEGRATIONS_MAX) {
      throw badRequest(`Unable to create integration: an API has at most ${INTEGRATIONS_MAX} integrations`)
    }
    const IntegrationId = state.newId()
    return (draft.integrations[IntegrationId] = { ...integration, IntegrationId })
  })

export const getIntegration: Op<'GetIntegration'> = async (input, state, call) =>
  at(await state.api(call, input.ApiId), input.IntegrationId)

export const getIntegrations: Op<'GetIntegrations'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).integrations, input)

export const updateIntegration: Op<'UpdateIntegration'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Integration => {
    const before = at(draft, input.IntegrationId)
    const { ApiId: _, IntegrationId: _i, ...members } = input
    const wish = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
    const changed = integrationFrom({
      IntegrationType: before.IntegrationType ?? 'AWS_PROXY',
      IntegrationSubtype: before.IntegrationSubtype,
      IntegrationUri: before.IntegrationUri,
      RequestParameters: before.RequestParameters,
      ResponseParameters: before.ResponseParameters,
      IntegrationMethod: before.IntegrationMethod,
      PayloadFormatVersion: before.PayloadFormatVersion,
      TimeoutInMillis: before.TimeoutInMillis,
      CredentialsArn: before.CredentialsArn,
      Description: before.Description,
      ...wish,
    })
    const { IntegrationId, ApiGatewayManaged } = before
    const managed = ApiGatewayManaged === undefined ? {} : { ApiGatewayManaged }
    return (draft.integrations[IntegrationId] = { ...changed, ...managed, IntegrationId })
  })

export const deleteIntegration: Op<'DeleteIntegration'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const { IntegrationId } = at(draft, input.IntegrationId)
    const user = Object.values(draft.routes).find((route) => route.Target === `integrations/${IntegrationId}`)
    if (user !== undefined) {
      throw conflict(`Cannot delete Integration. ${IntegrationId} is referenced by route ${user.RouteKey}.`)
    }
    delete draft.integrations[IntegrationId]
    return {}
  })
