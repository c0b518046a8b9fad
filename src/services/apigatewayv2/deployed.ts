/** A deployment's routes compiled for matching: what the request path walks. Pure; made once per deployment. */
import { type Route, RouteTable } from '#engines/proxy-events/routes.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import {
  DEFAULT_ROUTE,
  type Snapshot,
  type StoredIntegration,
  targetId,
} from '#services/apigatewayv2/document.ts'
import { INTEGRATION_TIMEOUT_MAX } from '#services/apigatewayv2/limits.ts'
import { type ServiceTarget, compileService } from '#services/apigatewayv2/service-integrations.ts'

/** What a route does. */
export interface Target {
  readonly routeKey: string
  /** Of the route key, such as `/pets/{id}`; `$default` for the default route. */
  readonly resourcePath: string
  readonly integration: LambdaTarget | ServiceTarget | undefined
}
export interface LambdaTarget {
  readonly kind: 'lambda'
  /** May hold stage variables. */
  readonly functionArn: string
  readonly format: '1.0' | '2.0'
  readonly timeoutMs: number
}
export interface Deployed {
  readonly table: RouteTable<Target>
  readonly fallback: Target | undefined
}

export function compile(snapshot: Snapshot): Deployed {
  const integrations = new Map(snapshot.integrations.map((one) => [one.IntegrationId, one]))
  const routes: Route<Target>[] = []
  let fallback: Target | undefined
  for (const route of snapshot.routes) {
    const integration = compileIntegration(integrations.get(targetId(route.Target) ?? ''))
    if (route.RouteKey === DEFAULT_ROUTE) {
      fallback = { routeKey: DEFAULT_ROUTE, resourcePath: DEFAULT_ROUTE, integration }
      continue
    }
    const [method = '', path = ''] = route.RouteKey.split(' ', 2)
    routes.push({ method, path, target: { routeKey: route.RouteKey, resourcePath: path, integration } })
  }
  return { table: new RouteTable(routes, 'full-first'), fallback }
}

function compileIntegration(found: StoredIntegration | undefined): Target['integration'] {
  if (found === undefined) return undefined
  const timeoutMs = found.TimeoutInMillis ?? INTEGRATION_TIMEOUT_MAX
  if (found.IntegrationSubtype !== undefined)
    return compileService(found.IntegrationSubtype, found.RequestParameters ?? {}, timeoutMs)
  const functionArn = functionArnOf(found.IntegrationUri ?? '')
  if (functionArn === undefined) return undefined
  const format = found.PayloadFormatVersion === '2.0' ? '2.0' : '1.0'
  return { kind: 'lambda', functionArn, format, timeoutMs }
}
