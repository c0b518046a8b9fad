/** Filters of DescribeParameters and GetParametersByPath: checked in AWS's words, then applied. Pure. */
import type { ParametersFilter, ParameterStringFilter } from '#model/ssm.ts'
import {
  invalidFilterKey,
  invalidFilterOption,
  invalidFilterValue,
  validation,
} from '#services/ssm/faults.ts'
import { checkedPath, isBelow, pathOfName } from '#services/ssm/names.ts'
import type { ParameterRecord } from '#services/ssm/records.ts'

export interface Filter {
  readonly key: string
  readonly option: string
  readonly values: readonly string[]
}

const OPTIONS = ['BeginsWith', 'Equals']
const PATH_OPTIONS = ['Recursive', 'OneLevel']
const VALUES = new Map([
  ['Tier', ['Standard', 'Advanced', 'Intelligent-Tiering']],
  ['Type', ['String', 'StringList', 'SecureString']],
])

/** Keys that DescribeParameters takes beside `tag:...`. Source: recorded AWS answer. */
const DESCRIBE_KEYS = ['Path', 'Name', 'Type', 'KeyId', 'Tier', 'DataType']
/** Keys that GetParametersByPath takes. Source: Systems Manager API, GetParametersByPath, ParameterFilters. */
const PATH_KEYS = ['Type', 'KeyId', 'Label']

/** Faults InvalidFilterKey, InvalidFilterOption, InvalidFilterValue, ValidationException. */
export const describeFilters = (given: readonly ParameterStringFilter[] | undefined): Filter[] =>
  checked(given ?? [], DESCRIBE_KEYS, '[Path, Name, Type, KeyId, Tier]')

export const pathFilters = (given: readonly ParameterStringFilter[] | undefined): Filter[] =>
  checked(given ?? [], PATH_KEYS, '[Type, KeyId]')

/** The older form: exact names, types and keys. Source: Systems Manager API, DescribeParameters, Filters. */
export const oldFilters = (given: readonly ParametersFilter[] | undefined): Filter[] =>
  (given ?? []).map(({ Key, Values }) => ({ key: Key, option: 'Equals', values: Values }))

function checked(given: readonly ParameterStringFilter[], keys: readonly string[], shown: string): Filter[] {
  const seen = new Set<string>()
  return given.map(({ Key: key, Option: option, Values: values = [] }) => {
    const tag = key.startsWith('tag:') && keys === DESCRIBE_KEYS
    if (!tag && !keys.includes(key))
      throw invalidFilterKey(
        `The following filter key is not valid: ${key}. Valid filter keys include: ${shown}.`,
      )
    if (values.length === 0 && !tag)
      throw invalidFilterValue(`The following filter values are missing : null for filter key ${key}`)
    if (seen.has(key))
      throw validation(
        `The following filter is duplicated in the request: ${key}. A request can contain only one occurrence of a specific filter.`,
      )
    seen.add(key)
    checkOption(key, option)
    if (key === 'Path') values.forEach(checkPathValue)
    checkValues(key, option, values)
    return { key, option: option ?? (key === 'Path' ? 'OneLevel' : 'Equals'), values }
  })
}

function checkPathValue(path: string): void {
  if (/^\/(aws|ssm)/i.test(path))
    throw validation(
      'Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.',
    )
  checkedPath(path)
}

function checkOption(key: string, option: string | undefined): void {
  if (option === undefined) return
  if (key === 'Path' && !PATH_OPTIONS.includes(option))
    throw invalidFilterOption(
      `The following filter option is not valid: ${option}. Valid options include: [${PATH_OPTIONS.join(', ')}].`,
    )
  const takes = key === 'Path' || OPTIONS.includes(option) || (key === 'Name' && option === 'Contains')
  if (!takes)
    throw invalidFilterOption(
      `The following filter option is not valid: ${option}. Valid options include: [${OPTIONS.join(', ')}].`,
    )
}

function checkValues(key: string, option: string | undefined, values: readonly string[]): void {
  const known = VALUES.get(key)
  const wrong =
    known === undefined || option === 'BeginsWith'
      ? undefined
      : values.find((value) => !known.includes(value))
  if (wrong !== undefined && known !== undefined)
    throw invalidFilterValue(
      `The following filter value is not valid: ${wrong}. Valid values include: [${known.join(', ')}].`,
    )
}

/** All filters hold. */
export const fitsAll = (record: ParameterRecord, filters: readonly Filter[]): boolean =>
  filters.every((filter) => fits(record, filter))

function fits(record: ParameterRecord, { key, option, values }: Filter): boolean {
  const { current } = record
  switch (key) {
    case 'Path':
      return values.some((path) => isBelow(record.name, checkedPath(path), option === 'Recursive'))
    case 'Name':
      return values.some((value) => nameFits(record.name, option, value))
    case 'Type':
      return matches(current.type, option, values)
    case 'KeyId':
      return matches(current.keyId, option, values)
    case 'Tier':
      return matches(current.tier, option, values)
    case 'DataType':
      return matches(current.dataType, option, values)
    case 'Label':
      return Object.keys(record.labels).some((label) => matches(label, option, values))
    default:
      return tagFits(record.tags, key.slice('tag:'.length), option, values)
  }
}

/** With and without their first slash names are one. Source: recorded AWS answers. */
function nameFits(name: string, option: string, value: string): boolean {
  const whole = pathOfName(name)
  if (option === 'Contains') return whole.includes(value)
  return option === 'BeginsWith' ? whole.startsWith(pathOfName(value)) : whole === pathOfName(value)
}

function tagFits(
  tags: ParameterRecord['tags'],
  key: string,
  option: string,
  values: readonly string[],
): boolean {
  if (!Object.hasOwn(tags, key)) return false
  return values.length === 0 || matches(tags[key], option, values)
}

const matches = (found: string | undefined, option: string, values: readonly string[]): boolean =>
  found !== undefined &&
  values.some((value) => (option === 'BeginsWith' ? found.startsWith(value) : found === value))
