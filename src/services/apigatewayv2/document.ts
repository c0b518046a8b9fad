/**
 * What is stored: one HTTP API with its settings, routes, integrations, authorizers, models, stages and the list of its
 * deployments; what a deployment froze; a custom domain with its mappings; a VPC link. Shapes are the model's, with the
 * ids that are always there.
 */
import type { Instant } from '#base/time.ts'
import type {
  Api,
  ApiMapping,
  Authorizer,
  Deployment,
  DomainName,
  Integration,
  Model,
  Route,
  Stage,
  VpcLink,
} from '#model/apigatewayv2.ts'

export type StoredRoute = Route & { readonly RouteId: string }
export type StoredIntegration = Integration & { readonly IntegrationId: string }
export type StoredStage = Stage & { readonly StageName: string }
export type StoredDeployment = Deployment & { readonly DeploymentId: string; readonly CreatedDate: Instant }

export type StoredAuthorizer = Authorizer & { readonly AuthorizerId: string }
export type StoredModel = Model & { readonly ModelId: string }
export type StoredMapping = ApiMapping & { readonly ApiMappingId: string; readonly ApiMappingKey: string }

export interface HttpApi {
  readonly id: string
  /** Without ApiEndpoint, which depends on where the caller reached us. */
  settings: Omit<Api, 'ApiEndpoint'>
  routes: Record<string, StoredRoute>
  integrations: Record<string, StoredIntegration>
  stages: Record<string, StoredStage>
  deployments: Record<string, StoredDeployment>
  /** Absent in what earlier versions stored. */
  authorizers?: Record<string, StoredAuthorizer>
  models?: Record<string, StoredModel>
}

/** A custom domain name; its id is the name in lower case. */
export interface HttpDomain {
  readonly id: string
  settings: DomainName
  mappings: Record<string, StoredMapping>
}

/** Kept as it is described: nothing here has a network of its own. */
export interface StoredVpcLink {
  readonly id: string
  settings: VpcLink
}

/** What a deployment froze; never changed. */
export interface Snapshot {
  readonly routes: readonly StoredRoute[]
  readonly integrations: readonly StoredIntegration[]
  readonly authorizers?: readonly StoredAuthorizer[]
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
