/** Names, ids and ARNs of applications, groups, configurations and deployments. Pure. */
import { parseArn, printArn } from '#base/arn.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { arnNotSupported, invalidArn, invalidName } from '#services/codedeploy/faults.ts'

export interface Place {
  readonly account: AccountId
  readonly region: Region
}

export type NameKind = 'Application' | 'DeploymentGroup' | 'DeploymentConfig'

/** Fault InvalidApplicationNameException and its like. Source: CodeDeploy user guide, Limits, characters of names. */
export function checkName(kind: NameKind, name: string): void {
  if (!/^[\w.+=,@-]{1,100}$/.test(name)) throw invalidName(kind, name)
}

/** What tags can be on. */
export type Tagged =
  | { readonly kind: 'application'; readonly application: string }
  | { readonly kind: 'deploymentgroup'; readonly application: string; readonly group: string }

/** `application:NAME` or `deploymentgroup:APPLICATION/GROUP`. Faults InvalidArnException, ArnNotSupportedException. Source: CodeDeploy user guide, ARNs. */
export function taggedOf(arn: string, place: Place): Tagged {
  const parsed = parseArn(arn)
  if (parsed?.service !== 'codedeploy' || parsed.account !== place.account || parsed.region !== place.region)
    throw invalidArn(arn)
  const [, kind = '', name = ''] = /^([a-z]+):(.+)$/.exec(parsed.resource) ?? []
  if (kind === 'application') return { kind, application: name }
  const [application = '', group = ''] = name.split('/')
  if (kind === 'deploymentgroup' && group !== '') return { kind, application, group }
  throw arnNotSupported(arn)
}

/** ARN of the function that a deployment is about. */
export const functionArn = ({ account, region }: Place, name: string): string =>
  parseArn(name) === undefined
    ? printArn({ service: 'lambda', region, account, resource: `function:${name}` })
    : name
