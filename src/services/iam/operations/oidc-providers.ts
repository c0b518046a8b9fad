/** OpenID Connect providers: kept, and asked by AssumeRoleWithWebIdentity for their audiences. Thumbprints are not checked against a server. */
import type { AccountId } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { allOf, pageFor, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import {
  alreadyExists,
  invalidInput,
  noSuchOidcProvider,
  quotaExceeded,
  validationError,
} from '#services/iam/faults.ts'
import { CLIENTS_MAX, PROVIDERS_MAX, THUMBPRINTS_MAX } from '#services/iam/limits.ts'
import { type IamState, type OidcProviderRecord, oidcProviders, ownerOf } from '#services/iam/records.ts'

const QUOTA = 'TagsPerOpenIdConnectProvider'

/** Issuers over HTTPS; ours: over HTTP too on the loopback, where those of tests and of this platform are. */
const ISSUER =
  /^(https:\/\/[^/?#\s]+|http:\/\/(([\w-]+\.)*localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(\/[^?#\s]*)?$/

/** Faults ValidationError, EntityAlreadyExists, InvalidInput, LimitExceeded. Source: IAM API, CreateOpenIDConnectProvider; the texts are inferred. */
export const createOpenIDConnectProvider: Operation<Iam['CreateOpenIDConnectProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  const url = input.Url.replace(/^https?:\/\//, '').replace(/\/$/, '')
  const thumbprints = input.ThumbprintList ?? []
  checkThumbprints(thumbprints)
  const clients = [...new Set(input.ClientIDList ?? [])]
  if (clients.length > CLIENTS_MAX) throw quotaExceeded('ClientIdsPerOpenIdConnectProvider', CLIENTS_MAX)
  if (!ISSUER.test(input.Url)) throw validationError('Invalid Open ID Connect Provider URL')
  const provider: OidcProviderRecord = {
    arn: `arn:aws:iam::${call.account}:oidc-provider/${url}`,
    url,
    clients,
    thumbprints,
    createdAt: wholeSeconds(state.clock.now()),
    tags: withTags([], input.Tags ?? [], QUOTA),
  }
  await state.store.tx(async (tx) => {
    const all = await allOf(tx, oidcProviders, call.account, PROVIDERS_MAX)
    if (all.some(({ arn }) => arn === provider.arn))
      throw alreadyExists(`Provider with url ${input.Url} already exists.`)
    if (all.length >= PROVIDERS_MAX) throw quotaExceeded('OpenIdConnectProvidersPerAccount', PROVIDERS_MAX)
    oidcProviders.put(tx, ownerOf(call.account), [provider.arn], provider)
  })
  return {
    OpenIDConnectProviderArn: provider.arn,
    Tags: provider.tags.length > 0 ? provider.tags : undefined,
  }
}

function checkThumbprints(thumbprints: readonly string[]): void {
  if (thumbprints.length > THUMBPRINTS_MAX)
    throw invalidInput('Thumbprint list must contain fewer than 5 entries.')
}

async function providerOf(read: Read, account: AccountId, arn: string): Promise<OidcProviderRecord> {
  const found = await oidcProviders.get(read, ownerOf(account), arn)
  if (found === undefined) throw noSuchOidcProvider(arn)
  return found
}

async function change(
  state: IamState,
  call: Call,
  arn: string,
  make: (old: OidcProviderRecord) => OidcProviderRecord,
): Promise<Record<string, never>> {
  await state.store.tx(async (tx) => {
    oidcProviders.put(tx, ownerOf(call.account), [arn], make(await providerOf(tx, call.account, arn)))
  })
  return {}
}

export const getOpenIDConnectProvider: Operation<Iam['GetOpenIDConnectProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  const provider = await providerOf(state.store.read, call.account, input.OpenIDConnectProviderArn)
  return {
    Url: provider.url,
    ClientIDList: provider.clients,
    ThumbprintList: provider.thumbprints,
    CreateDate: provider.createdAt,
    Tags: provider.tags.length > 0 ? provider.tags : undefined,
  }
}

export const listOpenIDConnectProviders: Operation<Iam['ListOpenIDConnectProviders'], IamState> = async (
  _input,
  state,
  call,
) => {
  const all = await allOf(state.store.read, oidcProviders, call.account, PROVIDERS_MAX)
  return { OpenIDConnectProviderList: all.map(({ arn }) => ({ Arn: arn })) }
}

/** One that is not there is gone already. Source: IAM API, DeleteOpenIDConnectProvider. */
export const deleteOpenIDConnectProvider: Operation<Iam['DeleteOpenIDConnectProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx((tx) =>
    oidcProviders.delete(tx, ownerOf(call.account), input.OpenIDConnectProviderArn),
  )
  return {}
}

export const addClientIDToOpenIDConnectProvider: Operation<
  Iam['AddClientIDToOpenIDConnectProvider'],
  IamState
> = (input, state, call) =>
  change(state, call, input.OpenIDConnectProviderArn, (old) => {
    const clients = [...new Set([...old.clients, input.ClientID])]
    if (clients.length > CLIENTS_MAX) throw quotaExceeded('ClientIdsPerOpenIdConnectProvider', CLIENTS_MAX)
    return { ...old, clients }
  })

export const removeClientIDFromOpenIDConnectProvider: Operation<
  Iam['RemoveClientIDFromOpenIDConnectProvider'],
  IamState
> = (input, state, call) =>
  change(state, call, input.OpenIDConnectProviderArn, (old) => ({
    ...old,
    clients: old.clients.filter((one) => one !== input.ClientID),
  }))

export const updateOpenIDConnectProviderThumbprint: Operation<
  Iam['UpdateOpenIDConnectProviderThumbprint'],
  IamState
> = (input, state, call) => {
  checkThumbprints(input.ThumbprintList)
  return change(state, call, input.OpenIDConnectProviderArn, (old) => ({
    ...old,
    thumbprints: input.ThumbprintList,
  }))
}

export const tagOpenIDConnectProvider: Operation<Iam['TagOpenIDConnectProvider'], IamState> = (
  input,
  state,
  call,
) =>
  change(state, call, input.OpenIDConnectProviderArn, (old) => ({
    ...old,
    tags: withTags(old.tags, input.Tags, QUOTA),
  }))

export const untagOpenIDConnectProvider: Operation<Iam['UntagOpenIDConnectProvider'], IamState> = (
  input,
  state,
  call,
) =>
  change(state, call, input.OpenIDConnectProviderArn, (old) => ({
    ...old,
    tags: withoutTags(old.tags, input.TagKeys),
  }))

export const listOpenIDConnectProviderTags: Operation<
  Iam['ListOpenIDConnectProviderTags'],
  IamState
> = async (input, state, call) => {
  const provider = await providerOf(state.store.read, call.account, input.OpenIDConnectProviderArn)
  const { items, ...page } = pageFor(provider.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
