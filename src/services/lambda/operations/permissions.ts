/** Resource policies, one for the function and one for each version and alias. What they allow is `resource-policy.ts`. */
import { parseArn } from '#base/arn.ts'
import { uuid } from '#base/ids.ts'
import { utf8 } from '#base/bytes.ts'
import type { AddPermissionRequest, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import {
  latestHasNoPolicy,
  noPolicy,
  noSuchPolicy,
  policyNotFound,
  policyTooLong,
  principalInvalid,
  statementExists,
  statementNotFound,
  wrongRevision,
} from '#services/lambda/faults.ts'
import { POLICY_BYTES } from '#services/lambda/limits.ts'
import {
  type FunctionReference,
  LATEST,
  type Owner,
  functionArn,
  referenceTo,
} from '#services/lambda/names.ts'
import { versionMeant } from '#services/lambda/qualifiers.ts'
import type { FunctionRecord, PolicyStatement, ResourcePolicy } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Meant extends FunctionReference {
  /** With the qualifier. */
  readonly arn: string
}

/** Whose policy is meant: each version and each alias has one of its own. Source: recorded AWS answers. */
function policyOf(input: { FunctionName: string; Qualifier?: string | undefined }, owner: Owner): Meant {
  const reference = referenceTo(input.FunctionName, input.Qualifier, owner)
  if (reference.qualifier === LATEST) throw latestHasNoPolicy()
  return { ...reference, arn: functionArn(owner, reference.name, reference.qualifier) }
}

const policyNow = (record: FunctionRecord, qualifier: string | undefined): ResourcePolicy | undefined =>
  qualifier === undefined
    ? { statements: record.policy, revisionId: record.policyRevisionId }
    : record.policies?.[qualifier]

function withPolicy(
  record: FunctionRecord,
  qualifier: string | undefined,
  policy: ResourcePolicy,
): FunctionRecord {
  if (qualifier === undefined)
    return { ...record, policy: policy.statements, policyRevisionId: policy.revisionId }
  return { ...record, policies: { ...record.policies, [qualifier]: policy } }
}

/** Source: recorded AWS answers: a service by its host name, an account by its root, `*` as it is. */
function principalMember(principal: string): unknown {
  if (principal === '*') return '*'
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` }
  if (parseArn(principal)?.service === 'iam') return { AWS: principal }
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal }
  if (/^[a-z0-9-]+\.(alexa|amazon)\.com$/.test(principal) || principal.includes('.amazon'))
    return { Service: principal }
  throw principalInvalid()
}

function conditionOf(input: AddPermissionRequest): { Condition?: unknown } {
  const equals = {
    ...(input.SourceAccount === undefined ? {} : { 'AWS:SourceAccount': input.SourceAccount }),
    ...(input.EventSourceToken === undefined ? {} : { 'lambda:EventSourceToken': input.EventSourceToken }),
    ...(input.PrincipalOrgID === undefined ? {} : { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
    ...(input.FunctionUrlAuthType === undefined
      ? {}
      : { 'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType }),
  }
  const condition = {
    ...(Object.keys(equals).length === 0 ? {} : { StringEquals: equals }),
    ...(input.InvokedViaFunctionUrl === undefined
      ? {}
      : { Bool: { 'lambda:InvokedViaFunctionUrl': `${input.InvokedViaFunctionUrl}` } }),
    ...(input.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
  }
  return Object.keys(condition).length === 0 ? {} : { Condition: condition }
}

function checkRevision(policy: ResourcePolicy | undefined, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== policy?.revisionId) throw wrongRevision('GetPolicy')
}

const document = (statements: readonly PolicyStatement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements })

/** Source: Lambda API, AddPermission; recorded AWS answers for the statement's form. */
export const addPermission: Operation<Lambda['AddPermission'], LambdaState> = async (input, state, call) => {
  const { name, qualifier, arn } = policyOf(input, call)
  await versionMeant(state, call, { name, qualifier })
  const statement: PolicyStatement = {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: principalMember(input.Principal),
    Action: input.Action,
    Resource: arn,
    ...conditionOf(input),
  }
  await state.change(call, name, (record) => {
    const policy = policyNow(record, qualifier)
    checkRevision(policy, input.RevisionId)
    const before = policy?.statements ?? []
    if (before.some((each) => each.Sid === input.StatementId)) throw statementExists(input.StatementId)
    const statements = [...before, statement]
    if (utf8(document(statements)).length > POLICY_BYTES) throw policyTooLong()
    return withPolicy(record, qualifier, { statements, revisionId: uuid(state.ports.random) })
  })
  return { Statement: JSON.stringify(statement) }
}

/** Source: Lambda API, RemovePermission. */
export const removePermission: Operation<Lambda['RemovePermission'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { name, qualifier, arn } = policyOf(input, call)
  if ((await state.find(call, name)) === undefined) throw policyNotFound(arn)
  await state.change(call, name, (record) => {
    const policy = policyNow(record, qualifier)
    if (policy === undefined || policy.statements.length === 0) throw noPolicy()
    checkRevision(policy, input.RevisionId)
    if (!policy.statements.some((each) => each.Sid === input.StatementId))
      throw statementNotFound(input.StatementId)
    const statements = policy.statements.filter((each) => each.Sid !== input.StatementId)
    return withPolicy(record, qualifier, { statements, revisionId: uuid(state.ports.random) })
  })
  return {}
}

/** Source: Lambda API, GetPolicy. */
export const getPolicy: Operation<Lambda['GetPolicy'], LambdaState> = async (input, state, call) => {
  const { name, qualifier } = policyOf(input, call)
  const live = await state.find(call, name)
  const policy = live === undefined ? undefined : policyNow(live.record, qualifier)
  if (policy === undefined || policy.statements.length === 0) throw noSuchPolicy()
  return { Policy: document(policy.statements), RevisionId: policy.revisionId }
}
