/** AddPermission and RemovePermission: statements of the attribute Policy. */
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import { accountId } from '#base/ids.ts'
import { printArn } from '#base/arn.ts'
import type { Sqs } from '#model/sqs.ts'
import type { Operation } from '#ports/service.ts'
import { queueAt } from '#services/sqs/asking.ts'
import { invalidParameter, invalidValue, missingParameter, overLimit } from '#services/sqs/faults.ts'
import { PERMISSION_ACTIONS_MAX, PERMISSION_LABEL_MAX, POLICY_STATEMENTS_MAX } from '#services/sqs/limits.ts'
import { bill } from '#services/sqs/metering.ts'
import type { Queue } from '#services/sqs/queue.ts'
import type { SqsState } from '#services/sqs/state.ts'
import { configure } from '#services/sqs/step.ts'

interface Policy {
  readonly Version: string
  readonly Id: string
  readonly Statement: readonly unknown[]
}

function policyOf(queue: Queue): Policy {
  const parsed = parseJson(queue.attributes['Policy'] ?? '')
  const record = isRecord(parsed) ? parsed : {}
  const { Statement: statement = [] } = record
  return {
    Version: stringAt(record, 'Version') ?? '2008-10-17',
    Id: stringAt(record, 'Id') ?? `${queue.arn}/SQSDefaultPolicy`,
    Statement: Array.isArray(statement) ? statement : [statement],
  }
}

async function setPolicy(queue: Queue, policy: Policy, state: SqsState): Promise<void> {
  const { Policy: _, ...rest } = queue.attributes
  const attributes = policy.Statement.length === 0 ? rest : { ...rest, Policy: JSON.stringify(policy) }
  state.queues.step(queue, (moment) => configure(queue, attributes, moment))
  await state.queues.settled()
}

const labelOf = (statement: unknown): string | undefined => stringAt(statement, 'Sid')

/** Actions that may be granted to others. Source: SQS API, AddPermission. */
const ACTIONS = new Set([
  '*',
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
  'ReceiveMessage',
  'SendMessage',
])

/** Actions that exist and cannot be granted. */
const OWNERS_ONLY = new Set([
  'AddPermission',
  'CancelMessageMoveTask',
  'CreateQueue',
  'DeleteQueue',
  'ListMessageMoveTasks',
  'ListQueueTags',
  'ListQueues',
  'RemovePermission',
  'SetQueueAttributes',
  'StartMessageMoveTask',
  'TagQueue',
  'UntagQueue',
])

function checkPermission(label: string, accounts: readonly string[], actions: readonly string[]): void {
  if (!/^[\w-]+$/.test(label) || label.length > PERMISSION_LABEL_MAX)
    throw invalidValue(
      label,
      'Label',
      `Can only include alphanumeric characters, hyphens, or underscores. 1 to ${PERMISSION_LABEL_MAX} in length`,
    )
  if (accounts.length === 0) throw invalidValue('[]', 'PrincipalId', 'Unable to verify.')
  if (actions.length === 0) throw missingParameter('Actions')
  if (actions.length > PERMISSION_ACTIONS_MAX)
    throw overLimit(`${actions.length} Actions were found, maximum allowed is ${PERMISSION_ACTIONS_MAX}.`)
  const refused = actions.find((action) => !ACTIONS.has(action))
  if (refused !== undefined)
    throw invalidValue(
      `SQS:${refused}`,
      'ActionName',
      OWNERS_ONLY.has(refused)
        ? 'Only the queue owner is allowed to invoke this action.'
        : 'Please refer to the appropriate WSDL for a list of valid actions.',
    )
  const wrong = accounts.find((account) => accountId(account) === undefined)
  if (wrong !== undefined) throw invalidValue(wrong, 'PrincipalId', 'Unable to verify.')
}

/** Source: SQS API, AddPermission; texts recorded. */
export const addPermission: Operation<Sqs['AddPermission'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  const { Label: label, AWSAccountIds: accounts, Actions: actions } = input
  checkPermission(label, accounts, actions)
  const policy = policyOf(queue)
  if (policy.Statement.some((statement) => labelOf(statement) === label))
    throw invalidValue(label, 'Label', 'Already exists.')
  if (policy.Statement.length >= POLICY_STATEMENTS_MAX)
    throw overLimit(
      `${policy.Statement.length + 1} Statements were found, maximum allowed is ${POLICY_STATEMENTS_MAX}.`,
    )
  const principals = accounts.map((account) =>
    printArn({ service: 'iam', region: '', account, resource: 'root' }),
  )
  const statement = {
    Sid: label,
    Effect: 'Allow',
    Principal: { AWS: principals.length === 1 ? principals[0] : principals },
    Action: actions.length === 1 ? `SQS:${actions[0] ?? ''}` : actions.map((action) => `SQS:${action}`),
    Resource: queue.arn,
  }
  await setPolicy(queue, { ...policy, Statement: [...policy.Statement, statement] }, state)
  return {}
}

/** Source: SQS API, RemovePermission; texts recorded. */
export const removePermission: Operation<Sqs['RemovePermission'], SqsState> = async (input, state, call) => {
  const queue = queueAt(input.QueueUrl, state, call)
  bill(state.usage, call, queue)
  const policy = policyOf(queue)
  const kept = policy.Statement.filter((statement) => labelOf(statement) !== input.Label)
  if (kept.length === policy.Statement.length)
    throw invalidParameter(
      `Value ${input.Label} for parameter Label is invalid. Reason: can't find label on existing policy.`,
    )
  await setPolicy(queue, { ...policy, Statement: kept }, state)
  return {}
}
