/** Functions of a platform as a person names them: by their whole name, or by their logical id where only one has it. */
import { stringAt } from '#base/json.ts'
import { UsageError } from '#cli/arguments.ts'
import { type PlatformClient, listAt } from '#cli/client.ts'
import { nearest } from '#engines/distance/distance.ts'

/** Names in an error, before it only counts the rest. */
const NAMED_MAX = 5

/** Every function there is, by name. */
export async function functionNames(client: PlatformClient): Promise<readonly string[]> {
  const found: string[] = []
  let next: string | undefined
  do {
    const page = await client.call('lambda', 'ListFunctions', next === undefined ? {} : { Marker: next })
    for (const each of listAt(page, 'Functions')) found.push(stringAt(each, 'FunctionName') ?? '')
    next = stringAt(page, 'NextMarker')
  } while (next !== undefined && next !== '')
  return found
}

/** The one that is meant, or undefined. CloudFormation names a function STACK-LOGICALID-TAIL. */
export function meant(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name)) return name
  const like = names.filter((each) => `-${each.toLowerCase()}-`.includes(`-${name.toLowerCase()}-`))
  return like.length === 1 ? like[0] : undefined
}

/** The function of that name or logical id. Throws UsageError with what was meant, or with what there is. */
export async function functionNamed(client: PlatformClient, name: string): Promise<string> {
  if (name.startsWith('arn:')) return name
  const names = await functionNames(client)
  return meant(name, names) ?? refuse(name, names)
}

/** The names of SAM's functions without their random tail, so that a slip in the logical id finds its function. */
const withoutTail = (name: string): string => name.replace(/-[A-Z0-9]{12}$/, '').replace(/^.*-/, '')

function refuse(name: string, names: readonly string[]): never {
  const near = nearest(name, [...names, ...names.map(withoutTail)])
  const like = names.filter((each) => `-${each.toLowerCase()}-`.includes(`-${name.toLowerCase()}-`))
  const shown = (all: readonly string[]): string =>
    `${all.slice(0, NAMED_MAX).join(', ')}${all.length > NAMED_MAX ? ` and ${all.length - NAMED_MAX} more` : ''}`
  if (like.length > 1)
    throw new UsageError('More than one function has that name in it.', name, `Name one of: ${shown(like)}`)
  throw new UsageError(
    'There is no such function.',
    name,
    names.length === 0
      ? 'Deploy one first: windtunnel deploy template.yaml'
      : near === undefined
        ? `There are: ${shown(names)}`
        : `Did you mean ${near}?`,
  )
}
