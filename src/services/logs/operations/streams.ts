/** Log streams: create, delete, describe. */
import type { LogStream, Logs } from '#model/logs.ts'
import type { Call, Operation } from '#ports/service.ts'
import { prefixWithLastEvent, streamExists, streamNotFound } from '#services/logs/faults.ts'
import { DESCRIBE_PAGE, STREAMS_ORDERED } from '#services/logs/limits.ts'
import { nameToken, namedToken } from '#services/logs/name-token.ts'
import { type Owner, groupOf, ownerParts, streamArn, streamSeries } from '#services/logs/names.ts'
import { type LogsState, STREAMS, type StreamRecord } from '#services/logs/state.ts'

/** Source: CloudWatch Logs API, CreateLogStream. */
export const createLogStream: Operation<Logs['CreateLogStream'], LogsState> = async (input, state, call) => {
  const { logGroupName: group, logStreamName: name } = input
  await state.store.tx(async (tx) => {
    await state.group(call, group, tx)
    if ((await STREAMS.get(tx, ownerParts(call), group, name)) !== undefined) throw streamExists()
    STREAMS.put(tx, ownerParts(call), [group, name], { name, createdAt: state.now() })
  })
  return {}
}

/** Source: CloudWatch Logs API, DeleteLogStream. */
export const deleteLogStream: Operation<Logs['DeleteLogStream'], LogsState> = async (input, state, call) => {
  const { logGroupName: group, logStreamName: name } = input
  await state.store.tx(async (tx) => {
    await state.group(call, group, tx)
    if ((await STREAMS.get(tx, ownerParts(call), group, name)) === undefined) throw streamNotFound()
    STREAMS.delete(tx, ownerParts(call), group, name)
  })
  await state.forget(streamSeries(call, group, name))
  return {}
}

/** Stored bytes of a stream are always 0 on AWS too. Source: recorded AWS answers. */
async function shown(
  state: LogsState,
  owner: Owner,
  group: string,
  stream: StreamRecord,
): Promise<LogStream> {
  const times = await state.times(owner, group, stream.name)
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    ...(times.firstAt === undefined
      ? {}
      : {
          firstEventTimestamp: times.firstAt,
          lastEventTimestamp: times.lastAt,
          lastIngestionTime: times.lastIngestedAt,
        }),
    arn: streamArn(owner, group, stream.name),
    storedBytes: 0,
  }
}

interface Page {
  readonly streams: readonly StreamRecord[]
  readonly next: string | undefined
}

/** Source: CloudWatch Logs API, DescribeLogStreams. */
export const describeLogStreams: Operation<Logs['DescribeLogStreams'], LogsState> = async (
  input,
  state,
  call,
) => {
  const group = groupOf(input)
  await state.group(call, group)
  const byTime = input.orderBy === 'LastEventTime'
  if (byTime && input.logStreamNamePrefix !== undefined) throw prefixWithLastEvent()
  const prefix = input.logStreamNamePrefix ?? ''
  const limit = input.limit ?? DESCRIBE_PAGE
  const ordered = await orderedStreams(state, call, group, { byTime, descending: input.descending === true })
  const wanted = ordered.filter((stream) => stream.name.startsWith(prefix))
  const { streams, next } = pageAfter(wanted, namedToken(input.nextToken), limit)
  const logStreams = await Promise.all(streams.map((stream) => shown(state, call, group, stream)))
  return { logStreams, nextToken: next === undefined ? undefined : nameToken(next) }
}

async function orderedStreams(
  state: LogsState,
  call: Call,
  group: string,
  order: { readonly byTime: boolean; readonly descending: boolean },
): Promise<StreamRecord[]> {
  const all = await STREAMS.list(state.store.read, ownerParts(call), [group], { limit: STREAMS_ORDERED })
  if (order.byTime) {
    const lastAt = new Map<string, number>()
    for (const { name } of all) lastAt.set(name, (await state.times(call, group, name)).lastAt ?? 0)
    all.sort((a, b) => (lastAt.get(a.name) ?? 0) - (lastAt.get(b.name) ?? 0))
  }
  return order.descending ? all.reverse() : all
}

function pageAfter(streams: readonly StreamRecord[], after: string | undefined, limit: number): Page {
  const from = after === undefined ? 0 : streams.findIndex((stream) => stream.name === after) + 1
  const page = streams.slice(from, from + limit)
  return { streams: page, next: from + limit < streams.length ? page.at(-1)?.name : undefined }
}
