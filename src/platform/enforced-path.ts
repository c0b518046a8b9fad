/**
 * The request path while IAM is enforced: the same list with the steps that verify signatures and ask policies. Without the
 * option this list is not walked, so nobody else pays for it.
 */
import { Fault } from '#base/fault.ts'
import type { AccountId } from '#base/ids.ts'
import { sha256 } from '#engines/sigv4/sigv4.ts'
import { dataPlaneAddress, trafficAddress } from '#platform/data-plane.ts'
import type { Context, Step } from '#platform/request-path.ts'
import type { HttpRequest } from '#ports/http.ts'
import { bodyOf } from '#wire/bodies.ts'
import { isAwsChunked } from '#wire/chunked.ts'

/** Longer bodies are S3's, which compares the hash they claim itself. */
const HASHED_MAX = 128 * 1_024 * 1_024
const HASHED_S3_MAX = 1_024 * 1_024

/** The steps of the usual list beside which something is added, or whose place something takes. */
export interface Places {
  readonly dataPlane: Step
  readonly bucketHosts: Step
  readonly posted: Step
  readonly credentials: Step
  readonly operate: Step
}

export const enforcedPath = (path: readonly Step[], places: Places): readonly Step[] =>
  path.flatMap((step) => {
    if (step === places.dataPlane) return [traffic, step]
    if (step === places.bucketHosts) return [remember, step]
    if (step === places.posted) return [authenticate, unverifiable]
    if (step === places.credentials) return []
    return step === places.operate ? [permit, step] : [step]
  })

/** A user's traffic that is signed: its body is read here, for an API with IAM authorisation will ask. */
const traffic: Step = async (context) => {
  const { request, parts } = context
  if (!isMaybeSigned(request)) return
  if ((await trafficAddress(request, parts.dataPlanes)) === undefined) return
  context.original = request
  const bytes = await request.body.collect(HASHED_MAX)
  if (bytes === 'too-large') return
  context.bodyHash = sha256(bytes)
  context.request = withBody(request, bytes)
}

const isMaybeSigned = ({ headers, query }: HttpRequest): boolean =>
  headers['authorization']?.startsWith('AWS4-') === true || query.includes('X-Amz-Signature=')

/** Fault unless the key signed what came. Policies of identities are not asked about users' own APIs. */
export async function verifyTraffic(
  context: Context,
  accessKeyId: string,
  account: AccountId,
): Promise<void> {
  const { parts, original, bodyHash } = context
  if (parts.enforcement === undefined || original === undefined) return
  const service = dataPlaneAddress(original)?.kind === 'lambda-url' ? 'lambda' : 'execute-api'
  const protocol = 'restJson1'
  await parts.enforcement.authenticate({
    request: original,
    bodyHash,
    service,
    signingName: service,
    protocol,
    account,
    accessKeyId,
  })
}

/** Hosts and forms are read after this, and the signature is over what came. */
const remember: Step = (context) => {
  context.original = context.request
}

/** Requests are not plain objects: what is behind an accessor is taken over by name. */
function withBody(request: HttpRequest, bytes: Uint8Array): HttpRequest {
  const { method, path, query, headers, rawHeaders, host, hostPort, remote } = request
  return { method, path, query, headers, rawHeaders, host, hostPort, remote, body: bodyOf(bytes) }
}

/** The body where its hash is signed and it is no upload; handed on as it was read. */
async function signedBody(context: Context, service: string): Promise<Uint8Array | undefined> {
  const { original } = context
  const { length = 0 } = original?.body ?? {}
  const isShort = length > 0 && length <= HASHED_S3_MAX && !isAwsChunked(context.request.headers)
  if (service === 's3' && !isShort) return undefined
  const bytes = await context.request.body.collect(HASHED_MAX)
  if (bytes === 'too-large') return undefined
  context.request = withBody(context.request, bytes)
  return bytes
}

/** Who signed. */
const authenticate: Step = async (context) => {
  const { found, original, parts, account } = context
  if (found === undefined || original === undefined || parts.enforcement === undefined) return
  const { service, protocol } = found
  const bytes = await signedBody(context, service)
  context.signer = await parts.enforcement.authenticate({
    request: original,
    bodyHash: bytes === undefined ? undefined : sha256(bytes),
    service,
    signingName: parts.wires.of(service).model.table.signing,
    protocol,
    account,
    accessKeyId: found.scope?.accessKeyId,
  })
}

/** What a page posts is signed in the form itself, which nobody verifies here. */
const unverifiable: Step = ({ found, parts, request }) => {
  if (found?.service !== 's3' || request.method !== 'POST' || parts.postedForm(request) === undefined) return
  throw new Fault(
    'NotImplemented',
    'Posted forms are not verified here: none is taken while IAM is enforced.',
    {
      status: 501,
      side: 'server',
    },
  )
}

/** Whether the signer may, by the policies of both sides. */
const permit: Step = async ({ found, target, parts, signer: caller, ...context }) => {
  if (found === undefined || target === undefined || caller === undefined) return
  const { input, account, region, request } = context
  const { service, protocol } = found
  const { operation } = target
  await parts.enforcement?.permit({ caller, service, protocol, operation, input, account, region, request })
}
