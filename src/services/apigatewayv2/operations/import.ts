/** ImportApi and ReimportApi: an HTTP API from an OpenAPI 3 document. */
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { badRequest } from '#services/apigatewayv2/faults.ts'
import { type Imported, descriptionOf, importInto } from '#services/apigatewayv2/import.ts'
import { newApi } from '#services/apigatewayv2/operations/apis.ts'
import { type HttpState, apiEndpoint, printed } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

export const importApi: Op<'ImportApi'> = async (input, state, call) => {
  const description = descriptionOf(input.Body)
  if (description.title === '') throw badRequest('The definition has no info.title, which names the API.')
  const api = newApi({ Name: description.title, ProtocolType: 'HTTP' }, state.newId(10), state)
  const imported = importInto(api, description, { basePath: input.Basepath, newId: () => state.newId() })
  refuseWarnings(imported, input.FailOnWarnings)
  return { ...printed(await state.create(call, api), call.endpoint), ...warningsOf(imported) }
}

/** Replaces all routes and integrations; id, stages and deployments stay. */
export const reimportApi: Op<'ReimportApi'> = async (input, state, call) => {
  const description = descriptionOf(input.Body)
  const { settings, imported } = await state.change(call, input.ApiId, (draft) => {
    draft.routes = {}
    draft.integrations = {}
    const imported = importInto(draft, description, { basePath: input.Basepath, newId: () => state.newId() })
    refuseWarnings(imported, input.FailOnWarnings)
    return { settings: draft.settings, imported }
  })
  const ApiEndpoint = apiEndpoint(input.ApiId, call.endpoint)
  return { ...settings, ApiEndpoint, ...warningsOf(imported) }
}

function refuseWarnings(imported: Imported, failOnWarnings: boolean | undefined): void {
  if (failOnWarnings === true && imported.warnings.length > 0) {
    throw badRequest(`Warnings found during import:\n\t${imported.warnings.join('\n\t')}`)
  }
}

const warningsOf = ({ warnings }: Imported): { readonly Warnings?: readonly string[] } =>
  warnings.length === 0 ? {} : { Warnings: warnings }
