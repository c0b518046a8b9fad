/** Applications of phones and their endpoints: create, change, list, delete. */
import { uuid } from '#base/ids.ts'
import type { Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import {
  APP_ENDPOINTS,
  type ApplicationName,
  applicationArn,
  applicationNamed,
  applicationNotFound,
  APPLICATIONS,
  type ApplicationRecord,
  checkApplication,
  checkEndpointAttributes,
  DEVICE_TOKENS,
  endpointArn,
  endpointNamed,
  endpointNotFound,
  type EndpointRecord,
  keptApplication,
} from '#services/sns/applications.ts'
import { invalid } from '#services/sns/faults.ts'
import { PAGE } from '#services/sns/limits.ts'
import { ownerParts } from '#services/sns/names.ts'
import { pageToken, tokenPlace } from '#services/sns/page-token.ts'
import type { SnsState } from '#services/sns/state.ts'

async function applicationIn(read: Read, name: ApplicationName): Promise<ApplicationRecord> {
  const record = await APPLICATIONS.get(read, ownerParts(name), name.platform, name.app)
  if (record === undefined) throw applicationNotFound()
  return record
}

/** Idempotent. Source: SNS API, CreatePlatformApplication; recorded AWS answers. */
export const createPlatformApplication: Operation<Sns['CreatePlatformApplication'], SnsState> = async (
  input,
  state,
  call,
) => {
  const { Name: app, Platform: platform, Attributes: given } = input
  checkApplication(app, platform, given)
  const name = { account: call.account, region: call.region, platform, app }
  const attributes = { Enabled: 'true', ...keptApplication(given) }
  await state.control.tx((tx) =>
    APPLICATIONS.put(tx, ownerParts(name), [platform, app], { platform, name: app, attributes }),
  )
  return { PlatformApplicationArn: applicationArn(name) }
}

const AT_ONCE = 1_000

/** With its endpoints; harmless when there is none. Source: SNS API, DeletePlatformApplication. */
export const deletePlatformApplication: Operation<Sns['DeletePlatformApplication'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name = applicationNamed(input.PlatformApplicationArn, call)
  const owner = ownerParts(name)
  const below = [name.platform, name.app]
  await state.control.tx(async (tx) => {
    APPLICATIONS.delete(tx, owner, ...below)
    for (;;) {
      const page = await APP_ENDPOINTS.list(tx, owner, below, { limit: AT_ONCE })
      for (const { id, attributes } of page) {
        APP_ENDPOINTS.delete(tx, owner, ...below, id)
        DEVICE_TOKENS.delete(tx, owner, ...below, attributes['Token'] ?? '')
      }
      if (page.length < AT_ONCE) return
    }
  })
  return {}
}

/** Credentials are not shown. Source: recorded AWS answer. */
export const getPlatformApplicationAttributes: Operation<
  Sns['GetPlatformApplicationAttributes'],
  SnsState
> = async (input, state, call) => {
  const name = applicationNamed(input.PlatformApplicationArn, call)
  return { Attributes: (await applicationIn(state.control.read, name)).attributes }
}

/** Source: SNS API, SetPlatformApplicationAttributes. */
export const setPlatformApplicationAttributes: Operation<
  Sns['SetPlatformApplicationAttributes'],
  SnsState
> = async (input, state, call) => {
  const name = applicationNamed(input.PlatformApplicationArn, call)
  await state.control.tx(async (tx) => {
    const record = await applicationIn(tx, name)
    const attributes = { ...record.attributes, ...keptApplication(input.Attributes) }
    APPLICATIONS.put(tx, ownerParts(name), [name.platform, name.app], { ...record, attributes })
  })
  return {}
}

/** Source: SNS API, ListPlatformApplications. */
export const listPlatformApplications: Operation<Sns['ListPlatformApplications'], SnsState> = async (
  input,
  state,
  call,
) => {
  const after = tokenPlace(input.NextToken, 2)
  const found = await APPLICATIONS.list(state.control.read, ownerParts(call), [], { limit: PAGE + 1, after })
  const page = found.slice(0, PAGE)
  const last = page.at(-1)
  return {
    PlatformApplications: page.map(({ platform, name: app, attributes }) => ({
      PlatformApplicationArn: applicationArn({ ...call, platform, app }),
      Attributes: attributes,
    })),
    ...(found.length > PAGE && last !== undefined
      ? { NextToken: pageToken([last.platform, last.name]) }
      : {}),
  }
}

/** Idempotent for the same token and attributes. Source: SNS API, CreatePlatformEndpoint; recorded AWS answers. */
export const createPlatformEndpoint: Operation<Sns['CreatePlatformEndpoint'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name = applicationNamed(input.PlatformApplicationArn, call)
  const { Token: token, CustomUserData: data } = input
  const given = { ...(data === undefined ? {} : { CustomUserData: data }), ...input.Attributes }
  checkEndpointAttributes(given)
  const owner = ownerParts(name)
  const below = [name.platform, name.app]
  return await state.control.tx(async (tx) => {
    await applicationIn(tx, name)
    const known = await DEVICE_TOKENS.get(tx, owner, ...below, token)
    const existing = known === undefined ? undefined : await APP_ENDPOINTS.get(tx, owner, ...below, known)
    if (existing !== undefined) {
      const arn = endpointArn({ ...name, id: existing.id })
      if (
        existing.attributes['CustomUserData'] ===
        (given['CustomUserData'] ?? existing.attributes['CustomUserData'])
      )
        return { EndpointArn: arn }
      throw invalid(
        `Token Reason: Endpoint ${arn} already exists with the same Token, but different attributes.`,
      )
    }
    const id = uuid(state.ports.random)
    APP_ENDPOINTS.put(tx, owner, [...below, id], {
      id,
      attributes: { Enabled: 'true', ...given, Token: token },
    })
    DEVICE_TOKENS.put(tx, owner, [...below, token], id)
    return { EndpointArn: endpointArn({ ...name, id }) }
  })
}

/** Harmless when there is none. Source: SNS API, DeleteEndpoint. */
export const deleteEndpoint: Operation<Sns['DeleteEndpoint'], SnsState> = async (input, state, call) => {
  const name = endpointNamed(input.EndpointArn, call)
  const owner = ownerParts(name)
  const below = [name.platform, name.app]
  await state.control.tx(async (tx) => {
    const record = await APP_ENDPOINTS.get(tx, owner, ...below, name.id)
    if (record === undefined) return
    APP_ENDPOINTS.delete(tx, owner, ...below, name.id)
    DEVICE_TOKENS.delete(tx, owner, ...below, record.attributes['Token'] ?? '')
  })
  return {}
}

/** Source: SNS API, GetEndpointAttributes. */
export const getEndpointAttributes: Operation<Sns['GetEndpointAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const { platform, app, id, ...owner } = endpointNamed(input.EndpointArn, call)
  const record = await APP_ENDPOINTS.get(state.control.read, ownerParts(owner), platform, app, id)
  if (record === undefined) throw endpointNotFound()
  return { Attributes: record.attributes }
}

/** Source: SNS API, SetEndpointAttributes; recorded AWS answers. */
export const setEndpointAttributes: Operation<Sns['SetEndpointAttributes'], SnsState> = async (
  input,
  state,
  call,
) => {
  const name = endpointNamed(input.EndpointArn, call)
  const owner = ownerParts(name)
  const below = [name.platform, name.app]
  await state.control.tx(async (tx) => {
    const record: EndpointRecord | undefined = await APP_ENDPOINTS.get(tx, owner, ...below, name.id)
    if (record === undefined) throw endpointNotFound()
    checkEndpointAttributes(input.Attributes)
    const attributes = { ...record.attributes, ...input.Attributes }
    DEVICE_TOKENS.delete(tx, owner, ...below, record.attributes['Token'] ?? '')
    DEVICE_TOKENS.put(tx, owner, [...below, attributes['Token'] ?? ''], name.id)
    APP_ENDPOINTS.put(tx, owner, [...below, name.id], { id: name.id, attributes })
  })
  return {}
}

/** Source: SNS API, ListEndpointsByPlatformApplication. */
export const listEndpointsByPlatformApplication: Operation<
  Sns['ListEndpointsByPlatformApplication'],
  SnsState
> = async (input, state, call) => {
  const name = applicationNamed(input.PlatformApplicationArn, call)
  await applicationIn(state.control.read, name)
  const after = tokenPlace(input.NextToken, 3)
  const below = [name.platform, name.app]
  const listing = { limit: PAGE + 1, after }
  const found = await APP_ENDPOINTS.list(state.control.read, ownerParts(name), below, listing)
  const page = found.slice(0, PAGE)
  const last = page.at(-1)
  return {
    Endpoints: page.map(({ id, attributes }) => ({
      EndpointArn: endpointArn({ ...name, id }),
      Attributes: attributes,
    })),
    ...(found.length > PAGE && last !== undefined ? { NextToken: pageToken([...below, last.id]) } : {}),
  }
}
