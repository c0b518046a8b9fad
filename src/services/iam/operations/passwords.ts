/** Login profiles and the password policy. There is no console to log in to: passwords are checked by the policy and kept as a digest. */
import { hash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { accountOf, changeAccount } from '#services/iam/account.ts'
import { callingUser, userMeant } from '#services/iam/callers.ts'
import { wholeSeconds } from '#services/iam/entities.ts'
import { alreadyExists, noLoginProfile, noPasswordPolicy, notUser } from '#services/iam/faults.ts'
import { USERS, changeHolder } from '#services/iam/holders.ts'
import type { IamState, LoginProfile, PasswordPolicy, UserRecord } from '#services/iam/records.ts'

const digestOf = (password: string): string => hash('sha256', password, 'hex')

const violation = (what: string): Fault =>
  new Fault(
    'PasswordPolicyViolationException',
    `Password does not conform to the account password policy. ${what}`,
  )

/** Fault PasswordPolicyViolation. Source: IAM user guide, Setting a password policy. */
function checkPassword(password: string, policy: PasswordPolicy | undefined): void {
  if (policy === undefined) return
  if (password.length < policy.minimumLength)
    throw violation(`Password should have a minimum length of ${policy.minimumLength}`)
  if (policy.symbols && !/[!@#$%^&*()_+\-=[\]{}|']/.test(password))
    throw violation('Password should have at least one symbol')
  if (policy.numbers && !/\d/.test(password)) throw violation('Password should have at least one number')
  if (policy.upper && !/[A-Z]/.test(password))
    throw violation('Password should have at least one uppercase letter')
  if (policy.lower && !/[a-z]/.test(password))
    throw violation('Password should have at least one lowercase letter')
}

type View = Iam['GetLoginProfile']['out']['LoginProfile']

const loginView = (user: UserRecord, login: LoginProfile): View => ({
  UserName: user.name,
  CreateDate: login.createdAt,
  PasswordResetRequired: login.resetRequired,
})

function loginOf(user: UserRecord): LoginProfile {
  if (user.login === undefined) throw noLoginProfile(user.name)
  return user.login
}

/** Faults NoSuchEntity, EntityAlreadyExists, PasswordPolicyViolation. Source: IAM API, CreateLoginProfile. */
export const createLoginProfile: Operation<Iam['CreateLoginProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  const { name } = await userMeant(state, call, input.UserName)
  const { passwordPolicy } = await accountOf(state.store.read, call.account)
  const now = wholeSeconds(state.clock.now())
  const login: LoginProfile = {
    createdAt: now,
    changedAt: now,
    resetRequired: input.PasswordResetRequired ?? false,
    digest: digestOf(input.Password ?? ''),
  }
  const user = await changeHolder(USERS, { state, call, name }, (old) => {
    if (old.login !== undefined) throw alreadyExists(`Login Profile for user ${old.name} already exists.`)
    if (input.Password !== undefined) checkPassword(input.Password, passwordPolicy)
    return { ...old, login }
  })
  return { LoginProfile: loginView(user, login) }
}

export const getLoginProfile: Operation<Iam['GetLoginProfile'], IamState> = async (input, state, call) => {
  const user = await userMeant(state, call, input.UserName)
  return { LoginProfile: loginView(user, loginOf(user)) }
}

export const updateLoginProfile: Operation<Iam['UpdateLoginProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  const { passwordPolicy } = await accountOf(state.store.read, call.account)
  const changedAt = wholeSeconds(state.clock.now())
  await changeHolder(USERS, { state, call, name: input.UserName }, (user) => {
    const login = loginOf(user)
    if (input.Password !== undefined) checkPassword(input.Password, passwordPolicy)
    const password = input.Password === undefined ? {} : { digest: digestOf(input.Password), changedAt }
    const resetRequired = input.PasswordResetRequired ?? login.resetRequired
    return { ...user, login: { ...login, ...password, resetRequired } }
  })
  return {}
}

export const deleteLoginProfile: Operation<Iam['DeleteLoginProfile'], IamState> = async (
  input,
  state,
  call,
) => {
  const { name } = await userMeant(state, call, input.UserName)
  await changeHolder(USERS, { state, call, name }, (user) => {
    loginOf(user)
    return { ...user, login: undefined }
  })
  return {}
}

/** Of the calling user alone. Fault InvalidUserType for others, PasswordPolicyViolation. Source: IAM API, ChangePassword. */
export const changePassword: Operation<Iam['ChangePassword'], IamState> = async (input, state, call) => {
  const caller = await callingUser(state, call)
  if (caller === undefined) throw notUser()
  const { passwordPolicy } = await accountOf(state.store.read, call.account)
  const changedAt = wholeSeconds(state.clock.now())
  await changeHolder(USERS, { state, call, name: caller.name }, (user) => {
    const login = loginOf(user)
    if (login.digest !== digestOf(input.OldPassword))
      throw new Fault('AccessDenied', 'The old password was incorrect.', { status: 403 })
    checkPassword(input.NewPassword, passwordPolicy)
    const digest = digestOf(input.NewPassword)
    return { ...user, login: { ...login, digest, changedAt, resetRequired: false } }
  })
  return {}
}

/** Everything that is not named takes its default. Source: IAM API, UpdateAccountPasswordPolicy. */
export const updateAccountPasswordPolicy: Operation<Iam['UpdateAccountPasswordPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  const passwordPolicy: PasswordPolicy = {
    minimumLength: input.MinimumPasswordLength ?? 6,
    symbols: input.RequireSymbols ?? false,
    numbers: input.RequireNumbers ?? false,
    upper: input.RequireUppercaseCharacters ?? false,
    lower: input.RequireLowercaseCharacters ?? false,
    usersChange: input.AllowUsersToChangePassword ?? false,
    maxAgeDays: input.MaxPasswordAge,
    reusePrevention: input.PasswordReusePrevention,
    hardExpiry: input.HardExpiry,
  }
  await changeAccount(state, call.account, (old) => ({ ...old, passwordPolicy }))
  return {}
}

export const getAccountPasswordPolicy: Operation<Iam['GetAccountPasswordPolicy'], IamState> = async (
  _input,
  state,
  call,
) => {
  const { passwordPolicy: policy } = await accountOf(state.store.read, call.account)
  if (policy === undefined) throw noPasswordPolicy(call.account)
  return {
    PasswordPolicy: {
      MinimumPasswordLength: policy.minimumLength,
      RequireSymbols: policy.symbols,
      RequireNumbers: policy.numbers,
      RequireUppercaseCharacters: policy.upper,
      RequireLowercaseCharacters: policy.lower,
      AllowUsersToChangePassword: policy.usersChange,
      ExpirePasswords: (policy.maxAgeDays ?? 0) > 0,
      MaxPasswordAge: policy.maxAgeDays,
      PasswordReusePrevention: policy.reusePrevention,
      HardExpiry: policy.hardExpiry,
    },
  }
}

export const deleteAccountPasswordPolicy: Operation<Iam['DeleteAccountPasswordPolicy'], IamState> = async (
  _input,
  state,
  call,
) => {
  await changeAccount(state, call.account, (old) => {
    if (old.passwordPolicy === undefined) throw noPasswordPolicy(call.account)
    return { ...old, passwordPolicy: undefined }
  })
  return {}
}
