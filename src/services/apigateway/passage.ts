/** One request on its way through a REST API: what expressions may refer to, and what the meter records of it. */
import type { Bytes } from '#base/bytes.ts'
import type { DataPlaneCall } from '#ports/data-plane.ts'
import type { Deployed, Target } from '#services/apigateway/deployed.ts'
import type { StoredStage } from '#services/apigateway/document.ts'
import type { MappingSource } from '#services/apigateway/mapping.ts'
import type { ApiOwner, RestPorts } from '#services/apigateway/state.ts'

export interface Passage {
  readonly call: DataPlaneCall
  readonly owner: ApiOwner
  readonly stage: StoredStage
  readonly deployed: Deployed
  /** What followed the stage, as it came. */
  readonly rest: string
  /** The same with one slash first: what functions see and resources are matched with. */
  readonly path: string
  readonly extendedId: string
  /** Set once a method is found. */
  readonly target?: Target
  readonly parameters?: Readonly<Record<string, string>>
}

/** `$context` as far as gateway responses and literals need it. Source: developer guide, `$context` variables. */
export function mappingSource(at: Passage): MappingSource {
  const { call, owner, stage } = at
  return {
    context: {
      accountId: owner.account,
      apiId: call.id,
      deploymentId: stage.deploymentId,
      domainName: call.request.host,
      domainPrefix: call.request.host.split('.', 1)[0] ?? '',
      extendedRequestId: at.extendedId,
      httpMethod: call.request.method,
      'identity.sourceIp': call.request.remote.address.replace(/^::ffff:/, ''),
      'identity.userAgent': call.request.headers['user-agent'] ?? '',
      path: `/${stage.stageName}${at.rest}`,
      protocol: 'HTTP/1.1',
      requestId: call.requestId,
      resourceId: at.target?.resourceId ?? '',
      resourcePath: at.target?.resourcePath ?? '',
      stage: stage.stageName,
    },
    stageVariables: stage.variables ?? {},
    method: { headers: call.request.headers, query: call.request.query, path: at.parameters ?? {} },
  }
}

/** One request, and the bytes out: body and header lines without what the server adds. */
export function meter(
  ports: RestPorts,
  at: Passage,
  answer: { readonly headers: readonly (readonly [string, string])[]; readonly body: Bytes },
): void {
  const common = {
    at: ports.clock.now(),
    account: at.owner.account,
    region: at.owner.region,
    resource: at.call.id,
    traceId: at.call.span.traceId,
  }
  ports.usage.record({
    ...common,
    service: 'apiGatewayRest',
    dimension: 'requests',
    quantity: 1,
    unit: 'count',
  })
  const headerBytes = answer.headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  ports.usage.record({
    ...common,
    service: 'dataTransfer',
    dimension: 'internetOut',
    quantity: answer.body.length + headerBytes,
    unit: 'bytes',
  })
}
