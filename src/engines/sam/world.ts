/** What the transform of one template shares: options, the template being read and the one being written. */
import { type Made } from '#engines/sam/resource.ts'
import type { Dict, Value } from '#engines/templates/value.ts'

/** Generated data: policy templates, AWS managed policies by name, connector profiles. */
export interface SamTables {
  readonly policyTemplates: Dict
  /** Name to the part of the ARN behind `:policy/`. */
  readonly managedPolicies: Dict
  readonly connectors: Dict
}

export interface SamOptions {
  readonly region: string
  readonly account: string
  readonly partition: string
  /** Parameters by name, as the stack has them; defaults of the template are filled in here. */
  readonly parameterValues: Readonly<Record<string, Value>>
  readonly tables: SamTables
  /** Copies Metadata of a SAM resource to its main resource. CloudFormation does. */
  readonly keepMetadata?: boolean
  /** The address of an application of the Serverless Application Repository; without it such applications are refused. */
  readonly applicationUrl?: (application: Dict) => string
}

/** DeploymentPreference of one function. */
export interface DeploymentPreference {
  readonly enabled: boolean
  readonly settings: Dict
  readonly condition: string | undefined
  readonly tags: Dict | undefined
}

/** By logical id of the function. */
export type DeploymentPreferences = Map<string, DeploymentPreference>

/** What the shared plan has gathered so far. */
export interface SharedUsagePlan {
  readonly stageKeys: Value[]
  readonly apiStages: Value[]
  readonly dependsOn: Value[]
  readonly conditions: Set<string>
  unconditional: boolean
  deletionPolicy: string | undefined
  updateReplacePolicy: string | undefined
}

export interface World {
  readonly options: SamOptions
  /** The SAM template after Globals and implicit APIs; events write into its APIs. */
  readonly source: Dict
  readonly resources: Dict
  /** The template being written. */
  readonly target: Dict
  readonly targetResources: Dict
  /** Values that Ref and Fn::Sub may be replaced by at transform time. */
  readonly parameters: ReadonlyMap<string, Value>
  readonly mappings: Dict
  readonly deployments: DeploymentPreferences
  readonly usagePlan: SharedUsagePlan
  /** Route 53 record set groups shared between APIs, by logical id. */
  readonly recordSets: Map<string, Made>
  /** Names of functions by the logical id of the REST API that calls them; part of the deployment's digest. */
  readonly functionNames: Map<string, string>
  /** `Function.Alias`-like references: by logical id, by property, the logical id made. */
  readonly references: Map<string, Map<string, string>>
}

/** The Conditions section of the template being written; made when missing. */
export function conditionsOf(world: World): Dict {
  const found = world.target['Conditions']
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found
  const fresh: Dict = {}
  world.target['Conditions'] = fresh
  return fresh
}
