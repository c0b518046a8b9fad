/**
 * The check of policy documents when they are put, in AWS's words, and the way answers carry them. Pure. Nothing here
 * evaluates a policy.
 */
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import { malformedDocument, quotaExceeded } from '#services/iam/faults.ts'

/** `managed` policies must name the newer version; `inline` ones default to 2008-10-17, as SAM's policy templates rely on. */
export type DocumentKind = 'managed' | 'inline' | 'trust'

const VERSION = '2012-10-17'
const OLD_VERSION = '2008-10-17'
const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', '*']
const SYNTAX = 'Syntax errors in policy.'

/** Fault MalformedPolicyDocument. Source: recorded AWS answers; their order is inferred. */
export function checkDocument(document: string, kind: DocumentKind): void {
  const parsed = parseJson(document)
  if (parsed === undefined) throw malformedDocument('This policy contains invalid Json')
  if (!isRecord(parsed)) throw malformedDocument(SYNTAX)
  for (const name of Object.keys(parsed))
    if (!['Version', 'Id', 'Statement'].includes(name)) throw malformedDocument(SYNTAX)
  const version = valueAt(parsed, 'Version')
  if (version !== undefined && version !== VERSION && version !== OLD_VERSION) throw malformedDocument(SYNTAX)
  if (kind === 'managed' && version !== VERSION)
    throw malformedDocument('Policy document must be version 2012-10-17 or greater.')
  const statement = valueAt(parsed, 'Statement')
  if (statement === undefined) throw malformedDocument(SYNTAX)
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  const sids: unknown[] = []
  for (const one of statements) {
    checkStatement(one, kind)
    const sid = valueAt(one, 'Sid')
    if (sid === undefined || sid === '') continue
    if (sids.includes(sid)) throw malformedDocument('Statement IDs (SID) in a single policy must be unique.')
    sids.push(sid)
  }
}

const MEMBERS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]

function checkStatement(statement: unknown, kind: DocumentKind): void {
  if (!isRecord(statement)) throw malformedDocument(SYNTAX)
  for (const name of Object.keys(statement)) if (!MEMBERS.includes(name)) throw malformedDocument(SYNTAX)
  const effect = valueAt(statement, 'Effect')
  if (effect !== 'Allow' && effect !== 'Deny') throw malformedDocument(SYNTAX)
  const condition = valueAt(statement, 'Condition')
  if (condition !== undefined && !isRecord(condition)) throw malformedDocument(SYNTAX)
  if (kind === 'trust') checkTrust(statement)
  else checkIdentity(statement)
}

const TRUST_ACTIONS =
  /^(sts:(AssumeRole(WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity|SetContext|\*)|rolesanywhere:\*)$/

function checkTrust(statement: unknown): void {
  for (const name of ['Resource', 'NotResource'])
    if (valueAt(statement, name) !== undefined) throw malformedDocument(`Has prohibited field ${name}.`)
  const principal = valueAt(statement, 'Principal') ?? valueAt(statement, 'NotPrincipal')
  if (principal === undefined) throw malformedDocument('Missing required field Principal')
  if (principal !== '*' && !isRecord(principal)) throw malformedDocument('Invalid principal in policy')
  const actions = textsOf(valueAt(statement, 'Action'))
  if (actions.length === 0) throw malformedDocument('Missing required field Action')
  for (const action of actions)
    if (action.startsWith('sts:') && !TRUST_ACTIONS.test(action))
      throw malformedDocument(
        'Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity',
      )
}

function checkIdentity(statement: unknown): void {
  for (const name of ['Principal', 'NotPrincipal'])
    if (valueAt(statement, name) !== undefined)
      throw malformedDocument('Policy document should not specify a principal.')
  const actions = textsOf(valueAt(statement, 'Action') ?? valueAt(statement, 'NotAction'))
  if (actions.length === 0) throw malformedDocument('Policy statement must contain actions.')
  for (const action of actions) checkAction(action)
  const resources = textsOf(valueAt(statement, 'Resource') ?? valueAt(statement, 'NotResource'))
  if (resources.length === 0) throw malformedDocument('Policy statement must contain resources.')
  for (const resource of resources) checkResource(resource)
}

function checkAction(action: string): void {
  if (action === '*') return
  const [vendor = '', ...rest] = action.split(':')
  if (rest.length === 0)
    throw malformedDocument('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  if (rest.length > 1) throw malformedDocument('Actions/Condition can contain only one colon.')
  if (!/^[a-z0-9.-]+$/i.test(vendor)) throw malformedDocument(`Vendor ${vendor} is not valid`)
}

function checkResource(resource: string): void {
  if (resource === '*') return
  const [scheme, partition = ''] = resource.split(':')
  if (scheme !== 'arn' || !resource.includes(':'))
    throw malformedDocument(`Resource ${resource} must be in ARN format or "*".`)
  if (!PARTITIONS.includes(partition))
    throw malformedDocument(`Partition "${partition}" is not valid for resource "${paddedArn(resource)}".`)
}

const paddedArn = (resource: string): string => {
  const parts = resource.split(':')
  while (parts.length < 6) parts.push('*')
  return parts.join(':')
}

function textsOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.map((one) => {
    if (typeof one !== 'string') throw malformedDocument(SYNTAX)
    return one
  })
}

/** Fault LimitExceeded. White space is not counted. Source: IAM user guide, IAM and STS quotas. */
export function checkSize(documents: readonly string[], quota: string, max: number): void {
  const size = documents.reduce((sum, one) => sum + one.replaceAll(/\s/g, '').length, 0)
  if (size > max) throw quotaExceeded(quota, max)
}

/** Documents travel percent-encoded in answers. Source: IAM API, GetRolePolicy (RFC 3986). */
export const encodedDocument = (document: string): string =>
  encodeURIComponent(document).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
