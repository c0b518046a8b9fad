/**
 * Models: schemas that are stored and given back. No request of an HTTP API is checked against them: AWS has
 * validation for WebSocket APIs only.
 */
import type { ApiGatewayV2, Model } from '#model/apigatewayv2.ts'
import type { Operation } from '#ports/service.ts'
import { type HttpApi, type StoredModel, own } from '#services/apigatewayv2/document.ts'
import { conflict, noPart } from '#services/apigatewayv2/faults.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const at = (api: HttpApi, id: string): StoredModel => {
  const model = own(api.models ?? {}, id)
  if (model === undefined) throw noPart('Model', id)
  return model
}

function checkName(api: HttpApi, name: string, except?: string): void {
  const taken = Object.values(api.models ?? {}).some((one) => one.Name === name && one.ModelId !== except)
  if (taken) throw conflict(`Model name already exists: ${name}`)
}

export const createModel: Op<'CreateModel'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Model => {
    checkName(draft, input.Name)
    const ModelId = state.newId(6)
    const model = {
      ContentType: input.ContentType ?? 'application/json',
      Description: input.Description,
      ModelId,
      Name: input.Name,
      Schema: input.Schema,
    }
    draft.models = { ...draft.models, [ModelId]: model }
    return model
  })

export const getModel: Op<'GetModel'> = async (input, state, call) =>
  at(await state.api(call, input.ApiId), input.ModelId)

export const getModels: Op<'GetModels'> = async (input, state, call) =>
  pageOfParts((await state.api(call, input.ApiId)).models ?? {}, input)

export const updateModel: Op<'UpdateModel'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft): Model => {
    const before = at(draft, input.ModelId)
    const Name = input.Name ?? before.Name
    checkName(draft, Name, before.ModelId)
    const model = {
      ...before,
      ContentType: input.ContentType ?? before.ContentType,
      Description: input.Description ?? before.Description,
      Name,
      Schema: input.Schema ?? before.Schema,
    }
    draft.models = { ...draft.models, [before.ModelId]: model }
    return model
  })

export const deleteModel: Op<'DeleteModel'> = (input, state, call) =>
  state.change(call, input.ApiId, (draft) => {
    const { ModelId } = at(draft, input.ModelId)
    const { [ModelId]: _, ...rest } = draft.models ?? {}
    draft.models = rest
    return {}
  })
