/**
 * Smithy's JSON AST as tables of the wire: only for the protocol cases, whose fictitious services exist in no other form.
 * What botocore's form cannot say (constraints on members, uniqueItems, defaults) is left out here too.
 */
import type { Kind, Member, OperationTable, Protocol, ServiceTable, Shape, TimeFormat } from '#wire/table.ts'

export type Traits = Readonly<Record<string, unknown>>
interface Reference {
  readonly target: string
  readonly traits?: Traits
}
export interface AstShape {
  readonly type: string
  readonly traits?: Traits
  readonly members?: Readonly<Record<string, Reference>>
  readonly member?: Reference
  readonly key?: Reference
  readonly value?: Reference
  readonly input?: Reference
  readonly output?: Reference
  readonly errors?: readonly Reference[]
  readonly operations?: readonly Reference[]
  readonly resources?: readonly Reference[]
  readonly version?: string
  readonly [lifecycle: string]: unknown
}
export interface Ast {
  readonly shapes: Readonly<Record<string, AstShape>>
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  'aws.protocols#awsJson1_0': 'awsJson1_0',
  'aws.protocols#awsJson1_1': 'awsJson1_1',
  'aws.protocols#restJson1': 'restJson1',
  'aws.protocols#restXml': 'restXml',
  'aws.protocols#awsQuery': 'awsQuery',
  'smithy.protocols#rpcv2Cbor': 'rpcv2Cbor',
}
export const protocolOf = (trait: string): Protocol | undefined => PROTOCOLS[trait]

const KINDS: Readonly<Record<string, Kind>> = {
  blob: 'blob',
  boolean: 'boolean',
  string: 'string',
  enum: 'string',
  byte: 'byte',
  short: 'short',
  integer: 'integer',
  intEnum: 'integer',
  long: 'long',
  float: 'float',
  double: 'double',
  timestamp: 'timestamp',
  document: 'document',
  list: 'list',
  set: 'list',
  map: 'map',
  structure: 'structure',
  union: 'union',
}
const PRELUDE: Readonly<Record<string, Kind>> = {
  Blob: 'blob',
  Boolean: 'boolean',
  PrimitiveBoolean: 'boolean',
  String: 'string',
  Byte: 'byte',
  PrimitiveByte: 'byte',
  Short: 'short',
  PrimitiveShort: 'short',
  Integer: 'integer',
  PrimitiveInteger: 'integer',
  Long: 'long',
  PrimitiveLong: 'long',
  Float: 'float',
  PrimitiveFloat: 'float',
  Double: 'double',
  PrimitiveDouble: 'double',
  Timestamp: 'timestamp',
  Document: 'document',
  Unit: 'structure',
}
const TIMES: Readonly<Record<string, TimeFormat>> = {
  'date-time': 'iso',
  'http-date': 'http',
  'epoch-seconds': 'unix',
}

export const localName = (id: string): string => id.slice(id.indexOf('#') + 1)

const at = (traits: Traits | undefined, name: string): unknown => traits?.[`smithy.api#${name}`]
const textAt = (traits: Traits | undefined, name: string): string | undefined => {
  const value = at(traits, name)
  return typeof value === 'string' ? value : undefined
}
const numberOf = (value: unknown): number | undefined => (value === undefined ? undefined : Number(value))

function placeOf(traits: Traits | undefined, name: string): Pick<Member, 'at' | 'w'> {
  if (at(traits, 'httpLabel') !== undefined) return { at: 'label', w: name }
  const query = textAt(traits, 'httpQuery')
  if (query !== undefined) return { at: 'query', w: query }
  const header = textAt(traits, 'httpHeader')
  if (header !== undefined) return { at: 'header', w: header }
  const prefix = textAt(traits, 'httpPrefixHeaders')
  if (prefix !== undefined) return { at: 'headers', w: prefix }
  if (at(traits, 'httpQueryParams') !== undefined) return { at: 'queries' }
  if (at(traits, 'httpPayload') !== undefined) return { at: 'payload' }
  return at(traits, 'httpResponseCode') === undefined ? {} : { at: 'status' }
}

function namespaceOf(traits: Traits | undefined): Pick<Member, 'ns'> {
  const ns = at(traits, 'xmlNamespace') as { uri: string; prefix?: string } | undefined
  if (ns === undefined) return {}
  return { ns: ns.prefix === undefined ? [ns.uri] : [ns.uri, ns.prefix] }
}

export class FromSmithy {
  readonly ast: Ast
  readonly #shapes: Record<string, Shape> = {}
  #renamed: Readonly<Record<string, string>> = {}
  #isRestJson = false

