/** The role that is assumed: its ARN taken apart, what IAM knows of it, and the identity its sessions have. */
import { hash } from 'node:crypto'
import { type AccountId, accountId, prefixedId } from '#base/ids.ts'
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { Buffer } from 'node:buffer'
import type { Call } from '#ports/service.ts'
import { accessDenied, validationError } from '#services/sts/faults.ts'
import type { Identity } from '#services/sts/identities.ts'
import type { StsState } from '#services/sts/sessions.ts'

export interface RoleName {
  readonly account: AccountId
  /** Without its path. */
  readonly name: string
}

/** Fault ValidationError for an ARN that names no role. Source: recorded AWS answer. */
export function roleOfArn(roleArn: string): RoleName {
  const arn = parseArn(roleArn)
  const account = accountId(arn?.account ?? '')
  const found = /^role\/(?:[!-~]+\/)?([\w+=,.@-]+)$/.exec(arn?.resource ?? '')
  if (arn?.service !== 'iam' || arn.region !== '' || account === undefined || found?.[1] === undefined)
    throw validationError(`${roleArn} is invalid`)
  return { account, name: found[1] }
}

export interface KnownRole {
  readonly id: string
  /** Seconds; absent when IAM has no such role. */
  readonly maxSessionSeconds: number | undefined
}

/**
 * What IAM knows. A role that is not there is assumed all the same, under an id made from its ARN; while IAM is
 * enforced it is denied, as in AWS. Fault AccessDenied.
 */
export async function knownRole(state: StsState, role: RoleName, call: Call): Promise<KnownRole> {
  try {
    const { Role } = await state.api.call(
      'iam',
      'GetRole',
      { RoleName: role.name },
      { account: role.account, region: call.region, span: call.span },
    )
    return { id: Role.RoleId, maxSessionSeconds: Role.MaxSessionDuration }
  } catch (fault) {
    if (!(fault instanceof Fault) || !fault.code.startsWith('NoSuchEntity')) throw fault
    if (state.enforced && call.header !== undefined)
      throw accessDenied(
        `Not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${role.account}:role/${role.name}`,
      )
    return { id: inventedId(role), maxSessionSeconds: undefined }
  }
}

function inventedId(role: RoleName): string {
  const digest = Buffer.from(hash('sha256', `${role.account} ${role.name}`, 'hex'), 'hex')
  return prefixedId({ bytes: (count) => digest.subarray(0, count) }, 'AROA')
}

/** Fault ValidationError beyond the role's longest session. Source: STS API, AssumeRole, DurationSeconds. */
export function checkDuration(known: KnownRole, durationSeconds: number): void {
  if (known.maxSessionSeconds !== undefined && durationSeconds > known.maxSessionSeconds)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
}

export const assumedRole = (role: RoleName, known: KnownRole, session: string): Identity => ({
  arn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/${session}`,
  userId: `${known.id}:${session}`,
  kind: 'assumed-role',
})
