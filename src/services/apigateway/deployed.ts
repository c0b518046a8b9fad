/** A deployment compiled for matching: what the request path walks. Pure; made once per deployment. */
import type { Integration } from '#model/apigateway.ts'
import { functionArnOf } from '#engines/proxy-events/lambda-uri.ts'
import { type Route, RouteTable } from '#engines/proxy-events/routes.ts'
import type { Snapshot, StoredGatewayResponse } from '#services/apigateway/document.ts'
import { INTEGRATION_TIMEOUT_MAX } from '#services/apigateway/limits.ts'

/** What a method does. */
export interface Target {
  readonly resourceId: string
  readonly resourcePath: string
  /** Such as `GET` or `ANY`: with the path the name of the route in reports. */
  readonly httpMethod: string
  readonly apiKeyRequired: boolean
  readonly integration: Backend
}
export type Backend =
  | { readonly kind: 'lambda'; readonly functionArn: string; readonly timeoutMs: number }
  | { readonly kind: 'mock'; readonly integration: Integration }
  /** A Lambda proxy that is not called with POST: every answer is 500. Source: recorded AWS answer. */
  | { readonly kind: 'misconfigured' }

export interface Deployed {
  readonly table: RouteTable<Target>
  readonly gatewayResponses: ReadonlyMap<string, StoredGatewayResponse>
  readonly binaryMediaTypes: readonly string[]
}

export function compile(snapshot: Snapshot): Deployed {
  const routes: Route<Target>[] = []
  for (const resource of snapshot.resources) {
    for (const [httpMethod, method] of Object.entries(resource.methods)) {
      const target: Target = {
        resourceId: resource.id,
        resourcePath: resource.path,
        httpMethod,
        apiKeyRequired: method.apiKeyRequired === true,
        integration: backend(method.methodIntegration),
      }
      routes.push({ method: httpMethod, path: resource.path, target })
    }
  }
  return {
    table: new RouteTable(routes, 'nearest'),
    gatewayResponses: new Map(snapshot.gatewayResponses.map((one) => [one.responseType, one])),
    binaryMediaTypes: snapshot.binaryMediaTypes,
  }
}

function backend(integration: Integration | undefined): Backend {
  if (integration?.type === 'MOCK') return { kind: 'mock', integration }
  const functionArn = functionArnOf(integration?.uri ?? '')
  if (functionArn === undefined || integration?.httpMethod !== 'POST') return { kind: 'misconfigured' }
  return { kind: 'lambda', functionArn, timeoutMs: integration.timeoutInMillis ?? INTEGRATION_TIMEOUT_MAX }
}
