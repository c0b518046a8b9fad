/** Names and ARNs of buses, rules, archives, replays, connections and API destinations. */
import { parseArn, printArn } from '#base/arn.ts'
import { type AccountId, type Region, accountId, regionOf } from '#base/ids.ts'

export interface Owner {
  readonly account: AccountId
  readonly region: Region
}

export interface BusName extends Owner {
  readonly bus: string
}

export interface RuleName extends BusName {
  readonly rule: string
}

export const DEFAULT_BUS = 'default'

export const ownerParts = (owner: Owner): [string, string] => [owner.account, owner.region]
export const busKey = ({ account, region, bus }: BusName): string => `${account}/${region}/${bus}`

const arn = ({ account, region }: Owner, resource: string): string =>
  printArn({ service: 'events', region, account, resource })

export const busArn = (name: BusName): string => arn(name, `event-bus/${name.bus}`)
/** Source: EventBridge user guide, resource ARNs: rules of the default bus are named without it. */
export const ruleArn = (name: RuleName): string =>
  arn(name, name.bus === DEFAULT_BUS ? `rule/${name.rule}` : `rule/${name.bus}/${name.rule}`)
export const archiveArn = (owner: Owner, name: string): string => arn(owner, `archive/${name}`)
export const replayArn = (owner: Owner, name: string): string => arn(owner, `replay/${name}`)
export const connectionArn = (owner: Owner, name: string, id: string): string =>
  arn(owner, `connection/${name}/${id}`)
export const destinationArn = (owner: Owner, name: string, id: string): string =>
  arn(owner, `api-destination/${name}/${id}`)

/** What an ARN of this service names: its kind, such as `rule`, and the rest. */
export interface Named extends Owner {
  readonly kind: string
  readonly name: string
}

export function namedBy(text: string): Named | undefined {
  const parts = parseArn(text)
  const account = accountId(parts?.account ?? '')
  const region = regionOf(parts?.region ?? '')
  if (parts?.service !== 'events' || account === undefined || region === undefined) return undefined
  const slash = parts.resource.indexOf('/')
  if (slash <= 0) return undefined
  return { account, region, kind: parts.resource.slice(0, slash), name: parts.resource.slice(slash + 1) }
}

/** The bus that an ARN names, or undefined. */
export function busOfArn(text: string): BusName | undefined {
  const named = namedBy(text)
  return named?.kind === 'event-bus'
    ? { account: named.account, region: named.region, bus: named.name }
    : undefined
}

/** The rule that an ARN names, or undefined. Names of rules have no slash, names of partners' buses do. */
export function ruleOfArn(text: string): RuleName | undefined {
  const named = namedBy(text)
  if (named?.kind !== 'rule') return undefined
  const at = named.name.lastIndexOf('/')
  const { account, region } = named
  const bus = at === -1 ? DEFAULT_BUS : named.name.slice(0, at)
  return { account, region, bus, rule: named.name.slice(at + 1) }
}

/** By name or ARN; the default bus when there is none. */
export function busNamed(text: string | undefined, owner: Owner): BusName {
  if (text === undefined) return { account: owner.account, region: owner.region, bus: DEFAULT_BUS }
  return busOfArn(text) ?? { account: owner.account, region: owner.region, bus: text }
}
