/**
 * Whether a request is allowed: AWS's evaluation of identity policies, resource policies, permissions boundaries, session
 * policies and organisation policies, within one account and across two. Pure: whose policies these are and where they
 * lie is not known here.
 * Source: IAM user guide, Policy evaluation logic; Cross-account policy evaluation logic; Permissions boundaries.
 */
import type { Policy, PrincipalChoice, Statement } from '#engines/iam-policy/document.ts'
import { type Context, expanded, fits, matches, matchesArn } from '#engines/iam-policy/glob.ts'
import { holds } from '#engines/iam-policy/conditions.ts'

/** Who asks. `arn` is what policies name: the role's for a session. */
export type Principal =
  | { readonly kind: 'root' | 'user'; readonly account: string; readonly arn: string }
  | {
      /** `sessionArn` names one session of a role, or one federated user. */
      readonly kind: 'role' | 'federated-user'
      readonly account: string
      readonly arn: string
      readonly sessionArn: string
    }
  | { readonly kind: 'service'; readonly service: string }
  /** Known by an identity provider alone: its ARN or its address. */
  | { readonly kind: 'federated'; readonly provider: string }
  | { readonly kind: 'anonymous' }

export interface Access {
  readonly principal: Principal
  /** Such as `sqs:SendMessage`. */
  readonly action: string
  /** An ARN, or `*` for what is about no resource. */
  readonly resource: string
  /** Owner of the resource; the principal's account unless said. */
  readonly resourceAccount?: string | undefined
  readonly context: Context
  /** The resource's own policy must allow, whatever others do: trust policies of roles. */
  readonly mustGrant?: boolean | undefined
}

/** A policy with where it comes from, given back with its matched statements. */
export interface Sourced {
  readonly id: string
  /** What kind of policy, as the caller names kinds. */
  readonly type?: string | undefined
  readonly policy: Policy
}

export interface Policies {
  readonly identity: readonly Sourced[]
  /** Undefined: no boundary. */
  readonly boundary?: readonly Sourced[] | undefined
  /** Undefined: the session has no policies of its own. */
  readonly session?: readonly Sourced[] | undefined
  /** One list a level, root first; each level must allow. */
  readonly organization?: readonly (readonly Sourced[])[] | undefined
  /** A bucket's, a queue's, a role's trust. */
  readonly resource?: Sourced | undefined
}

export type Layer = 'organization' | 'resource' | 'identity' | 'boundary' | 'session'

export interface Matched {
  readonly source: Sourced
  readonly layer: Layer
  /** Position within the policy, from 0. */
  readonly index: number
}

export interface Decision {
  readonly kind: 'allowed' | 'explicitDeny' | 'implicitDeny'
  /** The statements that decided; none for an implicit denial. */
  readonly matched: readonly Matched[]
  /** Which kind of policy denied; undefined when allowed. */
  readonly deniedBy: Layer | undefined
}

/** How strongly a resource policy names the principal: itself, the role of its session, its whole account. */
type Grade = 'direct' | 'role' | 'account'

interface Hit extends Matched {
  readonly grade: Grade
}

export function evaluate(access: Access, policies: Policies): Decision {
  const layers = layersOf(policies)
  const hits = layers.map(({ layer, sources }) => ({ layer, ...hitsOf(access, layer, sources) }))
  const denying = hits.find(({ denies }) => denies.length > 0)
  if (denying !== undefined) return { kind: 'explicitDeny', matched: denying.denies, deniedBy: denying.layer }
  const deniedBy = firstSilent(access, policies, hits)
  if (deniedBy !== undefined) return { kind: 'implicitDeny', matched: [], deniedBy }
  return { kind: 'allowed', matched: hits.flatMap(({ allows }) => allows), deniedBy: undefined }
}

interface LayerHits {
  readonly layer: Layer
  readonly allows: readonly Hit[]
  readonly denies: readonly Hit[]
}

function layersOf(policies: Policies): { layer: Layer; sources: readonly Sourced[] }[] {
  return [
    ...(policies.organization ?? []).map((sources) => ({ layer: 'organization' as const, sources })),
    { layer: 'resource', sources: policies.resource === undefined ? [] : [policies.resource] },
    { layer: 'identity', sources: policies.identity },
    ...(policies.boundary === undefined ? [] : [{ layer: 'boundary' as const, sources: policies.boundary }]),
    ...(policies.session === undefined ? [] : [{ layer: 'session' as const, sources: policies.session }]),
  ]
}

