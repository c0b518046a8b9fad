/**
 * botocore's `service-2.json` as a table: wire facts, constraints, kinds of numbers, errors per operation. What
 * botocore has dropped (query names, root elements, query codes) comes from the SDK's schemas: `merge.ts`.
 */
import type {
  Kind,
  Member,
  OperationTable,
  Place,
  Protocol,
  ServiceTable,
  Shape,
  TimeFormat,
} from '#wire/table.ts'

interface Reference {
  readonly shape: string
  readonly location?: string
  readonly locationName?: string
  readonly flattened?: boolean
  readonly streaming?: boolean
  readonly xmlAttribute?: boolean
  readonly xmlNamespace?: { readonly uri: string; readonly prefix?: string }
  readonly timestampFormat?: string
  readonly idempotencyToken?: boolean
  readonly jsonvalue?: boolean
  readonly eventpayload?: boolean
  readonly eventheader?: boolean
  readonly hostLabel?: boolean
}
interface Source extends Omit<Reference, 'shape'> {
  readonly type: string
  readonly members?: Readonly<Record<string, Reference>>
  readonly required?: readonly string[]
  readonly member?: Reference
  readonly key?: Reference
  readonly value?: Reference
  readonly payload?: string
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly sensitive?: boolean
  readonly sparse?: boolean
  readonly union?: boolean
  readonly document?: boolean
  readonly eventstream?: boolean
  readonly exception?: boolean
  readonly fault?: boolean
  readonly error?: {
    readonly code?: string
    readonly httpStatusCode?: number
    readonly senderFault?: boolean
  }
}
interface SourceOperation {
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number }
  readonly input?: { readonly shape: string }
  readonly output?: { readonly shape: string; readonly resultWrapper?: string }
  readonly errors?: readonly { readonly shape: string }[]
  readonly endpoint?: { readonly hostPrefix?: string }
  readonly authtype?: string
  readonly deprecated?: boolean
}
export interface BotocoreModel {
  readonly metadata: {
    readonly apiVersion: string
    readonly endpointPrefix: string
    readonly signingName?: string
    readonly protocol: string
    readonly protocols?: readonly string[]
    readonly jsonVersion?: string
    readonly targetPrefix?: string
    readonly xmlNamespace?: string
    readonly awsQueryCompatible?: object
  }
  readonly operations: Readonly<Record<string, SourceOperation>>
  readonly shapes: Readonly<Record<string, Source>>
}

const TIMES: Readonly<Record<string, TimeFormat>> = { iso8601: 'iso', rfc822: 'http', unixTimestamp: 'unix' }
const PLACES: Readonly<Record<string, Place>> = {
  uri: 'label',
  querystring: 'query',
  header: 'header',
  headers: 'headers',
  statusCode: 'status',
}

function protocolsOf(model: BotocoreModel): Protocol[] {
  const { protocol, protocols = [protocol], jsonVersion } = model.metadata
  return protocols.map((name) => {
    if (name === 'json') return jsonVersion === '1.1' ? 'awsJson1_1' : 'awsJson1_0'
    if (name === 'rest-json') return 'restJson1'
    if (name === 'rest-xml') return 'restXml'
    if (name === 'query') return 'awsQuery'
    if (name === 'smithy-rpc-v2-cbor') return 'rpcv2Cbor'
    throw new Error(`protocol ${name} is unknown`)
  })
}

class Reader {
  readonly model: BotocoreModel
  readonly isRestJson: boolean

  constructor(model: BotocoreModel) {
    this.model = model
    this.isRestJson = model.metadata.protocol === 'rest-json'
  }

  member(reference: Reference, name: string | undefined, owner?: Source): Member {
    const target = this.model.shapes[reference.shape]
    if (target === undefined) throw new Error(`shape ${reference.shape} is missing`)
    const flat = (reference.flattened ?? target.flattened) === true
    const isPayload = name !== undefined && owner?.payload === name
    const at = isPayload ? 'payload' : this.place(reference, target)
    const bodyName = (flat ? target.member?.locationName : undefined) ?? reference.locationName
    const isRenamed = (at === undefined || isPayload) && bodyName !== undefined && bodyName !== name
    const time = TIMES[reference.timestampFormat ?? '']
    return {
      s: reference.shape,
      ...(name !== undefined && owner?.required?.includes(name) === true ? { req: 1 } : {}),
      ...(isRenamed && this.isRestJson ? { json: bodyName } : {}),
      ...(isRenamed && !this.isRestJson ? { xml: bodyName } : {}),
      ...(flat ? { flat: 1 } : {}),
      ...(reference.xmlAttribute === true ? { attr: 1 } : {}),
      ...namespaceOf(reference),
      ...(time === undefined ? {} : { ts: time }),
      ...(at === undefined ? {} : { at }),
      ...(at !== undefined && !isPayload && at !== 'status' && at !== 'queries'
        ? { w: reference.locationName ?? name ?? '' }
        : {}),
      ...(isPayload && (reference.streaming === true || target.streaming === true) ? { stream: 1 } : {}),
      ...(reference.idempotencyToken === true ? { token: 1 } : {}),
      ...(reference.jsonvalue === true ? { media: 'json' } : {}),
      ...(reference.eventpayload === true ? { event: 'payload' } : {}),
      ...(reference.eventheader === true ? { event: 'header' } : {}),
      ...(reference.hostLabel === true ? { host: 1 } : {}),
    }
  }

