/**
 * Routes with AWS_IAM: a request must be signed for execute-api in the API's region, and the function learns whose key
 * it was. Whether the signature is recomputed is the platform's, which is asked for the identity; no policy is asked.
 * Source: API Gateway developer guide, Control access to HTTP APIs with IAM authorization.
 */
import { printArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { queryValues } from '#engines/proxy-events/request.ts'
import type { Asked, Verdict } from '#services/apigatewayv2/authorize.ts'
import { type Passage, refusal } from '#services/apigatewayv2/passage.ts'

interface Scope {
  readonly accessKey: string
  readonly region: string
  readonly service: string
}

export async function authorizeBySignature({ passage, incoming }: Asked): Promise<Verdict> {
  const { headers } = passage.call.request
  const credential =
    /^AWS4-HMAC-SHA256 .*Credential=([^,\s]+)/.exec(headers['authorization'] ?? '')?.[1] ??
    queryValues(incoming.query).get('X-Amz-Credential')?.[0]
  const scope = credential === undefined ? undefined : scopeOf(credential)
  if (scope === undefined) return forbidden(passage, 'the request is not signed')
  if (scope.service !== 'execute-api' || scope.region !== passage.owner.region)
    return forbidden(passage, `the signature is for ${scope.service} in ${scope.region}`)
  const who = await identityOf(passage, scope.accessKey)
  if (who === undefined) return forbidden(passage, 'the credentials do not hold')
  const { account: accountId, arn: userArn, userId } = who
  const { accessKey } = scope
  return {
    kind: 'passes',
    authorized: {
      v2: {
        iam: {
          accessKey,
          accountId,
          callerId: userId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn,
          userId,
        },
      },
      v1: undefined,
      identity: { accessKey, accountId, caller: userId, user: userId, userArn },
      variables: {
        'identity.accountId': accountId,
        'identity.caller': userId,
        'identity.user': userId,
        'identity.userArn': userArn,
      },
    },
  }
}

const forbidden = (passage: Passage, error: string): Verdict => ({
  kind: 'refused',
  answer: refusal(passage, 403, 'Forbidden'),
  error,
  isFree: true,
})

/** `{key}/{date}/{region}/{service}/aws4_request`, also percent-encoded. */
function scopeOf(credential: string): Scope | undefined {
  const [accessKey, , region, service, end] = credential.split('/')
  if (accessKey === undefined || region === undefined || service === undefined) return undefined
  return end === 'aws4_request' ? { accessKey, region, service } : undefined
}

interface Who {
  readonly account: string
  readonly arn: string
  readonly userId: string
}

/** Whose key it is; undefined for temporary credentials that do not hold. */
async function identityOf({ call, owner }: Passage, accessKey: string): Promise<Who | undefined> {
  const { account } = owner
  const arn = printArn({ service: 'iam', region: '', account, resource: 'root' })
  if (call.identityOf === undefined) return { account, arn, userId: account }
  try {
    return await call.identityOf(accessKey)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}
