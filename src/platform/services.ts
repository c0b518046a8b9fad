/**
 * The services of the platform, one function each. A new service is a function here; what it needs of the others it
 * gets through `api` and `targets`.
 */
import type { AccountId } from '#base/ids.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import type { Api } from '#ports/api.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Outbound } from '#ports/outbound.ts'
import type { LogEvents } from '#ports/log-events.ts'
import type { Random } from '#ports/random.ts'
import type { Sandboxes } from '#ports/sandboxes.ts'
import type { Spans, Tracer } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import type { PlatformSettings } from '#platform/config.ts'
import type { ControlParts, ProfileRequest } from '#platform/control.ts'
import { type Enforcement, enforcementOf } from '#platform/enforcement.ts'
import { type Wired, mount } from '#platform/mounted.ts'
import type { CrossOrigin, PostedForm } from '#platform/request-path.ts'
import { apigateway, createApiGateway, restDataPlane } from '#services/apigateway/index.ts'
import {
  apigatewayv2,
  createApiGatewayV2,
  httpDataPlane,
  stopApiGatewayV2,
} from '#services/apigatewayv2/index.ts'
import {
  cloudformation,
  createCloudFormation,
  responses,
  resetCloudFormation,
  resumeCloudFormation,
  stopCloudFormation,
} from '#services/cloudformation/index.ts'
import {
  codedeploy,
  createCodeDeploy,
  resetCodeDeploy,
  resumeCodeDeploy,
  stopCodeDeploy,
} from '#services/codedeploy/index.ts'
import { createEcr, ecr } from '#services/ecr/index.ts'
import {
  acceptEvents,
  createEvents,
  events,
  readyEvents,
  resetEvents,
  startEvents,
  stopEvents,
} from '#services/events/index.ts'
import { createIam, iam } from '#services/iam/index.ts'
import {
  DEFAULT_SETTINGS,
  type LambdaSettings,
  type LambdaState,
  acceptLambda,
  createLambda,
  endLambdaEnvironments,
  lambda,
  lambdaEnvironments,
  lambdaNotices,
  profileLambdaStart,
  resetLambda,
  resumeLambda,
  stopLambda,
  sweepLambda,
  urlDataPlane,
} from '#services/lambda/index.ts'
import { createLogs, logs, resetLogs } from '#services/logs/index.ts'
import {
  type S3State,
  bucketOfPost,
  corsAnswer,
  createS3,
  postObject,
  readyS3,
  resetS3,
  s3,
  startS3,
  stopS3,
} from '#services/s3/index.ts'
import {
  type SnsState,
  acceptSns,
  createSns,
  readySns,
  resetSns,
  signingCertificate,
  sns,
  startSns,
  stopSns,
} from '#services/sns/index.ts'
import { acceptSqs, createSqs, loadSqs, resetSqs, sqs, stopSqs } from '#services/sqs/index.ts'
import { createSsm, ssm } from '#services/ssm/index.ts'
import { type Identity, createSts, identityOf, issuerDocument, sts } from '#services/sts/index.ts'

/** Everything a service may ask for. */
export interface ServicePorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** Bodies of one service, apart from the others'. */
  blobs(service: string): Blobs
  readonly sandboxes: Sandboxes
  readonly spans: Spans
  readonly tracer: Tracer
  readonly outbound: Outbound
  readonly usage: Usage
  readonly log: Log
  readonly logEvents: LogEvents
  readonly api: Api
  readonly targets: Targets
  readonly settings: PlatformSettings
  endpoint(): string
  /** Generated tables by name, such as a resource type's. */
  table(name: string): unknown
}

export interface WiredServices {
  readonly all: readonly Wired[]
  environments(): unknown
  endEnvironments: ControlParts['endEnvironments']
  profile(request: ProfileRequest): Promise<unknown>
  /** What reports must say of this platform. */
  notices(): readonly string[]
  crossOrigin(request: HttpRequest): Promise<CrossOrigin | undefined>
  postedForm(request: HttpRequest): PostedForm | undefined
  /** Fault ExpiredToken for temporary credentials whose time is over. */
  checkCredentials(accessKeyId: string, account: AccountId): Promise<Identity>
  /** Signatures and policies; undefined unless IAM is enforced. */
  readonly enforcement: Enforcement | undefined
  /** A document that a service gives out without a signature. */
  document(path: string): Promise<HttpResponse | undefined>
}

