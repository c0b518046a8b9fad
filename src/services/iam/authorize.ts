/**
 * What the platform asks while IAM is enforced: whose key signed, and whether its holder may. The policies of the caller
 * are IAM's records, those of resources their services'; the judgement is `engines/iam-policy`'s.
 */
import { parseArn } from '#base/arn.ts'
import { type AccountId, accountId } from '#base/ids.ts'
import { type Instant, isoSeconds, later, minutes } from '#base/time.ts'
import type { Needed } from '#engines/iam-policy/actions.ts'
import { denialText } from '#engines/iam-policy/denial.ts'
import { readPolicy } from '#engines/iam-policy/document.ts'
import { type Policies, type Principal, type Sourced, evaluate } from '#engines/iam-policy/evaluate.ts'
import { contextOf } from '#engines/iam-policy/glob.ts'
import {
  boundaryOf,
  managedPolicies,
  policiesOf,
  policiesOfUser,
  textPolicy,
} from '#services/iam/principals.ts'
import {
  ROOT,
  type IamState,
  type Tag,
  accessKeys,
  groups,
  nameKey,
  ownerOf,
  roles,
  users,
} from '#services/iam/records.ts'
import { type Place, resourcePolicy } from '#services/iam/resource-policies.ts'

/** What a session brings along: its policies bound, its tags and times are told to conditions. */
export interface Session {
  readonly policies?: readonly string[] | undefined
  readonly policyArns?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly sourceIdentity?: string | undefined
  readonly mfa?: boolean | undefined
  readonly provider?: string | undefined
  readonly issuedAt?: Instant | undefined
}

/** Who asks, as far as the signature tells. */
export type Caller =
  | { readonly kind: 'anonymous' }
  /** A token of an identity provider, by ARN or address; not yet a session. */
  | { readonly kind: 'federated'; readonly provider: string; readonly account: AccountId }
  | { readonly kind: 'root'; readonly account: AccountId; readonly session?: Session | undefined }
  | {
      readonly kind: 'user'
      readonly account: AccountId
      readonly user: string
      readonly session?: Session | undefined
    }
  | RoleCaller
  | FederatedCaller

interface InSession {
  readonly account: AccountId
  /** As GetCallerIdentity tells it. */
  readonly sessionArn: string
  readonly userId: string
  readonly session: Session
}

interface RoleCaller extends InSession {
  readonly kind: 'role'
}

interface FederatedCaller extends InSession {
  readonly kind: 'federated-user'
  /** The user that began it; none: the root did. */
  readonly user: string | undefined
}

export interface KeyHolder {
  readonly secret: string
  readonly isActive: boolean
  /** Undefined: the root of the account. */
  readonly user: string | undefined
}

/** Whose key it is, to verify a signature with; undefined for keys that nobody has. */
export async function holderOfKey(
  state: IamState,
  account: AccountId,
  keyId: string,
): Promise<KeyHolder | undefined> {
  const key = await accessKeys.get(state.store.read, ownerOf(account), keyId)
  if (key === undefined) return undefined
  const user = key.user === ROOT ? undefined : key.user
  return { secret: key.secret, isActive: key.status === 'Active', user }
}

/** How often the last use of a key is written. Ours: AWS tells it with some delay too. */
const USE_KEPT = minutes(1)

/** Remembers the use of a key, for GetAccessKeyLastUsed. */
export async function noteUse(
  state: IamState,
  account: AccountId,
  keyId: string,
  use: { readonly service: string; readonly region: string },
): Promise<void> {
  const now = state.clock.now()
  const old = await accessKeys.get(state.store.read, ownerOf(account), keyId)
  if (old === undefined) return
  const { lastUsed } = old
  const isSame = lastUsed?.service === use.service && lastUsed.region === use.region
  if (isSame && later(lastUsed.at, USE_KEPT) > now) return
  await state.store.tx(async (tx) => {
    const key = await accessKeys.get(tx, ownerOf(account), keyId)
    if (key !== undefined)
      accessKeys.put(tx, ownerOf(account), [keyId], { ...key, lastUsed: { at: now, ...use } })
  })
}

