/** The role that AssumeRole names: its ARN taken apart, and what IAM knows of it. */
import { hash } from 'node:crypto'
import { type AccountId, accountId, prefixedId } from '#base/ids.ts'
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { Buffer } from 'node:buffer'
import type { Call } from '#ports/service.ts'
import { validationError } from '#services/sts/faults.ts'
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
 * What IAM knows. A role that is not there is assumed all the same, under an id made from its ARN: who may assume
 * what is decided only when IAM is enforced, and then such a role is denied.
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
    if (fault instanceof Fault && fault.code.startsWith('NoSuchEntity'))
      return { id: inventedId(role), maxSessionSeconds: undefined }
    throw fault
  }
}

function inventedId(role: RoleName): string {
  const digest = Buffer.from(hash('sha256', `${role.account} ${role.name}`, 'hex'), 'hex')
  return prefixedId({ bytes: (count) => digest.subarray(0, count) }, 'AROA')
}
