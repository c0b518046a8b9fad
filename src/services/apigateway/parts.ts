/** Finding and replacing the parts of a method: its responses, its integration, that one's responses. Pure. */
import type { Integration, IntegrationResponse, Method, MethodResponse } from '#model/apigateway.ts'
import { type RestDocument, own } from '#services/apigateway/document.ts'
import { noIntegration, noStatus } from '#services/apigateway/faults.ts'
import { methodAt } from '#services/apigateway/methods.ts'
import { resourceAt } from '#services/apigateway/resources.ts'

/** Names a method as the operations do. */
export interface MethodPlace {
  readonly resourceId: string
  readonly httpMethod: string
}

/** The method, or Fault NotFoundException for the resource or the method. */
export const findMethod = (api: RestDocument, place: MethodPlace): Method =>
  methodAt(resourceAt(api, place.resourceId), place.httpMethod)

/** Puts a method in its place and answers it. */
export function keepMethod(api: RestDocument, place: MethodPlace, method: Method): Method {
  const resource = resourceAt(api, place.resourceId)
  api.resources[resource.id] = { ...resource, methods: { ...resource.methods, [place.httpMethod]: method } }
  return method
}

export function findMethodResponse(method: Method, statusCode: string): MethodResponse {
  const response = own(method.methodResponses, statusCode)
  if (response === undefined) throw noStatus()
  return response
}

export function findIntegration(method: Method): Integration {
  if (method.methodIntegration === undefined) throw noIntegration()
  return method.methodIntegration
}

export function findIntegrationResponse(integration: Integration, statusCode: string): IntegrationResponse {
  const response = own(integration.integrationResponses, statusCode)
  if (response === undefined) throw noStatus()
  return response
}
