/**
 * An OpenAPI or Swagger description as settings, resources, methods and integrations of a REST API. Pure but for
 * ids. What is not written yet is refused with the place it stands at, because an API without it would lie.
 * Schemas are not read: models only matter to request validation and exports, which are not written.
 */
import type { Bytes } from '#base/bytes.ts'
import type {
  ApiDescription,
  ApiOperation,
  IntegrationDescription,
  IntegrationResponseDescription,
} from '#engines/openapi/description.ts'
import { readOpenApi } from '#engines/openapi/read.ts'
import { Fault } from '#base/fault.ts'
import type { IntegrationResponse, Method, MethodResponse } from '#model/apigateway.ts'
import { type RestDocument, filled } from '#services/apigateway/document.ts'
import { badRequest, notYet } from '#services/apigateway/faults.ts'
import { gatewayResponseFrom } from '#services/apigateway/gateway-responses.ts'
import { DEFINITION_MAX_BYTES } from '#services/apigateway/limits.ts'
import { checkIntegrationResponse, integrationFrom, methodFrom } from '#services/apigateway/methods.ts'
import { resourceForPath } from '#services/apigateway/resources.ts'
import { checkCompression, endpointFrom, filledList } from '#services/apigateway/settings.ts'

/** Faults BadRequestException. Source: recorded AWS answer. */
export function descriptionOf(body: Bytes): ApiDescription {
  if (body.length > DEFINITION_MAX_BYTES) throw badRequest('The definition is larger than 6 MB.')
  const read = readOpenApi(body)
  if (!read.ok) throw badRequest(read.error)
  return read.value
}

export interface ImportOptions {
  /** `ignore`, `prepend` or `split`. */
  readonly basePath: string | undefined
  /** Of the call's `endpointConfigurationTypes`; wins over the document's. */
  readonly endpointTypes: readonly string[] | undefined
  readonly newId: () => string
}

/** Puts a description into a document: what it does not name stays. */
export function importInto(api: RestDocument, description: ApiDescription, options: ImportOptions): void {
  checkCompression(description.minimumCompressionSize)
  const types = options.endpointTypes ?? description.endpointTypes
  const { settings } = api
  api.settings = {
    ...settings,
    name: description.title === '' ? settings.name : description.title,
    description: description.description ?? settings.description,
    version: description.version ?? settings.version,
    binaryMediaTypes: filledList([...(settings.binaryMediaTypes ?? []), ...description.binaryMediaTypes]),
    minimumCompressionSize: description.minimumCompressionSize ?? settings.minimumCompressionSize,
    apiKeySource: description.apiKeySource ?? settings.apiKeySource,
    disableExecuteApiEndpoint: description.disableExecuteApiEndpoint ?? settings.disableExecuteApiEndpoint,
    policy: description.policy ?? settings.policy,
    endpointConfiguration: types === undefined ? settings.endpointConfiguration : endpointFrom({ types }),
    tags: filled({ ...settings.tags, ...description.tags }),
  }
  for (const wish of description.gatewayResponses) {
    api.gatewayResponses[wish.responseType] = gatewayResponseFrom(wish)
  }
  const prefix = prefixOf(description.basePath, options.basePath)
  for (const operation of description.operations)
    importOperation(api, operation, { prefix, newId: options.newId })
}

/** Takes away what an overwriting import replaces. Id, root, tags, stages and deployments stay. */
export function cleared(api: RestDocument): void {
  const rootId = api.settings.rootResourceId
  api.resources = {
    [rootId]: { id: rootId, parentId: undefined, pathPart: undefined, path: '/', methods: {} },
  }
  api.gatewayResponses = {}
  api.settings = { ...api.settings, description: undefined, version: undefined, binaryMediaTypes: undefined }
}

