/** What an account has once: alias, password policy, credential report. */
import type { AccountId } from '#base/ids.ts'
import type { Read } from '#ports/store.ts'
import { type AccountRecord, type IamState, accounts, ownerOf } from '#services/iam/records.ts'

export const accountOf = async (read: Read, account: AccountId): Promise<AccountRecord> =>
  (await accounts.get(read, ownerOf(account))) ?? {}

export const changeAccount = (
  state: IamState,
  account: AccountId,
  change: (old: AccountRecord) => AccountRecord,
): Promise<AccountRecord> =>
  state.store.tx(async (tx) => {
    const changed = change(await accountOf(tx, account))
    accounts.put(tx, ownerOf(account), [], changed)
    return changed
  })
