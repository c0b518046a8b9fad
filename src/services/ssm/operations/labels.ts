/** LabelParameterVersion and UnlabelParameterVersion. A label is on one version at a time: putting it elsewhere moves it. */
import type { Ssm } from '#model/ssm.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import { parameterNotFound, tooManyLabels, versionNotFound } from '#services/ssm/faults.ts'
import { LABELS_MAX } from '#services/ssm/limits.ts'
import { isLabel, namedBy } from '#services/ssm/names.ts'
import {
  ownerOf,
  parameterAt,
  type ParameterRecord,
  parameters,
  type SsmState,
} from '#services/ssm/records.ts'
import { keyOf, versionAt } from '#services/ssm/versions.ts'

/** The parameter and the version that is meant: the newest unless one is named. */
async function target(
  tx: Tx,
  state: SsmState,
  call: Call,
  input: { readonly Name: string; readonly ParameterVersion?: number | undefined },
): Promise<{ readonly record: ParameterRecord; readonly version: number }> {
  const named = namedBy(input.Name, call)
  const record = named === undefined ? undefined : await parameterAt(tx, call, named.key, state.clock.now())
  if (record === undefined || (named?.name !== undefined && named.name !== record.name))
    throw parameterNotFound(input.Name)
  const version = input.ParameterVersion ?? record.current.version
  if ((await versionAt(tx, call, record, version)) === undefined) throw versionNotFound(version, record.name)
  return { record, version }
}

/** Labels that AWS does not take are told, the others put. Source: Systems Manager API, LabelParameterVersion. */
export const labelParameterVersion: Operation<Ssm['LabelParameterVersion'], SsmState> = (
  input,
  state,
  call,
) =>
  state.store.tx(async (tx) => {
    const { record, version } = await target(tx, state, call, input)
    const valid = input.Labels.filter(isLabel)
    const labels = { ...record.labels, ...Object.fromEntries(valid.map((label) => [label, version])) }
    if (Object.values(labels).filter((on) => on === version).length > LABELS_MAX) throw tooManyLabels()
    parameters.put(tx, ownerOf(call), [keyOf(record)], { ...record, labels })
    return { InvalidLabels: input.Labels.filter((label) => !isLabel(label)), ParameterVersion: version }
  })

/** Source: Systems Manager API, UnlabelParameterVersion. */
export const unlabelParameterVersion: Operation<Ssm['UnlabelParameterVersion'], SsmState> = (
  input,
  state,
  call,
) =>
  state.store.tx(async (tx) => {
    const { record, version } = await target(tx, state, call, input)
    const removed = input.Labels.filter((label) => record.labels[label] === version)
    const labels = Object.fromEntries(
      Object.entries(record.labels).filter(([label]) => !removed.includes(label)),
    )
    parameters.put(tx, ownerOf(call), [keyOf(record)], { ...record, labels })
    return {
      RemovedLabels: removed,
      InvalidLabels: input.Labels.filter((label) => !removed.includes(label)),
    }
  })
