/**
 * The oracle of the property tests: the meaning of a pattern said as plainly as possible, straight from its JSON, slow, and
 * with no code in common with the matcher but the spelling of paths.
 */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Place = readonly (readonly [array: number, index: number])[]
interface Found {
  readonly path: string
  readonly value: Json
  readonly place: Place
}

/** Every leaf of the event, with the elements of arrays that it is inside of. */
function leavesOf(event: Json): Found[] {
  const found: Found[] = []
  let arrays = 0
  const visit = (value: Json, path: string, place: Place): void => {
    if (Array.isArray(value)) {
      const array = arrays++
      value.forEach((element, index) => {
        const isLeaf = typeof element !== 'object' || element === null
        visit(element, path, isLeaf ? place : [...place, [array, index]])
      })
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, below] of Object.entries(value))
        visit(below, path === '' ? name : `${path}.${name}`, place)
    } else found.push({ path, value, place })
  }
  visit(event, '', [])
  return found
}

/** `$or` multiplied out: each way to match, as path and array of conditions. */
function waysOf(pattern: { [key: string]: Json }, path = ''): Map<string, Json[]>[] {
  let ways: Map<string, Json[]>[] = [new Map()]
  for (const [name, value] of Object.entries(pattern)) {
    const inner = path === '' ? name : `${path}.${name}`
    const more: Map<string, Json[]>[] =
      name === '$or'
        ? (value as { [key: string]: Json }[]).flatMap((alternative) => waysOf(alternative, path))
        : Array.isArray(value)
          ? [new Map([[inner, value]])]
          : waysOf(value as { [key: string]: Json }, inner)
    ways = ways.flatMap((way) => more.map((one) => new Map([...way, ...one])))
  }
  return ways
}

const lower = (value: Json): string => (value as string).toLowerCase()

function wildcardToRegExp(wildcard: string): RegExp {
  const source = wildcard.replace(/\\([*\\])|(\*)|[^]/g, (all: string, escaped?: string, star?: string) => {
    if (star !== undefined) return '[^]*'
    const char = escaped ?? all
    return /[\w\s]/.test(char) ? char : `\\${char}`
  })
  return new RegExp(`^${source}$`)
}

const many = (value: Json): Json[] => (Array.isArray(value) ? value : [value])

function textHolds(operator: string, wanted: Json, value: string): boolean {
  const ignoresCase = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)
  const text = ignoresCase ? lower(wanted['equals-ignore-case'] ?? '') : (wanted as string)
  const subject = ignoresCase ? value.toLowerCase() : value
  switch (operator) {
    case 'prefix':
      return subject.startsWith(text)
    case 'suffix':
      return subject.endsWith(text)
    case 'equals-ignore-case':
      return value.toLowerCase() === text.toLowerCase()
    case 'wildcard':
      return wildcardToRegExp(text).test(value)
    case 'cidr':
      return cidrHolds(text, value)
    default:
      throw new Error(`no such operator: ${operator}`)
  }
}

function bitsOf(address: string): string | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined
  const octets = address.split('.').map(Number)
  return octets.some((octet) => octet > 255)
    ? undefined
    : octets.map((octet) => octet.toString(2).padStart(8, '0')).join('')
}

function cidrHolds(cidr: string, value: string): boolean {
  const [ip = '', mask = ''] = cidr.split('/')
  const bits = bitsOf(value)
  return bits !== undefined && bits.startsWith((bitsOf(ip) ?? '').slice(0, Number(mask)))
}

function numericHolds(terms: Json[], value: Json): boolean {
  if (typeof value !== 'number' || Math.abs(value) > 5e9) return false
  for (let at = 0; at < terms.length; at += 2) {
    const bound = terms[at + 1] as number
    const holds = {
      '=': value === bound,
      '<': value < bound,
      '<=': value <= bound,
      '>': value > bound,
      '>=': value >= bound,
    }
    if (!holds[terms[at] as '=']) return false
  }
  return true
}

function conditionHolds(condition: Json, value: Json): boolean {
  if (typeof condition !== 'object' || condition === null) return condition === value
  const [operator, wanted] = Object.entries(condition)[0] as [string, Json]
  if (operator === 'exists') return wanted === true
  if (operator === 'numeric') return numericHolds(wanted as Json[], value)
  if (operator === 'anything-but') {
    if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
      return !many(wanted).includes(value)
    const [inner, texts] = Object.entries(wanted)[0] as [string, Json]
    return typeof value !== 'string' || !many(texts).some((text) => textHolds(inner, text, value))
  }
  return typeof value === 'string' && textHolds(operator, wanted, value)
}

const mayBeAbsent = (conditions: Json[]): boolean =>
  conditions.some(
    (one) => typeof one === 'object' && one !== null && 'exists' in one && one['exists'] === false,
  )

const agree = (one: Place, other: Place): boolean =>
  one.every(([array, index]) => other.every((place) => place[0] !== array || place[1] === index))

/** Whether each path finds a leaf, all of them in elements that agree; a path that may be absent, none that agrees. */
function wayMatches(paths: [string, Json[]][], leaves: Found[], chosen: Place[]): boolean {
  const [first, ...rest] = paths
  if (first === undefined) return true
  const [path, conditions] = first
  const here = leaves.filter(
    (leaf) => leaf.path === path && chosen.every((place) => agree(place, leaf.place)),
  )
  if (here.length === 0) return mayBeAbsent(conditions) && wayMatches(rest, leaves, chosen)
  return here.some(
    ({ value, place }) =>
      conditions.some((condition) => conditionHolds(condition, value)) &&
      wayMatches(rest, leaves, [...chosen, place]),
  )
}

export function naiveMatches(pattern: { [key: string]: Json }, event: Json): boolean {
  const leaves = leavesOf(event)
  return waysOf(pattern).some((way) => {
    const paths = [...way].sort(([a], [b]) => (a < b ? -1 : 1))
    return wayMatches(paths, leaves, [])
  })
}
