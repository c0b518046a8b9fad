/** Targets of rules: put, remove, list, and which rules have one. */
import type { Events, Target } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { busRecord, changeRule, ruleRecord } from '#services/events/change.ts'
import { limitExceeded } from '#services/events/faults.ts'
import { TARGETS_PER_RULE_MAX } from '#services/events/limits.ts'
import { busNamed } from '#services/events/names.ts'
import { refuseManaged, refuseUnforced, rulesOf } from '#services/events/operations/rules.ts'
import { paged } from '#services/events/page-token.ts'
import type { EventsState } from '#services/events/state.ts'
import { checkTargets } from '#services/events/targets.ts'

/** Source: EventBridge API, PutTargets; recorded AWS answers. */
export const putTargets: Operation<Events['PutTargets'], EventsState> = async (input, state, call) => {
  const bus = busNamed(input.EventBusName, call)
  checkTargets(input.Targets, bus.region)
  await busRecord(state, state.control.read, bus)
  await changeRule(state, { ...bus, rule: input.Rule }, (rule) => {
    refuseManaged(rule)
    const targets = withTargets(rule.targets, input.Targets)
    if (targets.length > TARGETS_PER_RULE_MAX) throw limitExceeded()
    return { ...rule, targets }
  })
  return { FailedEntryCount: 0, FailedEntries: [] }
}

/** One of the same id is replaced where it stands. */
function withTargets(before: readonly Target[], added: readonly Target[]): readonly Target[] {
  const targets = new Map(before.map((target) => [target.Id, target]))
  for (const target of added) targets.set(target.Id, target)
  return [...targets.values()]
}

/** Ids that are none are passed over (inferred). Source: EventBridge API, RemoveTargets; recorded AWS answer. */
export const removeTargets: Operation<Events['RemoveTargets'], EventsState> = async (input, state, call) => {
  const gone = new Set(input.Ids)
  const bus = busNamed(input.EventBusName, call)
  await busRecord(state, state.control.read, bus)
  await changeRule(state, { ...bus, rule: input.Rule }, (rule) => {
    refuseUnforced(rule, input.Force)
    return { ...rule, targets: rule.targets.filter(({ Id }) => !gone.has(Id)) }
  })
  return { FailedEntryCount: 0, FailedEntries: [] }
}

/** Source: EventBridge API, ListTargetsByRule. */
export const listTargetsByRule: Operation<Events['ListTargetsByRule'], EventsState> = async (
  input,
  state,
  call,
) => {
  const bus = busNamed(input.EventBusName, call)
  await busRecord(state, state.control.read, bus)
  const rule = await ruleRecord(state.control.read, { ...bus, rule: input.Rule })
  const all = rule.targets.toSorted((a, b) => (a.Id < b.Id ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ Id }) => Id)
  return { Targets: items, NextToken }
}

/** Source: EventBridge API, ListRuleNamesByTarget. */
export const listRuleNamesByTarget: Operation<Events['ListRuleNamesByTarget'], EventsState> = async (
  input,
  state,
  call,
) => {
  const rules = await rulesOf(state, busNamed(input.EventBusName, call))
  const names = rules
    .filter(({ targets }) => targets.some(({ Arn }) => Arn === input.TargetArn))
    .map(({ name }) => name)
  const { items, NextToken } = paged(names, input, (name) => name)
  return { RuleNames: items, NextToken }
}
