/** Settings of a REST API: defaults of a new one, AWS's refusals, patches. Pure changes of a document. */
import type {
  CreateRestApiRequest,
  EndpointConfiguration,
  PatchOperation,
  RestApi,
} from '#model/apigateway.ts'
import type { Instant } from '#base/time.ts'
import { type RestDocument, filled } from '#services/apigateway/document.ts'
import { badRequest, notYet } from '#services/apigateway/faults.ts'
import { COMPRESSION_MAX_BYTES } from '#services/apigateway/limits.ts'
import { type PatchRule, applyPatches } from '#services/apigateway/patches.ts'

/** An API with nothing but its root resource. Source: recorded AWS answers for defaults and texts. */
export function newApi(
  wish: CreateRestApiRequest,
  ids: { readonly id: string; readonly rootId: string; readonly at: Instant },
): RestDocument {
  if (wish.description === '') throw badRequest('Description cannot be an empty string')
  if (wish.cloneFrom !== undefined) throw notYet('cloneFrom of a REST API')
  checkCompression(wish.minimumCompressionSize)
  const settings = {
    id: ids.id,
    name: wish.name,
    description: wish.description,
    createdDate: ids.at,
    version: wish.version,
    binaryMediaTypes: filledList(wish.binaryMediaTypes),
    minimumCompressionSize: wish.minimumCompressionSize,
    apiKeySource: wish.apiKeySource ?? 'HEADER',
    endpointConfiguration: endpointFrom(wish.endpointConfiguration),
    policy: wish.policy,
    tags: filled(wish.tags),
    disableExecuteApiEndpoint: wish.disableExecuteApiEndpoint ?? false,
    rootResourceId: ids.rootId,
  }
  const root = { id: ids.rootId, parentId: undefined, pathPart: undefined, path: '/', methods: {} }
  return {
    id: ids.id,
    settings,
    resources: { [ids.rootId]: root },
    gatewayResponses: {},
    stages: {},
    deployments: {},
  }
}

export const filledList = (list: readonly string[] | undefined): readonly string[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list

export function checkCompression(size: number | undefined): void {
  if (size === undefined || (size >= 0 && size <= COMPRESSION_MAX_BYTES)) return
  throw badRequest(`Invalid minimum compression size, must be between 0 and ${COMPRESSION_MAX_BYTES}`)
}

export function endpointFrom(wish: EndpointConfiguration | undefined): EndpointConfiguration {
  const types = wish?.types ?? ['EDGE']
  if (types.length === 0)
    throw badRequest('REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.')
  if (types.length > 1) throw badRequest('Cannot create an api with multiple Endpoint Types.')
  const isPrivate = types[0] === 'PRIVATE'
  if (isPrivate && wish?.ipAddressType === 'ipv4') {
    throw badRequest('Only dualstack ipAddressType is supported for Private APIs.')
  }
  const ipAddressType = wish?.ipAddressType ?? (isPrivate ? 'dualstack' : 'ipv4')
  return {
    types,
    ipAddressType,
    ...(wish?.vpcEndpointIds === undefined ? {} : { vpcEndpointIds: wish.vpcEndpointIds }),
  }
}

/** Faults BadRequestException for paths that a REST API does not have. */
export function patchApi(draft: RestDocument, operations: readonly PatchOperation[] | undefined): void {
  const set: Set = (change) => {
    draft.settings = { ...draft.settings, ...change }
  }
  applyPatches(
    operations,
    [...textRules(set), ...mediaTypeRules(draft, set), ...endpointRules(draft, set)],
    'plain',
  )
}

type Set = (change: Omit<Partial<RestApi>, 'rootResourceId'>) => void

function textRules(set: Set): PatchRule[] {
  const text = (path: string, name: 'name' | 'version' | 'policy' | 'apiKeySource'): PatchRule => ({
    path,
    ops: ['replace'],
    run: ({ value }) => set({ [name]: value }),
  })
  return [
    text('/name', 'name'),
    text('/version', 'version'),
    text('/policy', 'policy'),
    text('/apiKeySource', 'apiKeySource'),
    {
      path: '/description',
      ops: ['replace', 'remove'],
      run: ({ op, value }) => set({ description: op === 'remove' || value === '' ? undefined : value }),
    },
    {
      path: '/disableExecuteApiEndpoint',
      ops: ['replace'],
      run: ({ value }) => set({ disableExecuteApiEndpoint: value?.toLowerCase() === 'true' }),
    },
    {
      path: '/minimumCompressionSize',
      ops: ['replace'],
      run: ({ value }) => {
        const size = value === undefined || value === '' ? undefined : Number(value)
        checkCompression(size)
        set({ minimumCompressionSize: size })
      },
    },
  ]
}

/** Source: recorded AWS answers: a replaced type goes to the end. */
function mediaTypeRules(draft: RestDocument, set: Set): PatchRule[] {
  return [
    {
      path: '/binaryMediaTypes/',
      ops: ['add', 'remove', 'replace'],
      run: ({ op, name, value }) => {
        const before = draft.settings.binaryMediaTypes ?? []
        const kept =
          op === 'add' ? before.filter((one) => one !== name) : before.filter((one) => one !== name)
        const added = op === 'remove' ? [] : [op === 'add' ? name : (value ?? name)]
        set({ binaryMediaTypes: filledList([...kept, ...added]) })
      },
    },
  ]
}

function endpointRules(draft: RestDocument, set: Set): PatchRule[] {
  const endpoint = (change: Partial<EndpointConfiguration>): void =>
    set({ endpointConfiguration: endpointFrom({ ...draft.settings.endpointConfiguration, ...change }) })
  return [
    {
      path: '/endpointConfiguration/types/',
      ops: ['replace'],
      run: ({ value }) => {
        if (value !== 'REGIONAL' && value !== 'EDGE' && value !== 'PRIVATE') {
          throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
        }
        endpoint({ types: [value], ipAddressType: value === 'PRIVATE' ? 'dualstack' : 'ipv4' })
      },
    },
    {
      path: '/endpointConfiguration/ipAddressType',
      ops: ['replace'],
      run: ({ value }) => {
        if (value !== 'ipv4' && value !== 'dualstack') {
          throw badRequest('ipAddressType must be either ipv4 or dualstack.')
        }
        endpoint({ ipAddressType: value })
      },
    },
  ]
}
