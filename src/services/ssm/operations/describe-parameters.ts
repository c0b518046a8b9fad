/** What is told of parameters beside their values: DescribeParameters, GetParameterHistory. */
import type { ParameterHistory, ParameterMetadata, Ssm } from '#model/ssm.ts'
import type { Call, Operation } from '#ports/service.ts'
import { invalidNextToken, parameterNotFound, validation } from '#services/ssm/faults.ts'
import { describeFilters, fitsAll, oldFilters } from '#services/ssm/filters.ts'
import { HISTORY_PAGE_DEFAULT, PAGE_DEFAULT } from '#services/ssm/limits.ts'
import { arnOf } from '#services/ssm/names.ts'
import { shownPolicies } from '#services/ssm/policies.ts'
import {
  isExpired,
  ownerOf,
  pageOfParameters,
  type ParameterRecord,
  type SsmState,
  type Version,
  versions,
} from '#services/ssm/records.ts'
import { afterOf, tokenOf } from '#services/ssm/tokens.ts'
import { findVersion, keyOf, valueOf } from '#services/ssm/versions.ts'

const told = (version: Version) => ({
  Type: version.type,
  ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
  LastModifiedDate: version.modifiedAt,
  LastModifiedUser: version.user,
  ...(version.description === undefined || version.description === ''
    ? {}
    : { Description: version.description }),
  ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
  Version: version.version,
  Tier: version.tier,
  Policies: shownPolicies(version.policies),
  DataType: version.dataType,
})

const metadata = (call: Call, { name, current }: ParameterRecord): ParameterMetadata => ({
  Name: name,
  ARN: arnOf(call, name),
  ...told(current),
})

/** Source: Systems Manager API, DescribeParameters. Nothing is shared with other accounts here. */
export const describeParameters: Operation<Ssm['DescribeParameters'], SsmState> = async (
  input,
  state,
  call,
) => {
  if ((input.Filters ?? []).length > 0 && (input.ParameterFilters ?? []).length > 0)
    throw validation('You can use either Filters or ParameterFilters in a single request.')
  const filters = [...oldFilters(input.Filters), ...describeFilters(input.ParameterFilters)]
  if (input.Shared === true) return { Parameters: [] }
  const now = state.clock.now()
  const page = await pageOfParameters(state.store.read, call, {
    beginning: '',
    after: afterOf(input.NextToken),
    limit: input.MaxResults ?? PAGE_DEFAULT,
    fits: (record) => !isExpired(record, now) && fitsAll(record, filters),
  })
  return {
    Parameters: page.records.map((record) => metadata(call, record)),
    NextToken: tokenOf(page.after),
  }
}

/** Oldest first. Source: Systems Manager API, GetParameterHistory. */
export const getParameterHistory: Operation<Ssm['GetParameterHistory'], SsmState> = async (
  input,
  state,
  call,
) => {
  const { record, named } = await findVersion(state, call, input.Name)
  if (named.selector !== undefined) throw parameterNotFound(input.Name)
  const after = afterOf(input.NextToken)
  const from = after === undefined ? record.oldest : Number(after) + 1
  if (!Number.isSafeInteger(from) || from < 1) throw invalidNextToken()
  const limit = input.MaxResults ?? HISTORY_PAGE_DEFAULT
  const older = await versions.list(state.store.read, ownerOf(call), [keyOf(record)], {
    limit,
    after: [keyOf(record), from - 1],
  })
  const page = older.length < limit ? [...older, record.current] : older
  const last = page.at(-1)?.version ?? record.current.version
  const labels = labelsByVersion(record)
  const shown = page.map(async (version): Promise<ParameterHistory> => ({
    Name: record.name,
    ...told(version),
    Value: await valueOf(state.store.read, call, { record, version }, input.WithDecryption),
    Labels: labels.get(version.version) ?? [],
  }))
  return {
    Parameters: await Promise.all(shown),
    NextToken: last < record.current.version ? tokenOf(String(last)) : undefined,
  }
}

function labelsByVersion({ labels }: ParameterRecord): Map<number, string[]> {
  const by = new Map<number, string[]>()
  for (const [label, version] of Object.entries(labels)) by.set(version, [...(by.get(version) ?? []), label])
  return by
}
