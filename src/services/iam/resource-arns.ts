/** ARNs in policy documents, and the dates of their conditions: what AWS checks of them, in its words. Pure. Source: recorded AWS answers. */
import { isRecord, valueAt } from '#base/json.ts'
import { dateOf } from '#engines/iam-policy/conditions.ts'
import { malformedDocument } from '#services/iam/faults.ts'

const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', '*']
const LEGACY = 'The policy failed legacy parsing'

/** What an older parser of AWS refuses without saying why. Fault MalformedPolicyDocument. */
export function checkLegacy(statement: unknown): void {
  const effect = valueAt(statement, 'Effect')
  if (effect !== 'Allow' && effect !== 'Deny') throw malformedDocument(LEGACY)
  const resource = valueAt(statement, 'Resource') ?? valueAt(statement, 'NotResource')
  for (const one of [resource].flat()) if (isCutArn(one)) throw malformedDocument(LEGACY)
  const condition = valueAt(statement, 'Condition')
  if (!isRecord(condition)) return
  for (const [operator, keys] of Object.entries(condition)) {
    if (!/^(\w+:)?date/i.test(operator) || !isRecord(keys)) continue
    for (const one of Object.values(keys).flat())
      if (typeof one === 'string' && !isDate(one)) throw malformedDocument(LEGACY)
  }
}

/** An ARN of AWS's partition without a service, or cut short behind it other than by a star. */
function isCutArn(value: unknown): boolean {
  if (typeof value !== 'string' || !value.startsWith('arn:aws:')) return false
  const parts = value.split(':')
  if (parts.length <= 3) return false
  return parts[2] === '' || (parts.length < 6 && parts.at(-1)?.includes('*') !== true)
}

/** Whole numbers of 64 bits, ISO 8601, and the shortened forms AWS takes besides, such as `01T`. */
function isDate(text: string): boolean {
  if (/^-?\d+$/.test(text)) return BigInt(text) < 2n ** 63n && BigInt(text) >= -(2n ** 63n)
  if (/^\d{1,2}T$/i.test(text) || dateOf(text) !== undefined) return true
  return /^\d{4}-\d\d-\d\dT\d{1,2}:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)?$/i.test(text)
}

const IAM_PATHS = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
]

/** Fault MalformedPolicyDocument for what is neither an ARN nor a star. */
export function checkResource(resource: string): void {
  if (resource === '*') return
  const [scheme, partition = '', service, region, account, ...path] = resource.split(':')
  if (!resource.includes(':')) throw malformedDocument(`Resource ${resource} must be in ARN format or "*".`)
  if (scheme !== 'arn' || !PARTITIONS.includes(partition))
    throw malformedDocument(`Partition "${partition}" is not valid for resource "${paddedArn(resource)}".`)
  if (service === undefined || /[*?]/.test(service))
    throw malformedDocument('Resource vendor must be fully qualified and cannot contain regexes.')
  if (region === undefined) return
  if (service === 'iam') checkIamResource(resource, region, path.join(':'))
  if (service === 's3' && region !== '' && account === '')
    throw malformedDocument(`Resource ${resource} can not contain region information.`)
}

function checkIamResource(resource: string, region: string, path: string): void {
  if (region !== '' && region !== '*')
    throw malformedDocument(`IAM resource ${resource} cannot contain region information.`)
  if (path !== '*' && !IAM_PATHS.some((one) => path.startsWith(one)))
    throw malformedDocument(`IAM resource path must either be "*" or start with ${IAM_PATHS.join(', ')}.`)
}

/** As AWS prints it: beginning with `arn`, with stars for what is missing. */
function paddedArn(resource: string): string {
  const parts = resource.split(':')
  parts[0] = 'arn'
  while (parts.length < 6) parts.push('*')
  return parts.join(':')
}
