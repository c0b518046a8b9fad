/** API destinations: create, describe, list, update, delete. */
import { uuid } from '#base/ids.ts'
import { instant } from '#base/time.ts'
import type { ApiDestination, Events } from '#model/events.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import {
  connectionNotFound,
  destinationExists,
  destinationNotFound,
  noDestinationToDescribe,
  invalid,
  limitExceeded,
} from '#services/events/faults.ts'
import { DESTINATIONS_MAX, INVOCATIONS_PER_SECOND } from '#services/events/limits.ts'
import { destinationArn, namedBy, ownerParts } from '#services/events/names.ts'
import { paged } from '#services/events/page-token.ts'
import { CONNECTIONS, type DestinationRecord, DESTINATIONS } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

/** Whether its connection is authorized. Source: recorded AWS answers. */
async function activity(read: Read, { connectionArn }: DestinationRecord): Promise<'ACTIVE' | 'INACTIVE'> {
  const named = namedBy(connectionArn)
  const [name = ''] = named?.name.split('/') ?? []
  const found = named === undefined ? undefined : await CONNECTIONS.get(read, ownerParts(named), name)
  return found?.state === 'AUTHORIZED' ? 'ACTIVE' : 'INACTIVE'
}

/** Faults ResourceNotFound, and ValidationException for one of another region. Source: recorded AWS answers. */
async function checkConnection(read: Read, arn: string, region: string): Promise<void> {
  const named = namedBy(arn)
  if (named !== undefined && named.region !== region) throw invalid(`Invalid ARN: '${arn}'`)
  const [name = arn] = named?.kind === 'connection' ? named.name.split('/') : []
  const found = named === undefined ? undefined : await CONNECTIONS.get(read, ownerParts(named), name)
  if (found === undefined) throw connectionNotFound(name)
}

type Owned = Pick<Call, 'account' | 'region'>

const madeOf = async (read: Read, call: Owned, record: DestinationRecord) => ({
  ApiDestinationArn: destinationArn(call, record.name, record.id),
  ApiDestinationState: await activity(read, record),
  CreationTime: instant(record.createdAt),
  LastModifiedTime: instant(record.changedAt),
})

const shown = async (read: Read, call: Owned, record: DestinationRecord): Promise<ApiDestination> => ({
  ...(await madeOf(read, call, record)),
  Name: record.name,
  ConnectionArn: record.connectionArn,
  InvocationEndpoint: record.endpoint,
  HttpMethod: record.method,
  InvocationRateLimitPerSecond: record.perSecond,
})

/** Addresses may be of http here, for tests on one machine. Source: EventBridge API, CreateApiDestination. */
export const createApiDestination: Operation<Events['CreateApiDestination'], EventsState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerParts(call)
  const record: DestinationRecord = {
    name: input.Name,
    id: uuid(state.ports.random),
    description: input.Description,
    connectionArn: input.ConnectionArn,
    endpoint: input.InvocationEndpoint,
    method: input.HttpMethod,
    perSecond: input.InvocationRateLimitPerSecond ?? INVOCATIONS_PER_SECOND,
    createdAt: state.now(),
    changedAt: state.now(),
  }
  await state.control.tx(async (tx) => {
    if ((await DESTINATIONS.get(tx, owner, record.name)) !== undefined) throw destinationExists(record.name)
    await checkConnection(tx, record.connectionArn, call.region)
    const others = await DESTINATIONS.list(tx, owner, [], { limit: DESTINATIONS_MAX })
    if (others.length >= DESTINATIONS_MAX) throw limitExceeded()
    DESTINATIONS.put(tx, owner, [record.name], record)
  })
  return await madeOf(state.control.read, call, record)
}

/** What is not named stays. Source: EventBridge API, UpdateApiDestination. */
export const updateApiDestination: Operation<Events['UpdateApiDestination'], EventsState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerParts(call)
  const record = await state.control.tx(async (tx) => {
    const before = await DESTINATIONS.get(tx, owner, input.Name)
    if (before === undefined) throw destinationNotFound(input.Name)
    if (input.ConnectionArn !== undefined) await checkConnection(tx, input.ConnectionArn, call.region)
    const changed: DestinationRecord = {
      ...before,
      description: input.Description ?? before.description,
      connectionArn: input.ConnectionArn ?? before.connectionArn,
      endpoint: input.InvocationEndpoint ?? before.endpoint,
      method: input.HttpMethod ?? before.method,
      perSecond: input.InvocationRateLimitPerSecond ?? before.perSecond,
      changedAt: state.now(),
    }
    DESTINATIONS.put(tx, owner, [input.Name], changed)
    return changed
  })
  return await madeOf(state.control.read, call, record)
}

/** Source: EventBridge API, DescribeApiDestination; recorded AWS answer. */
export const describeApiDestination: Operation<Events['DescribeApiDestination'], EventsState> = async (
  input,
  state,
  call,
) => {
  const record = await DESTINATIONS.get(state.control.read, ownerParts(call), input.Name)
  if (record === undefined) throw noDestinationToDescribe(input.Name)
  return { ...(await shown(state.control.read, call, record)), Description: record.description }
}

/** Source: EventBridge API, ListApiDestinations. */
export const listApiDestinations: Operation<Events['ListApiDestinations'], EventsState> = async (
  input,
  state,
  call,
) => {
  const { NamePrefix = '', ConnectionArn } = input
  const records = await DESTINATIONS.list(state.control.read, ownerParts(call), [], {
    limit: DESTINATIONS_MAX,
  })
  const all = records
    .filter(
      (each) =>
        each.name.startsWith(NamePrefix) && each.connectionArn === (ConnectionArn ?? each.connectionArn),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  const shownAll = await Promise.all(items.map((record) => shown(state.control.read, call, record)))
  return { ApiDestinations: shownAll, NextToken }
}

/** Source: EventBridge API, DeleteApiDestination; recorded AWS answer. */
export const deleteApiDestination: Operation<Events['DeleteApiDestination'], EventsState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerParts(call)
  await state.control.tx(async (tx) => {
    if ((await DESTINATIONS.get(tx, owner, input.Name)) === undefined) throw destinationNotFound(input.Name)
    DESTINATIONS.delete(tx, owner, input.Name)
  })
  return {}
}
