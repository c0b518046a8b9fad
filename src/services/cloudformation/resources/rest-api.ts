/** AWS::ApiGateway::RestApi: from an OpenAPI document, or empty for resources and methods of their own. */
import { utf8 } from '#base/bytes.ts'
import {
  type Dict,
  dictAt,
  listAt,
  memberOf,
  sameValue,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  documentText,
  lowered,
  refuse,
  request,
  tagMap,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'
import { firstOf, marked } from '#services/cloudformation/resources/search.ts'

const TYPE = 'AWS::ApiGateway::RestApi'

/** The OpenAPI document's bytes, if the template has one. */
async function documentOf(context: ResourceContext, properties: Dict): Promise<Uint8Array | undefined> {
  const body = memberOf(properties, 'Body')
  if (body !== undefined) return utf8(typeof body === 'string' ? body : JSON.stringify(body))
  const place = dictAt(properties, 'BodyS3Location')
  const [bucket, key] = [textAt(place, 'Bucket'), textAt(place, 'Key')]
  if (bucket === undefined || key === undefined) return undefined
  return await context.object(bucket, key, textAt(place, 'Version'))
}

function nameOf(properties: Dict): string | undefined {
  const named = textAt(properties, 'Name')
  return named ?? scalarText(memberOf(memberOf(memberOf(properties, 'Body'), 'info'), 'title'))
}

/** What CloudFormation's members are in CreateRestApi. */
function settings(context: ResourceContext, properties: Dict): Record<string, unknown> {
  return {
    tags: { ...tagMap(properties), ...context.marks },
    description: memberOf(properties, 'Description'),
    binaryMediaTypes: memberOf(properties, 'BinaryMediaTypes'),
    minimumCompressionSize: memberOf(properties, 'MinimumCompressionSize'),
    apiKeySource: memberOf(properties, 'ApiKeySourceType'),
    endpointConfiguration: endpointOf(properties),
    policy: documentText(memberOf(properties, 'Policy')),
    disableExecuteApiEndpoint: memberOf(properties, 'DisableExecuteApiEndpoint'),
    cloneFrom: memberOf(properties, 'CloneFrom'),
  }
}

function endpointOf(properties: Dict): Value | undefined {
  const found = dictAt(properties, 'EndpointConfiguration')
  return found === undefined ? undefined : lowered(found)
}

async function putDocument(
  context: ResourceContext,
  id: string,
  properties: Dict,
  body: Uint8Array,
): Promise<void> {
  await context.call(
    'apigateway',
    'PutRestApi',
    request({
      restApiId: id,
      mode: textAt(properties, 'Mode') ?? 'overwrite',
      failOnWarnings: memberOf(properties, 'FailOnWarnings'),
      parameters: memberOf(properties, 'Parameters'),
      body,
    }),
  )
}

async function described(context: ResourceContext, id: string): Promise<Made> {
  const api = await context.call('apigateway', 'GetRestApi', { restApiId: id })
  return { physicalId: id, attributes: { RestApiId: id, RootResourceId: api.rootResourceId ?? '' } }
}

export const restApi: ResourceHandler = {
  async create(context, properties) {
    refuse(TYPE, properties, ['SecurityPolicy', 'EndpointAccessMode'])
    const body = await documentOf(context, properties)
    const name = nameOf(properties) ?? titleIn(body)
    if (name === undefined) {
      throw validationError('Resource name must be non-empty: give Name, or a title in the OpenAPI document.')
    }
    const api = await context.call(
      'apigateway',
      'CreateRestApi',
      request({ name, ...settings(context, properties) }),
    )
    const id = api.id ?? ''
    try {
      if (body !== undefined) await putDocument(context, id, properties, body)
    } catch (error) {
      await restApi.delete(context, id, properties)
      throw error
    }
    return await described(context, id)
  },

  async update(context, id, properties, before) {
    refuse(TYPE, properties, ['SecurityPolicy', 'EndpointAccessMode'])
    const changed = ['Body', 'BodyS3Location', 'Parameters', 'Mode'].some(
      (name) => !sameValue(memberOf(properties, name), memberOf(before, name)),
    )
    const body = changed ? await documentOf(context, properties) : undefined
    if (body !== undefined) await putDocument(context, id, properties, body)
    const patches = patchesOf(properties, before)
    if (patches.length > 0) {
      await context.call('apigateway', 'UpdateRestApi', request({ restApiId: id, patchOperations: patches }))
    }
    return await described(context, id)
  },

  async delete(context, id) {
    await unlessGone(() => context.call('apigateway', 'DeleteRestApi', { restApiId: id }))
  },

  async find(context, _, { taken }) {
    const found = await firstOf(
      async (position) => {
        const page = await context.call('apigateway', 'GetRestApis', request({ limit: 500, position }))
        return { items: page.items ?? [], next: page.position }
      },
      ({ id, tags }) => id !== undefined && !taken.has(id) && marked(tags, context.marks),
    )
    return found?.id
  },
}

/** The title of a document that came from S3, JSON or YAML. */
function titleIn(body: Uint8Array | undefined): string | undefined {
  if (body === undefined) return undefined
  const match = new TextDecoder().decode(body).match(/["']?title["']?\s*:\s*["']?([^"'\n,}]+)/)
  return match?.[1]?.trim()
}

interface Patch {
  readonly op: string
  readonly path: string
  readonly value?: string
}

const PATCHED = new Map([
  ['Name', '/name'],
  ['Description', '/description'],
  ['MinimumCompressionSize', '/minimumCompressionSize'],
  ['ApiKeySourceType', '/apiKeySource'],
  ['DisableExecuteApiEndpoint', '/disableExecuteApiEndpoint'],
])

function patchesOf(properties: Dict, before: Dict): Patch[] {
  const out: Patch[] = []
  for (const [name, path] of PATCHED) {
    const [old, fresh] = [memberOf(before, name), memberOf(properties, name)]
    if (sameValue(old, fresh)) continue
    out.push({ op: 'replace', path, value: scalarText(fresh) ?? '' })
  }
  const policy = documentText(memberOf(properties, 'Policy'))
  if (policy !== documentText(memberOf(before, 'Policy'))) {
    out.push({ op: 'replace', path: '/policy', value: policy ?? '' })
  }
  const types = (of: Dict): string[] =>
    (listAt(of, 'BinaryMediaTypes') ?? []).filter((type) => typeof type === 'string')
  const escaped = (type: string): string => type.replaceAll('~', '~0').replaceAll('/', '~1')
  const [old, fresh] = [types(before), types(properties)]
  for (const type of fresh.filter((one) => !old.includes(one))) {
    out.push({ op: 'add', path: `/binaryMediaTypes/${escaped(type)}` })
  }
  for (const type of old.filter((one) => !fresh.includes(one))) {
    out.push({ op: 'remove', path: `/binaryMediaTypes/${escaped(type)}` })
  }
  return out
}
