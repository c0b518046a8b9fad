/** Function URL configurations: of the function or of one of its aliases. */
import { pageOf } from '#base/result.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import { noSuchPolicy, urlExists, urlFunctionNotFound } from '#services/lambda/faults.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import { LATEST, referenceTo } from '#services/lambda/names.ts'
import type { FunctionRecord } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'
import {
  type UrlRecord,
  dropPlaces,
  keepPlace,
  newUrlId,
  shownUrl,
  urlArn,
} from '#services/lambda/urls/record.ts'

interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
}
interface Meant {
  readonly name: string
  /** An alias, or `$LATEST`. */
  readonly qualifier: string
}

function meant(input: Named, call: Call): Meant {
  const { name, qualifier = LATEST } = referenceTo(input.FunctionName, input.Qualifier, call)
  return { name, qualifier }
}

/** Source: recorded AWS answers: what a policy and a URL that is not there are told with. */
const noSuchUrl = noSuchPolicy

const urlOf = (record: FunctionRecord, { qualifier }: Meant): UrlRecord => {
  const url = record.urls?.[qualifier]
  if (url === undefined) throw noSuchUrl()
  return url
}

const isThere = (record: FunctionRecord, { qualifier }: Meant): boolean =>
  qualifier === LATEST || record.aliases?.[qualifier] !== undefined

/** Source: Lambda API, CreateFunctionUrlConfig. Faults: no such function or alias, it has a URL. */
export const createFunctionUrlConfig: Operation<Lambda['CreateFunctionUrlConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const of = meant(input, call)
  const { name, qualifier } = of
  const live = await state.find(call, name)
  if (live === undefined || !isThere(live.record, of)) throw urlFunctionNotFound()
  const at = Math.floor(state.ports.clock.now())
  const url: UrlRecord = {
    id: newUrlId(state.ports.random),
    authType: input.AuthType,
    invokeMode: input.InvokeMode,
    cors: input.Cors,
    createdAt: at,
    modifiedAt: at,
  }
  const { account, region } = call
  // First: an id that leads to a function without it is none.
  await state.control.tx((tx) => keepPlace(tx, url.id, { account, region, name, qualifier }))
  await state.change(call, name, (record) => {
    if (record.urls?.[qualifier] !== undefined) throw urlExists(urlArn(call, name, qualifier))
    return { ...record, urls: { ...record.urls, [qualifier]: url } }
  })
  const { LastModifiedTime: _, ...shown } = shownUrl(url, { ...of, owner: call, endpoint: call.endpoint })
  return shown
}

/** Source: Lambda API, UpdateFunctionUrlConfig: what is not given stays. */
export const updateFunctionUrlConfig: Operation<Lambda['UpdateFunctionUrlConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const of = meant(input, call)
  if ((await state.find(call, of.name)) === undefined) throw urlFunctionNotFound()
  const changed = await state.change(call, of.name, (record) => {
    const before = urlOf(record, of)
    const url: UrlRecord = {
      ...before,
      authType: input.AuthType ?? before.authType,
      invokeMode: input.InvokeMode ?? before.invokeMode,
      cors: input.Cors ?? before.cors,
      modifiedAt: Math.floor(state.ports.clock.now()),
    }
    return { ...record, urls: { ...record.urls, [of.qualifier]: url } }
  })
  return shownUrl(urlOf(changed, of), { ...of, owner: call, endpoint: call.endpoint })
}

/** Source: Lambda API, GetFunctionUrlConfig. */
export const getFunctionUrlConfig: Operation<Lambda['GetFunctionUrlConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const of = meant(input, call)
  const live = await state.find(call, of.name)
  if (live === undefined) throw noSuchUrl()
  return shownUrl(urlOf(live.record, of), { ...of, owner: call, endpoint: call.endpoint })
}

/** Source: Lambda API, DeleteFunctionUrlConfig. */
export const deleteFunctionUrlConfig: Operation<Lambda['DeleteFunctionUrlConfig'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const of = meant(input, call)
  const live = await state.find(call, of.name)
  if (live === undefined) throw noSuchUrl()
  const gone = urlOf(live.record, of)
  await state.change(call, of.name, (record) => {
    urlOf(record, of)
    const { [of.qualifier]: _, ...urls } = record.urls ?? {}
    return { ...record, urls }
  })
  await state.control.tx((tx) => dropPlaces(tx, { [of.qualifier]: gone }))
  return {}
}

/** Source: Lambda API, ListFunctionUrlConfigs. */
export const listFunctionUrlConfigs: Operation<Lambda['ListFunctionUrlConfigs'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name } = meant(input, call)
  const live = await state.find(call, name)
  if (live === undefined) throw urlFunctionNotFound()
  const all = Object.entries(live.record.urls ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const limit = Math.min(input.MaxItems ?? PAGE_SIZE, PAGE_SIZE)
  const page = pageOf(all, limit, input.Marker, ([qualifier]) => qualifier)
  return {
    FunctionUrlConfigs: page.items.map(([qualifier, url]) =>
      shownUrl(url, { owner: call, name, qualifier, endpoint: call.endpoint }),
    ),
    ...(page.next === undefined ? {} : { NextMarker: page.next }),
  }
}
