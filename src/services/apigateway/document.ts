/**
 * One REST API as it is stored: its settings, the tree of resources with their methods, gateway responses, stages
 * and the list of its deployments. What a deployment froze is a record of its own. Shapes are the model's, with
 * what is always there made required.
 */
import type { Instant } from '#base/time.ts'
import type { Deployment, GatewayResponse, Method, RestApi, Stage } from '#model/apigateway.ts'

export interface StoredResource {
  readonly id: string
  readonly parentId: string | undefined
  readonly pathPart: string | undefined
  /** From the root, such as `/pets/{id}`. */
  readonly path: string
  readonly methods: Readonly<Record<string, Method>>
}
export type StoredStage = Omit<Stage, 'variables'> & {
  readonly stageName: string
  readonly deploymentId: string
  readonly variables?: Readonly<Record<string, string>> | undefined
}
export type StoredDeployment = Deployment & { readonly id: string; readonly createdDate: Instant }
export type StoredGatewayResponse = GatewayResponse & { readonly responseType: string }

export interface RestDocument {
  readonly id: string
  settings: RestApi & { readonly rootResourceId: string }
  resources: Record<string, StoredResource>
  gatewayResponses: Record<string, StoredGatewayResponse>
  stages: Record<string, StoredStage>
  deployments: Record<string, StoredDeployment>
}

/** What a deployment froze; never changed. */
export interface Snapshot {
  readonly resources: readonly StoredResource[]
  readonly gatewayResponses: readonly StoredGatewayResponse[]
  readonly binaryMediaTypes: readonly string[]
}

/** The member, own ones only, so that an id like `constructor` finds nothing. */
export function own<T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined
}

/** A copy without that member. */
export function without<T>(map: Readonly<Record<string, T>> | undefined, name: string): Record<string, T> {
  const { [name]: _, ...rest } = map ?? {}
  return rest
}

/** The map without members of no value, or undefined when none is left. */
export function filled<T>(
  map: Readonly<Record<string, T>> | undefined,
): Readonly<Record<string, T>> | undefined {
  return map === undefined || Object.keys(map).length === 0 ? undefined : map
}

/** The members that have a text. */
export function texts(map: Readonly<Record<string, string | null>> | undefined): Record<string, string> {
  const entries: [string, string][] = []
  for (const [name, value] of Object.entries(map ?? {})) if (value !== null) entries.push([name, value])
  return Object.fromEntries(entries)
}
