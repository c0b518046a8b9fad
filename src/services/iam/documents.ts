/**
 * The check of policy documents when they are put, in AWS's words and order, and the way answers carry them. Pure. What
 * the policies allow is `engines/iam-policy`'s.
 * Source: recorded AWS answers; where two errors meet, their order is what was recorded, else inferred.
 */
import { isRecord, parseJson, valueAt } from '#base/json.ts'
import { operatorOf } from '#engines/iam-policy/conditions.ts'
import { malformedDocument, quotaExceeded } from '#services/iam/faults.ts'
import { checkLegacy, checkResource } from '#services/iam/resource-arns.ts'

/** `managed` policies must name the newer version; `inline` ones default to 2008-10-17, as SAM's policy templates rely on. */
export type DocumentKind = 'managed' | 'inline' | 'trust'

const VERSION = '2012-10-17'
const OLD_VERSION = '2008-10-17'
const SYNTAX = 'Syntax errors in policy.'

const syntax = (isGood: boolean): void => {
  if (!isGood) throw malformedDocument(SYNTAX)
}

/** Fault MalformedPolicyDocument. */
export function checkDocument(document: string, kind: DocumentKind): void {
  const parsed = parseJson(document)
  if (parsed === undefined) throw malformedDocument('This policy contains invalid Json')
  const statements = shapeOf(parsed)
  if (kind === 'managed') {
    syntax(statements.length > 0)
    if (valueAt(parsed, 'Version') !== VERSION)
      throw malformedDocument('Policy document must be version 2012-10-17 or greater.')
  }
  for (const one of statements) checkLegacy(one)
  checkSids(statements)
  for (const one of statements) if (kind === 'trust') checkTrust(one)
  if (kind !== 'trust') checkIdentity(statements)
}

/** The statements of a document that is well formed, whatever it says. */
function shapeOf(parsed: unknown): readonly unknown[] {
  if (!isRecord(parsed)) throw malformedDocument(SYNTAX)
  for (const name of Object.keys(parsed)) syntax(['Version', 'Id', 'Statement'].includes(name))
  const version = valueAt(parsed, 'Version')
  syntax(version === undefined || version === VERSION || version === OLD_VERSION)
  const id = valueAt(parsed, 'Id')
  syntax(id === undefined || typeof id === 'string')
  const statement = valueAt(parsed, 'Statement')
  syntax(statement !== undefined)
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  for (const one of statements) checkShape(one)
  return statements
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

function checkShape(statement: unknown): void {
  if (!isRecord(statement)) throw malformedDocument(SYNTAX)
  for (const name of Object.keys(statement)) syntax(MEMBERS.includes(name))
  const sid = valueAt(statement, 'Sid')
  syntax(sid === undefined || typeof sid === 'string')
  const effect = valueAt(statement, 'Effect')
  syntax(typeof effect === 'string' && /^(allow|deny)$/i.test(effect))
  for (const name of ['Action', 'Resource']) {
    syntax(valueAt(statement, name) === undefined || valueAt(statement, `Not${name}`) === undefined)
    textsOf(eitherOf(statement, name))
  }
  const condition = valueAt(statement, 'Condition')
  if (condition !== undefined) checkCondition(condition)
}

function checkCondition(condition: unknown): void {
  if (!isRecord(condition)) throw malformedDocument(SYNTAX)
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isRecord(keys)) throw malformedDocument(SYNTAX)
    const listed = Object.values(keys).flat()
    syntax(listed.every((one) => ['string', 'number', 'boolean'].includes(typeof one)))
    syntax(Object.keys(keys).length === 0 || operatorOf(operator) !== undefined)
  }
}

function checkSids(statements: readonly unknown[]): void {
  const sids = statements.map((one) => valueAt(one, 'Sid')).filter((sid) => sid !== undefined && sid !== '')
  if (new Set(sids).size < sids.length)
    throw malformedDocument('Statement IDs (SID) in a single policy must be unique.')
  if (sids.some((sid) => typeof sid === 'string' && !/^[0-9A-Za-z]*$/.test(sid)))
    throw malformedDocument(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
}

const TRUST_ACTIONS =
  /^(sts:(AssumeRole(WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity|SetContext|\*)|rolesanywhere:\*)$/

function checkTrust(statement: unknown): void {
  for (const name of ['Resource', 'NotResource'])
    if (valueAt(statement, name) !== undefined) throw malformedDocument(`Has prohibited field ${name}.`)
  const principal = eitherOf(statement, 'Principal')
  if (principal === undefined) throw malformedDocument('Missing required field Principal')
  if (principal !== '*' && !isRecord(principal)) throw malformedDocument('Invalid principal in policy')
  const actions = textsOf(eitherOf(statement, 'Action'))
  if (actions.length === 0) throw malformedDocument('Missing required field Action')
  for (const action of actions)
    if (action.startsWith('sts:') && !TRUST_ACTIONS.test(action))
      throw malformedDocument(
        'Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity',
      )
}

function checkIdentity(statements: readonly unknown[]): void {
  for (const one of statements) {
    if (eitherOf(one, 'Principal') !== undefined)
      throw malformedDocument('Policy document should not specify a principal.')
    if (textsOf(eitherOf(one, 'Action')).length === 0)
      throw malformedDocument('Policy statement must contain actions.')
  }
  for (const one of statements) for (const each of textsOf(eitherOf(one, 'Resource'))) checkResource(each)
  for (const one of statements) for (const each of textsOf(eitherOf(one, 'Action'))) checkAction(each)
  for (const one of statements)
    if (textsOf(eitherOf(one, 'Resource')).length === 0)
      throw malformedDocument('Policy statement must contain resources.')
}

function checkAction(action: string): void {
  if (action === '*') return
  const [vendor = '', ...rest] = action.split(':')
  if (rest.length === 0)
    throw malformedDocument('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  if (rest.length > 1) throw malformedDocument('Actions/Condition can contain only one colon.')
  if (!/^[a-z0-9.-]+$/i.test(vendor)) throw malformedDocument(`Vendor ${vendor} is not valid`)
}

const eitherOf = (statement: unknown, name: string): unknown =>
  valueAt(statement, name) ?? valueAt(statement, `Not${name}`)

/** Nulls in a list are passed over, as AWS does. */
function textsOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all
    .filter((one) => one !== null)
    .map((one) => {
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
