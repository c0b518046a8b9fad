/**
 * Reads one OpenAPI 3 or Swagger 2 document, JSON or YAML, into a description. Schemas, examples and whatever no
 * gateway acts on are not read. It refuses only what is no such document; what a kind of API cannot do is decided
 * by the service that builds it.
 */
import { isScalar, parseDocument } from 'yaml'
import { type Bytes, strictText } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Result, failed, ok } from '#base/result.ts'
import type {
  ApiDescription,
  CorsDescription,
  GatewayResponseDescription,
} from '#engines/openapi/description.ts'
import { operationsOf } from '#engines/openapi/operations.ts'
import { authorizersOf } from '#engines/openapi/security.ts'
import { booleanAt, integerAt, recordAt, stringsAt, textMap, textAt } from '#engines/openapi/values.ts'

/** The document's description, or what is wrong with it in AWS's words. */
export function readOpenApi(body: Bytes): Result<ApiDescription, string> {
  const read = sourceOf(body)
  const document = read?.document
  if (read === undefined || !isRecord(document)) return failed('Invalid OpenAPI input.')
  const format = formatOf(document)
  if (format === undefined) return failed('Invalid OpenAPI input.')
  const info = recordAt(document, 'info')
  return ok({
    format,
    title: textAt(info, 'title') ?? '',
    description: textAt(info, 'description'),
    version: read.version ?? textAt(info, 'version'),
    basePath: basePathOf(document),
    operations: operationsOf(document),
    authorizers: authorizersOf(document),
    binaryMediaTypes: stringsAt(document, 'x-amazon-apigateway-binary-media-types') ?? [],
    cors: corsOf(valueAt(document, 'x-amazon-apigateway-cors')),
    tags: tagsOf(valueAt(document, 'tags')),
    endpointTypes: endpointTypesOf(document),
    disableExecuteApiEndpoint: booleanAt(
      recordAt(document, 'x-amazon-apigateway-endpoint-configuration'),
      'disableExecuteApiEndpoint',
    ),
    minimumCompressionSize: integerAt(document, 'x-amazon-apigateway-minimum-compression-size'),
    apiKeySource: stringAt(document, 'x-amazon-apigateway-api-key-source'),
    policy: policyOf(valueAt(document, 'x-amazon-apigateway-policy')),
    gatewayResponses: gatewayResponsesOf(document),
  })
}

interface Source {
  readonly document: unknown
  /** `info.version` as YAML writes it: 2.0 would be the number 2. */
  readonly version: string | undefined
}

/** JSON when it is JSON, else YAML; undefined for neither. Aliases are bounded, so that no document explodes. */
function sourceOf(body: Bytes): Source | undefined {
  const source = strictText(body)
  if (source === undefined) return undefined
  const json = parseJson(source)
  if (json !== undefined) return { document: json, version: undefined }
  try {
    const yaml = parseDocument(source, { prettyErrors: false })
    if (yaml.errors.length > 0) return undefined
    const document: unknown = yaml.toJS({ maxAliasCount: 100 })
    const version = yaml.getIn(['info', 'version'], true)
    return { document, version: isScalar(version) ? version.source : undefined }
  } catch {
    return undefined
  }
}

function formatOf(document: unknown): 'swagger2' | 'openapi3' | undefined {
  if ((textAt(document, 'openapi') ?? '').startsWith('3.')) return 'openapi3'
  const swagger = textAt(document, 'swagger') ?? ''
  return swagger === '2' || swagger.startsWith('2.') ? 'swagger2' : undefined
}

/** Source: API Gateway developer guide, Set the OpenAPI basePath property. */
function basePathOf(document: unknown): string {
  const own = stringAt(document, 'basePath')
  if (own !== undefined) return trimmed(own)
  const servers = valueAt(document, 'servers')
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined
  const url = stringAt(server, 'url')
  if (url === undefined) return ''
  const variables = recordAt(server, 'variables')
  const filled = url.replace(
    /\{([^}]+)\}/g,
    (_, name: string) => textAt(recordAt(variables, name), 'default') ?? '',
  )
  const path = filled.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
  return trimmed(path)
}

function trimmed(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `/${inner}`
}

/** Source: API Gateway developer guide, x-amazon-apigateway-cors object. */
function corsOf(value: unknown): CorsDescription | undefined {
  if (!isRecord(value)) return undefined
  return {
    allowOrigins: stringsAt(value, 'allowOrigins'),
    allowMethods: stringsAt(value, 'allowMethods'),
    allowHeaders: stringsAt(value, 'allowHeaders'),
    exposeHeaders: stringsAt(value, 'exposeHeaders'),
    maxAge: integerAt(value, 'maxAge'),
    allowCredentials: booleanAt(value, 'allowCredentials'),
  }
}

function tagsOf(value: unknown): Record<string, string> {
  const tags: [string, string][] = []
  for (const tag of Array.isArray(value) ? value : []) {
    const name = stringAt(tag, 'name')
    const content = textAt(tag, 'x-amazon-apigateway-tag-value')
    if (name !== undefined && content !== undefined) tags.push([name, content])
  }
  return Object.fromEntries(tags)
}

/** AWS reads `types` of the extension. Source: developer guide, x-amazon-apigateway-endpoint-configuration object. */
function endpointTypesOf(document: unknown): string[] | undefined {
  return stringsAt(recordAt(document, 'x-amazon-apigateway-endpoint-configuration'), 'types')
}

function policyOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function gatewayResponsesOf(document: unknown): GatewayResponseDescription[] {
  const responses = recordAt(document, 'x-amazon-apigateway-gateway-responses') ?? {}
  return Object.entries(responses).map(([responseType, value]) => ({
    responseType,
    statusCode: textAt(value, 'statusCode'),
    responseParameters: textMap(valueAt(value, 'responseParameters')),
    responseTemplates: textMap(valueAt(value, 'responseTemplates')),
  }))
}
