/** Resource policies: stored and shown. They are not enforced (README, differences). */
import { parseArn } from '#base/arn.ts'
import { uuid } from '#base/ids.ts'
import { utf8 } from '#base/bytes.ts'
import type { AddPermissionRequest, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import {
  functionNotFound,
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
import { LATEST, type Owner, functionArn, referenceTo } from '#services/lambda/names.ts'
import type { FunctionRecord, PolicyStatement } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** The function whose policy is meant. Only unqualified functions have one until versions exist. */
function policyOf(input: { FunctionName: string; Qualifier?: string | undefined }, owner: Owner): string {
  const { name, qualifier } = referenceTo(input.FunctionName, input.Qualifier, owner)
  if (qualifier === LATEST) throw latestHasNoPolicy()
  if (qualifier !== undefined) throw functionNotFound(functionArn(owner, name, qualifier))
  return name
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

function checkRevision(record: FunctionRecord, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== record.policyRevisionId) throw wrongRevision('GetPolicy')
}

const document = (statements: readonly PolicyStatement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements })

/** Source: Lambda API, AddPermission; recorded AWS answers for the statement's form. */
export const addPermission: Operation<Lambda['AddPermission'], LambdaState> = async (input, state, call) => {
  const name = policyOf(input, call)
  await state.get(call, name)
  const statement: PolicyStatement = {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: principalMember(input.Principal),
    Action: input.Action,
    Resource: functionArn(call, name),
    ...conditionOf(input),
  }
  await state.change(call, name, (record) => {
    checkRevision(record, input.RevisionId)
    if (record.policy.some((each) => each.Sid === input.StatementId)) throw statementExists(input.StatementId)
    const policy = [...record.policy, statement]
    if (utf8(document(policy)).length > POLICY_BYTES) throw policyTooLong()
    return { ...record, policy, policyRevisionId: uuid(state.ports.random) }
  })
  return { Statement: JSON.stringify(statement) }
}

/** Source: Lambda API, RemovePermission. */
export const removePermission: Operation<Lambda['RemovePermission'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const name = policyOf(input, call)
  if ((await state.find(call, name)) === undefined) throw policyNotFound(functionArn(call, name))
  await state.change(call, name, (record) => {
    if (record.policy.length === 0) throw noPolicy()
    checkRevision(record, input.RevisionId)
    if (!record.policy.some((each) => each.Sid === input.StatementId))
      throw statementNotFound(input.StatementId)
    const policy = record.policy.filter((each) => each.Sid !== input.StatementId)
    return { ...record, policy, policyRevisionId: uuid(state.ports.random) }
  })
  return {}
}

/** Source: Lambda API, GetPolicy. */
export const getPolicy: Operation<Lambda['GetPolicy'], LambdaState> = async (input, state, call) => {
  const name = policyOf(input, call)
  const live = await state.find(call, name)
  if (live === undefined || live.record.policy.length === 0) throw noSuchPolicy()
  return { Policy: document(live.record.policy), RevisionId: live.record.policyRevisionId }
}
