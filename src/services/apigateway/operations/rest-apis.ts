/** REST APIs: create, import, put, read, patch, delete. */
import type { ApiGateway, RestApi } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import type { RestDocument } from '#services/apigateway/document.ts'
import { badRequest } from '#services/apigateway/faults.ts'
import { type ImportOptions, cleared, descriptionOf, importInto } from '#services/apigateway/import.ts'
import { pageSize } from '#services/apigateway/paging.ts'
import { newApi, patchApi } from '#services/apigateway/settings.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

/** Answers after the first one show `tags` even when there are none. Source: recorded AWS answers. */
const printed = (api: RestDocument): RestApi => ({ ...api.settings, tags: api.settings.tags ?? {} })

const ids = (state: RestState): Parameters<typeof newApi>[1] => ({
  id: state.newId(10),
  rootId: state.newId(10),
  at: state.ports.clock.now(),
})

export const createRestApi: Op<'CreateRestApi'> = async (input, state, call) =>
  (await state.create(call, newApi(input, ids(state)))).settings

export const getRestApi: Op<'GetRestApi'> = async (input, state, call) =>
  printed(await state.api(call, input.restApiId))

export const getRestApis: Op<'GetRestApis'> = async (input, state, call) => {
  const limit = pageSize(input)
  const after = input.position === undefined ? undefined : [input.position]
  const owner = { account: call.account, region: call.region }
  const found = await state.catalog.list(owner, { limit: limit + 1, after })
  const items = found.slice(0, limit).map((api) => api.settings)
  const last = found[limit - 1]
  return found.length > limit && last !== undefined ? { items, position: last.id } : { items }
}

export const updateRestApi: Op<'UpdateRestApi'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    patchApi(draft, input.patchOperations)
    return printed(draft)
  })

export const deleteRestApi: Op<'DeleteRestApi'> = async (input, state, call) => {
  await state.delete(call, input.restApiId)
  return {}
}

type ImportParameters = Readonly<Record<string, string | null>> | undefined

const optionsOf = (parameters: ImportParameters, state: RestState): ImportOptions => ({
  basePath: parameters?.['basepath'] ?? parameters?.['basePath'] ?? undefined,
  endpointTypes: parameters?.['endpointConfigurationTypes']?.split(','),
  newId: () => state.newId(),
})

export const importRestApi: Op<'ImportRestApi'> = async (input, state, call) => {
  const description = descriptionOf(input.body)
  if (description.title === '')
    throw badRequest('Unable to create the API: the definition has no info.title.')
  const api = newApi({ name: description.title }, ids(state))
  importInto(api, description, optionsOf(input.parameters, state))
  return (await state.create(call, api)).settings
}

/** `merge`, the default, keeps what the definition does not name; `overwrite` replaces all resources. */
export const putRestApi: Op<'PutRestApi'> = async (input, state, call) => {
  const description = descriptionOf(input.body)
  const mode = input.mode ?? 'merge'
  if (mode !== 'merge' && mode !== 'overwrite') throw badRequest(`Invalid mode specified: ${mode}`)
  return state.change(call, input.restApiId, (draft) => {
    if (mode === 'overwrite') cleared(draft)
    importInto(draft, description, optionsOf(input.parameters, state))
    return printed(draft)
  })
}
