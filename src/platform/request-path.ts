/**
 * The life of a request, one list read from top to bottom. Each step is a function of one context; a step that has the
 * answer sets it and the rest is skipped. A Fault thrown anywhere becomes the protocol's answer in `respond`. The order
 * is explained at the step that needs it. Nothing outside this list touches a request.
 */
import { Fault } from '#base/fault.ts'
import {
  type AccountId,
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  type Region,
  type RequestId,
  regionOf,
  requestId,
} from '#base/ids.ts'
import { CONTROL_PREFIX, wrong } from '#platform/control.ts'
import {
  DATA_PLANE_NAMES,
  type DataPlaneAddress,
  dataPlaneAddress,
  isOwnHost,
  noSuchUrl,
  trafficAddress,
} from '#platform/data-plane.ts'
import { enforcedPath, verifyTraffic } from '#platform/enforced-path.ts'
import type { Enforcement } from '#platform/enforcement.ts'
import { type GuardRules, guard } from '#platform/guard.ts'
import type { Mounted } from '#platform/mounted.ts'
import { RequestCall } from '#platform/request-call.ts'
import { type OpenSpan, type Tracing, openRequest } from '#platform/tracing.ts'
import type { DataPlane } from '#ports/data-plane.ts'
import type { Caller as Client, HttpRequest, HttpResponse } from '#ports/http.ts'
import type { Log } from '#ports/log.ts'
import type { Call } from '#ports/service.ts'
import type { Outcome } from '#ports/spans.ts'
import type { Caller } from '#services/iam/index.ts'
import { TEMPORARY, accountOfKeyId } from '#services/sts/access-key.ts'
import { type FormAction, mayHaveAction, withForm } from '#wire/forms.ts'
import { bucketOfHost, bucketOfLocalHost, withBucket } from '#wire/hosts.ts'
import type { Identified, Input, Target, Wires } from '#wire/wire.ts'

export type Found = Identified & { kind: 'service' }

export interface PathParts {
  readonly tracing: Tracing
  readonly log: Log
  readonly rules: GuardRules
  readonly wires: Wires
  readonly services: ReadonlyMap<string, Mounted>
  readonly dataPlanes: readonly DataPlane[]
  /** `/_windtunnel/`; peers inside environments are refused there. */
  control(request: HttpRequest): Promise<HttpResponse>
  /** Answers that no operation of the model gives, such as a bucket's CORS preflight; and headers for those it gives. */
  crossOrigin(request: HttpRequest): Promise<CrossOrigin | undefined>
  /** An upload from a page's form, which no operation of the model takes; undefined when the request is none. */
  postedForm(request: HttpRequest): PostedForm | undefined
  /** Fault ExpiredToken for temporary credentials whose time is over. */
  checkCredentials(
    keyId: string,
    account: AccountId,
  ): Promise<{ readonly arn: string; readonly userId: string }>
  /** Signatures and policies, while IAM is enforced. */
  readonly enforcement: Enforcement | undefined
  /** What services give out to anybody, such as the certificate that a topic's signatures are checked with. */
  document(path: string): Promise<HttpResponse | undefined>
}

export type PostedForm = (call: Call) => Promise<HttpResponse>

