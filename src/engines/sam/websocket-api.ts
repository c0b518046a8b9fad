/** AWS::Serverless::WebSocketApi: routes with integrations and permissions, a stage, one authorizer of $connect. */
import { apiDomain, authorizerPermissionV2 } from '#engines/sam/api-v2.ts'
import { given, isIntrinsic, ref, sub } from '#engines/sam/intrinsics.ts'
import { isAlphanumeric } from '#engines/sam/logical-id.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, passedOn, propagateTags, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'

const CREATED_BY = 'websocketapi:createdBy'

/** Source: SAM specification, AWS::Serverless::WebSocketApi and its generated resources. */
export function transformWebSocketApi(world: World, source: Source): Made[] {
  const { id, properties } = source
  for (const name of ['Auth', 'Domain', 'Routes']) {
    const value = resolveParameters(properties[name], world.parameters)
    if (value !== undefined) properties[name] = value
  }
  const routes = dictAt(properties, 'Routes') ?? {}
  const auth = dictAt(properties, 'Auth')
  check(source, routes, auth)
  const tags = dictAt(properties, 'Tags') ?? {}
  if (given(properties['Tags'])) properties['Tags'] = tags
  tags[CREATED_BY] = 'SAM'
  const api = made(
    id,
    'AWS::ApiGatewayV2::Api',
    {
      ...Object.fromEntries(
        [
          'ApiKeySelectionExpression',
          'Description',
          'DisableExecuteApiEndpoint',
          'DisableSchemaValidation',
          'IpAddressType',
        ].map((name) => [name, memberOf(properties, name)]),
      ),
      Name: memberOf(properties, 'Name') ?? id,
      RouteSelectionExpression: properties['RouteSelectionExpression'],
      Tags: { ...tags },
      ProtocolType: 'WEBSOCKET',
    },
    { attributes: source.attributes, dependsOn: source.dependsOn },
  )
  const domain = apiDomain(world, source, CREATED_BY)
  const stage = stageOf(source)
  const parts = Object.entries(routes).map(([key, spec]) => routeParts(source, key, isDict(spec) ? spec : {}))
  if (given(properties['RouteSettings'])) stage.dependsOn = parts.map(([route]) => route.id)
  const resources = [
    api,
    ...parts.flat(),
    ...(domain === undefined ? [] : [domain.name, ...domain.mappings]),
    ...(domain?.records === undefined ? [] : [domain.records]),
    stage,
    ...connectAuthorizer(source, auth, parts),
  ]
  propagateTags(resources, properties['Tags'], properties['PropagateTags'] === true)
  return resources
}

function check({ id, properties }: Source, routes: Dict, auth: Dict | undefined): void {
  if (Object.keys(routes).length === 0) invalidResource(id, 'WebSocket API must have at least one route.')
  const address = memberOf(properties, 'IpAddressType') ?? null
  if (address !== null && !isIntrinsic(address) && address !== 'ipv4' && address !== 'dualstack') {
    invalidResource(id, "IpAddressType must be 'ipv4' or 'dualstack'.")
  }
  if (given(memberOf(memberOf(properties, 'Domain'), 'MutualTlsAuthentication'))) {
    invalidResource(id, 'Mutual TLS domain name association is not supported for Websocket APIs.')
  }
  if (given(auth) && !Object.hasOwn(routes, '$connect')) {
    invalidResource(id, 'Authorization is only available if there is a $connect route.')
  }
  if (memberOf(properties, 'StageName') === '$default') {
    invalidResource(id, 'Stages cannot be named $default for WebSocket APIs.')
  }
  if (auth !== undefined && given(auth)) checkAuth(id, auth)
}