  place(reference: Reference, target: Source): Place | undefined {
    if (reference.location === undefined) return undefined
    if (reference.location === 'querystring' && target.type === 'map') return 'queries'
    const place = PLACES[reference.location]
    if (place === undefined) throw new Error(`location ${reference.location} is unknown`)
    return place
  }

  shape(source: Source): Shape {
    const time = TIMES[source.timestampFormat ?? '']
    return {
      t: kindOf(source),
      ...(source.members === undefined
        ? {}
        : {
            m: Object.fromEntries(
              Object.entries(source.members).map(([name, reference]) => [
                name,
                this.member(reference, name, source),
              ]),
            ),
          }),
      ...(source.member === undefined ? {} : { e: this.member(source.member, undefined) }),
      ...(source.key === undefined ? {} : { k: this.member(source.key, undefined) }),
      ...(source.value === undefined ? {} : { v: this.member(source.value, undefined) }),
      ...(source.min === undefined ? {} : { min: source.min }),
      ...(source.max === undefined ? {} : { max: source.max }),
      ...(source.pattern === undefined ? {} : { pat: source.pattern }),
      ...(source.enum === undefined || source.enum.length === 0 ? {} : { enum: source.enum }),
      ...(source.sparse === true ? { sparse: 1 } : {}),
      ...(source.sensitive === true ? { sens: 1 } : {}),
      ...(source.members !== undefined && source.locationName !== undefined
        ? { xml: source.locationName }
        : {}),
      ...namespaceOf(source),
      ...(time === undefined ? {} : { ts: time }),
      ...(source.exception === true || source.error !== undefined ? { err: errorOf(source) } : {}),
      ...(source.eventstream === true ? { events: 1 } : {}),
    }
  }
}

function namespaceOf(source: Pick<Reference, 'xmlNamespace'>): Pick<Member, 'ns'> {
  const ns = source.xmlNamespace
  if (ns === undefined) return {}
  return { ns: ns.prefix === undefined ? [ns.uri] : [ns.uri, ns.prefix] }
}

function kindOf(source: Source): Kind {
  if (source.document === true) return 'document'
  if (source.type === 'structure')
    return source.union === true || source.eventstream === true ? 'union' : 'structure'
  if (source.type === 'character') return 'string'
  return source.type as Kind
}

function errorOf(source: Source): NonNullable<Shape['err']> {
  const status = source.error?.httpStatusCode
  const isServer = source.fault === true || (status !== undefined && status >= 500)
  return {
    ...(source.error?.code === undefined ? {} : { code: source.error.code }),
    ...(status === undefined ? {} : { http: status }),
    fault: isServer ? 'server' : 'client',
  }
}

function operationOf(name: string, source: SourceOperation, isQuery: boolean): OperationTable {
  const { http, output } = source
  const wrap = output?.resultWrapper
  return {
    http: [http.method, http.requestUri, http.responseCode ?? 200],
    ...(source.input === undefined ? {} : { in: source.input.shape }),
    ...(output === undefined ? {} : { out: output.shape }),
    ...(source.errors === undefined || source.errors.length === 0
      ? {}
      : { errs: source.errors.map((error) => error.shape) }),
    ...(source.endpoint?.hostPrefix === undefined ? {} : { host: source.endpoint.hostPrefix }),
    ...(isQuery && wrap !== undefined && wrap !== `${name}Result` ? { wrap } : {}),
    ...(source.authtype === 'none' ? { open: 1 } : {}),
    ...(source.deprecated === true ? { deprecated: 1 } : {}),
  }
}

/** The table; `namespace` is still the SDK's to say. */
export function fromBotocore(service: string, type: string, model: BotocoreModel): ServiceTable {
  const { metadata } = model
  const reader = new Reader(model)
  const protocols = protocolsOf(model)
  const isQuery = protocols.includes('awsQuery')
  return {
    service,
    type,
    version: metadata.apiVersion,
    signing: metadata.signingName ?? metadata.endpointPrefix,
    endpoint: metadata.endpointPrefix,
    protocols,
    ...(metadata.targetPrefix === undefined ? {} : { target: metadata.targetPrefix }),
    namespace: '',
    ...(metadata.xmlNamespace === undefined ? {} : { xmlns: metadata.xmlNamespace }),
    ...(metadata.awsQueryCompatible === undefined ? {} : { queryCompatible: 1 }),
    validation: isQuery ? 'ValidationError' : 'ValidationException',
    operations: Object.fromEntries(
      Object.entries(model.operations).map(([name, source]) => [name, operationOf(name, source, isQuery)]),
    ),
    shapes: Object.fromEntries(
      Object.entries(model.shapes).map(([name, source]) => [name, reader.shape(source)]),
    ),
  }
}