type Keys = readonly (readonly [string, readonly string[]])[]

interface Subject {
  readonly principal: Principal
  readonly policies: Policies
  readonly keys: Keys
  /** As GetCallerIdentity tells it; undefined for the unsigned. */
  readonly arn: string | undefined
}

const tagKeys = (tags: readonly Tag[]): Keys =>
  tags.map((tag) => [`aws:PrincipalTag/${tag.Key}`, [tag.Value]] as const)

function sessionKeys(session: Session | undefined): Keys {
  if (session === undefined) return []
  const { tags = {}, sourceIdentity, provider, issuedAt } = session
  return [
    ['aws:MultiFactorAuthPresent', [String(session.mfa === true)]],
    ...Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, [value]] as const),
    ...(sourceIdentity === undefined ? [] : [['aws:SourceIdentity', [sourceIdentity]] as const]),
    ...(provider === undefined ? [] : [['aws:FederatedProvider', [provider]] as const]),
    ...(issuedAt === undefined ? [] : [['aws:TokenIssueTime', [isoSeconds(issuedAt)]] as const]),
  ]
}

const callerKeys = (type: string, account: string, arn: string, userId: string): Keys => [
  ['aws:PrincipalType', [type]],
  ['aws:PrincipalAccount', [account]],
  ['aws:PrincipalArn', [arn]],
  ['aws:userid', [userId]],
]

/** Undefined when the session has no policies of its own. */
async function sessionPolicies(
  state: IamState,
  account: AccountId,
  session: Session | undefined,
): Promise<readonly Sourced[] | undefined> {
  const { policies = [], policyArns = [] } = session ?? {}
  if (policies.length + policyArns.length === 0) return undefined
  const inline = policies.map((text, i) => textPolicy(`SessionPolicy.${i + 1}`, 'session', text))
  const managed = await managedPolicies(state.store.read, account, policyArns)
  return [...inline.filter((one) => one !== undefined), ...managed]
}

const ALL: Sourced = {
  id: 'root',
  policy: {
    version: '2012-10-17',
    id: undefined,
    statements: [
      {
        sid: undefined,
        effect: 'Allow',
        principal: undefined,
        action: { negated: false, values: ['*'] },
        resource: { negated: false, values: ['*'] },
        conditions: [],
      },
    ],
  },
}

async function userSubject(
  state: IamState,
  account: AccountId,
  name: string,
  session: Session | undefined,
): Promise<Subject> {
  const { read } = state.store
  const user = await users.get(read, ownerOf(account), nameKey(name))
  const arn = user?.arn ?? `arn:aws:iam::${account}:user/${name}`
  return {
    principal: { kind: 'user', account, arn },
    policies: {
      identity: user === undefined ? [] : await policiesOfUser(read, account, user),
      boundary: await boundaryOf(read, account, user?.boundary),
      session: await sessionPolicies(state, account, session),
    },
    keys: [
      ...callerKeys('User', account, arn, user?.id ?? ''),
      ['aws:username', [user?.name ?? name]],
      ...tagKeys(user?.tags ?? []),
      ...sessionKeys(session),
    ],
    arn,
  }
}

async function roleSubject(state: IamState, caller: RoleCaller): Promise<Subject> {
  const { read } = state.store
  const { account, sessionArn, userId, session } = caller
  const name = parseArn(sessionArn)?.resource.split('/')[1] ?? ''
  const role = await roles.get(read, ownerOf(account), nameKey(name))
  const arn = role?.arn ?? `arn:aws:iam::${account}:role/${name}`
  return {
    principal: { kind: 'role', account, arn, sessionArn },
    policies: {
      identity: role === undefined ? [] : await policiesOf(read, account, role, 'role'),
      boundary: await boundaryOf(read, account, role?.boundary),
      session: await sessionPolicies(state, account, session),
    },
    keys: [
      ...callerKeys('AssumedRole', account, arn, userId),
      ...tagKeys(role?.tags ?? []),
      ...sessionKeys(session),
    ],
    arn: sessionArn,
  }
}

