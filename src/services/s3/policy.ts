/**
 * The check of a bucket policy when it is put. Pure. Nothing here decides whether a request is allowed: policies are
 * kept and given back, and evaluated only when IAM is enforced.
 */
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { parseArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import { malformedPolicy } from '#services/s3/faults.ts'
import { POLICY_BYTES_MAX } from '#services/s3/limits.ts'

const VERSIONS = ['2008-10-17', '2012-10-17'] as const

/** Fault MalformedPolicy. Source: recorded AWS answers of PutBucketPolicy; the order of the checks is inferred. */
export function checkBucketPolicy(policy: string, bucket: string): void {
  if (utf8(policy).length > POLICY_BYTES_MAX)
    throw malformedPolicy(
      `Normalized policy document exceeds the maximum allowed size of ${POLICY_BYTES_MAX} bytes.`,
    )
  const document = parseJson(policy)
  if (!policy.startsWith('{') || !isRecord(document))
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'")
  const version = valueAt(document, 'Version')
  if (version !== undefined && !VERSIONS.some((one) => one === version))
    throw malformedPolicy('The policy must contain a valid version string')
  const statement = valueAt(document, 'Statement')
  if (statement === undefined) throw malformedPolicy('Missing required field Statement')
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  if (statements.length === 0) throw malformedPolicy('Could not parse the policy: Statement is empty!')
  for (const one of statements) checkStatement(one, bucket)
}

function checkStatement(statement: unknown, bucket: string): void {
  if (!isRecord(statement)) throw malformedPolicy('Invalid policy syntax.')
  const effect = valueAt(statement, 'Effect')
  if (effect === undefined) throw malformedPolicy('Missing required field Effect')
  if (effect !== 'Allow' && effect !== 'Deny')
    throw malformedPolicy(`Invalid effect: ${stringAt(statement, 'Effect') ?? JSON.stringify(effect)}`)
  for (const field of ['Principal', 'Action', 'Resource'] as const)
    if (valueAt(statement, field) === undefined && valueAt(statement, `Not${field}`) === undefined)
      throw malformedPolicy(`Missing required field ${field}`)
  checkPrincipal(valueAt(statement, 'Principal'))
  for (const action of textsOf(valueAt(statement, 'Action'), 'Policy has invalid action'))
    if (action !== '*' && !/^s3(-object-lambda)?:[A-Za-z*?]+$/i.test(action))
      throw malformedPolicy('Policy has invalid action')
  for (const resource of textsOf(valueAt(statement, 'Resource'), 'Policy has invalid resource'))
    if (!isOfBucket(resource, bucket)) throw malformedPolicy('Policy has invalid resource')
}

function checkPrincipal(principal: unknown): void {
  if (principal === undefined || principal === '*' || isRecord(principal)) return
  throw malformedPolicy('Invalid principal in policy')
}

function textsOf(value: unknown, message: string): readonly string[] {
  if (value === undefined) return []
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.map((one) => {
    if (typeof one !== 'string') throw malformedPolicy(message)
    return one
  })
}

function isOfBucket(resource: string, bucket: string): boolean {
  if (resource === '*') return true
  const arn = parseArn(resource)
  if (arn === undefined || arn.service !== 's3') return false
  const name = arn.resource.split('/', 1)[0] ?? ''
  const pattern = name
    .replaceAll(/[.+^$()|[\]\\{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${pattern}$`).test(bucket)
}

/** True when some statement lets everybody in without a condition. Source: S3 user guide, The meaning of "public" (conditions count as not public: inferred). */
export function isPublicPolicy(policy: string): boolean {
  const statement = valueAt(parseJson(policy), 'Statement')
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  return statements.some((one) => {
    if (stringAt(one, 'Effect') !== 'Allow' || valueAt(one, 'Condition') !== undefined) return false
    const principal = valueAt(one, 'Principal')
    const aws = valueAt(principal, 'AWS')
    return principal === '*' || aws === '*' || (Array.isArray(aws) && aws.includes('*'))
  })
}
