/** Replays: start, describe, list, cancel. What they do is `replays.ts`'s. */
import { instant } from '#base/time.ts'
import type { Events, Replay, StartReplayRequest } from '#model/events.ts'
import type { Operation } from '#ports/service.ts'
import { busRecord } from '#services/events/change.ts'
import {
  invalidParameter,
  limitExceeded,
  replayExists,
  replayNotFound,
  wrongState,
} from '#services/events/faults.ts'
import { REPLAYS_RUNNING_MAX } from '#services/events/limits.ts'
import {
  busArn,
  busOfArn,
  type BusName,
  namedBy,
  type Owner,
  ownerParts,
  replayArn,
} from '#services/events/names.ts'
import { checkFilters } from '#services/events/operations/archives.ts'
import { paged } from '#services/events/page-token.ts'
import { type ArchiveRecord, ARCHIVES, type ReplayRecord, REPLAYS } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

/** Replays that a listing looks through; ours. */
const LISTED_MAX = 10_000

/** Source: EventBridge API, StartReplay; recorded AWS answers. */
export const startReplay: Operation<Events['StartReplay'], EventsState> = async (input, state, call) => {
  const owner = ownerParts(call)
  const startedAt = state.now()
  const bus = busOfArn(input.Destination.Arn)
  if (bus === undefined) throw invalidParameter('Destination.Arn', 'Must contain an event bus ARN.')
  await state.control.tx(async (tx) => {
    await busRecord(state, tx, bus)
    const name = namedBy(input.EventSourceArn)
    const archive = name?.kind === 'archive' ? await ARCHIVES.get(tx, ownerParts(name), name.name) : undefined
    const found = checkedArchive(input, bus, { archive, name: name?.name ?? input.EventSourceArn })
    if ((await REPLAYS.get(tx, owner, input.ReplayName)) !== undefined) throw replayExists(input.ReplayName)
    const others = await REPLAYS.list(tx, owner, [], { limit: LISTED_MAX })
    const running = others.filter((each) => each.state === 'STARTING' || each.state === 'RUNNING')
    if (running.length >= REPLAYS_RUNNING_MAX) throw limitExceeded()
    REPLAYS.put(tx, owner, [input.ReplayName], {
      name: input.ReplayName,
      description: input.Description,
      state: 'STARTING',
      archive: found.name,
      archiveId: found.id,
      sourceArn: input.EventSourceArn,
      busArn: input.Destination.Arn,
      ruleArns: input.Destination.FilterArns,
      from: input.EventStartTime,
      to: input.EventEndTime,
      startedAt,
    })
    state.replays.note(tx, { account: call.account, region: call.region, name: input.ReplayName })
  })
  state.replays.run({ account: call.account, region: call.region, name: input.ReplayName })
  return {
    ReplayArn: replayArn(call, input.ReplayName),
    State: 'STARTING',
    ReplayStartTime: instant(startedAt),
  }
}

function checkedArchive(
  input: StartReplayRequest,
  bus: BusName,
  { archive, name }: { readonly archive: ArchiveRecord | undefined; readonly name: string },
): ArchiveRecord {
  if (archive === undefined) throw invalidParameter('EventSourceArn', `Archive ${name} does not exist.`)
  if (archive.sourceArn !== busArn(bus))
    throw invalidParameter('Destination.Arn', 'Cross event bus replay is not permitted.')
  if (input.EventStartTime >= input.EventEndTime)
    throw invalidParameter('EventEndTime', 'EventStartTime must be before EventEndTime.')
  return archive
}

async function shown(state: EventsState, owner: Owner, replay: ReplayRecord): Promise<Replay> {
  const last = await state.replays.lastEventAt(owner, replay)
  return {
    ReplayName: replay.name,
    EventSourceArn: replay.sourceArn,
    State: replay.state,
    StateReason: replay.why,
    EventStartTime: instant(replay.from),
    EventEndTime: instant(replay.to),
    EventLastReplayedTime: last === undefined ? undefined : instant(last),
    ReplayStartTime: instant(replay.startedAt),
    ReplayEndTime: replay.endedAt === undefined ? undefined : instant(replay.endedAt),
  }
}

/** Source: EventBridge API, DescribeReplay. */
export const describeReplay: Operation<Events['DescribeReplay'], EventsState> = async (
  input,
  state,
  call,
) => {
  const replay = await REPLAYS.get(state.control.read, ownerParts(call), input.ReplayName)
  if (replay === undefined) throw replayNotFound(input.ReplayName)
  return {
    ...(await shown(state, call, replay)),
    ReplayArn: replayArn(call, replay.name),
    Description: replay.description,
    Destination: {
      Arn: replay.busArn,
      ...(replay.ruleArns === undefined ? {} : { FilterArns: replay.ruleArns }),
    },
  }
}

/** Source: EventBridge API, ListReplays. */
export const listReplays: Operation<Events['ListReplays'], EventsState> = async (input, state, call) => {
  const { NamePrefix, EventSourceArn, State } = input
  checkFilters('ListReplays', [NamePrefix, EventSourceArn, State])
  const replays = await REPLAYS.list(state.control.read, ownerParts(call), [], { limit: LISTED_MAX })
  const all = replays
    .filter(
      ({ name, sourceArn }) =>
        name.startsWith(NamePrefix ?? '') && sourceArn === (EventSourceArn ?? sourceArn),
    )
    .filter((replay) => replay.state === (State ?? replay.state))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  return { Replays: await Promise.all(items.map((replay) => shown(state, call, replay))), NextToken }
}

/** Source: EventBridge API, CancelReplay; recorded AWS answer. */
export const cancelReplay: Operation<Events['CancelReplay'], EventsState> = async (input, state, call) => {
  const owner = ownerParts(call)
  const name = input.ReplayName
  await state.control.tx(async (tx) => {
    const replay = await REPLAYS.get(tx, owner, name)
    if (replay === undefined) throw replayNotFound(name)
    if (replay.state !== 'STARTING' && replay.state !== 'RUNNING') throw wrongState(name)
    REPLAYS.put(tx, owner, [name], { ...replay, state: 'CANCELLING' })
  })
  state.replays.run({ account: call.account, region: call.region, name })
  return { ReplayArn: replayArn(call, name), State: 'CANCELLING' }
}
