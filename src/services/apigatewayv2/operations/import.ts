/** ImportApi, ReimportApi and ExportApi: an HTTP API from an OpenAPI 3 document and back. */
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { writeDocument } from '#engines/openapi/write.ts'
import { own } from '#services/apigatewayv2/document.ts'
import { exported } from '#services/apigatewayv2/export.ts'
import { badRequest, noStage } from '#services/apigatewayv2/faults.ts'
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

/** Replaces all routes, integrations and authorizers; id, stages and deployments stay. */
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

/**
 * The API as it is, or with `StageName` as that stage's deployment froze it. Extensions are in unless refused.
 * Source: API Gateway V2 reference, ExportApi.
 */
export const exportApi: Op<'ExportApi'> = async (input, state, call) => {
  if (input.Specification !== 'OAS30') throw badRequest(`Invalid specification: ${input.Specification}`)
  if (input.OutputType !== 'JSON' && input.OutputType !== 'YAML')
    throw badRequest(`Invalid output type: ${input.OutputType}`)
  if (input.ExportVersion !== undefined && input.ExportVersion !== '1.0')
    throw badRequest(`Invalid export version: ${input.ExportVersion}`)
  const api = await state.api(call, input.ApiId)
  const stage = input.StageName === undefined ? undefined : own(api.stages, input.StageName)
  if (input.StageName !== undefined && stage === undefined) throw noStage()
  const frozen =
    stage?.DeploymentId === undefined ? undefined : await state.snapshot(call, api.id, stage.DeploymentId)
  const document = exported(api, {
    snapshot: frozen ?? {
      routes: Object.values(api.routes),
      integrations: Object.values(api.integrations),
      authorizers: Object.values(api.authorizers ?? {}),
    },
    endpoint: apiEndpoint(api.id, call.endpoint),
    stage: input.StageName,
    withExtensions: input.IncludeExtensions ?? true,
  })
  return { body: writeDocument(document, input.OutputType) }
}

function refuseWarnings(imported: Imported, failOnWarnings: boolean | undefined): void {
  if (failOnWarnings === true && imported.warnings.length > 0) {
    throw badRequest(`Warnings found during import:\n\t${imported.warnings.join('\n\t')}`)
  }
}

const warningsOf = ({ warnings }: Imported): { readonly Warnings?: readonly string[] } =>
  warnings.length === 0 ? {} : { Warnings: warnings }
