/**
 * A topic's access policy: the one every topic begins with, the check of a new one, and the statements that
 * AddPermission and RemovePermission write. Pure. Nothing here decides whether a request is allowed.
 */
import { utf8 } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { invalid } from '#services/sns/faults.ts'
import { POLICY_BYTES_MAX } from '#services/sns/limits.ts'

/** Actions that a topic's policy may name. Source: SNS API, AddPermission; service authorization reference. */
const ACTIONS = [
  'GetTopicAttributes',
  'SetTopicAttributes',
  'AddPermission',
  'RemovePermission',
  'DeleteTopic',
  'Subscribe',
  'ListSubscriptionsByTopic',
  'Publish',
] as const
/** Further ones that are known but not part of the policy a topic begins with. */
const FURTHER = ['Receive', 'GetDataProtectionPolicy', 'PutDataProtectionPolicy', 'ListTagsForResource']

export type Statement = Readonly<Record<string, unknown>>

interface PolicyDocument {
  readonly Version?: unknown
  readonly Id?: unknown
  readonly Statement: readonly Statement[]
}

/** Source: recorded AWS answer of GetTopicAttributes. */
export function defaultPolicy(topicArn: string, account: string): string {
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: ACTIONS.map((action) => `SNS:${action}`),
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  })
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

function statementsOf(document: unknown): readonly Statement[] {
  return listOf(valueAt(document, 'Statement')).filter(isRecord)
}

function isOurAction(action: unknown): boolean {
  if (typeof action !== 'string') return false
  if (action === '*') return true
  const name = /^sns:(.+)$/i.exec(action)?.[1]?.toLowerCase()
  if (name === undefined) return false
  return name.includes('*') || [...ACTIONS, ...FURTHER].some((one) => one.toLowerCase() === name)
}

/** Fault InvalidParameter. Source: recorded AWS answer for actions of others; the other texts are inferred. */
export function checkPolicy(text: string): void {
  if (utf8(text).length > POLICY_BYTES_MAX) throw invalid('Policy Error: the policy is too long')
  const document = parseJson(text)
  if (!isRecord(document)) throw invalid('Policy Error: null')
  const statements = statementsOf(document)
  if (statements.length === 0) throw invalid('Policy Error: null')
  for (const statement of statements) checkStatement(statement)
}

function checkStatement(statement: Statement): void {
  const effect = statement['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw invalid('Policy statement effect is invalid!')
  if (statement['Principal'] === undefined && statement['NotPrincipal'] === undefined)
    throw invalid('Policy statement must contain principals!')
  const actions = listOf(statement['Action'] ?? statement['NotAction'])
  if (!actions.every(isOurAction)) throw invalid('Policy statement action out of service scope!')
}

/** Fault InvalidParameter: the label is there, or an action is none of SNS. Source: recorded AWS answers. */
export function withPermission(
  policy: string,
  grant: {
    readonly label: string
    readonly accounts: readonly string[]
    readonly actions: readonly string[]
    readonly topicArn: string
  },
): string {
  const document = parseJson(policy)
  const statements = statementsOf(document)
  if (statements.some((one) => one['Sid'] === grant.label)) throw invalid('Statement already exists')
  const actions = grant.actions.map((action) => `SNS:${action}`)
  if (!actions.every(isOurAction)) throw invalid('Policy statement action out of service scope!')
  const principals = grant.accounts.map((account) => `arn:aws:iam::${account}:root`)
  return JSON.stringify({
    ...headOf(document),
    Statement: [
      ...statements,
      {
        Sid: grant.label,
        Effect: 'Allow',
        Principal: { AWS: oneOrAll(principals) },
        Action: oneOrAll(actions),
        Resource: grant.topicArn,
      },
    ],
  })
}

/** The policy without that statement; the same when there is none. Source: SNS API, RemovePermission. */
export function withoutPermission(policy: string, label: string): string {
  const document = parseJson(policy)
  const statements = statementsOf(document)
  const kept = statements.filter((one) => one['Sid'] !== label)
  return kept.length === statements.length ? policy : JSON.stringify({ ...headOf(document), Statement: kept })
}

const oneOrAll = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? '') : values

const headOf = (document: unknown): Omit<PolicyDocument, 'Statement'> => ({
  Version: stringAt(document, 'Version') ?? '2008-10-17',
  Id: stringAt(document, 'Id') ?? '__default_policy_ID',
})
