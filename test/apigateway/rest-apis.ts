/** REST APIs that tests start from. */
import type { DataPlane } from '#ports/data-plane.ts'
import { type RestState, apigateway, createApiGateway, restDataPlane } from '#services/apigateway/index.ts'
import { type Run, URI, type World, caller, world } from './harness.ts'

const { operations: op } = apigateway

export const lambda = { type: 'aws_proxy', httpMethod: 'POST', uri: URI }

/** The shape that SAM's Cors property writes for OPTIONS. */
export const preflight = {
  consumes: ['application/json'],
  produces: ['application/json'],
  summary: 'CORS support',
  responses: {
    '200': {
      description: 'Default response for CORS method',
      headers: {
        'Access-Control-Allow-Methods': { type: 'string' },
        'Access-Control-Allow-Origin': { type: 'string' },
      },
    },
  },
  'x-amazon-apigateway-integration': {
    type: 'mock',
    requestTemplates: { 'application/json': '{\n  "statusCode" : 200\n}\n' },
    responses: {
      default: {
        statusCode: '200',
        responseParameters: {
          'method.response.header.Access-Control-Allow-Methods': "'GET,OPTIONS'",
          'method.response.header.Access-Control-Allow-Origin': "'*'",
        },
        responseTemplates: { 'application/json': '{}\n' },
      },
    },
  },
}

export function definition(paths: object, more: object = {}): Uint8Array {
  const document = { swagger: '2.0', info: { title: 'imported', version: '1.0' }, paths, ...more }
  return new TextEncoder().encode(JSON.stringify(document))
}

export interface RestFixture {
  readonly made: World
  readonly state: RestState
  readonly run: Run<RestState>
  readonly id: string
  readonly plane: DataPlane
}

/** An API of that definition, deployed to the stage `Prod`. */
export async function imported(body: Uint8Array): Promise<RestFixture> {
  const made = world()
  const state = createApiGateway(made.ports)
  const run = caller(state)
  const { id = '' } = await run(op.ImportRestApi, { body })
  await run(op.CreateDeployment, { restApiId: id, stageName: 'Prod' })
  return { made, state, run, id, plane: restDataPlane(state) }
}

/** What SAM writes for the implicit ServerlessRestApi of a function with two events and Cors. */
export const sam = (more: object = {}): Uint8Array =>
  definition(
    {
      '/hello': { get: { responses: {}, 'x-amazon-apigateway-integration': lambda }, options: preflight },
      '/users/{id}': { get: { responses: {}, 'x-amazon-apigateway-integration': lambda } },
      '/{proxy+}': {
        'x-amazon-apigateway-any-method': { responses: {}, 'x-amazon-apigateway-integration': lambda },
      },
    },
    more,
  )
