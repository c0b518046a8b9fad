/** AWS::Serverless::HttpApi: the HTTP API with its OpenAPI document, a stage that deploys by itself, authorizers. */
import { apiDomain, authorizerPermissionV2, stageIdOf } from '#engines/sam/api-v2.ts'
import { s3Definition } from '#engines/sam/code-location.ts'
import { given, isIntrinsic, isNoValue, ref } from '#engines/sam/intrinsics.ts'
import { type HttpAuthorizer, httpAuthorizers, securityScheme } from '#engines/sam/http-authorizer.ts'
import {
  addHttpCors,
  addSecuritySchemes,
  addTags,
  DEFAULT_PATH,
  DEFAULT_TITLE,
  disableEndpoint,
  isOpenApi,
  requireOpenApi,
  setDefaultHttpAuthorizer,
  setInfo,
} from '#engines/sam/open-api.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, passedOn, propagateTags, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, dictAt, isDict, memberOf, sameValue, type Value } from '#engines/templates/value.ts'

const CREATED_BY = 'httpapi:createdBy'

/** Source: SAM specification, AWS::Serverless::HttpApi and its generated resources. */
export function transformHttpApi(world: World, source: Source): Made[] {
  const { properties } = source
  for (const name of ['CorsConfiguration', 'Domain']) {
    const value = resolveParameters(properties[name], world.parameters)
    if (value !== undefined) properties[name] = value
  }
  const api = httpApi(world, source)
  const domain = apiDomain(world, source, CREATED_BY)
  const permissions = given(properties['Auth'])
    ? [...httpAuthorizers(source).values()].flatMap((one) => permissionOf(source, one))
    : []
  const resources = [
    api,
    ...permissions,
    ...(domain === undefined ? [] : [domain.name, ...domain.mappings]),
    ...(domain?.records === undefined ? [] : [domain.records]),
    stageOf(source),
  ]
  propagateTags(resources, properties['Tags'], (memberOf(properties, 'DefinitionBody') ?? null) !== null)
  return resources
}

function permissionOf(source: Source, { name, settings }: HttpAuthorizer): Made[] {
  const arn = memberOf(settings, 'FunctionArn')
  if (arn === undefined || !given(arn) || settings['EnableFunctionDefaultPermissions'] !== true) return []
  return [authorizerPermissionV2(source, `${source.id}${name}AuthorizerPermission`, arn)]
}