function hitsOf(access: Access, layer: Layer, sources: readonly Sourced[]): Omit<LayerHits, 'layer'> {
  const allows: Hit[] = []
  const denies: Hit[] = []
  for (const source of sources) {
    for (const [index, statement] of source.policy.statements.entries()) {
      const grade = layer === 'resource' ? gradeOf(statement.principal, access.principal) : 'direct'
      if (grade === undefined || !applies(statement, source.policy, access)) continue
      const into = statement.effect === 'Allow' ? allows : denies
      into.push({ source, layer, index, grade })
    }
  }
  return { allows, denies }
}

/** The first kind of policy that had to allow and did not. */
function firstSilent(access: Access, policies: Policies, hits: readonly LayerHits[]): Layer | undefined {
  const { principal } = access
  const allows = (layer: Layer): boolean =>
    hits.filter((one) => one.layer === layer).every((one) => one.allows.length > 0)
  if (!allows('organization')) return 'organization'
  const grades = new Set(hits.find(({ layer }) => layer === 'resource')?.allows.map(({ grade }) => grade))
  const isGranted = grades.size > 0
  if (principal.kind === 'service' || principal.kind === 'federated' || principal.kind === 'anonymous')
    return isGranted ? undefined : 'resource'
  if (access.mustGrant === true && !isGranted) return 'resource'
  const isOwn = access.resourceAccount === undefined || access.resourceAccount === principal.account
  if (principal.kind === 'root') return isOwn || isGranted ? undefined : 'resource'
  if (isOwn && grades.has('direct')) return undefined
  if (!allows('identity') && !(isOwn && grades.has('role'))) return 'identity'
  if (policies.boundary !== undefined && !allows('boundary')) return 'boundary'
  if (policies.session !== undefined && !allows('session')) return 'session'
  return isOwn || isGranted ? undefined : 'resource'
}

/** Whether a statement is about this action, resource and context. Its principal is looked at apart. */
function applies(statement: Statement, policy: Policy, access: Access): boolean {
  const { action, resource, conditions } = statement
  const variables = policy.version === '2012-10-17' ? access.context : undefined
  const wanted = access.action.toLowerCase()
  if (action.values.some((one) => fits(one.toLowerCase(), wanted)) === action.negated) return false
  if (resource !== undefined) {
    const isNamed = resource.values.some((one) => {
      const pattern = expanded(one, { variables, wild: true })
      return pattern !== undefined && isResource(pattern, access.resource)
    })
    if (isNamed === resource.negated) return false
  }
  return conditions.every((one) => holds(one, access.context, variables))
}

/** What is about no resource is named by a star alone. Source: Service authorization reference, Resource types. */
const isResource = (pattern: string, resource: string): boolean =>
  resource === '*' ? matches(pattern, '*') : matchesArn(pattern, resource)

function gradeOf(choice: PrincipalChoice | undefined, principal: Principal): Grade | undefined {
  if (choice === undefined) return undefined
  const grade = namedIn(choice, principal)
  if (!choice.negated) return grade
  return grade === undefined ? 'role' : undefined
}

function namedIn(choice: PrincipalChoice, principal: Principal): Grade | undefined {
  const among = (type: string, name: string): boolean => choice.values[type]?.includes(name) === true
  if (principal.kind === 'anonymous') return choice.anybody ? 'direct' : undefined
  if (principal.kind === 'service') return among('Service', principal.service) ? 'direct' : undefined
  if (principal.kind === 'federated') return among('Federated', principal.provider) ? 'direct' : undefined
  const isNamed = choice.anybody || among('AWS', principal.arn)
  if (principal.kind === 'user' && isNamed) return 'direct'
  if (principal.kind === 'role' || principal.kind === 'federated-user') {
    if (among('AWS', principal.sessionArn)) return 'direct'
    if (isNamed) return 'role'
  }
  return isNamed || isAccountNamed(choice, principal.account) ? 'account' : undefined
}

const isAccountNamed = (choice: PrincipalChoice, account: string): boolean =>
  choice.values['AWS']?.some((one) => one === account || one === `arn:aws:iam::${account}:root`) === true
