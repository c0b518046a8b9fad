/** HTTP APIs that tests start from. */
import type { DataPlane } from '#ports/data-plane.ts'
import {
  type HttpState,
  apigatewayv2,
  createApiGatewayV2,
  httpDataPlane,
} from '#services/apigatewayv2/index.ts'
import { ARN, type Run, URI, type World, caller, world } from './harness.ts'

const { operations: op } = apigatewayv2

export interface HttpFixture {
  readonly made: World
  readonly state: HttpState
  readonly run: Run<HttpState>
  readonly id: string
  readonly plane: DataPlane
  readonly api: { readonly ApiEndpoint?: string | undefined }
}

/** Made by quick create on one function. */
export async function quick(made: World = world(), cors?: object): Promise<HttpFixture> {
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const api = await run(op.CreateApi, {
    Name: 'quick',
    ProtocolType: 'HTTP',
    Target: ARN,
    ...(cors === undefined ? {} : { CorsConfiguration: cors }),
  })
  return { made, state, run, id: api.ApiId ?? '', api, plane: httpDataPlane(state) }
}

/** An API with these route keys, all on one function, deployed to `$default`. */
export async function routed(keys: readonly string[], format = '2.0'): Promise<HttpFixture> {
  const made = world()
  const state = createApiGatewayV2(made.ports)
  const run = caller(state)
  const api = await run(op.CreateApi, { Name: 'routed', ProtocolType: 'HTTP' })
  const { ApiId = '' } = api
  await run(op.CreateStage, { ApiId, StageName: '$default', AutoDeploy: true })
  const { IntegrationId } = await run(op.CreateIntegration, {
    ApiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: URI,
    PayloadFormatVersion: format,
  })
  for (const RouteKey of keys)
    await run(op.CreateRoute, { ApiId, RouteKey, Target: `integrations/${IntegrationId}` })
  return { made, state, run, id: ApiId, api, plane: httpDataPlane(state) }
}
