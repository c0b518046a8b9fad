/**
 * Who may call a function URL: the function's own policy always, and for AWS_IAM a signature. Pure; whose a key is, and
 * whether temporary credentials still hold, is asked through what the caller gives.
 * Source: Lambda developer guide, Control access to Lambda function URLs (both permissions, since October 2025).
 */
import { Fault } from '#base/fault.ts'
import type { AccountId } from '#base/ids.ts'
import { isRecord, valueAt } from '#base/json.ts'
import type { DataPlaneCall } from '#ports/data-plane.ts'
import type { HttpRequest } from '#ports/http.ts'
import type { PolicyStatement } from '#services/lambda/record.ts'

/** What a URL needs of the function's policy. */
export const URL_ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'] as const

export interface UrlAccess {
  readonly authType: string
  /** Of the function or the alias that the URL belongs to. */
  readonly arn: string
  /** Account of who signed; undefined is anybody. */
  readonly account: string | undefined
}

/** The actions that the policy does not grant. */
export function missingPermissions(statements: readonly PolicyStatement[], access: UrlAccess): string[] {
  return URL_ACTIONS.filter((action) => !statements.some((statement) => grants(statement, action, access)))
}

function grants(statement: PolicyStatement, action: string, access: UrlAccess): boolean {
  return (
    statement.Effect === 'Allow' &&
    isAction(statement.Action, action) &&
    isPrincipal(statement.Principal, access.account) &&
    statement.Resource === access.arn &&
    holds(statement.Condition, access)
  )
}

const isAction = (granted: string, action: string): boolean =>
  granted === action || granted === '*' || granted === 'lambda:*'

function isPrincipal(principal: unknown, account: string | undefined): boolean {
  if (principal === '*') return true
  const named = valueAt(principal, 'AWS')
  if (named === '*') return true
  if (account === undefined || typeof named !== 'string') return false
  return named === account || named.startsWith(`arn:aws:iam::${account}:`)
}

/** Only conditions about the URL itself can hold for a request that brings nothing else. */
function holds(condition: unknown, { authType }: UrlAccess): boolean {
  if (condition === undefined) return true
  if (!isRecord(condition)) return false
  return Object.entries(condition).every(
    ([, keys]) =>
      isRecord(keys) &&
      Object.entries(keys).every(([key, wanted]) => {
        if (key.toLowerCase() === 'lambda:functionurlauthtype') return wanted === authType
        if (key.toLowerCase() === 'lambda:invokedviafunctionurl') return String(wanted) === 'true'
        return false
      }),
  )
}

/** Who signed a request. */
export interface Caller {
  readonly accessKey: string
  readonly account: AccountId
  readonly arn: string
  readonly userId: string
}

/** Who signed; undefined for a request without a signature, and for temporary credentials that do not hold. */
export async function callerOf(
  call: Pick<DataPlaneCall, 'request' | 'identityOf'>,
): Promise<Caller | undefined> {
  const accessKey = signedBy(call.request)
  if (accessKey === undefined || call.identityOf === undefined) return undefined
  try {
    const identity = await call.identityOf(accessKey)
    const { account } = identity
    return { accessKey, account, arn: identity.arn, userId: identity.userId }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

/** The access key of a signature for Lambda, in the header or in the query; undefined without one. */
export function signedBy({ headers, query }: Pick<HttpRequest, 'headers' | 'query'>): string | undefined {
  const header = headers['authorization'] ?? ''
  if (header.startsWith('AWS4-HMAC-SHA256 ') && /Signature=[0-9a-f]+/.test(header))
    return keyOf(/Credential=([^,\s]+)/.exec(header)?.[1])
  if (!/(?:^|&)X-Amz-Signature=[0-9a-f]+/.test(query)) return undefined
  const credential = /(?:^|&)X-Amz-Credential=([^&]+)/.exec(query)?.[1]
  return keyOf(credential?.replaceAll(/%2f/gi, '/'))
}

/** `KEY/date/region/lambda/aws4_request` */
function keyOf(credential: string | undefined): string | undefined {
  const parts = credential?.split('/') ?? []
  return parts.length === 5 && parts[3] === 'lambda' && parts[4] === 'aws4_request' ? parts[0] : undefined
}
