/** The policy simulator: the evaluator of `engines/iam-policy` over policies that are given or hang on a principal. */
import { parseArn } from '#base/arn.ts'
import { type AccountId, accountId } from '#base/ids.ts'
import { contextKeysOf } from '#engines/iam-policy/context-keys.ts'
import { type Decision, type Policies, type Principal, evaluate } from '#engines/iam-policy/evaluate.ts'
import { type Context, contextOf } from '#engines/iam-policy/glob.ts'
import { statementSpans } from '#engines/iam-policy/positions.ts'
import type { Iam } from '#model/iam.ts'
import type { Call, Operation } from '#ports/service.ts'
import { pageFor } from '#services/iam/entities.ts'
import { invalidInput } from '#services/iam/faults.ts'
import { GROUPS, ROLES, USERS, holderOf } from '#services/iam/holders.ts'
import {
  type TextPolicy,
  boundaryOf,
  policiesOf,
  policiesOfUser,
  textPolicy,
} from '#services/iam/principals.ts'
import type { IamState } from '#services/iam/records.ts'

type Input = Iam['SimulateCustomPolicy']['in']
type Out = Iam['SimulateCustomPolicy']['out']
type Result = NonNullable<Out['EvaluationResults']>[number]

/** Fault InvalidInput. Documents given to a simulation are called by their place in the list. Source: IAM API, Statement. */
function given(texts: readonly string[] | undefined, list: string, type = 'none'): TextPolicy[] {
  return (texts ?? []).map((text, i) => {
    const found = textPolicy(`${list}.${i + 1}`, type, text)
    if (found === undefined) throw invalidInput(`Invalid Content Policy: ${list}.${i + 1} is no policy.`)
    return found
  })
}

interface Subject {
  readonly identity: readonly TextPolicy[]
  readonly boundary: readonly TextPolicy[] | undefined
  readonly principal: Principal
  readonly context: readonly (readonly [string, readonly string[]])[]
}

interface Question extends Pick<
  Input,
  'ActionNames' | 'ResourceArns' | 'ContextEntries' | 'MaxItems' | 'Marker'
> {
  readonly ResourcePolicy?: string | undefined
  readonly ResourceOwner?: string | undefined
  readonly OrderedOrganizationPolicyInputList?: Input['OrderedOrganizationPolicyInputList']
}

function answer(subject: Subject, input: Question): Out {
  for (const name of input.ActionNames)
    if (!/^[\w-]+:[\w*?]+$/.test(name)) throw invalidInput(`Invalid Entity Action: ${name}`)
  const given_ = (input.ContextEntries ?? []).map(
    (one) => [one.ContextKeyName ?? '', one.ContextKeyValues ?? []] as const,
  )
  const context = contextOf([...subject.context, ...given_])
  const [resource] = given(
    input.ResourcePolicy === undefined ? undefined : [input.ResourcePolicy],
    'ResourcePolicy',
    'resource',
  )
  const organization = input.OrderedOrganizationPolicyInputList?.map((level, i) =>
    given(level.ServiceControlPolicyInputList, `OrderedOrganizationPolicyInputList.${i + 1}`),
  )
  const policies: Policies = { ...subject, organization, resource }
  const texts = new Map(
    [subject.identity, subject.boundary ?? [], organization?.flat() ?? [], resource ?? []]
      .flat()
      .map((one) => [one.policy, one]),
  )
  const owner = ownerAccount(input.ResourceOwner)
  const combinations = input.ActionNames.flatMap((action) =>
    (input.ResourceArns ?? ['*']).map((arn) => ({ action, arn })),
  )
  const numbered = combinations.map(({ action, arn }, i) => {
    const access = { principal: subject.principal, action, resource: arn, resourceAccount: owner, context }
    return { i, result: resultOf({ access, policies, texts, decision: evaluate(access, policies) }) }
  })
  const { items, ...page } = pageFor(numbered, input, ({ i }) => `${i}`.padStart(6, '0'))
  return { EvaluationResults: items.map(({ result }) => result), ...page }
}

/** The owner is told by an account's ARN, or by its twelve digits. */
const ownerAccount = (owner: string | undefined): AccountId | undefined =>
  owner === undefined ? undefined : accountId(parseArn(owner)?.account ?? owner)

interface Judged {
  readonly access: { readonly action: string; readonly resource: string; readonly context: Context }
  readonly policies: Policies
  readonly texts: ReadonlyMap<unknown, TextPolicy>
  readonly decision: Decision
}

function resultOf({ access, policies, texts, decision }: Judged): Result {
  const missing = contextKeysOf([...texts.values()].map(({ policy }) => policy)).filter(
    (key) => !access.context.has(key.toLowerCase()),
  )
  const matched = decision.matched.flatMap(({ source, index }) => {
    const text = texts.get(source.policy)
    const span = text === undefined ? undefined : statementSpans(text.text)[index]
    return [
      {
        SourcePolicyId: source.id,
        SourcePolicyType: source.type,
        StartPosition: span?.start,
        EndPosition: span?.end,
      },
    ]
  })
  return {
    EvalActionName: access.action,
    EvalResourceName: access.resource,
    EvalDecision: decision.kind,
    MatchedStatements: matched,
    MissingContextValues: missing,
    OrganizationsDecisionDetail:
      policies.organization === undefined
        ? undefined
        : { AllowedByOrganizations: decision.deniedBy !== 'organization' },
    PermissionsBoundaryDecisionDetail:
      policies.boundary === undefined
        ? undefined
        : { AllowedByPermissionsBoundary: decision.deniedBy !== 'boundary' },
  }
}

