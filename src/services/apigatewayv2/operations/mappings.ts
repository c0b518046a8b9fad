/** API mappings: which API and stage a custom domain's paths go to. Source of the texts: recorded AWS answers, unless said otherwise. */
import type { ApiGatewayV2, ApiMapping } from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import { type HttpDomain, type StoredMapping, own } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, noMapping, notFound } from '#services/apigatewayv2/faults.ts'
import { MULTI_LEVEL_MAPPINGS_MAX } from '#services/apigatewayv2/limits.ts'
import { changeDomain, domainAt } from '#services/apigatewayv2/operations/domains.ts'
import { pageOfParts } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const at = (domain: HttpDomain, id: string): StoredMapping => {
  const mapping = own(domain.mappings, id)
  if (mapping === undefined) throw noMapping()
  return mapping
}

/** How a key is written. */
function checkKey(key: string): void {
  if (key.startsWith('/') || key.includes('//'))
    throw badRequest("API mapping key should not start with a '/' or have consecutive '/'s.")
  if (key.endsWith('/')) throw badRequest("API mapping key should not end with a '/'.")
  if (!/^[A-Za-z0-9\-_.+!*'()$/]{0,300}$/.test(key)) throw badRequest(`Invalid API mapping key: ${key}`)
}

function checkFree(domain: HttpDomain, key: string, except?: string): void {
  const taken = Object.values(domain.mappings).some(
    (one) => one.ApiMappingKey === key && one.ApiMappingId !== except,
  )
  if (taken)
    throw conflict(`ApiMapping key already exists for this domain name: ${key === '' ? '(none)' : key}`)
}

async function checkStage(state: HttpState, call: Call, apiId: string, stage: string): Promise<void> {
  const api = await state.catalog.get({ account: call.account, region: call.region }, apiId)
  if (api === undefined)
    throw notFound('Invalid API identifier specified The resource specified in the request was not found.')
  if (own(api.stages, stage) === undefined) throw badRequest('Invalid stage identifier specified')
}

/** Fault BadRequestException for a stage that is not there, as users of AWS's tools have reported it. */
export const createApiMapping: Op<'CreateApiMapping'> = async (input, state, call) => {
  await domainAt(state, call, input.DomainName)
  checkKey(input.ApiMappingKey ?? '')
  await checkStage(state, call, input.ApiId, input.Stage)
  return changeDomain(state, call, input.DomainName, (draft): ApiMapping => {
    const ApiMappingKey = input.ApiMappingKey ?? ''
    checkFree(draft, ApiMappingKey)
    const deep = Object.values(draft.mappings).filter((one) => one.ApiMappingKey.includes('/'))
    if (ApiMappingKey.includes('/') && deep.length >= MULTI_LEVEL_MAPPINGS_MAX)
      throw badRequest(`A domain name has at most ${MULTI_LEVEL_MAPPINGS_MAX} multi-level API mappings`)
    const ApiMappingId = state.newId(6)
    const { ApiId, Stage } = input
    return (draft.mappings[ApiMappingId] = { ApiId, ApiMappingId, ApiMappingKey, Stage })
  })
}

export const getApiMapping: Op<'GetApiMapping'> = async (input, state, call) =>
  at(await domainAt(state, call, input.DomainName), input.ApiMappingId)

export const getApiMappings: Op<'GetApiMappings'> = async (input, state, call) =>
  pageOfParts((await domainAt(state, call, input.DomainName)).mappings, input)

export const updateApiMapping: Op<'UpdateApiMapping'> = async (input, state, call) => {
  const before = at(await domainAt(state, call, input.DomainName), input.ApiMappingId)
  checkKey(input.ApiMappingKey ?? '')
  await checkStage(state, call, input.ApiId, input.Stage ?? before.Stage)
  return changeDomain(state, call, input.DomainName, (draft): ApiMapping => {
    const old = at(draft, input.ApiMappingId)
    const ApiMappingKey = input.ApiMappingKey ?? old.ApiMappingKey
    checkFree(draft, ApiMappingKey, old.ApiMappingId)
    const Stage = input.Stage ?? old.Stage
    return (draft.mappings[old.ApiMappingId] = { ...old, ApiId: input.ApiId, ApiMappingKey, Stage })
  })
}

export const deleteApiMapping: Op<'DeleteApiMapping'> = (input, state, call) =>
  changeDomain(state, call, input.DomainName, (draft) => {
    delete draft.mappings[at(draft, input.ApiMappingId).ApiMappingId]
    return {}
  })