function checkAuth(id: string, auth: Dict): void {
  const type = textAt(auth, 'AuthType')
  if (type === undefined || type === '') {
    return invalidResource(id, 'AuthType must be specified for additional auth configurations.')
  }
  const upper = type.toUpperCase()
  if (!['NONE', 'AWS_IAM', 'CUSTOM'].includes(upper)) {
    invalidResource(id, 'AuthType is not one of AWS_IAM, CUSTOM or NONE.')
  }
  if (upper === 'CUSTOM' && !given(auth['AuthArn'])) {
    invalidResource(id, 'AuthArn must be specified if AuthType is CUSTOM.')
  }
  if (upper !== 'CUSTOM' && Object.keys(auth).length > 1) {
    invalidResource(id, `No additional configurations supported for AuthType ${upper}.`)
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()

function idOfRoute(id: string, key: string): string {
  if (['$connect', '$disconnect', '$default'].includes(key)) return id + capital(key.slice(1))
  if (isAlphanumeric(key)) return id + capital(key)
  return invalidResource(
    id,
    `Route key '${key}' must be alphanumeric. Only $connect, $disconnect, and $default special routes are supported.`,
  )
}

type RouteParts = readonly [route: Made, integration: Made, permission: Made]

function routeParts(source: Source, key: string, spec: Dict): RouteParts {
  const { id, properties } = source
  const base = idOfRoute(id, key)
  const options = { attributes: passedOn(source) }
  if (given(spec['RequestParameters']) && key !== '$connect') {
    invalidResource(id, 'Request parameters are only supported for the $connect route in WebSocket APIs.')
  }
  const functionArn = memberOf(spec, 'FunctionArn')
  if (functionArn === undefined) return invalidResource(id, 'Route must have associated function.')
  const passed = ['ApiKeyRequired', 'ModelSelectionExpression', 'OperationName', 'RequestModels']
  const route = made(
    `${base}Route`,
    'AWS::ApiGatewayV2::Route',
    {
      RouteKey: key,
      ApiId: ref(id),
      ...Object.fromEntries(passed.map((name) => [name, memberOf(spec, name)])),
      RequestParameters: given(spec['RequestParameters']) ? spec['RequestParameters'] : undefined,
      RouteResponseSelectionExpression: spec['RouteResponseSelectionExpression'],
      Target: { 'Fn::Join': ['/', ['integrations', ref(`${base}Integration`)]] },
    },
    options,
  )
  const integration = made(
    `${base}Integration`,
    'AWS::ApiGatewayV2::Integration',
    {
      ApiId: ref(id),
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: sub(
        'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations',
        { FunctionArn: functionArn },
      ),
      TimeoutInMillis: spec['IntegrationTimeout'],
    },
    options,
  )
  const stage = stageName(properties)
  const head = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${${id}.ApiId}`
  const permission = made(
    `${base}Permission`,
    'AWS::Lambda::Permission',
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'apigateway.amazonaws.com',
      SourceArn:
        typeof stage === 'string'
          ? sub(`${head}/${stage}/${key}`)
          : sub(`${head}/\${__StageName__}/${key}`, { __StageName__: stage }),
    },
    options,
  )
  return [route, integration, permission]
}

const stageName = (properties: Dict): Value => memberOf(properties, 'StageName') ?? 'default'

function stageOf(source: Source): Made {
  const { id, properties } = source
  const stage = stageName(properties)
  const name = typeof stage === 'string' ? stage : ''
  return made(
    name === 'default' ? `${id}DefaultStage` : `${id}${name}Stage`,
    'AWS::ApiGatewayV2::Stage',
    {
      ApiId: ref(id),
      StageName: stage,
      StageVariables: properties['StageVariables'],
      AccessLogSettings: properties['AccessLogSettings'],
      DefaultRouteSettings: properties['DefaultRouteSettings'],
      Tags: { [CREATED_BY]: 'SAM' },
      AutoDeploy: true,
      RouteSettings: properties['RouteSettings'],
    },
    { attributes: passedOn(source) },
  )
}

function connectAuthorizer(source: Source, auth: Dict | undefined, routes: readonly RouteParts[]): Made[] {
  const connect = routes.find(([route]) => route.properties['RouteKey'] === '$connect')?.[0]
  if (auth === undefined || !given(auth) || connect === undefined) return []
  const type = textAt(auth, 'AuthType')
  connect.properties['AuthorizationType'] = type === 'CUSTOM' || type === 'AWS_IAM' ? type : 'NONE'
  if (type !== 'CUSTOM') return []
  const id = `${source.id}ConnectAuthorizer`
  const arn = auth['AuthArn'] ?? null
  connect.properties['AuthorizerId'] = ref(id)
  const authorizer = made(
    id,
    'AWS::ApiGatewayV2::Authorizer',
    {
      ApiId: ref(source.id),
      AuthorizerCredentialsArn: auth['InvokeRole'],
      AuthorizerType: 'REQUEST',
      AuthorizerUri: sub(
        'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthArn}/invocations',
        { AuthArn: arn },
      ),
      IdentitySource: auth['IdentitySource'],
      Name: given(auth['Name']) ? auth['Name'] : id,
    },
    { attributes: passedOn(source) },
  )
  if (given(auth['InvokeRole'])) return [authorizer]
  return [authorizer, authorizerPermissionV2(source, `${source.id}AuthorizerPermission`, arn)]
}
