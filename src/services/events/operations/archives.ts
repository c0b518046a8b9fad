/** Archives: create, describe, list, update, delete; each with a rule of its own on its bus. */
import { uuid } from '#base/ids.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { instant } from '#base/time.ts'
import type { Archive, Events } from '#model/events.ts'
import type { Call, Operation } from '#ports/service.ts'
import { totalsOf } from '#services/events/archived.ts'
import { busRecord, eraseRule, keepRule, ruleIsErased, ruleIsKept } from '#services/events/change.ts'
import {
  archiveExists,
  archiveNotFound,
  busNotFound,
  invalid,
  invalidParameter,
  limitExceeded,
} from '#services/events/faults.ts'
import { ARCHIVE_RULE } from '#services/events/ingest.ts'
import { ARCHIVES_MAX } from '#services/events/limits.ts'
import { archiveArn, type BusName, busOfArn, ownerParts, type RuleName } from '#services/events/names.ts'
import { paged } from '#services/events/page-token.ts'
import { checkedPattern } from '#services/events/patterns.ts'
import { type ArchiveRecord, ARCHIVES, type RuleRecord } from '#services/events/records.ts'
import type { EventsState } from '#services/events/state.ts'

/** Source: recorded AWS answer of DescribeRule. */
const MANAGED_BY = 'prod.vhs.events.aws.internal'

/** Replayed events are not archived again. Source: recorded AWS answer of DescribeRule. */
function rulePattern(pattern: string | undefined): string {
  const own = pattern === undefined ? {} : parseJson(pattern)
  return JSON.stringify({ ...(isRecord(own) ? own : {}), 'replay-name': [{ exists: false }] })
}

/** What the archive's rule shows as its target. Source: recorded AWS answer of ListTargetsByRule. */
function ruleOf(
  state: EventsState,
  call: Pick<Call, 'account' | 'region'>,
  archive: ArchiveRecord,
): RuleRecord {
  return {
    name: ARCHIVE_RULE + archive.name,
    bus: archive.bus,
    createdAt: state.now(),
    createdBy: call.account,
    state: 'ENABLED',
    pattern: rulePattern(archive.pattern),
    managedBy: MANAGED_BY,
    archive: archive.id,
    targets: [
      {
        Id: ARCHIVE_RULE + archive.name,
        Arn: `arn:aws:events:${call.region}:::`,
        InputTransformer: {
          InputPathsMap: {},
          InputTemplate: `{"archive-arn": "${archiveArn(call, archive.name)}:${archive.id}", "event": <aws.events.event.json>, "ingestion-time": <aws.events.event.ingestion-time>}`,
        },
      },
    ],
    tags: {},
  }
}

const ruleNameOf = (bus: BusName, archive: string): RuleName => ({ ...bus, rule: ARCHIVE_RULE + archive })

/** Source: EventBridge API, CreateArchive; recorded AWS answers. */
export const createArchive: Operation<Events['CreateArchive'], EventsState> = async (input, state, call) => {
  const bus = busOfArn(input.EventSourceArn)
  if (bus === undefined) throw invalidParameter('EventSourceArn', 'Must contain an event bus ARN.')
  if (bus.region !== call.region || bus.account !== call.account) throw busNotFound(bus.bus)
  if (input.EventPattern !== undefined) checkedPattern(input.EventPattern, ARCHIVE_RULE + input.ArchiveName)
  const archive: ArchiveRecord = {
    name: input.ArchiveName,
    id: uuid(state.ports.random),
    sourceArn: input.EventSourceArn,
    bus: bus.bus,
    createdAt: state.now(),
    description: input.Description,
    pattern: input.EventPattern,
    kmsKey: input.KmsKeyIdentifier,
    retentionDays: input.RetentionDays ?? 0,
  }
  const owner = ownerParts(call)
  const rule = ruleOf(state, call, archive)
  const name = ruleNameOf(bus, archive.name)
  await state.control.tx(async (tx) => {
    if ((await ARCHIVES.get(tx, owner, archive.name)) !== undefined) throw archiveExists(archive.name)
    await busRecord(state, tx, bus)
    const archives = await ARCHIVES.list(tx, owner, [], { limit: ARCHIVES_MAX })
    if (archives.length >= ARCHIVES_MAX) throw limitExceeded()
    ARCHIVES.put(tx, owner, [archive.name], archive)
    state.archives.note(tx, { owner: call, id: archive.id }, archive)
    keepRule(state, tx, name, rule)
  })
  ruleIsKept(state, name, rule)
  state.archives.soon()
  return madeOf(call, archive)
}

const madeOf = (call: Pick<Call, 'account' | 'region'>, archive: ArchiveRecord) => ({
  ArchiveArn: archiveArn(call, archive.name),
  State: 'ENABLED',
  CreationTime: instant(archive.createdAt),
})