/** A federated user has what its beginner has and its session policies give; without these, nothing. */
async function federatedSubject(state: IamState, caller: FederatedCaller): Promise<Subject> {
  const { account, sessionArn, userId, session } = caller
  const user =
    caller.user === undefined ? undefined : await userSubject(state, account, caller.user, undefined)
  const policies = user?.policies ?? { identity: [ALL] }
  return {
    principal: { kind: 'federated-user', account, arn: sessionArn, sessionArn },
    policies: { ...policies, session: (await sessionPolicies(state, account, session)) ?? [] },
    keys: [...callerKeys('FederatedUser', account, sessionArn, userId), ...sessionKeys(session)],
    arn: sessionArn,
  }
}

async function subjectOf(state: IamState, caller: Caller): Promise<Subject> {
  if (caller.kind === 'user') return await userSubject(state, caller.account, caller.user, caller.session)
  if (caller.kind === 'role') return await roleSubject(state, caller)
  if (caller.kind === 'federated-user') return await federatedSubject(state, caller)
  const policies: Policies = { identity: [] }
  if (caller.kind === 'root') {
    const { account } = caller
    const arn = `arn:aws:iam::${account}:root`
    const keys = [...callerKeys('Account', account, arn, account), ...sessionKeys(caller.session)]
    return { principal: { kind: 'root', account, arn }, policies, keys, arn }
  }
  const principal: Principal =
    caller.kind === 'anonymous' ? caller : { kind: 'federated', provider: caller.provider }
  return { principal, policies, keys: [['aws:PrincipalType', ['Anonymous']]], arn: undefined }
}

export interface Question {
  readonly caller: Caller
  readonly needed: readonly Needed[]
  readonly place: Place
  /** Of the request: address, time, region, tags. */
  readonly keys: Keys
}

/** AWS's words for the first action that is denied; undefined when all are allowed. That the root assumes no role: IAM user guide, Methods to assume a role. */
export async function authorize(state: IamState, question: Question): Promise<string | undefined> {
  const { caller, needed, place, keys } = question
  if (needed.length === 0) return undefined
  if (caller.kind === 'root' && needed[0]?.action === 'sts:AssumeRole')
    return 'Roles may not be assumed by root accounts.'
  const subject = await subjectOf(state, caller)
  for (const need of needed) {
    const resource = await wholeArn(state, need.resource)
    const text = await resourcePolicy(state, resource, place)
    const policy = text === undefined ? undefined : readPolicy(text)
    const own = Object.entries(need.keys ?? {})
    const decision = evaluate(
      {
        principal: subject.principal,
        action: need.action,
        resource,
        resourceAccount: accountId(parseArn(resource)?.account ?? '') ?? place.account,
        mustGrant: need.action.startsWith('sts:AssumeRole'),
        context: contextOf([...keys, ...subject.keys, ...own]),
      },
      { ...subject.policies, resource: policy === undefined ? undefined : { id: resource, policy } },
    )
    if (decision.kind === 'allowed') continue
    const denial = denialText({ caller: subject.arn, action: need.action, resource, decision })
    return decision.deniedBy === 'resource' ? withoutTrust(denial, need) : denial
  }
  return undefined
}

/** AWS does not say that it is the trust policy which does not allow. Source: recorded AWS answer. */
const withoutTrust = (denial: string, { action }: Needed): string =>
  action.startsWith('sts:') ? (denial.split(' because ')[0] ?? denial) : denial

const ENTITIES = { user: users, role: roles, group: groups } as const

/** A user, role or group that an operation names without its path, under the ARN that it has. */
async function wholeArn(state: IamState, arn: string): Promise<string> {
  const [, account = '', kind, name = ''] =
    /^arn:aws:iam::(\d{12}):(user|role|group)\/([^/]+)$/.exec(arn) ?? []
  const owner = accountId(account)
  if (owner === undefined || (kind !== 'user' && kind !== 'role' && kind !== 'group')) return arn
  const found = await ENTITIES[kind].get(state.store.read, ownerOf(owner), nameKey(name))
  return found?.arn ?? arn
}
