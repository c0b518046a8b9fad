/** PutLogEvents: checks the batch, rejects what is too old or too new, keeps and bills the rest. */
import { Buffer } from 'node:buffer'
import type { InputLogEvent, Logs, PutLogEventsRequest, RejectedLogEventsInfo } from '#model/logs.ts'
import type { Call, Operation } from '#ports/service.ts'
import { notChronological, spansTooLong, uploadTooLarge } from '#services/logs/faults.ts'
import {
  BATCH_BYTES,
  BATCH_SPAN_MS,
  EVENT_OVERHEAD_BYTES,
  TOO_NEW_MS,
  TOO_OLD_MS,
} from '#services/logs/limits.ts'
import { groupArn, streamSeries } from '#services/logs/names.ts'
import type { GroupRecord, LogsState } from '#services/logs/state.ts'

const sizeOf = (event: InputLogEvent): number => Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES

/** Order, span and size of a batch. Source: CloudWatch Logs API, PutLogEvents; recorded AWS answer for the order. */
function checkBatch(events: readonly InputLogEvent[]): void {
  let bytes = 0
  let before = events[0]?.timestamp ?? 0
  for (const event of events) {
    if (event.timestamp < before) throw notChronological()
    before = event.timestamp
    bytes += sizeOf(event)
  }
  if (bytes > BATCH_BYTES) throw uploadTooLarge(bytes, BATCH_BYTES)
  if (before - (events[0]?.timestamp ?? before) > BATCH_SPAN_MS) throw spansTooLong()
}

interface Accepted {
  readonly events: readonly InputLogEvent[]
  readonly rejected: RejectedLogEventsInfo | undefined
}

/** The events within AWS's window and the group's retention. Events are in order, so what is refused lies at the ends. */
export function acceptable(events: readonly InputLogEvent[], now: number, retainedFrom: number): Accepted {
  const tooOld = events.filter((event) => event.timestamp < now - TOO_OLD_MS).length
  const expired = events.filter((event) => event.timestamp < retainedFrom).length
  const firstTooNew = events.findIndex((event) => event.timestamp > now + TOO_NEW_MS)
  const from = Math.max(tooOld, expired)
  const to = firstTooNew === -1 ? events.length : firstTooNew
  if (from === 0 && firstTooNew === -1) return { events, rejected: undefined }
  return {
    events: events.slice(from, Math.max(from, to)),
    rejected: {
      ...(firstTooNew === -1 ? {} : { tooNewLogEventStartIndex: firstTooNew }),
      ...(tooOld === 0 ? {} : { tooOldLogEventEndIndex: tooOld }),
      ...(expired > tooOld ? { expiredLogEventEndIndex: expired } : {}),
    },
  }
}

/** Source: CloudWatch Logs API, PutLogEvents: sequence tokens are taken and ignored, and one is still answered. */
export const putLogEvents: Operation<Logs['PutLogEvents'], LogsState> = async (input, state, call) => {
  const { logGroupName: group, logStreamName: stream } = input
  checkBatch(input.logEvents)
  const record = await state.group(call, group)
  await state.stream(call, group, stream)
  const series = streamSeries(call, group, stream)
  const now = state.now()
  const { events, rejected } = acceptable(input.logEvents, now, state.visibleFrom(record))
  const [first] = events
  const last = events.at(-1)
  if (first !== undefined && last !== undefined) {
    const before = await state.times(call, group, stream)
    state.ports.logEvents.append(
      events.map((event) => ({ series, at: event.timestamp, ingestedAt: now, message: event.message })),
    )
    state.noteTimes(series, before, { firstAt: first.timestamp, lastAt: last.timestamp })
    bill(state, call, { input, record, events })
  }
  return {
    nextSequenceToken: sequenceToken(state),
    ...(rejected === undefined ? {} : { rejectedLogEventsInfo: rejected }),
  }
}

/** 56 digits, as AWS's. Nothing is ever checked against it. */
const sequenceToken = (state: LogsState): string =>
  `49${Array.from(state.ports.random.bytes(54), (byte) => byte % 10).join('')}`

/** Lines that Lambda wrote for a function have their own price tiers; it says so in the entity. Source: CloudWatch pricing. */
function dimensionOf(input: PutLogEventsRequest, group: GroupRecord): string {
  if (group.class === 'INFREQUENT_ACCESS') return 'logsIngestInfrequentAccess'
  return input.entity?.keyAttributes?.['ResourceType'] === 'AWS::Lambda::Function'
    ? 'lambdaLogsIngestStandard'
    : 'logsIngestStandard'
}

function bill(
  state: LogsState,
  call: Call,
  of: {
    readonly input: PutLogEventsRequest
    readonly record: GroupRecord
    readonly events: readonly InputLogEvent[]
  },
): void {
  state.ports.usage.record({
    at: state.ports.clock.now(),
    account: call.account,
    region: call.region,
    service: 'cloudwatch',
    dimension: dimensionOf(of.input, of.record),
    quantity: of.events.reduce((sum, event) => sum + sizeOf(event), 0),
    unit: 'bytes',
    resource: groupArn(call, of.record.name),
  })
}
