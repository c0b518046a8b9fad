/** Server certificates, users' signing certificates and public SSH keys: kept and given back. Nothing here serves with them. */
import { X509Certificate } from 'node:crypto'
import { type AccountId, prefixedId, upperId } from '#base/ids.ts'
import { type Instant, fromUtc } from '#base/time.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { userMeant } from '#services/iam/callers.ts'
import { allOf, pageFor, pathOf, wholeSeconds, withoutTags, withTags } from '#services/iam/entities.ts'
import { malformedCertificate, nameTaken, noSuchId, notFound, quotaExceeded } from '#services/iam/faults.ts'
import { LISTED_MAX, SERVER_CERTIFICATES_MAX, SIGNING_CERTIFICATES_MAX } from '#services/iam/limits.ts'
import {
  type IamState,
  type ServerCertificateRecord,
  type UserDocumentRecord,
  nameKey,
  ownerOf,
  serverCertificates,
  signingCertificates,
} from '#services/iam/records.ts'

const NOUN = 'Server Certificate'
const QUOTA = 'TagsPerServerCertificate'

/** Fault MalformedCertificate. */
function certificateOf(body: string): X509Certificate {
  try {
    return new X509Certificate(body)
  } catch {
    throw malformedCertificate(`Certificate ${body} is malformed`)
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Nov 25 03:04:05 2026 GMT`, as certificates print their times. */
function certificateTime(text: string): Instant | undefined {
  const m = /^(\w{3})\s+(\d+) (\d\d):(\d\d):(\d\d) (\d{4}) GMT$/.exec(text)
  if (m === null) return undefined
  const month = MONTHS.indexOf(m[1] ?? '') + 1
  const [day, hour, minute, second, year] = m.slice(2).map(Number)
  return fromUtc({
    year: year ?? 0,
    month,
    day: day ?? 1,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
  })
}

type Metadata = Iam['GetServerCertificate']['out']['ServerCertificate']['ServerCertificateMetadata']

const metadataView = (one: ServerCertificateRecord): Metadata => ({
  Path: one.path,
  ServerCertificateName: one.name,
  ServerCertificateId: one.id,
  Arn: one.arn,
  UploadDate: one.uploadedAt,
  Expiration: one.expiresAt,
})

/** Faults MalformedCertificate, EntityAlreadyExists, LimitExceeded. The private key is not kept. Source: IAM API, UploadServerCertificate. */
export const uploadServerCertificate: Operation<Iam['UploadServerCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  const path = pathOf(input.Path)
  const certificate = certificateOf(input.CertificateBody)
  const record: ServerCertificateRecord = {
    name: input.ServerCertificateName,
    path,
    id: prefixedId(state.random, 'ASCA'),
    arn: `arn:aws:iam::${call.account}:server-certificate${path}${input.ServerCertificateName}`,
    uploadedAt: wholeSeconds(state.clock.now()),
    expiresAt: certificateTime(certificate.validTo),
    body: input.CertificateBody,
    chain: input.CertificateChain,
    tags: withTags([], input.Tags ?? [], QUOTA),
  }
  await state.store.tx(async (tx) => {
    const all = await allOf(tx, serverCertificates, call.account, LISTED_MAX)
    if (all.some(({ name }) => nameKey(name) === nameKey(record.name))) throw nameTaken(NOUN, record.name)
    if (all.length >= SERVER_CERTIFICATES_MAX)
      throw quotaExceeded('ServerCertificatesPerAccount', SERVER_CERTIFICATES_MAX)
    serverCertificates.put(tx, ownerOf(call.account), [nameKey(record.name)], record)
  })
  return {
    ServerCertificateMetadata: metadataView(record),
    Tags: record.tags.length > 0 ? record.tags : undefined,
  }
}

async function serverOf(read: Read, account: AccountId, name: string): Promise<ServerCertificateRecord> {
  const found = await serverCertificates.get(read, ownerOf(account), nameKey(name))
  if (found === undefined) throw notFound(NOUN, name)
  return found
}

export const getServerCertificate: Operation<Iam['GetServerCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  const one = await serverOf(state.store.read, call.account, input.ServerCertificateName)
  return {
    ServerCertificate: {
      ServerCertificateMetadata: metadataView(one),
      CertificateBody: one.body,
      CertificateChain: one.chain,
      Tags: one.tags.length > 0 ? one.tags : undefined,
    },
  }
}

export const listServerCertificates: Operation<Iam['ListServerCertificates'], IamState> = async (
  input,
  state,
  call,
) => {
  const all = await allOf(state.store.read, serverCertificates, call.account, LISTED_MAX)
  const under = all.filter((one) => one.path.startsWith(input.PathPrefix ?? '/'))
  const { items, ...page } = pageFor(under, input, (one) => one.name)
  return { ServerCertificateMetadataList: items.map(metadataView), ...page }
}

export const updateServerCertificate: Operation<Iam['UpdateServerCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    const old = await serverOf(tx, call.account, input.ServerCertificateName)
    const name = input.NewServerCertificateName ?? old.name
    const path = input.NewPath === undefined ? old.path : pathOf(input.NewPath)
    const taken = await serverCertificates.get(tx, owner, nameKey(name))
    if (taken !== undefined && taken.id !== old.id) throw nameTaken(NOUN, name)
    serverCertificates.delete(tx, owner, nameKey(old.name))
    const arn = `arn:aws:iam::${call.account}:server-certificate${path}${name}`
    serverCertificates.put(tx, owner, [nameKey(name)], { ...old, name, path, arn })
  })
  return {}
}

export const deleteServerCertificate: Operation<Iam['DeleteServerCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  await state.store.tx(async (tx) => {
    const one = await serverOf(tx, call.account, input.ServerCertificateName)
    serverCertificates.delete(tx, ownerOf(call.account), nameKey(one.name))
  })
  return {}
}

async function retag(
  state: IamState,
  account: AccountId,
  name: string,
  tags: (old: ServerCertificateRecord['tags']) => ServerCertificateRecord['tags'],
): Promise<Record<string, never>> {
  await state.store.tx(async (tx) => {
    const one = await serverOf(tx, account, name)
    serverCertificates.put(tx, ownerOf(account), [nameKey(name)], { ...one, tags: tags(one.tags) })
  })
  return {}
}

export const tagServerCertificate: Operation<Iam['TagServerCertificate'], IamState> = (input, state, call) =>
  retag(state, call.account, input.ServerCertificateName, (old) => withTags(old, input.Tags, QUOTA))

export const untagServerCertificate: Operation<Iam['UntagServerCertificate'], IamState> = (
  input,
  state,
  call,
) => retag(state, call.account, input.ServerCertificateName, (old) => withoutTags(old, input.TagKeys))

export const listServerCertificateTags: Operation<Iam['ListServerCertificateTags'], IamState> = async (
  input,
  state,
  call,
) => {
  const one = await serverOf(state.store.read, call.account, input.ServerCertificateName)
  const { items, ...page } = pageFor(one.tags, input, (tag) => tag.Key)
  return { Tags: items, ...page }
}

type SigningView = Iam['UploadSigningCertificate']['out']['Certificate']

const signingView = (one: UserDocumentRecord): SigningView => ({
  UserName: one.user,
  CertificateId: one.id,
  CertificateBody: one.body,
  Status: one.status,
  UploadDate: one.uploadedAt,
})

async function signingOf(read: Read, account: AccountId, user: string): Promise<UserDocumentRecord[]> {
  const all = await allOf(read, signingCertificates, account, LISTED_MAX)
  return all.filter((one) => one.user === user)
}

/** Faults MalformedCertificate, LimitExceeded. Source: IAM API, UploadSigningCertificate. */
export const uploadSigningCertificate: Operation<Iam['UploadSigningCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  certificateOf(input.CertificateBody)
  const record: UserDocumentRecord = {
    id: upperId(state.random, 24),
    user: user.name,
    body: input.CertificateBody,
    status: 'Active',
    uploadedAt: wholeSeconds(state.clock.now()),
  }
  await state.store.tx(async (tx) => {
    if ((await signingOf(tx, call.account, user.name)).length >= SIGNING_CERTIFICATES_MAX)
      throw quotaExceeded('SigningCertificatesPerUser', SIGNING_CERTIFICATES_MAX)
    signingCertificates.put(tx, ownerOf(call.account), [record.id], record)
  })
  return { Certificate: signingView(record) }
}

export const listSigningCertificates: Operation<Iam['ListSigningCertificates'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  const own = await signingOf(state.store.read, call.account, user.name)
  const { items, ...page } = pageFor(own, input, (one) => one.id)
  return { Certificates: items.map(signingView), ...page }
}

export const updateSigningCertificate: Operation<Iam['UpdateSigningCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  await state.store.tx(async (tx) => {
    const one = await signingCertificates.get(tx, ownerOf(call.account), input.CertificateId)
    if (one?.user !== user.name) throw noSuchId('Certificate', input.CertificateId)
    const status = input.Status === 'Active' ? 'Active' : 'Inactive'
    signingCertificates.put(tx, ownerOf(call.account), [one.id], { ...one, status })
  })
  return {}
}

export const deleteSigningCertificate: Operation<Iam['DeleteSigningCertificate'], IamState> = async (
  input,
  state,
  call,
) => {
  const user = await userMeant(state, call, input.UserName)
  await state.store.tx(async (tx) => {
    const one = await signingCertificates.get(tx, ownerOf(call.account), input.CertificateId)
    if (one?.user !== user.name) throw noSuchId('Certificate', input.CertificateId)
    signingCertificates.delete(tx, ownerOf(call.account), one.id)
  })
  return {}
}