/** Who asks when nobody is named: a user of the account that has no policies but those given. */
function callerOf(arn: string | undefined, call: Call): Principal {
  if (arn === undefined)
    return { kind: 'user', account: call.account, arn: `arn:aws:iam::${call.account}:user/` }
  const parsed = parseArn(arn)
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('user/'))
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`)
  return { kind: 'user', account: parsed.account, arn }
}

export const simulateCustomPolicy: Operation<Iam['SimulateCustomPolicy'], IamState> = (
  input,
  _state,
  call,
) => {
  const boundaries = input.PermissionsBoundaryPolicyInputList
  const subject: Subject = {
    identity: given(input.PolicyInputList, 'PolicyInputList'),
    boundary: boundaries === undefined ? undefined : given(boundaries, 'PermissionsBoundaryPolicyInputList'),
    principal: callerOf(input.CallerArn, call),
    context: [],
  }
  return answer(subject, input)
}

type Source = Iam['SimulatePrincipalPolicy']['in']

/** A user, group or role of the account by its ARN. Faults NoSuchEntity, InvalidInput. Source: IAM API, SimulatePrincipalPolicy, PolicySourceArn. */
async function subjectOf(state: IamState, call: Call, arn: string): Promise<Subject> {
  const { read } = state.store
  const [, kind, name = ''] =
    /^(user|group|role)\/(?:.*\/)?([^/]+)$/.exec(parseArn(arn)?.resource ?? '') ?? []
  const { account } = call
  if (kind === 'user') {
    const user = await holderOf(USERS, read, account, name)
    return {
      identity: await policiesOfUser(read, account, user),
      boundary: await boundaryOf(read, account, user.boundary),
      principal: { kind: 'user', account, arn: user.arn },
      context: [
        ['aws:username', [user.name]],
        ['aws:userid', [user.id]],
        ['aws:PrincipalArn', [user.arn]],
        ['aws:PrincipalAccount', [account]],
        ['aws:PrincipalType', ['User']],
        ...user.tags.map((tag) => [`aws:PrincipalTag/${tag.Key}`, [tag.Value]] as const),
      ],
    }
  }
  if (kind === 'role') {
    const role = await holderOf(ROLES, read, account, name)
    const sessionArn = `arn:aws:sts::${account}:assumed-role/${role.name}/`
    return {
      identity: await policiesOf(read, account, role, 'role'),
      boundary: await boundaryOf(read, account, role.boundary),
      principal: { kind: 'role', account, arn: role.arn, sessionArn },
      context: [
        ['aws:PrincipalArn', [role.arn]],
        ['aws:PrincipalAccount', [account]],
        ['aws:PrincipalType', ['AssumedRole']],
        ...role.tags.map((tag) => [`aws:PrincipalTag/${tag.Key}`, [tag.Value]] as const),
      ],
    }
  }
  if (kind !== 'group')
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`)
  const group = await holderOf(GROUPS, read, account, name)
  const identity = await policiesOf(read, account, group, 'group')
  return { identity, boundary: undefined, principal: callerOf(undefined, call), context: [] }
}

/** Managed policies are left out by their ARN, inline ones by their name and holder. */
function isExcluded(policy: TextPolicy, excluded: Source['PolicyExclusionList']): boolean {
  return (excluded ?? []).some(({ PolicyArn, InlinePolicyIdentifier: inline }) => {
    if (PolicyArn !== undefined) return PolicyArn.endsWith(`/${policy.id}`)
    return (
      policy.id ===
      `${inline?.AttachmentType ?? ''}_${inline?.AttachmentName ?? ''}_${inline?.PolicyName ?? ''}`
    )
  })
}

export const simulatePrincipalPolicy: Operation<Iam['SimulatePrincipalPolicy'], IamState> = async (
  input,
  state,
  call,
) => {
  const found = await subjectOf(state, call, input.PolicySourceArn)
  const bounds = input.PermissionsBoundaryPolicyInputList
  const kept = found.identity.filter((one) => !isExcluded(one, input.PolicyExclusionList))
  const subject: Subject = {
    ...found,
    identity: [...kept, ...given(input.PolicyInputList, 'PolicyInputList')],
    boundary: bounds === undefined ? found.boundary : given(bounds, 'PermissionsBoundaryPolicyInputList'),
    principal: input.CallerArn === undefined ? found.principal : callerOf(input.CallerArn, call),
  }
  return answer(subject, input)
}

export const getContextKeysForCustomPolicy: Operation<Iam['GetContextKeysForCustomPolicy'], IamState> = (
  input,
) => ({
  ContextKeyNames: contextKeysOf(given(input.PolicyInputList, 'PolicyInputList').map(({ policy }) => policy)),
})

export const getContextKeysForPrincipalPolicy: Operation<
  Iam['GetContextKeysForPrincipalPolicy'],
  IamState
> = async (input, state, call) => {
  const { identity } = await subjectOf(state, call, input.PolicySourceArn)
  const all = [...identity, ...given(input.PolicyInputList, 'PolicyInputList')]
  return { ContextKeyNames: contextKeysOf(all.map(({ policy }) => policy)) }
}
