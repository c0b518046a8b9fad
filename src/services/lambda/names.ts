/**
 * Function names in all the spellings that the API takes: a name, a partial ARN, a full ARN, each with or without
 * a qualifier: `$LATEST`, the number of a version, or the name of an alias.
 */
import { printArn } from '#base/arn.ts'
import type { AccountId, Region } from '#base/ids.ts'
import {
  foreignAccount,
  functionNotFound,
  nameTooLong,
  qualifiersDiffer,
  wrongRegion,
} from '#services/lambda/faults.ts'
import { NAME_LENGTH } from '#services/lambda/limits.ts'

export const LATEST = '$LATEST'

/** Account and region that own a function: the first two parts of each key. */
export interface Owner {
  readonly account: AccountId
  readonly region: Region
}

export interface FunctionReference {
  readonly name: string
  /** As it was asked for; undefined stands for the unqualified function, which is `$LATEST`. */
  readonly qualifier: string | undefined
}

/** The key of a function in memory. */
export const functionKey = (owner: Owner, name: string): string => `${owner.account}/${owner.region}/${name}`

export const functionArn = (owner: Owner, name: string, qualifier?: string): string =>
  printArn({
    service: 'lambda',
    region: owner.region,
    account: owner.account,
    resource: qualifier === undefined ? `function:${name}` : `function:${name}:${qualifier}`,
  })

const SPELLING =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2,5}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_.]+)(?::([$a-zA-Z0-9-_.]+))?$/

/**
 * The function that the input names. The model's pattern has been checked; what is left are AWS's rules about it.
 * Faults: wrong region, foreign account, name too long, two qualifiers that differ. Source: recorded AWS answers.
 */
export function referenceTo(spelled: string, qualifier: string | undefined, owner: Owner): FunctionReference {
  const parts = SPELLING.exec(spelled)
  const [, region, account, name = spelled, own] = parts ?? []
  if (region !== undefined && region !== owner.region) throw wrongRegion(region, owner.region)
  if (account !== undefined && account !== owner.account) throw foreignAccount()
  if (name.length > NAME_LENGTH) throw nameTooLong(name)
  if (own !== undefined && qualifier !== undefined && own !== qualifier) throw qualifiersDiffer()
  return { name, qualifier: qualifier ?? own }
}

/** For what only the function itself can be asked. Fault: a version or an alias is named (inferred: not found). */
export function unqualified(spelled: string, owner: Owner): string {
  const { name, qualifier } = referenceTo(spelled, undefined, owner)
  if (!isLatest(qualifier)) throw functionNotFound(functionArn(owner, name, qualifier))
  return name
}

/** True for none, and for `$LATEST`. */
export const isLatest = (qualifier: string | undefined): boolean =>
  qualifier === undefined || qualifier === LATEST

/** True for the number of a published version. Names of aliases are never all digits. Source: Lambda API, CreateAlias. */
export const isVersionNumber = (qualifier: string): boolean => /^\d+$/.test(qualifier)
