/** Who may put events on a bus: stored, checked and shown; nothing here decides whether a request is allowed. */
import { Buffer } from 'node:buffer'
import { Fault } from '#base/fault.ts'
import { isRecord, type Json, parseJson, stringAt, valueAt } from '#base/json.ts'
import type { Events, PutPermissionRequest } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { changeBus } from '#services/events/change.ts'
import { invalid, invalidParameter, policyTooLong } from '#services/events/faults.ts'
import { POLICY_BYTES_MAX } from '#services/events/limits.ts'
import { type BusName, busArn, busNamed } from '#services/events/names.ts'
import type { PolicyRecord } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

const VERSION = '2012-10-17'

/** Source: EventBridge API, PutPermission; recorded AWS answers. */
export const putPermission: Operation<Events['PutPermission'], EventsState> = async (input, state, call) => {
  const name = busNamed(input.EventBusName, call)
  await changeBus(state, name, (record) => {
    const policy =
      input.Policy === undefined
        ? withStatement(record.policy, statementOf(input, name))
        : policyOfText(input.Policy)
    if (Buffer.byteLength(JSON.stringify(policy)) > POLICY_BYTES_MAX) throw policyTooLong()
    return { ...record, policy, changedAt: state.now() }
  })
  return {}
}

const sidOf = (statement: Json): string | undefined => stringAt(statement, 'Sid')

/** A statement of the same id is replaced. */
function withStatement(policy: PolicyRecord | undefined, statement: Json): PolicyRecord {
  const kept = policy?.Statement.filter((each) => sidOf(each) !== sidOf(statement)) ?? []
  return { Version: policy?.Version ?? VERSION, Statement: [...kept, statement] }
}

/** Source: recorded AWS answers of DescribeEventBus. */
function statementOf(input: PutPermissionRequest, bus: BusName): Json {
  const { Action, Principal, StatementId, Condition } = input
  if (Action !== undefined && Action !== 'events:PutEvents')
    throw invalid("Provided value in parameter 'action' is not supported.")
  if (Action === undefined || Principal === undefined || StatementId === undefined)
    throw invalid('Parameters Action, Principal and StatementId, or Policy, must be specified.')
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: busArn(bus),
    ...(Condition === undefined
      ? {}
      : { Condition: { [Condition.Type]: { [Condition.Key]: Condition.Value } } }),
  }
}

/** Texts inferred. */
function policyOfText(text: string): PolicyRecord {
  const document = parseJson(text)
  if (!isRecord(document)) throw invalidParameter('Policy', 'Invalid policy document.')
  const given = valueAt(document, 'Statement')
  const statements = (Array.isArray(given) ? given : [given]).filter(isRecord)
  if (statements.length === 0) throw invalidParameter('Policy', 'The policy has no statement.')
  for (const statement of statements) {
    const effect = stringAt(statement, 'Effect')
    if (effect !== 'Allow' && effect !== 'Deny')
      throw invalidParameter('Policy', 'Effect must be Allow or Deny.')
    for (const member of ['Principal', 'Action', 'Resource'])
      if (valueAt(statement, member) === undefined && valueAt(statement, `Not${member}`) === undefined)
        throw invalidParameter('Policy', `A statement has no ${member}.`)
  }
  return { Version: stringAt(document, 'Version') ?? VERSION, Statement: statements.map(toJson) }
}

/** What `parseJson` gave. */
const toJson = (statement: Readonly<Record<string, unknown>>): Json =>
  JSON.parse(JSON.stringify(statement)) as Json // oxlint-disable-line typescript/no-unsafe-type-assertion -- JSON of JSON

/** Source: EventBridge API, RemovePermission; recorded AWS answers. */
export const removePermission: Operation<Events['RemovePermission'], EventsState> = async (
  input,
  state,
  call,
) => {
  await changeBus(state, busNamed(input.EventBusName, call), (record) => {
    const { policy, ...rest } = record
    const changed = { ...rest, changedAt: state.now() }
    if (input.RemoveAllPermissions === true) return changed
    if (policy === undefined) throw missing('EventBus does not have a policy.')
    const kept = policy.Statement.filter((each) => sidOf(each) !== input.StatementId)
    if (kept.length === policy.Statement.length)
      throw missing('Statement with the provided id does not exist.')
    return kept.length === 0 ? changed : { ...changed, policy: { ...policy, Statement: kept } }
  })
  return {}
}

const missing = (message: string): Fault => new Fault('ResourceNotFoundException', message)
