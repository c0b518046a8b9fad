/** GatewayResponses of a REST API, with API Gateway's prefixes on their parameters. */
import { given, isIntrinsic } from '#engines/sam/intrinsics.ts'
import type { Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { isSwagger } from '#engines/sam/swagger.ts'
import { addGatewayResponses } from '#engines/sam/swagger-security.ts'
import { type Dict, dictAt, isDict, memberOf, scalarText, type Value } from '#engines/templates/value.ts'

const MEMBERS = ['ResponseParameters', 'ResponseTemplates', 'StatusCode']
const PREFIXES = new Map([
  ['Headers', 'header.'],
  ['Paths', 'path.'],
  ['QueryStrings', 'querystring.'],
])

export function gatewayResponses({ id, properties }: Source): void {
  const wanted = dictAt(properties, 'GatewayResponses')
  if (wanted === undefined || !given(wanted)) return
  const doc = memberOf(properties, 'DefinitionBody')
  if (!given(doc)) {
    invalidResource(
      id,
      "GatewayResponses works only with inline Swagger specified in 'DefinitionBody' property.",
    )
  }
  for (const [name, response] of Object.entries(wanted)) check(id, name, response)
  if (!isSwagger(doc)) {
    return invalidResource(
      id,
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
    )
  }
  addGatewayResponses(
    doc,
    Object.fromEntries(
      Object.entries(wanted).map(([name, response]) => [name, responseOf(id, name, response)]),
    ),
  )
}

function check(id: string, name: string, response: Value): void {
  if (isIntrinsic(response)) {
    invalidResource(
      id,
      'Unable to set GatewayResponses attribute because intrinsic functions are not supported for this field.',
    )
  }
  if (!isDict(response)) {
    return invalidResource(
      id,
      `Invalid property type '${pythonType(response)}' for GatewayResponses. Expected an object of type 'GatewayResponse'.`,
    )
  }
  const stranger = Object.keys(response).find((member) => !MEMBERS.includes(member))
  if (stranger !== undefined) {
    invalidResource(id, `Invalid property '${stranger}' in 'GatewayResponses' property '${name}'.`)
  }
}

/** SAM's errors name types as Python does. */
export function pythonType(value: Value): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'string') return 'Py27UniStr'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return Array.isArray(value) ? 'list' : 'dict'
}

function responseOf(id: string, name: string, response: Value): Dict {
  const parameters = memberOf(response, 'ResponseParameters') ?? {}
  if (!isDict(parameters)) {
    return invalidResource(id, `Property 'GatewayResponses.${name}.ResponseParameters' should be a map.`)
  }
  const stranger = Object.keys(parameters).find((kind) => !PREFIXES.has(kind))
  if (stranger !== undefined) invalidResource(id, `Invalid gateway response parameter '${stranger}'`)
  const status = scalarText(memberOf(response, 'StatusCode')) ?? statusText(memberOf(response, 'StatusCode'))
  if (status !== undefined && status !== '' && !/^[0-9]{1,3}$/.test(status)) {
    invalidResource(id, "Property 'StatusCode' must be numeric")
  }
  const prefixed: Dict = {}
  for (const [kind, prefix] of PREFIXES) {
    const values = memberOf(parameters, kind) ?? {}
    if (!isDict(values)) return invalidResource(id, `Property 'ResponseParameters.${kind}' should be a map.`)
    for (const [key, value] of Object.entries(values)) prefixed[`gatewayresponse.${prefix}${key}`] = value
  }
  return {
    responseParameters: prefixed,
    responseTemplates: memberOf(response, 'ResponseTemplates') ?? {},
    ...(status === undefined || status === '' ? {} : { statusCode: status }),
  }
}

const statusText = (value: Value | undefined): string | undefined =>
  value === undefined || value === null ? undefined : JSON.stringify(value)
