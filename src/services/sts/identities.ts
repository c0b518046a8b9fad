/** Who the holder of a key is: the root, a user, or a session. Users are IAM's, asked through its own operations. */
import { Fault } from '#base/fault.ts'
import { type AccountId, DEFAULT_REGION } from '#base/ids.ts'
import { LASTING } from '#engines/iam-policy/access-key.ts'
import type { Api } from '#ports/api.ts'
import type { Call } from '#ports/service.ts'

export interface Identity {
  readonly arn: string
  readonly userId: string
  readonly kind: 'root' | 'user' | 'assumed-role' | 'federated-user'
  /** Name of the user whose rights these are: of the user itself, and of sessions that a user began. */
  readonly user?: string | undefined
}

/** The root of the account: who a plain key stands for. */
export const rootOf = (account: AccountId): Identity => ({
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
  kind: 'root',
})

/** The user whose key signed; undefined for keys that no user has. */
export async function userOfKey(
  { api }: { readonly api: Api },
  call: Pick<Call, 'accessKeyId' | 'account'> & Partial<Pick<Call, 'region' | 'span'>>,
): Promise<Identity | undefined> {
  const { accessKeyId, account, region = DEFAULT_REGION, span } = call
  if (accessKeyId?.startsWith(LASTING) !== true) return undefined
  try {
    const as = { account, region, span }
    const key = await api.call('iam', 'GetAccessKeyLastUsed', { AccessKeyId: accessKeyId }, as)
    if (key.UserName === undefined || key.UserName === '') return undefined
    const { User } = await api.call('iam', 'GetUser', { UserName: key.UserName }, as)
    return { arn: User.Arn, userId: User.UserId, kind: 'user', user: User.UserName }
  } catch (fault) {
    if (fault instanceof Fault && isUnknown(fault)) return undefined
    throw fault
  }
}

/** Keys that others made up are longer or shorter than AWS's: IAM's model refuses to look for them. */
const isUnknown = (fault: Fault): boolean =>
  fault.code.startsWith('NoSuchEntity') || fault.code.startsWith('Validation')
