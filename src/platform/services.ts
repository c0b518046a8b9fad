/**
 * The services of the platform, one function each. A new service is a function here; what it needs of the others it
 * gets through `api` and `targets`.
 */
import type { HttpRequest } from '#ports/http.ts'
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
import { type Wired, mount } from '#platform/mounted.ts'
import type { CrossOrigin } from '#platform/request-path.ts'
import { apigateway, createApiGateway, restDataPlane } from '#services/apigateway/index.ts'
import { apigatewayv2, createApiGatewayV2, httpDataPlane } from '#services/apigatewayv2/index.ts'
import {
  cloudformation,
  createCloudFormation,
  resetCloudFormation,
  resumeCloudFormation,
  stopCloudFormation,
} from '#services/cloudformation/index.ts'
import { createIam, iam } from '#services/iam/index.ts'
import {
  DEFAULT_SETTINGS,
  type LambdaSettings,
  acceptLambda,
  createLambda,
  lambda,
  lambdaEnvironments,
  lambdaNotices,
  resetLambda,
  stopLambda,
  sweepLambda,
} from '#services/lambda/index.ts'
import { createLogs, logs, resetLogs } from '#services/logs/index.ts'
import { corsAnswer, createS3, s3, sweepS3 } from '#services/s3/index.ts'
import { createSts, sts } from '#services/sts/index.ts'

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
  /** What reports must say of this platform. */
  notices(): readonly string[]
  crossOrigin(request: HttpRequest): Promise<CrossOrigin | undefined>
}

export function wireServices(ports: ServicePorts): WiredServices {
  const s3Blobs = ports.blobs('s3')
  const lambdaState = createLambda({
    ...ports,
    blobs: ports.blobs('lambda'),
    settings: lambdaSettings(ports.settings),
  })
  const s3State = createS3({ ...ports, blobs: s3Blobs })
  const rest = createApiGateway(ports)
  const http = createApiGatewayV2(ports)
  const stacks = createCloudFormation(ports)
  const logState = createLogs(ports)
  const all: readonly Wired[] = [
    {
      service: mount(lambda, lambdaState),
      accept: acceptLambda(lambdaState),
      start: async () => void (await sweepLambda(lambdaState)),
      reset: async () => await resetLambda(lambdaState),
      stop: async () => await stopLambda(lambdaState),
    },
    { service: mount(logs, logState), reset: async () => resetLogs(logState) },
    { service: mount(s3, s3State), start: async () => void (await sweepS3(s3State, s3Blobs.ids())) },
    { service: mount(sts, createSts(ports)) },
    { service: mount(iam, createIam(ports)) },
    { service: mount(apigateway, rest), dataPlane: restDataPlane(rest), reset: async () => rest.forget() },
    { service: mount(apigatewayv2, http), dataPlane: httpDataPlane(http), reset: async () => http.forget() },
    {
      service: mount(cloudformation, stacks),
      ready: async () => await resumeCloudFormation(stacks),
      reset: async () => await resetCloudFormation(stacks),
      stop: async () => await stopCloudFormation(stacks),
    },
  ]
  return {
    all,
    environments: () => lambdaEnvironments(lambdaState),
    notices: () => lambdaNotices(lambdaState),
    crossOrigin: async (request) => {
      const bucket = decodeURIComponent(request.path.split('/')[1] ?? '')
      const answer = await corsAnswer(s3State, bucket, request)
      if (answer.kind === 'none') return undefined
      if (answer.kind === 'allowed') {
        const preflight = request.method === 'OPTIONS' ? { status: 200, headers: answer.headers } : undefined
        return { preflight, headers: preflight === undefined ? answer.headers : [] }
      }
      if (request.method === 'OPTIONS') throw answer.fault
      return undefined
    },
  }
}

function lambdaSettings(settings: PlatformSettings): LambdaSettings {
  const { accountConcurrency, environmentIdleMs, environmentAgeMs } = settings
  return { ...DEFAULT_SETTINGS, accountConcurrency, idleMs: environmentIdleMs, ageMs: environmentAgeMs }
}
