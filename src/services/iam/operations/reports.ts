/** The credential report, and everything of an account in one listing. */
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { AccountId } from '#base/ids.ts'
import { type Instant, hours, isoSeconds, later } from '#base/time.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { accountOf, changeAccount } from '#services/iam/account.ts'
import { allOf } from '#services/iam/entities.ts'
import { reportNotPresent } from '#services/iam/faults.ts'
import { LISTED_MAX } from '#services/iam/limits.ts'
import { keysOf } from '#services/iam/operations/access-keys.ts'
import { devicesOf } from '#services/iam/operations/mfa.ts'
import {
  type AccessKeyRecord,
  type IamState,
  type UserRecord,
  signingCertificates,
  users,
} from '#services/iam/records.ts'

/** A report is made anew when the last one is so old. Source: IAM user guide, Getting credential reports. */
const FRESH = hours(4)

const COLUMNS =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated'

const NONE = 'N/A'
const time = (at: Instant): string => isoSeconds(at).replace('Z', '+00:00')

function keyColumns(key: AccessKeyRecord | undefined): readonly string[] {
  if (key === undefined) return ['false', NONE, NONE, NONE, NONE]
  const { lastUsed } = key
  const used =
    lastUsed === undefined ? [NONE, NONE, NONE] : [time(lastUsed.at), lastUsed.region, lastUsed.service]
  return [String(key.status === 'Active'), time(key.createdAt), ...used]
}

async function rowOf(read: Read, account: AccountId, user: UserRecord): Promise<string> {
  const [first, second] = await keysOf(read, account, user.name)
  const devices = await devicesOf(read, account, user.name)
  const all = await allOf(read, signingCertificates, account, LISTED_MAX)
  const certificates = all.filter((one) => one.user === user.name)
  const { login } = user
  const { passwordPolicy } = await accountOf(read, account)
  const maxAge = passwordPolicy?.maxAgeDays
  const next =
    login === undefined || maxAge === undefined ? NONE : time(later(login.changedAt, hours(24 * maxAge)))
  return [
    user.name,
    user.arn,
    time(user.createdAt),
    String(login !== undefined),
    login === undefined ? NONE : 'no_information',
    login === undefined ? NONE : time(login.changedAt),
    next,
    String(devices.length > 0),
    ...keyColumns(first),
    ...keyColumns(second),
    ...[0, 1].flatMap((i) => {
      const one = certificates[i]
      return one === undefined ? ['false', NONE] : [String(one.status === 'Active'), time(one.uploadedAt)]
    }),
  ].join(',')
}

/** The root uses neither password nor keys here, and its account has no first day. */
const rootRow = (account: AccountId): string => {
  const key = ['false', NONE, NONE, NONE, NONE]
  const head = ['<root_account>', `arn:aws:iam::${account}:root`, NONE]
  const password = ['not_supported', NONE, 'not_supported', 'not_supported', 'false']
  return [...head, ...password, ...key, ...key, 'false', NONE, 'false', NONE].join(',')
}

/** Begins a report when none is fresh; the second question finds it done. Source: IAM API, GenerateCredentialReport. */
export const generateCredentialReport: Operation<Iam['GenerateCredentialReport'], IamState> = async (
  _input,
  state,
  call,
) => {
  const { read } = state.store
  const now = state.clock.now()
  const { report } = await accountOf(read, call.account)
  if (report !== undefined && later(report.at, FRESH) > now) return { State: 'COMPLETE' }
  const all = await allOf(read, users, call.account, LISTED_MAX)
  const rows = await Promise.all(all.map((user) => rowOf(read, call.account, user)))
  const text = [COLUMNS, rootRow(call.account), ...rows].join('\n')
  await changeAccount(state, call.account, (old) => ({ ...old, report: { at: now, text } }))
  return report === undefined
    ? { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' }
    : { State: 'STARTED' }
}

/** Faults ReportNotPresent, ReportExpired. Source: IAM API, GetCredentialReport. */
export const getCredentialReport: Operation<Iam['GetCredentialReport'], IamState> = async (
  _input,
  state,
  call,
) => {
  const { report } = await accountOf(state.store.read, call.account)
  if (report === undefined) throw reportNotPresent()
  if (later(report.at, FRESH) <= state.clock.now())
    throw new Fault(
      'CredentialReportExpiredException',
      'The most recent credential report has expired. Generate a new one.',
    )
  return { Content: utf8(report.text), ReportFormat: 'text/csv', GeneratedTime: report.at }
}
