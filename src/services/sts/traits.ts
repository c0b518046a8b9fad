/** Policies and tags that come with a session: checked, measured and put together. Pure. */
import { readPolicy } from '#engines/iam-policy/document.ts'
import { malformedPolicy, packedPolicyTooLarge, validationError } from '#services/sts/faults.ts'
import { SESSION_POLICY_MAX } from '#services/sts/limits.ts'
import type { SessionTraits } from '#services/sts/sessions.ts'

interface Tag {
  readonly Key: string
  readonly Value: string
}

export interface TraitsInput {
  readonly Policy?: string | undefined
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined
  readonly Tags?: readonly Tag[] | undefined
  readonly TransitiveTagKeys?: readonly string[] | undefined
  readonly SourceIdentity?: string | undefined
  readonly SerialNumber?: string | undefined
  readonly TokenCode?: string | undefined
}

/**
 * Percent of the room for session policies and tags. The packing is AWS's own: plain size here (inferred).
 * Faults MalformedPolicyDocument, PackedPolicyTooLarge.
 */
export function packedSize(input: TraitsInput): number | undefined {
  const { Policy: policy, PolicyArns: arns = [], Tags: tags = [] } = input
  if (policy === undefined && arns.length === 0 && tags.length === 0) return undefined
  const sizes = [policy?.length ?? 0, ...arns.map(({ arn }) => arn?.length ?? 0)]
  const inTags = tags.map(({ Key, Value }) => Key.length + Value.length)
  const size = [...sizes, ...inTags].reduce((sum, one) => sum + one, 0)
  const percent = Math.ceil((size * 100) / SESSION_POLICY_MAX)
  if (percent > 100) throw packedPolicyTooLarge(percent)
  if (policy !== undefined && readPolicy(policy) === undefined) throw malformedPolicy()
  return percent
}

/** The traits of a session that the caller's own, if it is one, begins. Faults ValidationError. Source: IAM user guide, Session tags. */
export function traitsOf(input: TraitsInput, caller: SessionTraits | undefined): SessionTraits {
  const own = tagsOf(input.Tags ?? [])
  const inherited = caller?.transitive ?? []
  for (const key of inherited)
    if (Object.keys(own).some((one) => one.toLowerCase() === key.toLowerCase()))
      throw validationError(`The tag key ${key} is transitive and cannot be set again.`)
  const passedOn = Object.fromEntries(inherited.map((key) => [key, caller?.tags?.[key] ?? '']))
  const source = input.SourceIdentity ?? caller?.sourceIdentity
  const arns = input.PolicyArns?.flatMap(({ arn }) => (arn === undefined ? [] : [arn]))
  const tags = { ...passedOn, ...own }
  const transitive = [...new Set([...inherited, ...(input.TransitiveTagKeys ?? [])])]
  return {
    ...(input.Policy === undefined ? {} : { policies: [input.Policy] }),
    ...(arns === undefined || arns.length === 0 ? {} : { policyArns: arns }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(transitive.length === 0 ? {} : { transitive }),
    ...(source === undefined ? {} : { sourceIdentity: source }),
    ...(input.SerialNumber !== undefined && input.TokenCode !== undefined ? { mfa: true } : {}),
  }
}

function tagsOf(tags: readonly Tag[]): Readonly<Record<string, string>> {
  const seen = new Set<string>()
  for (const { Key } of tags) {
    if (seen.has(Key.toLowerCase()))
      throw validationError('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    if (Key.toLowerCase().startsWith('aws:'))
      throw validationError(`The tag key ${Key} is reserved: keys may not begin with aws:.`)
    seen.add(Key.toLowerCase())
  }
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))
}
