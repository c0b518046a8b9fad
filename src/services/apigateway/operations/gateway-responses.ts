/** Gateway responses: an API's own changes to the answers that API Gateway makes itself. */
import type { ApiGateway, GatewayResponse } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import { type RestDocument, type StoredGatewayResponse, own, without } from '#services/apigateway/document.ts'
import { badRequest, noParameter, notFound } from '#services/apigateway/faults.ts'
import {
  GATEWAY_STATUSES,
  gatewayResponseFrom,
  gatewayResponseOf,
} from '#services/apigateway/gateway-responses.ts'
import { type PatchRule, applyPatches } from '#services/apigateway/patches.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

export const putGatewayResponse: Op<'PutGatewayResponse'> = (input, state, call) =>
  state.change(
    call,
    input.restApiId,
    (draft): GatewayResponse => (draft.gatewayResponses[input.responseType] = gatewayResponseFrom(input)),
  )

export const getGatewayResponse: Op<'GetGatewayResponse'> = async (input, state, call) =>
  gatewayResponseOf(await state.api(call, input.restApiId), input.responseType)

/** All types, changed or not, in the order of their names. */
export const getGatewayResponses: Op<'GetGatewayResponses'> = async (input, state, call) => {
  const api = await state.api(call, input.restApiId)
  return { items: Object.keys(GATEWAY_STATUSES).map((type) => gatewayResponseOf(api, type)) }
}

export const deleteGatewayResponse: Op<'DeleteGatewayResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    if (own(draft.gatewayResponses, input.responseType) === undefined) {
      throw notFound('Gateway response type not defined on api')
    }
    delete draft.gatewayResponses[input.responseType]
    return {}
  })

export const updateGatewayResponse: Op<'UpdateGatewayResponse'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft): GatewayResponse =>
    patched(draft, input.responseType, input.patchOperations),
  )

function patched(
  draft: RestDocument,
  type: string,
  operations: Parameters<typeof applyPatches>[0],
): StoredGatewayResponse {
  let response = gatewayResponseOf(draft, type)
  const map = (name: 'responseParameters' | 'responseTemplates'): PatchRule => ({
    path: `/${name}/`,
    ops: ['add', 'replace', 'remove'],
    run: ({ op, name: key, value }) => {
      const before = response[name]
      if (op !== 'add' && own(before, key) === undefined) throw noParameter()
      if (op !== 'remove' && (value === undefined || value === '')) {
        throw badRequest(`Invalid null or empty value in ${name}`)
      }
      const changed = op === 'remove' ? without(before, key) : { ...before, [key]: value ?? '' }
      response = { ...response, [name]: changed }
    },
  })
  const status: PatchRule = {
    path: '/statusCode',
    ops: ['replace'],
    run: ({ value }) => {
      response = { ...response, ...(value === undefined ? {} : { statusCode: value }) }
    },
  }
  applyPatches(operations, [map('responseParameters'), map('responseTemplates'), status], 'plain')
  const { statusCode, responseParameters, responseTemplates } = response
  return (draft.gatewayResponses[type] = gatewayResponseFrom({
    responseType: type,
    statusCode,
    responseParameters,
    responseTemplates,
  }))
}
