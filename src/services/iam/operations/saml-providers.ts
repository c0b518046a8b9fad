/** SAML providers: their metadata kept and given back. Encryption keys for assertions are not kept. */
import { type AccountId, upperId, uuid } from '#base/ids.ts'
import { hours, later } from '#base/time.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { allOf, pageFor, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import {
  alreadyExists,
  invalidInput,
  noSuchSamlProvider,
  notImplementedOption,
  quotaExceeded,
} from '#services/iam/faults.ts'
import { PROVIDERS_MAX } from '#services/iam/limits.ts'
import { type IamState, type SamlProviderRecord, ownerOf, samlProviders } from '#services/iam/records.ts'

const QUOTA = 'TagsPerSAMLProvider'
/** A provider is valid for a hundred years; inferred. */
const VALID = hours(36_500 * 24)

/** Faults EntityAlreadyExists, InvalidInput, LimitExceeded. Source: IAM API, CreateSAMLProvider. */
export const createSAMLProvider: Operation<Iam['CreateSAMLProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  if (input.AddPrivateKey !== undefined || input.AssertionEncryptionMode !== undefined)
    throw notImplementedOption('Encrypted assertions of SAML providers')
  checkMetadata(input.SAMLMetadataDocument)
  const now = wholeSeconds(state.clock.now())
  const provider: SamlProviderRecord = {
    arn: `arn:aws:iam::${call.account}:saml-provider/${input.Name}`,
    name: input.Name,
    uuid: uuid(state.random).replaceAll('-', '').toUpperCase() + upperId(state.random, 4),
    metadata: input.SAMLMetadataDocument,
    createdAt: now,
    validUntil: later(now, VALID),
    tags: withTags([], input.Tags ?? [], QUOTA),
  }
  await state.store.tx(async (tx) => {
    const all = await allOf(tx, samlProviders, call.account, PROVIDERS_MAX)
    if (all.some(({ arn }) => arn === provider.arn))
      throw alreadyExists(`SAMLProvider entity at the same path and name already exists.`)
    if (all.length >= PROVIDERS_MAX) throw quotaExceeded('SAMLProvidersPerAccount', PROVIDERS_MAX)
    samlProviders.put(tx, ownerOf(call.account), [provider.arn], provider)
  })
  return { SAMLProviderArn: provider.arn, Tags: provider.tags.length > 0 ? provider.tags : undefined }
}

/** The document must be XML by its look: certificates and endpoints in it are not read. */
function checkMetadata(document: string): void {
  if (!document.trimStart().startsWith('<')) throw invalidInput('Could not parse metadata')
}

async function providerOf(read: Read, account: AccountId, arn: string): Promise<SamlProviderRecord> {
  const found = await samlProviders.get(read, ownerOf(account), arn)
  if (found === undefined) throw noSuchSamlProvider(arn)
  return found
}

const change = (
  state: IamState,
  call: Call,
  arn: string,
  make: (old: SamlProviderRecord) => SamlProviderRecord,
): Promise<void> =>
  state.store.tx(async (tx) => {
    samlProviders.put(tx, ownerOf(call.account), [arn], make(await providerOf(tx, call.account, arn)))
  })

export const getSAMLProvider: Operation<Iam['GetSAMLProvider'], IamState> = async (input, state, call) => {
  const provider = await providerOf(state.store.read, call.account, input.SAMLProviderArn)
  return {
    SAMLProviderUUID: provider.uuid,
    SAMLMetadataDocument: provider.metadata,
    CreateDate: provider.createdAt,
    ValidUntil: provider.validUntil,
    Tags: provider.tags.length > 0 ? provider.tags : undefined,
  }
}

export const listSAMLProviders: Operation<Iam['ListSAMLProviders'], IamState> = async (
  _input,
  state,
  call,
) => {
  const all = await allOf(state.store.read, samlProviders, call.account, PROVIDERS_MAX)
  const list = all.map((one) => ({ Arn: one.arn, ValidUntil: one.validUntil, CreateDate: one.createdAt }))
  return { SAMLProviderList: list }
}

export const updateSAMLProvider: Operation<Iam['UpdateSAMLProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  const metadata = input.SAMLMetadataDocument
  if (metadata !== undefined) checkMetadata(metadata)
  const validUntil = later(wholeSeconds(state.clock.now()), VALID)
  await change(state, call, input.SAMLProviderArn, (old) => ({
    ...old,
    metadata: metadata ?? old.metadata,
    validUntil,
  }))
  return { SAMLProviderArn: input.SAMLProviderArn }
}

export const deleteSAMLProvider: Operation<Iam['DeleteSAMLProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const provider = await providerOf(tx, call.account, input.SAMLProviderArn)
    samlProviders.delete(tx, ownerOf(call.account), provider.arn)
  })
  return {}
}

export const tagSAMLProvider: Operation<Iam['TagSAMLProvider'], IamState> = async (input, state, call) => {
  await change(state, call, input.SAMLProviderArn, (old) => ({
    ...old,
    tags: withTags(old.tags, input.Tags, QUOTA),
  }))
  return {}
}

export const untagSAMLProvider: Operation<Iam['UntagSAMLProvider'], IamState> = async (
  input,
  state,
  call,
) => {
  await change(state, call, input.SAMLProviderArn, (old) => ({
    ...old,
    tags: withoutTags(old.tags, input.TagKeys),
  }))
  return {}
}

export const listSAMLProviderTags: Operation<Iam['ListSAMLProviderTags'], IamState> = async (
  input,
  state,
  call,
) => {
  const provider = await providerOf(state.store.read, call.account, input.SAMLProviderArn)
  const { items, ...page } = pageFor(provider.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}
