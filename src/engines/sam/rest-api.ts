/**
 * AWS::Serverless::Api: the REST API with its OpenAPI document, a deployment that is new whenever that document is,
 * and a stage. Functions have already written their methods into `DefinitionBody`. Not here: custom domains
 * (`rest-domain.ts`), usage plans, authorizers.
 */
import { s3Definition } from '#engines/sam/code-location.ts'
import { isOpenApi3, pathsOf } from '#engines/sam/editor.ts'
import { given, isIntrinsic, ref } from '#engines/sam/intrinsics.ts'
import { canonical, digest, hashedId, isAlphanumeric } from '#engines/sam/logical-id.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, passedOn, propagateTags, type Source, tagList } from '#engines/sam/resource.ts'
import { addRestAuth, authorizerPermissions } from '#engines/sam/rest-auth.ts'
import { restDomain } from '#engines/sam/rest-domain.ts'
import { normaliseOpenApi } from '#engines/sam/rest-openapi.ts'
import { gatewayResponses } from '#engines/sam/rest-responses.ts'
import { invalidDocument, invalidResource, SamInvalid } from '#engines/sam/sam-error.ts'
import { addBinaryMediaTypes, addCors, addModels, isSwagger, requireSwagger } from '#engines/sam/swagger.ts'
import { usagePlan } from '#engines/sam/usage-plan.ts'
import type { World } from '#engines/sam/world.ts'
import {
  type Dict,
  dictAt,
  isDict,
  listAt,
  memberOf,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { words } from '#engines/sam/words.ts'

/** Source: SAM specification, AWS::Serverless::Api and its generated resources. */
export function transformApi(world: World, source: Source): Made[] {
  const { properties } = source
  for (const name of ['BinaryMediaTypes', 'Domain', 'Auth']) {
    const value = resolveParameters(properties[name], world.parameters)
    if (value !== undefined) properties[name] = value
  }
  const api = restApi(world, source)
  const domain = restDomain(world, source)
  const deployment = made(
    `${source.id}Deployment`,
    'AWS::ApiGateway::Deployment',
    {
      RestApiId: ref(source.id),
      StageName: given(properties['OpenApiVersion']) ? undefined : 'Stage',
    },
    { attributes: passedOn(source) },
  )
  const stage = stageOf(world, source, deployment, api)
  const resources = [
    api,
    deployment,
    stage,
    ...authorizerPermissions(world, source),
    ...domain,
    ...usagePlan(world, source, stage),
  ]
  propagateTags(resources, properties['Tags'], properties['PropagateTags'] === true)
  return resources
}

function restApi(world: World, source: Source): Made {
  const { id, properties } = source
  checkProperties(source)
  const api = made(
    id,
    'AWS::ApiGateway::RestApi',
    {
      BinaryMediaTypes: properties['BinaryMediaTypes'],
      MinimumCompressionSize: properties['MinimumCompressionSize'],
    },
    { attributes: source.attributes, dependsOn: source.dependsOn },
  )
  const endpoint = properties['EndpointConfiguration']
  if (given(endpoint)) setEndpoint(api, endpoint ?? null)
  writeCors(source)
  addRestAuth(world, source)
  gatewayResponses(source)
  const [media, body] = [memberOf(properties, 'BinaryMediaTypes'), () => dictAt(properties, 'DefinitionBody')]
  const document = body()
  if (media !== undefined && given(media) && document !== undefined && given(document)) {
    addBinaryMediaTypes(requireSwagger(document), media)
  }
  writeModels(source)
  if (given(properties['FailOnWarnings']))
    api.properties['FailOnWarnings'] = properties['FailOnWarnings'] ?? null
  disableEndpoint(source)
  const uri = properties['DefinitionUri']
  const finished = body()
  if (uri !== undefined && given(uri)) api.properties['BodyS3Location'] = s3Definition(id, uri)
  else if (finished !== undefined && given(finished)) {
    normaliseOpenApi(source)
    api.properties['Body'] = finished
  }
  for (const name of words(
    'Name Description Mode ApiKeySourceType Policy SecurityPolicy EndpointAccessMode',
  )) {
    const value = memberOf(properties, name)
    if (value !== undefined && given(value)) api.properties[name] = value
  }
  return api
}

function checkProperties({ id, properties }: Source): void {
  if (given(properties['DefinitionUri']) && given(properties['DefinitionBody'])) {
    invalidResource(id, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
  }
  if (given(properties['DefinitionUri']) && given(properties['MergeDefinitions'])) {
    invalidResource(id, "Cannot set 'MergeDefinitions' to True when using `DefinitionUri`.")
  }
  const version = memberOf(properties, 'OpenApiVersion')
  if (version !== undefined && given(version) && !/^[2-3](\.\d)(\.\d)?$/.test(scalarText(version) ?? '')) {
    invalidResource(id, "The OpenApiVersion value must be of the format '3.0.0'.")
  }
}

function setEndpoint(api: Made, value: Value): void {
  const type = memberOf(value, 'Type')
  if (type === undefined || !given(type)) {
    api.properties['EndpointConfiguration'] = { Types: [value] }
    api.properties['Parameters'] = { endpointConfigurationTypes: value }
    return
  }
  const [old, fresh] = [memberOf(value, 'VPCEndpointIds'), memberOf(value, 'VpcEndpointIds')]
  if (old !== undefined && fresh !== undefined) {
    invalidResource(
      api.id,
      "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in EndpointConfiguration.",
    )
  }
  const ids = old ?? fresh
  const address = memberOf(value, 'IpAddressType')
  api.properties['Parameters'] = { endpointConfigurationTypes: type }
  api.properties['EndpointConfiguration'] = {
    Types: [type],
    ...(ids === undefined ? {} : { VpcEndpointIds: ids }),
    ...(address === undefined ? {} : { IpAddressType: address }),
  }
}

const CORS = ['AllowMethods', 'AllowHeaders', 'AllowOrigin', 'MaxAge', 'AllowCredentials']

function writeCors({ id, properties }: Source): void {
  const cors = memberOf(properties, 'Cors')
  if (cors === undefined || !given(cors)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(id, "Cors works only with inline Swagger specified in 'DefinitionBody' property.")
  }
  const settings: Dict = !isDict(cors) || isIntrinsic(cors) ? { AllowOrigin: cors } : cors
  const stranger = Object.keys(settings).find((name) => !CORS.includes(name))
  if (stranger !== undefined) invalidResource(id, `Invalid key '${stranger}' for 'Cors' property.`)
  if (!isSwagger(doc)) {
    return invalidResource(
      id,
      "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
    )
  }
  const origin = memberOf(settings, 'AllowOrigin') ?? "'*'"
  if (settings['AllowCredentials'] === true && origin === "'*'") {
    invalidResource(
      id,
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set",
    )
  }
  requireSwagger(doc)
  const seen = new Set<string>()
  for (const path of Object.keys(pathsOf(doc))) {
    const plain = path === '/' ? path : path.replace(/\/+$/, '')
    if (seen.has(plain)) continue
    seen.add(plain)
    try {
      addCors(doc, path, {
        origin,
        headers: settings['AllowHeaders'],
        methods: settings['AllowMethods'],
        maxAge: memberOf(settings, 'MaxAge'),
        credentials: settings['AllowCredentials'] === true,
      })
    } catch (error) {
      if (error instanceof SamInvalid) invalidResource(id, error.message)
      throw error
    }
  }
}

function writeModels(source: Source): void {
  const { id, properties } = source
  const models = dictAt(properties, 'Models')
  if (models === undefined || !given(models)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(id, "Models works only with inline Swagger specified in 'DefinitionBody' property.")
  }
  if (!isSwagger(doc)) {
    return invalidResource(
      id,
      "Unable to add Models definitions because 'DefinitionBody' does not contain a valid Swagger definition.",
    )
  }
  if (!Object.values(models).every(isDict)) invalidResource(id, "Invalid value for 'Models' property")
  addModels(doc, models)
  normaliseOpenApi(source)
}

function disableEndpoint({ id, properties }: Source): void {
  const disabled = memberOf(properties, 'DisableExecuteApiEndpoint')
  if (disabled === undefined || disabled === null) return
  const body = memberOf(properties, 'DefinitionBody')
  if (!given(body)) {
    invalidResource(id, "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.")
  }
  const doc = requireSwagger(body)
  const name = 'x-amazon-apigateway-endpoint-configuration'
  const put = (holder: Value, what: string): void => {
    if (!isDict(holder))
      return invalidDocument(`Invalid OpenAPI definition of '${what}': It should be a map.`)
    const found = memberOf(holder, name) ?? {}
    if (!isDict(found)) {
      return invalidDocument(`Invalid OpenAPI definition: The value of '${name}' should be a map.`)
    }
    holder[name] = { ...found, disableExecuteApiEndpoint: disabled }
  }
  if (!isOpenApi3(memberOf(doc, 'openapi'))) return put(doc, 'document')
  const servers = listAt(doc, 'servers') ?? [{}]
  for (const [at, server] of servers.entries()) put(server, `servers[${at}]`)
  doc['servers'] = servers
}

function stageOf(world: World, source: Source, deployment: Made, api: Made): Made {
  const { id, properties } = source
  const prefix = textAt(properties, 'StageName') ?? ''
  const stageId = isAlphanumeric(prefix) ? `${id}${prefix}Stage` : hashedId(`${id}Stage`, prefix)
  const passed = Object.fromEntries(
    words(`StageName CacheClusterEnabled CacheClusterSize Variables MethodSettings AccessLogSetting
    CanarySetting TracingEnabled`).map((name) => [name, memberOf(properties, name)]),
  )
  const body = memberOf(api.properties, 'Body') ?? memberOf(api.properties, 'BodyS3Location')
  if (body !== undefined && given(body)) renameDeployment(world, source, deployment, body)
  const tags = memberOf(properties, 'Tags')
  return made(
    stageId,
    'AWS::ApiGateway::Stage',
    {
      RestApiId: ref(id),
      DeploymentId: ref(deployment.id),
      ...passed,
      Tags: tags === undefined || tags === null ? undefined : tagList(tags),
    },
    { attributes: passedOn(source) },
  )
}

/**
 * A new document makes a new deployment. SAM digests the text that Python 2 would print of the document; here it is
 * the canonical JSON, so the digits differ from AWS's while they change with the same edits. AlwaysDeploy takes the
 * document too: a transform has no clock.
 */
function renameDeployment(world: World, source: Source, deployment: Made, body: Value): void {
  const { id, properties } = source
  const parts = [canonical(body)]
  if (given(properties['OpenApiVersion'])) parts.push(scalarText(properties['OpenApiVersion']) ?? '')
  if (given(properties['Domain'])) parts.push(canonical(properties['Domain'] ?? null))
  const names = world.functionNames.get(id)
  if (names !== undefined && names !== '') parts.push(names)
  const data = parts.join('||')
  deployment.id = hashedId(deployment.id, data)
  deployment.properties['Description'] = `RestApi deployment id: ${digest(data, 40)}`
}
