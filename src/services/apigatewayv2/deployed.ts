/** A deployment's routes compiled for matching: what the request path walks. Pure; made once per deployment. */
import { type MessageMapping, compileMessageMapping } from '#engines/proxy-events/message-mapping.ts'
import { type Mapping, compileMapping } from '#engines/proxy-events/parameter-mapping.ts'
import { type Route, RouteTable } from '#engines/proxy-events/routes.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import {
  DEFAULT_ROUTE,
  type Snapshot,
  type StoredAuthorizer,
  type StoredIntegration,
  type StoredRoute,
  targetId,
} from '#services/apigatewayv2/document.ts'
import { INTEGRATION_TIMEOUT_MAX } from '#services/apigatewayv2/limits.ts'
import { type ServiceTarget, compileService } from '#services/apigatewayv2/service-integrations.ts'

/** What a route does. */
export interface Target {
  readonly routeKey: string
  /** Of the route key, such as `/pets/{id}`; `$default` for the default route. */
  readonly resourcePath: string
  /** Who must let a request through; undefined for open routes. */
  readonly guard: Guard | undefined
  readonly integration: LambdaTarget | HttpTarget | ServiceTarget | undefined
}

export type Guard = { readonly kind: 'iam' } | JwtGuard | LambdaGuard

export interface JwtGuard {
  readonly kind: 'jwt'
  readonly name: string
  readonly issuer: string
  readonly audience: readonly string[]
  readonly source: Mapping
  /** Any one of them is enough; none asks for nothing. */
  readonly scopes: readonly string[]
}
export interface LambdaGuard {
  readonly kind: 'lambda'
  readonly authorizerId: string
  readonly name: string
  /** May hold stage variables. */
  readonly uri: string
  readonly format: '1.0' | '2.0'
  readonly isSimple: boolean
  /** Invoked by a role, for which no permission of the function is asked. */
  readonly isByRole: boolean
  readonly ttlMs: number
  readonly sources: readonly Mapping[]
}

/** Changes of the request and of the answer, which functions and HTTP backends have. */
interface Mapped {
  readonly request: MessageMapping
  readonly answers: ReadonlyMap<number, MessageMapping>
  readonly timeoutMs: number
}
export interface LambdaTarget extends Mapped {
  readonly kind: 'lambda'
  /** May hold stage variables. */
  readonly functionArn: string
  readonly format: '1.0' | '2.0'
  /** Invoked by a role, for which no permission of the function is asked. */
  readonly isByRole: boolean
}
export interface HttpTarget extends Mapped {
  readonly kind: 'http'
  /** `ANY` is the client's own. */
  readonly method: string
  /** May hold stage variables and path variables. */
  readonly url: string
}
export interface Deployed {
  readonly table: RouteTable<Target>
  readonly fallback: Target | undefined
}

export function compile(snapshot: Snapshot): Deployed {
  const integrations = new Map(snapshot.integrations.map((one) => [one.IntegrationId, one]))
  const authorizers = new Map((snapshot.authorizers ?? []).map((one) => [one.AuthorizerId, one]))
  const routes: Route<Target>[] = []
  let fallback: Target | undefined
  for (const route of snapshot.routes) {
    const integration = compileIntegration(integrations.get(targetId(route.Target) ?? ''))
    const guard = compileGuard(route, authorizers.get(route.AuthorizerId ?? ''))
    if (route.RouteKey === DEFAULT_ROUTE) {
      fallback = { routeKey: DEFAULT_ROUTE, resourcePath: DEFAULT_ROUTE, guard, integration }
      continue
    }
    const [method = '', path = ''] = route.RouteKey.split(' ', 2)
    routes.push({
      method,
      path,
      target: { routeKey: route.RouteKey, resourcePath: path, guard, integration },
    })
  }
  return { table: new RouteTable(routes, 'full-first'), fallback }
}

/** Nobody passes a route whose authorizer is gone: it becomes one that finds no token. */
function compileGuard(route: StoredRoute, authorizer: StoredAuthorizer | undefined): Guard | undefined {
  if (route.AuthorizationType === 'AWS_IAM') return { kind: 'iam' }
  if (route.AuthorizationType !== 'JWT' && route.AuthorizationType !== 'CUSTOM') return undefined
  const sources = (authorizer?.IdentitySource ?? []).flatMap((source) => compileMapping(source) ?? [])
  if (authorizer?.AuthorizerType === 'REQUEST') {
    return {
      kind: 'lambda',
      authorizerId: authorizer.AuthorizerId,
      name: authorizer.Name,
      uri: authorizer.AuthorizerUri ?? '',
      format: authorizer.AuthorizerPayloadFormatVersion === '2.0' ? '2.0' : '1.0',
      isSimple: authorizer.EnableSimpleResponses ?? false,
      isByRole: authorizer.AuthorizerCredentialsArn !== undefined,
      ttlMs: (authorizer.AuthorizerResultTtlInSeconds ?? 0) * 1_000,
      sources,
    }
  }
  return {
    kind: 'jwt',
    name: authorizer?.Name ?? '',
    issuer: authorizer?.JwtConfiguration?.Issuer ?? '',
    audience: authorizer?.JwtConfiguration?.Audience ?? [],
    source: sources[0] ?? (() => undefined),
    scopes: route.AuthorizationScopes ?? [],
  }
}

function compileIntegration(found: StoredIntegration | undefined): Target['integration'] {
  if (found === undefined) return undefined
  const timeoutMs = found.TimeoutInMillis ?? INTEGRATION_TIMEOUT_MAX
  if (found.IntegrationSubtype !== undefined)
    return compileService(found.IntegrationSubtype, found.RequestParameters ?? {}, timeoutMs)
  const answers = Object.entries(found.ResponseParameters ?? {}).map(
    ([status, changes]) => [Number(status), rulesOf(changes, 'answer')] as const,
  )
  const mapped: Mapped = {
    request: rulesOf(found.RequestParameters ?? {}, 'request'),
    answers: new Map(answers),
    timeoutMs,
  }
  const uri = found.IntegrationUri ?? ''
  if (found.IntegrationType === 'HTTP_PROXY')
    return { kind: 'http', method: found.IntegrationMethod ?? 'ANY', url: uri, ...mapped }
  const functionArn = functionArnOf(uri)
  if (functionArn === undefined) return undefined
  const format = found.PayloadFormatVersion === '2.0' ? '2.0' : '1.0'
  return { kind: 'lambda', functionArn, format, isByRole: found.CredentialsArn !== undefined, ...mapped }
}

/** What was stored has been checked. */
function rulesOf(parameters: Readonly<Record<string, string>>, of: 'request' | 'answer'): MessageMapping {
  const rules = compileMessageMapping(parameters, of)
  return rules.ok ? rules.value : []
}