function httpApi(world: World, source: Source): Made {
  const { id, properties } = source
  const uri = memberOf(properties, 'DefinitionUri')
  const body = memberOf(properties, 'DefinitionBody')
  if (given(uri) && given(body)) {
    invalidResource(id, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
  }
  writeCors(source)
  writeAuth(world, source)
  writeTags(source)
  const disabled = memberOf(properties, 'DisableExecuteApiEndpoint') ?? null
  if (disabled !== null) {
    if (!given(body)) {
      invalidResource(id, "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.")
    }
    disableEndpoint(requireOpenApi(body), disabled)
  }
  writeInfo(source, 'Name', 'title')
  writeInfo(source, 'Description', 'description')
  const doc = dictAt(properties, 'DefinitionBody')
  if (given(properties['FailOnWarnings']) && doc !== undefined) moveDefaultPath(doc)
  const api = made(
    id,
    'AWS::ApiGatewayV2::Api',
    { FailOnWarnings: given(properties['FailOnWarnings']) ? properties['FailOnWarnings'] : undefined },
    { attributes: source.attributes, dependsOn: source.dependsOn },
  )
  if (uri !== undefined && given(uri)) api.properties['BodyS3Location'] = s3Definition(id, uri)
  else if (doc !== undefined && given(doc)) api.properties['Body'] = doc
  else {
    invalidResource(
      id,
      "'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.",
    )
  }
  return api
}

/** API Gateway warns about the path `$default`; with FailOnWarnings it must not. */
function moveDefaultPath(doc: Dict): void {
  const paths = dictAt(doc, 'paths')
  const found = memberOf(paths, DEFAULT_PATH)
  if (paths === undefined || found === undefined) return
  paths[`/${DEFAULT_PATH}`] = found
  delete paths[DEFAULT_PATH]
}

const CORS = ['AllowMethods', 'AllowHeaders', 'AllowOrigins', 'MaxAge', 'ExposeHeaders', 'AllowCredentials']

function writeCors({ id, properties }: Source): void {
  const cors = memberOf(properties, 'CorsConfiguration')
  if (cors === undefined || !given(cors)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(id, "Cors works only with inline OpenApi specified in 'DefinitionBody' property.")
  }
  const settings = corsSettings(id, cors)
  if (!isOpenApi(doc)) {
    return invalidResource(
      id,
      "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
    )
  }
  if (settings['AllowCredentials'] === true && sameValue(settings['AllowOrigins'], ['*'])) {
    invalidResource(
      id,
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set.",
    )
  }
  addHttpCors(doc, settings)
}

function corsSettings(id: string, cors: Value): Dict {
  if (typeof cors === 'boolean') return { AllowOrigins: ['*'] }
  if (isIntrinsic(cors)) return { AllowOrigins: cors }
  if (!isDict(cors)) return invalidResource(id, "Invalid value for 'Cors' property.")
  const stranger = Object.keys(cors).find((name) => !CORS.includes(name))
  if (stranger !== undefined) invalidResource(id, `Invalid key '${stranger}' for 'Cors' property.`)
  return cors
}

function writeAuth(world: World, source: Source): void {
  const { id, properties } = source
  const auth = dictAt(properties, 'Auth')
  if (auth === undefined || !given(auth)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(id, "Auth works only with inline OpenApi specified in the 'DefinitionBody' property.")
  }
  const known = ['Authorizers', 'DefaultAuthorizer', 'EnableIamAuthorizer']
  if (!Object.keys(auth).every((name) => known.includes(name))) {
    invalidResource(id, "Invalid value for 'Auth' property")
  }
  if (!isOpenApi(doc)) {
    return invalidResource(
      id,
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
    )
  }
  const authorizers = httpAuthorizers(source)
  const schemes = [...authorizers].map(
    ([name, one]) => [name, securityScheme(world.options.partition, id, one)] as const,
  )
  addSecuritySchemes(doc, Object.fromEntries(schemes))
  const fallback = memberOf(auth, 'DefaultAuthorizer')
  if (fallback === undefined || !given(fallback) || isNoValue(fallback)) return
  if (typeof fallback !== 'string') {
    return invalidResource(id, "Property 'Auth.DefaultAuthorizer' should be a string.")
  }
  const authorizer = authorizers.get(fallback)
  if (authorizer === undefined) {
    return invalidResource(
      id,
      `Unable to set DefaultAuthorizer because '${fallback}' was not defined in 'Authorizers'.`,
    )
  }
  setDefaultHttpAuthorizer(doc, fallback, memberOf(authorizer.settings, 'AuthorizationScopes') ?? [])
}

function writeTags({ id, properties }: Source): void {
  const body = memberOf(properties, 'DefinitionBody')
  const wanted = given(properties['Tags'])
  if (!given(body)) {
    if (wanted) {
      invalidResource(id, "Tags works only with inline OpenApi specified in the 'DefinitionBody' property.")
    }
    return
  }
  if (!isOpenApi(body)) {
    if (wanted) {
      invalidResource(
        id,
        "Unable to add `Tags` because 'DefinitionBody' does not contain a valid OpenApi definition.",
      )
    }
    return
  }
  const tags = dictAt(properties, 'Tags') ?? {}
  tags[CREATED_BY] = 'SAM'
  properties['Tags'] = tags
  addTags(body, tags)
}

function writeInfo({ id, properties }: Source, property: string, member: 'title' | 'description'): void {
  const value = memberOf(properties, property)
  if (value === undefined || !given(value)) return
  const body = memberOf(properties, 'DefinitionBody')
  if (!given(body)) {
    invalidResource(
      id,
      `${property} works only with inline OpenApi specified in the 'DefinitionBody' property.`,
    )
  }
  const info = memberOf(body, 'info') ?? null
  if (info !== null && !isDict(info)) {
    const tail = member === 'description' ? "'." : '.'
    invalidResource(id, `Invalid 'DefinitionBody': The value of 'info' should be a map${tail}`)
  }
  const found = memberOf(info, member)
  const taken = member === 'title' ? !sameValue(found ?? null, DEFAULT_TITLE) : given(found)
  if (taken) {
    invalidResource(
      id,
      `Unable to set ${property} because it is already defined within inline OpenAPI specified in the 'DefinitionBody' property.`,
    )
  }
  setInfo(requireOpenApi(body), member, value)
}

function stageOf(source: Source): Made {
  const { id, properties } = source
  const named = memberOf(properties, 'StageName')
  const stage = named !== undefined && given(named) ? named : '$default'
  const tags = memberOf(properties, 'Tags')
  return made(
    stageIdOf(id, stage),
    'AWS::ApiGatewayV2::Stage',
    {
      ApiId: ref(id),
      StageName: stage,
      StageVariables: properties['StageVariables'],
      AccessLogSettings: properties['AccessLogSettings'],
      DefaultRouteSettings: properties['DefaultRouteSettings'],
      Tags: isDict(tags) ? { ...tags } : tags,
      AutoDeploy: true,
      RouteSettings: properties['RouteSettings'],
    },
    { attributes: passedOn(source) },
  )
}