  constructor(ast: Ast) {
    this.ast = ast
  }

  #member(reference: Reference, name: string): Member {
    const { traits } = reference
    const target = this.ast.shapes[reference.target]
    this.#add(reference.target)
    const json = textAt(traits, 'jsonName')
    const xml = textAt(traits, 'xmlName')
    const time = TIMES[textAt(traits, 'timestampFormat') ?? '']
    const place = placeOf(traits, name)
    const isStream = at(target?.traits, 'streaming') !== undefined && target?.type === 'blob'
    return {
      s: this.#name(reference.target),
      ...(at(traits, 'required') === undefined ? {} : { req: 1 }),
      ...(json === undefined || !this.#isRestJson ? {} : { json }),
      ...(xml === undefined ? {} : { xml }),
      ...(at(traits, 'xmlFlattened') === undefined ? {} : { flat: 1 }),
      ...(at(traits, 'xmlAttribute') === undefined ? {} : { attr: 1 }),
      ...namespaceOf(traits),
      ...(time === undefined ? {} : { ts: time }),
      ...place,
      ...mediaTypeOf(target, place.at),
      ...(isStream && place.at === 'payload' ? { stream: 1 } : {}),
      ...(at(traits, 'idempotencyToken') === undefined ? {} : { token: 1 }),
      ...(at(traits, 'eventPayload') === undefined ? {} : { event: 'payload' }),
      ...(at(traits, 'eventHeader') === undefined ? {} : { event: 'header' }),
    }
  }