export function wireServices(ports: ServicePorts): WiredServices {
  const functions = createLambda({
    ...ports,
    blobs: ports.blobs('lambda'),
    settings: lambdaSettings(ports.settings),
  })
  const buckets = createS3({ ...ports, blobs: ports.blobs('s3') })
  const topics = createSns(ports)
  const sessions = createSts(ports)
  const identities = createIam(ports)
  return {
    // Stopped and emptied in the opposite order: who calls before who is called.
    all: [
      wiredLogs(ports),
      wiredSqs(ports),
      wiredS3(buckets, ports.blobs('s3')),
      wiredSns(topics),
      wiredEvents(ports),
      wiredLambda(functions),
      { service: mount(sts, sessions) },
      { service: mount(iam, identities) },
      { service: mount(ssm, createSsm(ports)) },
      { service: mount(ecr, createEcr(ports)) },
      ...wiredGateways(ports),
      wiredCodeDeploy(ports),
      wiredCloudFormation(ports),
    ],
    enforcement: ports.settings.enforceIam
      ? enforcementOf({ iam: identities, sts: sessions, clock: ports.clock })
      : undefined,
    environments: () => lambdaEnvironments(functions),
    endEnvironments: (how, what) => endLambdaEnvironments(functions, how, what),
    profile: ({ functionName, watch, account, region }) =>
      profileLambdaStart(functions, { account, region }, functionName, watch),
    notices: () => lambdaNotices(functions),
    postedForm: (request) => {
      const bucket = bucketOfPost(request)
      return bucket === undefined ? undefined : (call) => postObject(buckets, bucket, request, call)
    },
    crossOrigin: (request) => bucketCrossOrigin(buckets, request),
    checkCredentials: (accessKeyId, account) => identityOf(sessions, { accessKeyId, account }),
    document: async (path) => {
      const issuer = await issuerDocument(sessions, path)
      if (issuer !== undefined)
        return { status: 200, headers: [['Content-Type', 'application/json']], body: issuer }
      const certificate = await signingCertificate(topics, path)
      return certificate === undefined
        ? undefined
        : { status: 200, headers: [['Content-Type', 'application/x-pem-file']], body: certificate }
    },
  }
}

const wiredLambda = (state: LambdaState): Wired => ({
  service: mount(lambda, state),
  accept: acceptLambda(state),
  dataPlane: urlDataPlane(state),
  start: async () => void (await sweepLambda(state)),
  ready: async () => await resumeLambda(state),
  reset: async () => await resetLambda(state),
  stop: async () => await stopLambda(state),
})

function wiredLogs(ports: ServicePorts): Wired {
  const state = createLogs(ports)
  return { service: mount(logs, state), reset: async () => resetLogs(state) }
}

const wiredS3 = (state: S3State, blobs: Blobs): Wired => ({
  service: mount(s3, state),
  start: async () => await startS3(state, blobs.ids()),
  ready: async () => readyS3(state),
  reset: async () => resetS3(state),
  stop: async () => await stopS3(state),
})

const wiredSns = (state: SnsState): Wired => ({
  service: mount(sns, state),
  accept: acceptSns(state),
  start: async () => await startSns(state),
  ready: async () => readySns(state),
  reset: async () => resetSns(state),
  stop: async () => await stopSns(state),
})

function wiredEvents(ports: ServicePorts): Wired {
  const state = createEvents(ports)
  return {
    service: mount(events, state),
    accept: acceptEvents(state),
    start: async () => await startEvents(state),
    ready: async () => readyEvents(state),
    reset: async () => resetEvents(state),
    stop: async () => await stopEvents(state),
  }
}

function wiredSqs(ports: ServicePorts): Wired {
  const state = createSqs(ports)
  return {
    service: mount(sqs, state),
    accept: acceptSqs(state),
    start: async () => void (await loadSqs(state)),
    reset: async () => resetSqs(state),
    stop: async () => await stopSqs(state),
  }
}

function wiredGateways(ports: ServicePorts): Wired[] {
  const rest = createApiGateway(ports)
  const http = createApiGatewayV2(ports)
  return [
    { service: mount(apigateway, rest), dataPlane: restDataPlane(rest), reset: async () => rest.forget() },
    {
      service: mount(apigatewayv2, http),
      dataPlane: httpDataPlane(http),
      reset: async () => http.forget(),
      stop: async () => await stopApiGatewayV2(http),
    },
  ]
}

function wiredCodeDeploy(ports: ServicePorts): Wired {
  const state = createCodeDeploy(ports)
  return {
    service: mount(codedeploy, state),
    ready: async () => await resumeCodeDeploy(state),
    reset: async () => await resetCodeDeploy(state),
    stop: async () => await stopCodeDeploy(state),
  }
}

function wiredCloudFormation(ports: ServicePorts): Wired {
  const state = createCloudFormation(ports)
  return {
    service: mount(cloudformation, state),
    dataPlane: responses(state),
    ready: async () => await resumeCloudFormation(state),
    reset: async () => await resetCloudFormation(state),
    stop: async () => await stopCloudFormation(state),
  }
}

async function bucketCrossOrigin(state: S3State, request: HttpRequest): Promise<CrossOrigin | undefined> {
  const bucket = decodeURIComponent(request.path.split('/')[1] ?? '')
  const answer = await corsAnswer(state, bucket, request)
  if (answer.kind === 'none') return undefined
  if (answer.kind === 'allowed') {
    const preflight = request.method === 'OPTIONS' ? { status: 200, headers: answer.headers } : undefined
    return { preflight, headers: preflight === undefined ? answer.headers : [] }
  }
  if (request.method === 'OPTIONS') throw answer.fault
  return undefined
}

function lambdaSettings(settings: PlatformSettings): LambdaSettings {
  const { accountConcurrency, environmentIdleMs, environmentAgeMs } = settings
  return { ...DEFAULT_SETTINGS, accountConcurrency, idleMs: environmentIdleMs, ageMs: environmentAgeMs }
}
