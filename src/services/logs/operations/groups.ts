/** Log groups: create, delete, describe, list, retention and deletion protection. */
import type { LogGroup, Logs } from '#model/logs.ts'
import type { Operation } from '#ports/service.ts'
import {
  groupExists,
  invalidParameter,
  notWritten,
  prefixAndPattern,
  protectedGroup,
  tooManyTags,
} from '#services/logs/faults.ts'
import { DESCRIBE_PAGE, RETENTION_DAYS, TAGS } from '#services/logs/limits.ts'
import { type Owner, groupArn, groupOfIdentifier, groupSeries, ownerParts } from '#services/logs/names.ts'
import { nameToken, namedToken } from '#services/logs/name-token.ts'
import { GROUPS, type GroupRecord, type LogsState, STREAMS } from '#services/logs/state.ts'

/** Source: CloudWatch Logs API, CreateLogGroup. */
export const createLogGroup: Operation<Logs['CreateLogGroup'], LogsState> = async (input, state, call) => {
  const name = input.logGroupName
  if (Object.keys(input.tags ?? {}).length > TAGS) throw tooManyTags()
  await state.store.tx(async (tx) => {
    if ((await GROUPS.get(tx, ownerParts(call), name)) !== undefined) throw groupExists()
    GROUPS.put(tx, ownerParts(call), [name], {
      name,
      createdAt: state.now(),
      class: input.logGroupClass ?? 'STANDARD',
      retentionDays: undefined,
      kmsKeyId: input.kmsKeyId,
      deletionProtected: input.deletionProtectionEnabled ?? false,
      tags: input.tags ?? {},
    })
  })
  return {}
}

const STREAMS_AT_ONCE = 1_000

/** Deletes the group, its streams and their lines. Source: CloudWatch Logs API, DeleteLogGroup. */
export const deleteLogGroup: Operation<Logs['DeleteLogGroup'], LogsState> = async (input, state, call) => {
  const name = input.logGroupName
  const owner = ownerParts(call)
  await state.store.tx(async (tx) => {
    const group = await state.group(call, name, tx)
    if (group.deletionProtected) throw protectedGroup()
    GROUPS.delete(tx, owner, name)
    for (let after: string[] | undefined; ;) {
      const streams = await STREAMS.list(tx, owner, [name], { limit: STREAMS_AT_ONCE, after })
      for (const stream of streams) STREAMS.delete(tx, owner, name, stream.name)
      const last = streams.at(-1)
      if (streams.length < STREAMS_AT_ONCE || last === undefined) break
      after = [name, last.name]
    }
  })
  await state.forget(groupSeries(call, name))
  return {}
}

/** Source: recorded AWS answers. Stored bytes are not counted (README, differences). */
const shownGroup = (owner: Owner, group: GroupRecord): LogGroup => ({
  logGroupName: group.name,
  creationTime: group.createdAt,
  ...(group.retentionDays === undefined ? {} : { retentionInDays: group.retentionDays }),
  metricFilterCount: 0,
  arn: `${groupArn(owner, group.name)}:*`,
  storedBytes: 0,
  ...(group.kmsKeyId === undefined ? {} : { kmsKeyId: group.kmsKeyId }),
  logGroupClass: group.class,
  logGroupArn: groupArn(owner, group.name),
  deletionProtectionEnabled: group.deletionProtected,
})

interface GroupPage {
  readonly groups: readonly GroupRecord[]
  readonly nextToken?: string
}

async function pageOfGroups(
  state: LogsState,
  owner: Owner,
  page: { readonly limit: number; readonly token: string | undefined },
  wanted: (group: GroupRecord) => boolean,
): Promise<GroupPage> {
  const found: GroupRecord[] = []
  let after = namedToken(page.token)
  for (;;) {
    const batch = await GROUPS.list(state.store.read, ownerParts(owner), [], {
      limit: STREAMS_AT_ONCE,
      after: after === undefined ? undefined : [after],
    })
    for (const group of batch) {
      if (!wanted(group)) continue
      const last = found.at(-1)
      if (found.length === page.limit && last !== undefined)
        return { groups: found, nextToken: nameToken(last.name) }
      found.push(group)
    }
    after = batch.at(-1)?.name
    if (batch.length < STREAMS_AT_ONCE || after === undefined) return { groups: found }
  }
}

/** Source: CloudWatch Logs API, DescribeLogGroups; recorded AWS answer for prefix with pattern. */
export const describeLogGroups: Operation<Logs['DescribeLogGroups'], LogsState> = async (
  input,
  state,
  call,
) => {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, logGroupClass } = input
  if (prefix !== undefined && pattern !== undefined) throw prefixAndPattern()
  if (input.includeLinkedAccounts === true) throw notWritten('includeLinkedAccounts')
  const identified = input.logGroupIdentifiers?.map(groupOfIdentifier)
  const { groups, nextToken } = await pageOfGroups(
    state,
    call,
    { limit: input.limit ?? DESCRIBE_PAGE, token: input.nextToken },
    (group) =>
      group.name.startsWith(prefix ?? '') &&
      group.name.toLowerCase().includes((pattern ?? '').toLowerCase()) &&
      (logGroupClass === undefined || group.class === logGroupClass) &&
      (identified === undefined || identified.includes(group.name)),
  )
  return { logGroups: groups.map((group) => shownGroup(call, group)), nextToken }
}

async function retain(state: LogsState, owner: Owner, name: string, days: number | undefined): Promise<void> {
  await state.change(owner, name, (group) => ({ ...group, retentionDays: days }))
}

/** Source: CloudWatch Logs API, PutRetentionPolicy. */
export const putRetentionPolicy: Operation<Logs['PutRetentionPolicy'], LogsState> = async (
  input,
  state,
  call,
) => {
  const days = input.retentionInDays
  if (!RETENTION_DAYS.includes(days))
    throw invalidParameter(
      `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${RETENTION_DAYS.join(', ')}]`,
    )
  await retain(state, call, input.logGroupName, days)
  return {}
}

/** Source: CloudWatch Logs API, DeleteRetentionPolicy. */
export const deleteRetentionPolicy: Operation<Logs['DeleteRetentionPolicy'], LogsState> = async (
  input,
  state,
  call,
) => {
  await retain(state, call, input.logGroupName, undefined)
  return {}
}

/** Source: CloudWatch Logs API, PutLogGroupDeletionProtection. */
export const putLogGroupDeletionProtection: Operation<
  Logs['PutLogGroupDeletionProtection'],
  LogsState
> = async (input, state, call) => {
  await state.change(call, groupOfIdentifier(input.logGroupIdentifier), (group) => ({
    ...group,
    deletionProtected: input.deletionProtectionEnabled,
  }))
  return {}
}
