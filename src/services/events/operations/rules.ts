/** Rules: put, describe, list, enable, disable, delete. */
import { keysBelow } from '#base/key.ts'
import type { DescribeRuleResponse, Events, PutRuleRequest } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import {
  busRecord,
  changeRule,
  eraseRule,
  keepRule,
  ruleIsErased,
  ruleIsKept,
  ruleRecord,
} from '#services/events/change.ts'
import {
  invalid,
  invalidSchedule,
  limitExceeded,
  managedRule,
  unchangeableRule,
} from '#services/events/faults.ts'
import { isEnabled } from '#services/events/hot.ts'
import { RULES_PER_BUS_MAX } from '#services/events/limits.ts'
import {
  type BusName,
  busNamed,
  DEFAULT_BUS,
  ownerParts,
  type RuleName,
  ruleArn,
} from '#services/events/names.ts'
import { paged } from '#services/events/page-token.ts'
import { checkedPattern } from '#services/events/patterns.ts'
import { type RuleRecord, RULES } from '#services/events/records.ts'
import { parseSchedule } from '#services/events/schedule.ts'
import type { EventsState } from '#services/events/state.ts'
import { withTags } from '#services/events/tags.ts'

/** Fault ManagedRule. */
export function refuseManaged(rule: RuleRecord): void {
  if (rule.managedBy !== undefined) throw unchangeableRule(rule.name)
}

/** Fault ManagedRule: of operations that `force` overrides. */
export function refuseUnforced(rule: RuleRecord, force: boolean | undefined): void {
  if (rule.managedBy !== undefined && force !== true) throw managedRule(rule.name)
}

const ALL_MANAGEMENT_EVENTS = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

/** What an existing rule had and this does not name is lost, but targets and tags stay. Source: EventBridge API, PutRule; recorded AWS answers. */
export const putRule: Operation<Events['PutRule'], EventsState> = async (input, state, call) => {
  const bus = busNamed(input.EventBusName, call)
  const name: RuleName = { ...bus, rule: input.Name }
  checkRule(input, bus)
  const rule = await state.control.tx(async (tx) => {
    await busRecord(state, tx, bus)
    const before = await RULES.get(tx, ownerParts(bus), bus.bus, input.Name)
    if (before !== undefined) refuseManaged(before)
    else {
      const below = keysBelow(...ownerParts(bus), RULES.kind, bus.bus)
      const rules = await tx.range({ ...below, limit: RULES_PER_BUS_MAX })
      if (rules.length >= RULES_PER_BUS_MAX) throw limitExceeded()
    }
    const made = madeRule(state, { input, bus, before, account: call.account })
    keepRule(state, tx, name, made)
    return made
  })
  ruleIsKept(state, name, rule)
  return { RuleArn: ruleArn(name) }
}

function checkRule(input: PutRuleRequest, bus: BusName): void {
  const pattern = given(input.EventPattern)
  const schedule = given(input.ScheduleExpression)
  if (pattern === undefined && schedule === undefined)
    throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.')
  if (schedule !== undefined && bus.bus !== DEFAULT_BUS)
    throw invalid('ScheduleExpression is supported only on the default event bus.')
  if (schedule !== undefined && parseSchedule(schedule) === undefined) throw invalidSchedule()
  if (schedule !== undefined && input.State === ALL_MANAGEMENT_EVENTS)
    throw invalid(`${ALL_MANAGEMENT_EVENTS} rule state is not supported with scheduled rule expressions.`)
  if (pattern !== undefined) checkedPattern(pattern, input.Name)
}

interface Making {
  readonly input: PutRuleRequest
  readonly bus: BusName
  readonly before: RuleRecord | undefined
  readonly account: string
}

function madeRule(state: EventsState, { input, bus, before, account }: Making): RuleRecord {
  const schedule = given(input.ScheduleExpression)
  const isSame = before !== undefined && before.schedule === schedule && isEnabled(before)
  return {
    name: input.Name,
    bus: bus.bus,
    createdAt: before?.createdAt ?? state.now(),
    createdBy: before?.createdBy ?? account,
    state: input.State ?? 'ENABLED',
    pattern: given(input.EventPattern),
    schedule,
    scheduledFrom: isSame ? before.scheduledFrom : state.now(),
    description: given(input.Description),
    role: given(input.RoleArn),
    targets: before?.targets ?? [],
    tags: before?.tags ?? withTags({}, input.Tags ?? []),
  }
}

const named = (
  input: { readonly EventBusName?: string | undefined },
  rule: string,
  call: Parameters<typeof busNamed>[1],
): RuleName => ({
  ...busNamed(input.EventBusName, call),
  rule,
})

const shown = (name: RuleName, rule: RuleRecord): DescribeRuleResponse => ({
  Name: rule.name,
  Arn: ruleArn(name),
  EventPattern: rule.pattern,
  ScheduleExpression: rule.schedule,
  State: rule.state,
  Description: rule.description,
  RoleArn: rule.role,
  ManagedBy: rule.managedBy,
  EventBusName: rule.bus,
})

/** Source: EventBridge API, DescribeRule. */
export const describeRule: Operation<Events['DescribeRule'], EventsState> = async (input, state, call) => {
  const name = named(input, input.Name, call)
  await busRecord(state, state.control.read, name)
  const rule = await ruleRecord(state.control.read, name)
  return { ...shown(name, rule), CreatedBy: rule.createdBy }
}

/** Source: EventBridge API, ListRules. */
export const listRules: Operation<Events['ListRules'], EventsState> = async (input, state, call) => {
  const bus = busNamed(input.EventBusName, call)
  const rules = await rulesOf(state, bus)
  const all = rules.filter(({ name }) => name.startsWith(input.NamePrefix ?? ''))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  return { Rules: items.map((rule) => shown({ ...bus, rule: rule.name }, rule)), NextToken }
}

/** By name. Fault ResourceNotFound: there is no such bus. */
export async function rulesOf(state: EventsState, bus: BusName): Promise<readonly RuleRecord[]> {
  const { read } = state.control
  await busRecord(state, read, bus)
  // Rules of archives are not counted by the quota.
  const rules = await RULES.list(read, ownerParts(bus), [bus.bus], { limit: RULES_PER_BUS_MAX * 2 })
  return rules.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** A rate begins anew. Source: EventBridge API, EnableRule. */
export const enableRule: Operation<Events['EnableRule'], EventsState> = async (input, state, call) => {
  await changeRule(state, named(input, input.Name, call), (rule) => {
    refuseManaged(rule)
    return isEnabled(rule) ? rule : { ...rule, state: 'ENABLED', scheduledFrom: state.now() }
  })
  return {}
}

/** Source: EventBridge API, DisableRule. */
export const disableRule: Operation<Events['DisableRule'], EventsState> = async (input, state, call) => {
  await changeRule(state, named(input, input.Name, call), (rule) => {
    refuseManaged(rule)
    return { ...rule, state: 'DISABLED' }
  })
  return {}
}

/** Harmless when there is none. Source: EventBridge API, DeleteRule; recorded AWS answers. */
export const deleteRule: Operation<Events['DeleteRule'], EventsState> = async (input, state, call) => {
  const name = named(input, input.Name, call)
  await state.control.tx(async (tx) => {
    await busRecord(state, tx, name)
    const rule = await RULES.get(tx, ownerParts(name), name.bus, name.rule)
    if (rule === undefined) return
    refuseUnforced(rule, input.Force)
    if (rule.targets.length > 0 && rule.managedBy === undefined)
      throw invalid("Rule can't be deleted since it has targets.")
    eraseRule(state, tx, name)
  })
  ruleIsErased(state, name)
  return {}
}
