/** One version of a parameter: found by its selector, opened, and shown as the operations show it. */
import { assert } from '#base/assert.ts'
import type { Parameter } from '#model/ssm.ts'
import type { Call } from '#ports/service.ts'
import type { Read } from '#ports/store.ts'
import { labelNotFound, parameterNotFound, versionNotFound } from '#services/ssm/faults.ts'
import { billInteraction } from '#services/ssm/metering.ts'
import { arnOf, type Named, namedBy, type Place } from '#services/ssm/names.ts'
import {
  ownerOf,
  parameterAt,
  type ParameterRecord,
  type SsmState,
  type Version,
  versions,
} from '#services/ssm/records.ts'
import { DEFAULT_KEY_ID, keyAt, unseal } from '#services/ssm/seal.ts'

export interface Found {
  readonly record: ParameterRecord
  readonly version: Version
  readonly named: Named
}

/** Faults ParameterNotFound, ParameterVersionNotFound. */
export async function findVersion(state: SsmState, call: Call, text: string): Promise<Found> {
  const named = namedBy(text, call)
  const record =
    named === undefined ? undefined : await parameterAt(state.store.read, call, named.key, state.clock.now())
  if (named === undefined || record === undefined) throw parameterNotFound(text)
  if (named.name !== undefined && named.name !== record.name) throw parameterNotFound(text)
  if (named.selector === undefined) return { record, version: record.current, named }
  return { record, version: await selected(state.store.read, call, record, named.selector), named }
}

async function selected(
  read: Read,
  place: Place,
  record: ParameterRecord,
  selector: string,
): Promise<Version> {
  const numeric = /^\d+$/.test(selector)
  const labelled = Object.hasOwn(record.labels, selector) ? record.labels[selector] : undefined
  const number = numeric ? Number(selector) : labelled
  if (number === undefined) throw labelNotFound(selector, record.name)
  const found = await versionAt(read, place, record, number)
  if (found === undefined) throw versionNotFound(number, record.name)
  return found
}

export async function versionAt(
  read: Read,
  place: Place,
  record: ParameterRecord,
  number: number,
): Promise<Version | undefined> {
  if (number === record.current.version) return record.current
  if (number < record.oldest || number > record.current.version) return undefined
  const [account, region] = ownerOf(place)
  return await versions.get(read, [account, region], keyOf(record), number)
}

export const keyOf = ({ name }: ParameterRecord): string => (name.startsWith('/') ? name.slice(1) : name)

/** The value, or for a SecureString what stands at rest. */
export async function valueOf(
  read: Read,
  place: Place,
  of: { readonly record: ParameterRecord; readonly version: Version },
  decrypted: boolean | undefined,
): Promise<string> {
  const { record, version } = of
  if (version.type !== 'SecureString' || decrypted !== true) return version.value
  const key = await keyAt(read, place, version.keyId ?? DEFAULT_KEY_ID)
  assert(key !== undefined, 'what is sealed has its key')
  return unseal(version.value, key, arnOf(place, record.name))
}

/** As GetParameter and its like answer. Reading it is billed. */
export async function shownParameter(
  state: SsmState,
  call: Call,
  found: Found,
  decrypted: boolean | undefined,
): Promise<Parameter> {
  const { record, version, named } = found
  billInteraction(state.usage, call, record.name, version.tier)
  return {
    Name: record.name,
    Type: version.type,
    Value: await valueOf(state.store.read, call, found, decrypted),
    Version: version.version,
    ...(named.selector === undefined ? {} : { Selector: `:${named.selector}` }),
    LastModifiedDate: version.modifiedAt,
    ARN: arnOf(call, record.name),
    DataType: version.dataType,
  }
}