async function shown(
  state: EventsState,
  call: Pick<Call, 'account' | 'region'>,
  archive: ArchiveRecord,
): Promise<Archive> {
  const { events, bytes } = await totalsOf(state.store.read, { owner: call, id: archive.id })
  return {
    ArchiveName: archive.name,
    EventSourceArn: archive.sourceArn,
    State: 'ENABLED',
    RetentionDays: archive.retentionDays,
    SizeBytes: bytes,
    EventCount: events,
    CreationTime: instant(archive.createdAt),
  }
}

/** Counts are exact and of this moment. Source: EventBridge API, DescribeArchive. */
export const describeArchive: Operation<Events['DescribeArchive'], EventsState> = async (
  input,
  state,
  call,
) => {
  const archive = await ARCHIVES.get(state.control.read, ownerParts(call), input.ArchiveName)
  if (archive === undefined) throw archiveNotFound(input.ArchiveName)
  return {
    ...(await shown(state, call, archive)),
    ArchiveArn: archiveArn(call, archive.name),
    Description: archive.description,
    EventPattern: archive.pattern,
    KmsKeyIdentifier: archive.kmsKey,
  }
}

/** Fault ValidationException. Source: recorded AWS answers. */
export function checkFilters(operation: string, filters: readonly (string | undefined)[]): void {
  if (filters.filter((filter) => filter !== undefined).length > 1)
    throw invalid(
      `At most one filter is allowed for ${operation}. Use either : State, EventSourceArn, or NamePrefix.`,
    )
}

/** Source: EventBridge API, ListArchives. */
export const listArchives: Operation<Events['ListArchives'], EventsState> = async (input, state, call) => {
  const { NamePrefix, EventSourceArn, State } = input
  checkFilters('ListArchives', [NamePrefix, EventSourceArn, State])
  const source = EventSourceArn === undefined ? undefined : busOfArn(EventSourceArn)
  if (source !== undefined) await busRecord(state, state.control.read, source)
  const archives = await ARCHIVES.list(state.control.read, ownerParts(call), [], { limit: ARCHIVES_MAX })
  const all = archives
    .filter(
      ({ name, sourceArn }) =>
        name.startsWith(NamePrefix ?? '') && sourceArn === (EventSourceArn ?? sourceArn),
    )
    .filter(() => (State ?? 'ENABLED') === 'ENABLED')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, NextToken } = paged(all, input, ({ name }) => name)
  return { Archives: await Promise.all(items.map((archive) => shown(state, call, archive))), NextToken }
}

/** What is not named stays. Source: EventBridge API, UpdateArchive. */
export const updateArchive: Operation<Events['UpdateArchive'], EventsState> = async (input, state, call) => {
  if (input.EventPattern !== undefined) checkedPattern(input.EventPattern, ARCHIVE_RULE + input.ArchiveName)
  const owner = ownerParts(call)
  const changed = await state.control.tx(async (tx) => {
    const before = await ARCHIVES.get(tx, owner, input.ArchiveName)
    if (before === undefined) throw archiveNotFound(input.ArchiveName)
    const archive: ArchiveRecord = {
      ...before,
      description: input.Description ?? before.description,
      pattern: input.EventPattern ?? before.pattern,
      kmsKey: input.KmsKeyIdentifier ?? before.kmsKey,
      retentionDays: input.RetentionDays ?? before.retentionDays,
    }
    const rule = ruleOf(state, call, archive)
    ARCHIVES.put(tx, owner, [archive.name], archive)
    state.archives.note(tx, { owner: call, id: archive.id }, archive)
    const name = ruleNameOf({ account: call.account, region: call.region, bus: archive.bus }, archive.name)
    keepRule(state, tx, name, rule)
    return { archive, rule, name }
  })
  ruleIsKept(state, changed.name, changed.rule)
  state.archives.soon()
  return madeOf(call, changed.archive)
}

/** Its events go after it, in the background. Source: EventBridge API, DeleteArchive. */
export const deleteArchive: Operation<Events['DeleteArchive'], EventsState> = async (input, state, call) => {
  const owner = ownerParts(call)
  const name = await state.control.tx(async (tx) => {
    const archive = await ARCHIVES.get(tx, owner, input.ArchiveName)
    if (archive === undefined) throw archiveNotFound(input.ArchiveName)
    const rule = ruleNameOf({ account: call.account, region: call.region, bus: archive.bus }, archive.name)
    ARCHIVES.delete(tx, owner, archive.name)
    state.archives.noteGone(tx, { owner: call, id: archive.id })
    eraseRule(state, tx, rule)
    return rule
  })
  ruleIsErased(state, name)
  state.archives.soon()
  return {}
}