/** Source: API Gateway developer guide, Set the OpenAPI basePath property. */
function prefixOf(basePath: string, mode: string | undefined): string {
  switch (mode?.toLowerCase()) {
    case undefined:
    case 'ignore':
      return ''
    case 'prepend':
      return basePath
    case 'split': {
      const second = basePath.indexOf('/', 1)
      return second === -1 ? '' : basePath.slice(second)
    }
    default:
      throw badRequest(`Invalid value for basepath: ${mode}. Valid values are ignore, prepend and split.`)
  }
}

function importOperation(
  api: RestDocument,
  operation: ApiOperation,
  options: { readonly prefix: string; readonly newId: () => string },
): void {
  const path = `${options.prefix}${operation.path === '/' && options.prefix !== '' ? '' : operation.path}`
  const resource = within(`create resource at path '${path}'`, () =>
    resourceForPath(api, path, options.newId),
  )
  const where = `on '${operation.method}' for resource at path '${path}'`
  const method = within(`put method ${where}`, () => methodOf(operation))
  const integrated =
    operation.integration === undefined
      ? method
      : integratedMethod(method, operation.integration, { where, resourceId: resource.id })
  api.resources[resource.id] = {
    ...resource,
    methods: { ...resource.methods, [operation.method]: integrated },
  }
}

/** Names the place in AWS's words: `Errors found during import:` and what could not be done. */
function within<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    throw new Fault(fault.code, `Errors found during import:\n\tUnable to ${what}: ${fault.message}`, {
      status: fault.status ?? 400,
    })
  }
}

function methodOf(operation: ApiOperation): Method {
  if (operation.authorization.kind === 'AUTHORIZER') {
    throw notYet(`The authorizer ${operation.authorization.name} of a REST API`)
  }
  if (operation.requestValidator !== undefined) {
    throw notYet(`The request validator ${operation.requestValidator} of a REST API`)
  }
  const method = methodFrom({
    httpMethod: operation.method,
    authorizationType: operation.authorization.kind,
    apiKeyRequired: operation.apiKeyRequired,
    operationName: operation.operationId,
    requestParameters: filled(operation.requestParameters),
  })
  const responses = operation.responses.map((one): [string, MethodResponse] => {
    const headers = one.headers.map((name): [string, boolean] => [name, false])
    return [
      one.statusCode,
      { statusCode: one.statusCode, responseParameters: filled(Object.fromEntries(headers)) },
    ]
  })
  return { ...method, methodResponses: filled(Object.fromEntries(responses)) }
}

function integratedMethod(
  method: Method,
  wish: IntegrationDescription,
  place: { readonly where: string; readonly resourceId: string },
): Method {
  const integration = within(`put integration ${place.where}`, () =>
    integrationFrom(
      {
        type: wish.type,
        integrationHttpMethod: wish.httpMethod,
        uri: wish.uri,
        connectionType: wish.connectionType,
        connectionId: wish.connectionId,
        credentials: wish.credentials,
        requestParameters: filled(wish.requestParameters),
        requestTemplates: filled(wish.requestTemplates),
        passthroughBehavior: wish.passthroughBehavior,
        cacheNamespace: wish.cacheNamespace,
        cacheKeyParameters: wish.cacheKeyParameters,
        contentHandling: wish.contentHandling,
        timeoutInMillis: wish.timeoutInMillis,
        responseTransferMode: wish.responseTransferMode,
      },
      place.resourceId,
    ),
  )
  const before: Method = { ...method, methodIntegration: integration }
  const responses = wish.responses.map((one): [string, IntegrationResponse] => {
    const response = integrationResponseOf(one)
    within(`put integration response ${place.where}`, () => checkIntegrationResponse(response, before))
    return [one.statusCode, response]
  })
  return {
    ...before,
    methodIntegration: { ...integration, integrationResponses: filled(Object.fromEntries(responses)) },
  }
}

const integrationResponseOf = (one: IntegrationResponseDescription): IntegrationResponse => ({
  statusCode: one.statusCode,
  selectionPattern: one.selectionPattern,
  responseParameters: filled(one.responseParameters),
  responseTemplates: filled(one.responseTemplates),
  contentHandling: one.contentHandling,
})
