/** Names of groups and streams, their ARNs, and the series that a stream's lines have in storage. */
import { parseArn, printArn } from '#base/arn.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { nameAndIdentifier, groupNotFound, invalidParameter } from '#services/logs/faults.ts'

export interface Owner {
  readonly account: AccountId
  readonly region: Region
}

export const ownerParts = (owner: Owner): [string, string] => [owner.account, owner.region]

export const groupArn = (owner: Owner, group: string): string =>
  printArn({ service: 'logs', region: owner.region, account: owner.account, resource: `log-group:${group}` })

export const streamArn = (owner: Owner, group: string, stream: string): string =>
  `${groupArn(owner, group)}:log-stream:${stream}`

/** All series of a group begin so. Neither name can hold a colon, so no group's series begin like another's. */
export const groupSeries = (owner: Owner, group: string): string =>
  `${owner.account}:${owner.region}:${group}:`

/** Closed by a colon, so that no stream's series begins like another's. */
export const streamSeries = (owner: Owner, group: string, stream: string): string =>
  `${groupSeries(owner, group)}${stream}:`

/** The stream's name out of its series. */
export const streamOf = (series: string): string =>
  series.slice(series.lastIndexOf(':', series.length - 2) + 1, -1)

/** The group of an identifier: a name, or an ARN with or without `:*`. */
export function groupOfIdentifier(identifier: string): string {
  if (!identifier.startsWith('arn:')) return identifier
  const resource = parseArn(identifier)?.resource ?? ''
  if (!resource.startsWith('log-group:')) throw groupNotFound()
  return resource.slice('log-group:'.length).split(':', 1)[0] ?? ''
}

/** The one group that name or identifier mean. Source: recorded AWS answer for both at once. */
export function groupOf(input: {
  readonly logGroupName?: string | undefined
  readonly logGroupIdentifier?: string | undefined
}): string {
  if (input.logGroupName !== undefined && input.logGroupIdentifier !== undefined) throw nameAndIdentifier()
  const given = input.logGroupName ?? input.logGroupIdentifier
  if (given === undefined) throw invalidParameter('Log group name or log group identifier is required.')
  return groupOfIdentifier(given)
}
