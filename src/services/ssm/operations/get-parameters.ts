/** Reading values: GetParameter, GetParameters, GetParametersByPath. */
import { Fault } from '#base/fault.ts'
import type { Parameter, Ssm } from '#model/ssm.ts'
import type { Operation } from '#ports/service.ts'
import { type Filter, fitsAll, pathFilters } from '#services/ssm/filters.ts'
import { PAGE_DEFAULT } from '#services/ssm/limits.ts'
import { checkedPath, isBelow, keyOfName } from '#services/ssm/names.ts'
import { isExpired, pageOfParameters, type ParameterRecord, type SsmState } from '#services/ssm/records.ts'
import { afterOf, tokenOf } from '#services/ssm/tokens.ts'
import { findVersion, type Found, keyOf, shownParameter, versionAt } from '#services/ssm/versions.ts'

/** Source: Systems Manager API, GetParameter. */
export const getParameter: Operation<Ssm['GetParameter'], SsmState> = async (input, state, call) => {
  const found = await findVersion(state, call, input.Name)
  return { Parameter: await shownParameter(state, call, found, input.WithDecryption) }
}

/** A name twice counts once. Source: Systems Manager API, GetParameters; the order of the answer is inferred. */
export const getParameters: Operation<Ssm['GetParameters'], SsmState> = async (input, state, call) => {
  const found: Parameter[] = []
  const invalid: string[] = []
  for (const name of new Set(input.Names)) {
    try {
      const one = await findVersion(state, call, name)
      found.push(await shownParameter(state, call, one, input.WithDecryption))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      invalid.push(name)
    }
  }
  return { Parameters: found, InvalidParameters: invalid }
}

/** Source: Systems Manager API, GetParametersByPath. */
export const getParametersByPath: Operation<Ssm['GetParametersByPath'], SsmState> = async (
  input,
  state,
  call,
) => {
  const path = checkedPath(input.Path)
  const filters = pathFilters(input.ParameterFilters)
  const now = state.clock.now()
  const deep = input.Recursive === true
  const page = await pageOfParameters(state.store.read, call, {
    beginning: path === '' ? '' : `${keyOfName(path)}/`,
    after: afterOf(input.NextToken),
    limit: input.MaxResults ?? PAGE_DEFAULT,
    fits: (record) => !isExpired(record, now) && isBelow(record.name, path, deep) && fitsAll(record, filters),
  })
  const label = filters.find(({ key }) => key === 'Label')
  const shown = page.records.map(async (record) => {
    const version = await labelled(state, call, record, label)
    return await shownParameter(state, call, version, input.WithDecryption)
  })
  return { Parameters: await Promise.all(shown), NextToken: tokenOf(page.after) }
}

/** A filter by label answers the labelled version. Source: Systems Manager user guide, Working with parameter labels. */
async function labelled(
  state: SsmState,
  call: Parameters<typeof findVersion>[1],
  record: ParameterRecord,
  label: Filter | undefined,
): Promise<Found> {
  const name = label?.values.find((value) => Object.hasOwn(record.labels, value))
  const number = name === undefined ? undefined : record.labels[name]
  const version = number === undefined ? undefined : await versionAt(state.store.read, call, record, number)
  return {
    record,
    version: version ?? record.current,
    named: { key: keyOf(record), name: record.name, selector: undefined },
  }
}
