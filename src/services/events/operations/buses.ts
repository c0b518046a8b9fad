/** Event buses: create, describe, list, update, delete. */
import { instant } from '#base/time.ts'
import type { CreateEventBusRequest, Events } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { busRecord, changeBus } from '#services/events/change.ts'
import { busExists, eventSourceNotFound, invalid, limitExceeded } from '#services/events/faults.ts'
import { BUSES_MAX } from '#services/events/limits.ts'
import { type BusName, busArn, busNamed, DEFAULT_BUS, ownerParts } from '#services/events/names.ts'
import { paged } from '#services/events/page-token.ts'
import { type BusRecord, BUSES, RULES } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'
import { checkDeadLetter } from '#services/events/targets.ts'
import { withTags } from '#services/events/tags.ts'

/** Source: EventBridge API, CreateEventBus; recorded AWS answers. */
export const createEventBus: Operation<Events['CreateEventBus'], EventsState> = async (
  input,
  state,
  call,
) => {
  const name: BusName = { account: call.account, region: call.region, bus: input.Name }
  checkName(input)
  checkDeadLetter(input.DeadLetterConfig?.Arn, call.region)
  const owner = ownerParts(name)
  const record: BusRecord = {
    name: input.Name,
    createdAt: state.now(),
    changedAt: state.now(),
    description: input.Description,
    kmsKey: input.KmsKeyIdentifier,
    deadLetter: input.DeadLetterConfig,
    logConfig: input.LogConfig,
    tags: withTags({}, input.Tags ?? []),
  }
  await state.control.tx(async (tx) => {
    if ((await BUSES.get(tx, owner, input.Name)) !== undefined) throw busExists(input.Name)
    const buses = await BUSES.list(tx, owner, [], { limit: BUSES_MAX + 2 })
    if (buses.filter((bus) => bus.name !== DEFAULT_BUS).length >= BUSES_MAX) throw limitExceeded()
    BUSES.put(tx, owner, [input.Name], record)
  })
  return { EventBusArn: busArn(name), ...settingsOf(record) }
}

function checkName({ Name, EventSourceName }: CreateEventBusRequest): void {
  if (Name === DEFAULT_BUS) throw busExists(Name)
  if (EventSourceName !== undefined) throw eventSourceNotFound(EventSourceName)
  if (Name.includes('/')) throw invalid("Event bus name must not contain '/'.")
}

const settingsOf = (record: BusRecord) => ({
  Description: record.description,
  KmsKeyIdentifier: record.kmsKey,
  DeadLetterConfig: record.deadLetter,
  LogConfig: record.logConfig,
})

const timesOf = (record: BusRecord) => ({
  CreationTime: instant(record.createdAt),
  LastModifiedTime: instant(record.changedAt),
})

const policyOf = ({ policy }: BusRecord): string | undefined =>
  policy === undefined ? undefined : JSON.stringify(policy)

/** Source: EventBridge API, DescribeEventBus. */
export const describeEventBus: Operation<Events['DescribeEventBus'], EventsState> = async (
  input,
  state,
  call,
) => {
  const name = busNamed(input.Name, call)
  const record = await busRecord(state, state.control.read, name)
  return {
    Name: record.name,
    Arn: busArn(name),
    ...settingsOf(record),
    Policy: policyOf(record),
    ...timesOf(record),
  }
}

/** Source: EventBridge API, ListEventBuses. */
export const listEventBuses: Operation<Events['ListEventBuses'], EventsState> = async (
  input,
  state,
  call,
) => {
  const { read } = state.control
  const kept = await BUSES.list(read, ownerParts(call), [], { limit: BUSES_MAX + 2 })
  const usual = await busRecord(state, read, { ...call, bus: DEFAULT_BUS })
  const all = [usual, ...kept.filter(({ name }) => name !== DEFAULT_BUS)]
    .filter(({ name }) => name.startsWith(input.NamePrefix ?? ''))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  return {
    EventBuses: items.map((record) => ({
      Name: record.name,
      Arn: busArn({ account: call.account, region: call.region, bus: record.name }),
      Description: record.description,
      Policy: policyOf(record),
      ...timesOf(record),
    })),
    NextToken,
  }
}

/** What is not named stays. Source: EventBridge API, UpdateEventBus. */
export const updateEventBus: Operation<Events['UpdateEventBus'], EventsState> = async (
  input,
  state,
  call,
) => {
  const name = busNamed(input.Name, call)
  checkDeadLetter(input.DeadLetterConfig?.Arn, call.region)
  const record = await changeBus(state, name, (before) => ({
    ...before,
    changedAt: state.now(),
    description: input.Description ?? before.description,
    kmsKey: input.KmsKeyIdentifier ?? before.kmsKey,
    deadLetter: input.DeadLetterConfig ?? before.deadLetter,
    logConfig: input.LogConfig ?? before.logConfig,
  }))
  return { Arn: busArn(name), Name: name.bus, ...settingsOf(record) }
}

/** Harmless when there is none. Source: EventBridge API, DeleteEventBus; recorded AWS answers. */
export const deleteEventBus: Operation<Events['DeleteEventBus'], EventsState> = async (
  input,
  state,
  call,
) => {
  const name = busNamed(input.Name, call)
  if (name.bus === DEFAULT_BUS) throw invalid('Cannot delete event bus default.')
  await state.control.tx(async (tx) => {
    const rules = await RULES.list(tx, ownerParts(name), [name.bus], { limit: 1 })
    if (rules.length > 0) throw invalid("EventBus can't be deleted since it has rules.")
    BUSES.delete(tx, ownerParts(name), name.bus)
  })
  state.hot.drop(name)
  return {}
}
