/**
 * Security schemes of a document and the authorizers that API Gateway's extension makes of them. Which operation asks
 * for which is `operations.ts`. Source: API Gateway developer guide, x-amazon-apigateway-authorizer object.
 */
import { stringAt, valueAt } from '#base/json.ts'
import type { AuthorizerDescription } from '#engines/openapi/description.ts'
import { booleanAt, integerAt, recordAt, stringsAt, textAt, textsOf } from '#engines/openapi/values.ts'

/** Of OpenAPI 3 or Swagger 2. */
export const schemesOf = (document: unknown): Readonly<Record<string, unknown>> | undefined =>
  recordAt(recordAt(document, 'components'), 'securitySchemes') ?? recordAt(document, 'securityDefinitions')

export function authorizersOf(document: unknown): AuthorizerDescription[] {
  return Object.entries(schemesOf(document) ?? {}).flatMap(([name, scheme]) => {
    const extension = recordAt(scheme, 'x-amazon-apigateway-authorizer')
    return extension === undefined ? [] : [authorizerOf(name, extension)]
  })
}

function authorizerOf(name: string, extension: Readonly<Record<string, unknown>>): AuthorizerDescription {
  const jwt = recordAt(extension, 'jwtConfiguration')
  const version = textAt(extension, 'authorizerPayloadFormatVersion')
  return {
    name,
    type: (textAt(extension, 'type') ?? '').toLowerCase(),
    identitySource: identitySourceOf(valueAt(extension, 'identitySource')),
    issuer: stringAt(jwt, 'issuer'),
    audience: stringsAt(jwt, 'audience') ?? [],
    uri: textAt(extension, 'authorizerUri'),
    credentials: textAt(extension, 'authorizerCredentials'),
    // YAML and JSON readers make a number of an unquoted 2.0.
    payloadFormatVersion: version === '1' || version === '2' ? `${version}.0` : version,
    resultTtlInSeconds: integerAt(extension, 'authorizerResultTtlInSeconds'),
    identityValidationExpression: textAt(extension, 'identityValidationExpression'),
    enableSimpleResponses: booleanAt(extension, 'enableSimpleResponses'),
  }
}

/** One text with commas between, or a list, as SAM writes it. */
function identitySourceOf(value: unknown): string[] {
  if (typeof value !== 'string') return textsOf(value)
  return value
    .split(',')
    .map((source) => source.trim())
    .filter((source) => source !== '')
}
