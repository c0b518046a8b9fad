/**
 * Code signing configurations as the store keeps them. They are stored and shown; signatures are not looked at, so code
 * for a function whose configuration says Enforce is refused rather than let in unverified.
 */
import { parseArn, printArn } from '#base/arn.ts'
import { Records } from '#base/records.ts'
import { instant } from '#base/time.ts'
import type { CodeSigningConfig } from '#model/lambda.ts'
import type { Read } from '#ports/store.ts'
import { noCodeSigning, optionNotWritten } from '#services/lambda/faults.ts'
import type { Owner } from '#services/lambda/names.ts'
import { lastModified, ownerParts } from '#services/lambda/record.ts'

export interface CodeSigningRecord {
  /** `csc-` and 17 characters. */
  readonly id: string
  readonly description: string
  /** ARNs of versions of signing profiles. */
  readonly publishers: readonly string[]
  readonly untrusted: string
  readonly lastModifiedAt: number
  readonly tags: Readonly<Record<string, string>>
}

export const CODE_SIGNINGS = new Records<CodeSigningRecord>('lambda-code-signing-config')

export const codeSigningArn = (owner: Owner, id: string): string =>
  printArn({
    service: 'lambda',
    region: owner.region,
    account: owner.account,
    resource: `code-signing-config:${id}`,
  })

/** The id in an ARN of the owner; undefined for another's, and for what is none. */
export function codeSigningId(arn: string, owner: Owner): string | undefined {
  const parts = parseArn(arn)
  if (parts?.service !== 'lambda' || parts.account !== owner.account || parts.region !== owner.region)
    return undefined
  return /^code-signing-config:(csc-[a-z0-9]{17})$/.exec(parts.resource)?.[1]
}

export const shownCodeSigning = (record: CodeSigningRecord, owner: Owner): CodeSigningConfig => ({
  CodeSigningConfigId: record.id,
  CodeSigningConfigArn: codeSigningArn(owner, record.id),
  Description: record.description,
  AllowedPublishers: { SigningProfileVersionArns: record.publishers },
  CodeSigningPolicies: { UntrustedArtifactOnDeployment: record.untrusted },
  LastModified: lastModified(instant(record.lastModifiedAt)),
})

/** The configuration of that ARN, if it is there. */
export async function findCodeSigning(
  from: Read,
  owner: Owner,
  arn: string,
): Promise<CodeSigningRecord | undefined> {
  const id = codeSigningId(arn, owner)
  return id === undefined ? undefined : await CODE_SIGNINGS.get(from, ownerParts(owner), id)
}

/** Before code is taken for a function with that configuration. Faults: there is none of that ARN; it says Enforce. */
export async function checkSignature(from: Read, owner: Owner, arn: string | undefined): Promise<void> {
  if (arn === undefined || arn === '') return
  const found = await findCodeSigning(from, owner, arn)
  if (found === undefined) throw noCodeSigning(arn)
  if (found.untrusted === 'Enforce')
    throw optionNotWritten('Verification of signed code (UntrustedArtifactOnDeployment: Enforce)')
}
