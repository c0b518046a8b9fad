/**
 * One HTTP API as it is stored: its settings, routes, integrations, stages and the list of its deployments. What a
 * deployment froze is a record of its own. Shapes are the model's, with the ids that are always there.
 */
import type { Instant } from '#base/time.ts'
import type { Api, Deployment, Integration, Route, Stage } from '#model/apigatewayv2.ts'

export type StoredRoute = Route & { readonly RouteId: string }
export type StoredIntegration = Integration & { readonly IntegrationId: string }
export type StoredStage = Stage & { readonly StageName: string }
export type StoredDeployment = Deployment & { readonly DeploymentId: string; readonly CreatedDate: Instant }

export interface HttpApi {
  readonly id: string
  /** Without ApiEndpoint, which depends on where the caller reached us. */
  settings: Omit<Api, 'ApiEndpoint'>
  routes: Record<string, StoredRoute>
  integrations: Record<string, StoredIntegration>
  stages: Record<string, StoredStage>
  deployments: Record<string, StoredDeployment>
}

/** What a deployment froze; never changed. */
export interface Snapshot {
  readonly routes: readonly StoredRoute[]
  readonly integrations: readonly StoredIntegration[]
}

export const DEFAULT_STAGE = '$default'
export const DEFAULT_ROUTE = '$default'

/** The member, own ones only, so that an id like `constructor` finds nothing. */
export function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/** The integration that a route's target `integrations/{id}` names. */
export function targetId(target: string | undefined): string | undefined {
  return target?.startsWith('integrations/') === true ? target.slice('integrations/'.length) : undefined
}
