/** Names, paths and ARNs of parameters, and the selectors behind them. Pure. */
import { parseArn, printArn } from '#base/arn.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { tooManyLevels, validation } from '#services/ssm/faults.ts'
import { LEVELS_MAX, NAME_CHARACTERS_MAX } from '#services/ssm/limits.ts'

export interface Place {
  readonly account: AccountId
  readonly region: Region
}

/** Under what a parameter is kept: its name as it stands in its ARN, so that `/a` and `a` are one place. */
export const keyOfName = (name: string): string => (name.startsWith('/') ? name.slice(1) : name)

/** Its name as a path, whether it was written as one or not. */
export const pathOfName = (name: string): string => (name.startsWith('/') ? name : `/${name}`)

export const arnOf = ({ account, region }: Place, name: string): string =>
  printArn({
    partition: partitionOf(region),
    service: 'ssm',
    region,
    account,
    resource: `parameter/${keyOfName(name)}`,
  })

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

/** One parameter as a caller names it. */
export interface Named {
  /** As it is kept. */
  readonly key: string
  /** The name as written; undefined when it came as an ARN, which fits both spellings. */
  readonly name: string | undefined
  /** What follows the last colon: a version or a label. */
  readonly selector: string | undefined
}

/** Undefined for what can name no parameter of this account and region. Source: Systems Manager API, GetParameter, Name. */
export function namedBy(text: string, place: Place): Named | undefined {
  const arn = parseArn(text)
  if (arn !== undefined) {
    const own = arn.service === 'ssm' && arn.region === place.region && arn.account === place.account
    const [resource = '', selector, more] = arn.resource.split(':')
    if (!own || arn.partition !== partitionOf(place.region) || more !== undefined) return undefined
    if (!resource.startsWith('parameter/')) return undefined
    return { key: resource.slice('parameter/'.length), name: undefined, selector }
  }
  const [name = '', selector, more] = text.split(':')
  if (name === '' || more !== undefined) return undefined
  return { key: keyOfName(name), name, selector }
}

const SUB_PATHS =
  'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_'

/** Faults ValidationException, HierarchyLevelLimitExceeded. Source: Systems Manager API, PutParameter, Name; recorded AWS answers. */
export function checkName(name: string, place: Place): void {
  if (/^\/aws/i.test(name)) throw validation(`No access to reserved parameter name: ${name}.`)
  if (/^\/ssm/i.test(name)) throw validation(SUB_PATHS)
  if (/^(aws|ssm)/i.test(name))
    throw validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
  if (!name.startsWith('/') && name.includes('/'))
    throw validation('Parameter name must be a fully qualified name.')
  if (!/^\/?[a-zA-Z0-9_.-]+(\/[a-zA-Z0-9_.-]+)*$/.test(name)) throw validation(SUB_PATHS)
  if (name.split('/').filter((level) => level !== '').length > LEVELS_MAX) throw tooManyLevels()
  if (arnOf(place, name).length > NAME_CHARACTERS_MAX)
    throw validation(`Parameter name: can't be longer than ${NAME_CHARACTERS_MAX} characters with its ARN.`)
}

export const NAME_REQUIREMENTS =
  'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". ' +
  'It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following ' +
  'symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, ' +
  'must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'

/** A path without its last slash; the root is empty. Fault ValidationException. Source: recorded AWS answer. */
export function checkedPath(path: string): string {
  if (!/^\/([a-zA-Z0-9_.-]+(\/[a-zA-Z0-9_.-]+)*\/?)?$/.test(path)) throw validation(NAME_REQUIREMENTS)
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** True when a name lies below a path (`''` is the root): directly, or anywhere when `deep`. */
export function isBelow(name: string, path: string, deep: boolean): boolean {
  const whole = pathOfName(name)
  if (!whole.startsWith(`${path}/`)) return false
  return deep || !whole.slice(path.length + 1).includes('/')
}

/** A label that AWS takes. Source: Systems Manager API, LabelParameterVersion, Labels. */
export const isLabel = (label: string): boolean =>
  /^[a-zA-Z_.-][a-zA-Z0-9_.-]*$/.test(label) && !/^(aws|ssm)/i.test(label)