export interface CrossOrigin {
  /** The whole answer of a preflight. */
  readonly preflight?: HttpResponse | undefined
  /** To be added to the answer. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What the steps know of one request; it grows on the way down. */
export interface Context {
  readonly parts: PathParts
  request: HttpRequest
  readonly caller: Client
  readonly requestId: RequestId
  readonly span: OpenSpan
  /** Real ms, monotonic. */
  readonly acceptedAt: number
  form: FormAction | undefined
  found: Found | undefined
  account: AccountId
  region: Region
  target: Target | undefined
  input: Input
  response: HttpResponse | undefined
  extraHeaders: CrossOrigin['headers']
  /** The request as it came, what its body hashes to, and who signed it: known while IAM is enforced. */
  original?: HttpRequest
  bodyHash?: string
  signer?: Caller
}

export type Step = (context: Context) => void | Promise<void>

/** Most requests pass a step by: they pay no promise for it. */
const when = (isConcerned: (context: Context) => boolean, step: Step): Step => {
  return (context) => (isConcerned(context) ? step(context) : undefined)
}

/** Own pages first: any later, and S3 would look for a bucket of that name. */
const ownPages = when(
  ({ request }) => request.path.startsWith(CONTROL_PREFIX),
  async (context) => void (context.response = await context.parts.control(context.request)),
)

/** Below it are the keys of tokens that STS gives out for others. */
const ISSUERS = '/_aws/sts/'

/** Documents have reserved names at the root: as with own pages, S3 would look for a bucket. */
const documents = when(
  ({ request }) =>
    request.method === 'GET' && (request.path.endsWith('.pem') || request.path.startsWith(ISSUERS)),
  async (context) => void (context.response = await context.parts.document(context.request.path)),
)

/** A user's traffic leaves the list here, before any signature is read: an API with IAM authorisation is signed too. */
const dataPlane: Step = (context) => {
  const address = dataPlaneAddress(context.request)
  if (address !== undefined) return atDataPlane(context, address)
  return isOwnHost(context.request) ? undefined : atCustomDomain(context)
}

async function atCustomDomain(context: Context): Promise<void> {
  const address = await trafficAddress(context.request, context.parts.dataPlanes)
  if (address !== undefined) await atDataPlane(context, address)
}

async function atDataPlane(context: Context, address: DataPlaneAddress): Promise<void> {
  for (const plane of context.parts.dataPlanes) {
    if ((plane.kind ?? 'execute-api') !== address.kind) continue
    const owner = await plane.owner(address.id)
    if (owner === undefined) continue
    const [service, operation] = DATA_PLANE_NAMES[address.kind]
    context.span.name(service, operation, owner)
    const { request, requestId: id, span, acceptedAt, caller, parts } = context
    const { signal } = caller
    context.response = await plane.handle({
      ...address,
      request,
      requestId: id,
      span,
      acceptedAt,
      signal,
      identityOf: async (keyId) => {
        const account = accountOfKeyId(keyId) ?? DEFAULT_ACCOUNT
        await verifyTraffic(context, keyId, account)
        return { account, ...(await parts.checkCredentials(keyId, account)) }
      },
    })
    return
  }
  if (address.kind === 'lambda-url') {
    context.response = noSuchUrl(context.requestId)
    return
  }
  const body = JSON.stringify({ message: 'Forbidden' })
  context.response = {
    status: 403,
    headers: [
      ['Content-Type', 'application/json'],
      ['x-amzn-ErrorType', 'ForbiddenException'],
    ],
    body,
  }
}

/** Virtual-hosted buckets become path style, so that one router knows both. */
const bucketHosts: Step = (context) => {
  const found = bucketOfHost(context.request.host)
  if (found !== undefined) context.request = withBucket(context.request, found.bucket)
}

/** Forms are read before the service is known, because the action in them may be all that names it. */
const forms = when(
  ({ request }) => mayHaveAction(request),
  async (context) => {
    const { request, form } = await withForm(context.request)
    context.request = request
    context.form = form
  },
)

/** Which service, which protocol. */
const identify: Step = (context) => {
  const identified = context.parts.wires.identify(context.request, context.form)
  const { scope } = identified
  context.account = accountOfKeyId(scope?.accessKeyId ?? '') ?? DEFAULT_ACCOUNT
  context.region = regionOf(scope?.region ?? '') ?? DEFAULT_REGION
  if (identified.kind === 'service') context.found = identified
  else context.response = context.parts.wires.encodeUnknown(identified, answering(context))
}

/** SDKs put the bucket before whatever host they are given; only what is known to be S3's may be read so. */
const localBuckets: Step = (context) => {
  const bucket = context.found?.service === 's3' ? bucketOfLocalHost(context.request.host) : undefined
  if (bucket !== undefined) context.request = withBucket(context.request, bucket)
}

/** A browser asks before it sends: no operation of the model answers OPTIONS, and refused answers need the headers too. */
const crossOrigin = when(
  ({ request, found }) => request.headers['origin'] !== undefined && found?.service === 's3',
  async (context) => {
    const answer = await context.parts.crossOrigin(context.request)
    context.extraHeaders = answer?.headers ?? []
    context.response = answer?.preflight
  },
)

/** A form that a page posts to a bucket is in no model either; it is answered like an operation, faults and all. */
const posted: Step = (context) => {
  const { found, parts, request } = context
  if (found?.service !== 's3' || request.method !== 'POST') return undefined
  const form = parts.postedForm(request)
  return form === undefined ? undefined : postedTo(context, found, form)
}

async function postedTo(context: Context, found: Found, form: PostedForm): Promise<void> {
  const { span, account, region } = context
  span.name(found.service, 'PostObject', { account, region })
  const response = await form(new RequestCall(context, found))
  context.response = { ...response, headers: [...response.headers, ['x-amz-request-id', context.requestId]] }
}

/** Which operation. Unwritten ones are refused before their input is read: the model alone must not look like support. */
const recognise: Step = (context) => {
  const { found, parts, request } = context
  if (found === undefined) return
  const wire = parts.wires.of(found.service)
  const target = wire.recognise(request, found)
  context.span.name(found.service, target.operation, { account: context.account, region: context.region })
  if (parts.services.get(found.service)?.written.has(target.operation) !== true)
    throw wire.notImplemented(target.operation)
  context.target = target
}

/** A presigned address is good until its time, by the wall clock or the virtual one, whichever is earlier. */
const expiry: Step = ({ found, parts }) => {
  const scope = found?.scope
  if (scope?.presigned !== true || scope.expiresAt === undefined) return
  const { clock } = parts.tracing
  if (Math.min(clock.now(), clock.wall()) > scope.expiresAt)
    throw new Fault('AccessDenied', 'Request has expired', { status: 403 })
}

/** Temporary credentials end; all other keys are taken as they are. */
const credentials = when(
  ({ found }) => found?.scope?.accessKeyId?.startsWith(TEMPORARY) === true,
  async ({ found, parts, account }) =>
    void (await parts.checkCredentials(found?.scope?.accessKeyId ?? '', account)),
)

/** By the model: labels, query, headers, body. Raw streaming bodies stay unread. */
const decode: Step = async (context) => {
  const { found, target, parts, request } = context
  if (found !== undefined && target !== undefined)
    context.input = await parts.wires.of(found.service).decode(target, request)
}

/** Constraints by the model, in AWS's texts. */
const validate: Step = ({ found, target, parts, input }) => {
  const fault =
    found === undefined || target === undefined
      ? undefined
      : parts.wires.of(found.service).validate(target.operation, input)
  if (fault !== undefined) throw fault
}

/** The service's own code, and its answer in the protocol of the request. */
const operate: Step = async (context) => {
  const { found, target, parts } = context
  const service = found === undefined ? undefined : parts.services.get(found.service)
  if (found === undefined || target === undefined || service === undefined) return
  const output = await service.run(target.operation, context.input, new RequestCall(context, found))
  context.response = parts.wires.of(found.service).encode(target, output, answering(context))
}

export const REQUEST_PATH: readonly Step[] = [
  ownPages,
  dataPlane,
  documents,
  bucketHosts,
  forms,
  identify,
  localBuckets,
  crossOrigin,
  posted,
  recognise,
  expiry,
  credentials,
  decode,
  validate,
  operate,
]

const ENFORCED_PATH = enforcedPath(REQUEST_PATH, { dataPlane, bucketHosts, posted, credentials, operate })

function answering(context: Context): { requestId: string; method: string; headers: HttpRequest['headers'] } {
  return { requestId: context.requestId, method: context.request.method, headers: context.request.headers }
}

/** The way of every request: the guard before anything is opened, the list, then one answer and one closed span. */
export async function serve(parts: PathParts, request: HttpRequest, caller: Client): Promise<HttpResponse> {
  const verdict = guard(request, parts.rules)
  if (verdict.kind === 'refused') return wrong(403, verdict.why, verdict.remedy)
  const { tracing } = parts
  const span = openRequest(tracing, request.headers['x-amzn-trace-id'], {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
  })
  const context: Context = {
    parts,
    request,
    caller,
    requestId: requestId(tracing.random),
    span,
    acceptedAt: tracing.clock.elapsed(),
    form: undefined,
    found: undefined,
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    target: undefined,
    input: {},
    response: undefined,
    extraHeaders: [],
  }
  const response = await walked(context)
  const isOwnPage = request.path.startsWith(CONTROL_PREFIX)
  if (!isOwnPage) close(context, response)
  return context.extraHeaders.length === 0
    ? response
    : { ...response, headers: [...response.headers, ...context.extraHeaders] }
}

async function walked(context: Context): Promise<HttpResponse> {
  try {
    for (const step of context.parts.enforcement === undefined ? REQUEST_PATH : ENFORCED_PATH) {
      const pending = step(context)
      if (pending !== undefined) await pending
      if (context.response !== undefined) return context.response
    }
    throw new Error('no step of the request path answered')
  } catch (error) {
    return refusal(context, error)
  }
}

/** The one place where a Fault becomes an answer. Anything else is our defect: it is logged, and the caller told so. */
function refusal(context: Context, error: unknown): HttpResponse {
  const { found, parts } = context
  if (!(error instanceof Fault)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (!context.caller.gone)
      parts.log.error('request.defect', {
        requestId: context.requestId,
        operation: context.target?.operation,
        error: text,
      })
  }
  const fault = error instanceof Fault ? error : internalFailure()
  if (found === undefined) return wrong(fault.status ?? 500, fault.message, 'See the log of the platform.')
  return parts.wires
    .of(found.service)
    .encodeFault(context.target?.protocol ?? found.protocol, fault, answering(context))
}

function internalFailure(): Fault {
  return new Fault(
    'InternalFailure',
    'The request processing has failed because of an unknown error, exception or failure.',
    { status: 500, side: 'server' },
  )
}

function close({ span, request }: Context, response: HttpResponse): void {
  const { body, status } = response
  const bytesOut = typeof body === 'string' || body instanceof Uint8Array ? body.length : 0
  span.end(outcomeOf(status), { status, bytesIn: request.body.length ?? 0, bytesOut })
}

/** Source: X-Ray developer guide: error is 4xx, throttle 429, fault 5xx. */
function outcomeOf(status: number): Outcome {
  if (status === 429) return 'throttle'
  if (status >= 500) return 'fault'
  return status >= 400 ? 'error' : 'ok'
}
