/**
 * What an OpenAPI or Swagger document with API Gateway's extensions says, in words of neither: the form both kinds
 * of API are built from. Types only. A member that is missing was not in the document.
 */
export interface ApiDescription {
  readonly format: 'swagger2' | 'openapi3'
  readonly title: string
  readonly description: string | undefined
  readonly version: string | undefined
  /** From `basePath` or the first server, with a slash first and none last; empty when there is none. */
  readonly basePath: string
  readonly operations: readonly ApiOperation[]
  /** Of security schemes with the authorizer extension, by the scheme's name. */
  readonly authorizers: readonly AuthorizerDescription[]
  readonly binaryMediaTypes: readonly string[]
  readonly cors: CorsDescription | undefined
  /** Of `tags` with `x-amazon-apigateway-tag-value`. */
  readonly tags: Readonly<Record<string, string>>
  readonly endpointTypes: readonly string[] | undefined
  readonly disableExecuteApiEndpoint: boolean | undefined
  readonly minimumCompressionSize: number | undefined
  readonly apiKeySource: string | undefined
  /** JSON text of the resource policy. */
  readonly policy: string | undefined
  readonly gatewayResponses: readonly GatewayResponseDescription[]
}

export interface ApiOperation {
  /** Such as `/pets/{id}`, or `$default`. */
  readonly path: string
  /** Upper case, `ANY` for any method. */
  readonly method: string
  readonly operationId: string | undefined
  /** `NONE`, `AWS_IAM`, or `AUTHORIZER` with the name of its security scheme. */
  readonly authorization:
    | { readonly kind: 'NONE' | 'AWS_IAM' }
    | {
        readonly kind: 'AUTHORIZER'
        readonly name: string
        /** Scopes that the operation asks for. */
        readonly scopes: readonly string[]
      }
  readonly apiKeyRequired: boolean
  /** Name of the validator that the operation or the document asks for. */
  readonly requestValidator: string | undefined
  /** Such as `method.request.path.id` to whether it is required. */
  readonly requestParameters: Readonly<Record<string, boolean>>
  readonly responses: readonly MethodResponseDescription[]
  readonly integration: IntegrationDescription | undefined
}

export interface MethodResponseDescription {
  readonly statusCode: string
  /** Such as `method.response.header.Link`. */
  readonly headers: readonly string[]
  /** Media types that the response may have. */
  readonly mediaTypes: readonly string[]
}

export interface IntegrationDescription {
  /** Upper case, such as `AWS_PROXY`. */
  readonly type: string
  readonly httpMethod: string | undefined
  readonly uri: string | undefined
  readonly credentials: string | undefined
  readonly payloadFormatVersion: string | undefined
  readonly subtype: string | undefined
  readonly timeoutInMillis: number | undefined
  /** Upper case. */
  readonly passthroughBehavior: string | undefined
  readonly contentHandling: string | undefined
  readonly connectionType: string | undefined
  readonly connectionId: string | undefined
  readonly cacheNamespace: string | undefined
  readonly cacheKeyParameters: readonly string[]
  readonly responseTransferMode: string | undefined
  readonly requestParameters: Readonly<Record<string, string>>
  readonly requestTemplates: Readonly<Record<string, string>>
  readonly responses: readonly IntegrationResponseDescription[]
  /** Of HTTP APIs: changes of the backend's answer by its status. */
  readonly responseParameters: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly serverNameToVerify: string | undefined
}

/** Members that a kind of authorizer does not have are undefined. */
export interface AuthorizerDescription {
  readonly name: string
  /** Lower case, such as `jwt`, `request`, `token`. */
  readonly type: string
  readonly identitySource: readonly string[]
  readonly issuer: string | undefined
  readonly audience: readonly string[]
  readonly uri: string | undefined
  readonly credentials: string | undefined
  readonly payloadFormatVersion: string | undefined
  readonly resultTtlInSeconds: number | undefined
  readonly identityValidationExpression: string | undefined
  readonly enableSimpleResponses: boolean | undefined
}

export interface IntegrationResponseDescription {
  /** The pattern that selects it; undefined for the default. */
  readonly selectionPattern: string | undefined
  readonly statusCode: string
  readonly responseParameters: Readonly<Record<string, string>>
  readonly responseTemplates: Readonly<Record<string, string>>
  readonly contentHandling: string | undefined
}

export interface GatewayResponseDescription {
  readonly responseType: string
  readonly statusCode: string | undefined
  readonly responseParameters: Readonly<Record<string, string>>
  readonly responseTemplates: Readonly<Record<string, string>>
}

export interface CorsDescription {
  readonly allowOrigins: readonly string[] | undefined
  readonly allowMethods: readonly string[] | undefined
  readonly allowHeaders: readonly string[] | undefined
  readonly exposeHeaders: readonly string[] | undefined
  readonly maxAge: number | undefined
  readonly allowCredentials: boolean | undefined
}
