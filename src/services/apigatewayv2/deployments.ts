/**
 * Deployments as pure changes of a document: which ones come into being, which stages move to them, which old ones
 * go. Writing what they froze is the state's.
 */
import type { Instant } from '#base/time.ts'
import { DEPLOYMENTS_MAX } from '#services/apigatewayv2/limits.ts'
import type { HttpApi, StoredDeployment } from '#services/apigatewayv2/document.ts'

export interface DeploymentOrder {
  readonly id: string
  readonly at: Instant
  /** Automatic ones go to every stage with automatic deployment and are left out when there is none. */
  readonly automatic: boolean
  readonly description?: string | undefined
  readonly stage?: string | undefined
}
export interface Deploying {
  /** False when there was nothing to deploy to. */
  readonly frozen: boolean
  /** Ids of deployments that are gone. */
  readonly dropped: readonly string[]
}

/** Source: recorded AWS answer. */
export const NO_ROUTE = 'At least one route is required before deploying the Api.'
/** Source: CLI reference, get-deployments. */
const AUTOMATIC = 'Automatic deployment triggered by changes to the Api configuration'

/** Puts a deployment into the draft and moves stages to it. */
export function deploy(draft: HttpApi, order: DeploymentOrder): Deploying {
  const stages = Object.values(draft.stages).filter((stage) =>
    order.automatic ? stage.AutoDeploy === true : stage.StageName === order.stage,
  )
  if (order.automatic && stages.length === 0) return { frozen: false, dropped: [] }
  if (order.automatic && Object.keys(draft.routes).length === 0) {
    for (const stage of stages) {
      const LastDeploymentStatusMessage = `Deployment attempt failed: ${NO_ROUTE}`
      draft.stages[stage.StageName] = { ...stage, LastDeploymentStatusMessage }
    }
    return { frozen: false, dropped: [] }
  }
  draft.deployments[order.id] = {
    DeploymentId: order.id,
    AutoDeployed: order.automatic,
    CreatedDate: order.at,
    DeploymentStatus: 'DEPLOYED',
    ...(order.automatic ? { Description: AUTOMATIC } : optional('Description', order.description)),
  }
  const LastDeploymentStatusMessage = `Successfully deployed stage with deployment ID '${order.id}'`
  for (const stage of stages) {
    draft.stages[stage.StageName] = {
      ...stage,
      DeploymentId: order.id,
      LastUpdatedDate: order.at,
      ...(order.automatic ? { LastDeploymentStatusMessage } : {}),
    }
  }
  return { frozen: true, dropped: pruned(draft) }
}

/** Removes the oldest automatic deployments that no stage uses, beyond the bound. */
function pruned(draft: HttpApi): string[] {
  const surplus = Object.keys(draft.deployments).length - DEPLOYMENTS_MAX
  if (surplus <= 0) return []
  const used = new Set(Object.values(draft.stages).map((stage) => stage.DeploymentId))
  const gone = Object.values(draft.deployments)
    .filter((one: StoredDeployment) => one.AutoDeployed === true && !used.has(one.DeploymentId))
    .sort((a, b) => a.CreatedDate - b.CreatedDate)
    .slice(0, surplus)
    .map((one) => one.DeploymentId)
  for (const id of gone) delete draft.deployments[id]
  return gone
}

type Routing = Pick<HttpApi, 'routes' | 'integrations' | 'stages' | 'authorizers'>

/** True when routes, integrations or authorizers differ, or a stage has just got automatic deployment. */
export function isRoutingChanged(before: Routing, after: Routing): boolean {
  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
  if (!isSame(before.routes, after.routes) || !isSame(before.integrations, after.integrations)) return true
  if (!isSame(before.authorizers ?? {}, after.authorizers ?? {})) return true
  return Object.values(after.stages).some(
    (stage) => stage.AutoDeploy === true && before.stages[stage.StageName]?.AutoDeploy !== true,
  )
}

/** A member that is left out when it has no value. */
export function optional<N extends string, V>(
  name: N,
  value: V | undefined,
): { readonly [key in N]?: V } | object {
  return value === undefined ? {} : { [name]: value }
}