  #name(id: string): string {
    return this.#renamed[id] ?? localName(id)
  }

  #add(id: string): void {
    const name = this.#name(id)
    if (Object.hasOwn(this.#shapes, name)) return
    const prelude = id.startsWith('smithy.api#') ? PRELUDE[name] : undefined
    if (prelude !== undefined) {
      this.#shapes[name] = prelude === 'structure' ? { t: prelude, m: {} } : { t: prelude }
      return
    }
    const source = this.ast.shapes[id]
    if (source === undefined) throw new Error(`shape ${id} is missing`)
    this.#shapes[name] = { t: 'structure' }
    this.#shapes[name] = this.#shape(source)
  }

  #shape(source: AstShape): Shape {
    const { traits } = source
    const kind = KINDS[source.type]
    if (kind === undefined) throw new Error(`type ${source.type} is unknown`)
    const isEnum = source.type === 'enum' || source.type === 'intEnum'
    const members = isEnum ? undefined : source.members
    const bounds = (at(traits, 'length') ?? at(traits, 'range')) as
      | { min?: unknown; max?: unknown }
      | undefined
    const [min, max] = [numberOf(bounds?.min), numberOf(bounds?.max)]
    const values =
      source.type === 'enum'
        ? Object.values(source.members ?? {})
            .filter((member) => !((at(member.traits, 'tags') ?? []) as string[]).includes('internal'))
            .map((member) => String(at(member.traits, 'enumValue')))
        : (at(traits, 'enum') as { value: string }[] | undefined)?.map(({ value }) => value)
    const time = TIMES[textAt(traits, 'timestampFormat') ?? '']
    const xml = textAt(traits, 'xmlName')
    const pattern = textAt(traits, 'pattern')
    return {
      t: kind,
      ...(kind === 'structure' || kind === 'union'
        ? {
            m: Object.fromEntries(
              Object.entries(members ?? {}).map(([name, member]) => [name, this.#member(member, name)]),
            ),
          }
        : {}),
      ...(source.member === undefined ? {} : { e: this.#member(source.member, 'member') }),
      ...(source.key === undefined ? {} : { k: this.#member(source.key, 'key') }),
      ...(source.value === undefined ? {} : { v: this.#member(source.value, 'value') }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(pattern === undefined ? {} : { pat: pattern }),
      ...(values === undefined ? {} : { enum: values }),
      ...(at(traits, 'sparse') === undefined ? {} : { sparse: 1 }),
      ...(at(traits, 'sensitive') === undefined ? {} : { sens: 1 }),
      ...(xml === undefined ? {} : { xml }),
      ...namespaceOf(traits),
      ...(time === undefined ? {} : { ts: time }),
      ...(at(traits, 'mediaType') === undefined || kind !== 'string' ? {} : { media: 'json' }),
      ...(at(traits, 'streaming') !== undefined && kind === 'union' ? { events: 1 } : {}),
      ...errorOf(traits),
    }
  }

  #operation(id: string): OperationTable {
    const source = this.ast.shapes[id]
    const http = at(source?.traits, 'http') as { method: string; uri: string; code?: number } | undefined
    const endpoint = at(source?.traits, 'endpoint') as { hostPrefix: string } | undefined
    const side = (reference: Reference | undefined): string | undefined => {
      if (reference === undefined || reference.target === 'smithy.api#Unit') return undefined
      this.#add(reference.target)
      return localName(reference.target)
    }
    const [input, output] = [side(source?.input), side(source?.output)]
    for (const error of source?.errors ?? []) this.#add(error.target)
    if (source?.traits?.['aws.customizations#s3UnwrappedXmlOutput'] !== undefined && output !== undefined)
      this.#unwrap(output)
    return {
      ...(http === undefined ? {} : { http: [http.method, http.uri, http.code ?? 200] }),
      ...(input === undefined ? {} : { in: input }),
      ...(output === undefined ? {} : { out: output }),
      ...(endpoint === undefined ? {} : { host: endpoint.hostPrefix }),
    }
  }

  #unwrap(output: string): void {
    const shape = this.#shapes[output]
    const members = Object.entries(shape?.m ?? {}).map(([name, member]) => [name, { ...member, text: 1 }])
    this.#shapes[output] = {
      t: 'structure',
      ...shape,
      m: Object.fromEntries(members),
      xml: Object.keys(shape?.m ?? {})[0] ?? output,
    }
  }

  /** The table of one service. */
  table(id: string): ServiceTable {
    const service = this.ast.shapes[id]
    if (service === undefined) throw new Error(`service ${id} is missing`)
    const protocols = Object.keys(service.traits ?? {}).flatMap((trait) => protocolOf(trait) ?? [])
    this.#isRestJson = protocols.includes('restJson1')
    this.#renamed = (service['rename'] ?? {}) as Readonly<Record<string, string>>
    const info = service.traits?.['aws.api#service'] as { sdkId?: string } | undefined
    const xml = at(service.traits, 'xmlNamespace') as { uri: string } | undefined
    const xmlTrait = service.traits?.['aws.protocols#restXml'] as { noErrorWrapping?: boolean } | undefined
    const operations = Object.fromEntries(
      operationsOf(this.ast, service).map((each) => [localName(each), this.#operation(each)]),
    )
    return {
      service: info?.sdkId ?? localName(id),
      type: localName(id),
      version: service.version ?? '',
      signing: '',
      endpoint: '',
      protocols,
      target: localName(id),
      namespace: id.slice(0, id.indexOf('#')),
      ...(xml === undefined ? {} : { xmlns: xml.uri }),
      ...(service.traits?.['aws.protocols#awsQueryCompatible'] === undefined ? {} : { queryCompatible: 1 }),
      ...(xmlTrait?.noErrorWrapping === true ? { bareErrors: 1 } : {}),
      validation: 'ValidationException',
      operations,
      shapes: this.#shapes,
    }
  }
}

function mediaTypeOf(target: AstShape | undefined, place: Member['at']): Pick<Member, 'type'> {
  const type = textAt(target?.traits, 'mediaType')
  return type === undefined || place !== 'payload' || target?.type !== 'blob' ? {} : { type }
}

function errorOf(traits: Traits | undefined): Pick<Shape, 'err'> {
  const side = textAt(traits, 'error')
  if (side === undefined) return {}
  const query = traits?.['aws.protocols#awsQueryError'] as
    | { code: string; httpResponseCode: number }
    | undefined
  const status = numberOf(at(traits, 'httpError')) ?? query?.httpResponseCode
  return {
    err: {
      ...(query === undefined ? {} : { code: query.code }),
      ...(status === undefined ? {} : { http: status }),
      fault: side === 'server' ? 'server' : 'client',
    },
  }
}

/** Operations of a service and of the resources below it. */
export function operationsOf(ast: Ast, holder: AstShape): string[] {
  const own = (holder.operations ?? []).map(({ target }) => target)
  const life = ['create', 'put', 'read', 'update', 'delete', 'list'].flatMap((name) => {
    const reference = holder[name] as Reference | undefined
    return holder.type === 'resource' && reference !== undefined ? [reference.target] : []
  })
  const below = (holder.resources ?? []).flatMap(({ target }) => {
    const resource = ast.shapes[target]
    return resource === undefined ? [] : operationsOf(ast, resource)
  })
  const more = ((holder['collectionOperations'] ?? []) as readonly Reference[]).map(({ target }) => target)
  return [...own, ...life, ...more, ...below]
}
