/**
 * From an operation's output to a response, by protocol: envelopes, root elements, bound headers, status, raw and streamed
 * payloads, event streams. Errors are `faults.ts`'s. Nothing is validated here: `tsc` holds services to their outputs.
 */
import { EMPTY, utf8 } from '#base/bytes.ts'
import { isRecord } from '#base/json.ts'
import type { HttpResponse } from '#ports/http.ts'
import { CBOR_WRITE_LEAVES } from '#wire/cbor-leaves.ts'
import { encodeCbor } from '#wire/cbor.ts'
import { type EventMessage, framed, initialResponse } from '#wire/events.ts'
import { headersOf, isInBody } from '#wire/headers.ts'
import { JSON_WRITE_LEAVES, type Write, Writer } from '#wire/json-write.ts'
import type { Model } from '#wire/model.ts'
import { plainText } from '#wire/scalars.ts'
import type { Member, OperationTable, Protocol } from '#wire/table.ts'
import { escapeXml } from '#wire/xml-parse.ts'
import { XmlWriter, printNamespace } from '#wire/xml-write.ts'

/** What an answer needs to know of its request. */
export interface Answering {
  readonly requestId: string
  /** Method of the request: answers to HEAD have no body. */
  readonly method: string
  /** Headers of the request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

type Headers = (readonly [name: string, value: string])[]

/** True when JSON is what the client names first; browsers and SDKs name it last or not at all. */
export const wantsJson = ({ headers }: Pick<Answering, 'headers'>): boolean =>
  /^\s*application\/json\s*(?:[,;]|$)/i.test(headers['accept'] ?? '')

const EVENT_STREAM = 'application/vnd.amazon.eventstream'
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

const isStream = (value: unknown): value is AsyncIterable<Uint8Array> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

export class Responder {
  readonly model: Model
  readonly json: Writer
  readonly restJson: Writer
  readonly cbor: Writer
  readonly xml: XmlWriter
  readonly #writers = new Map<string, Write | null>()

  constructor(model: Model) {
    this.model = model
    this.json = new Writer(model, { leaves: JSON_WRITE_LEAVES, useNames: false })
    this.restJson = new Writer(model, { leaves: JSON_WRITE_LEAVES, useNames: true })
    this.cbor = new Writer(model, { leaves: CBOR_WRITE_LEAVES, useNames: false })
    this.xml = new XmlWriter(model)
  }

  encode(operation: string, protocol: Protocol, output: unknown, answering: Answering): HttpResponse {
    const table = this.model.operation(operation) ?? {}
    switch (protocol) {
      case 'awsJson1_0':
      case 'awsJson1_1':
        return this.#awsJson(table, protocol, output, answering)
      case 'rpcv2Cbor':
        return this.#rpcCbor(table, output, answering)
      case 'awsQuery':
        return this.#awsQuery(operation, table, output, answering)
      case 'restJson1':
      case 'restXml':
        return this.#rest(table, protocol, output, answering)
      default:
        return protocol satisfies never
    }
  }

  #awsJson(table: OperationTable, protocol: Protocol, output: unknown, answering: Answering): HttpResponse {
    const events = this.#eventsOf(table, output)
    const type = protocol === 'awsJson1_0' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1'
    const headers: Headers = [['x-amzn-RequestId', answering.requestId]]
    if (events !== undefined) {
      const [member, stream] = events
      const first = initialResponse(utf8('{}'), type)
      return {
        status: 200,
        headers: [...headers, ['Content-Type', EVENT_STREAM]],
        body: framed(this.#events(member, stream, { protocol, first })),
      }
    }
    const write = table.out === undefined ? null : this.json.writer({ s: table.out })
    const value = write === null ? output : write(output)
    return {
      status: 200,
      headers: [...headers, ['Content-Type', type]],
      body: table.out === undefined ? '' : JSON.stringify(withoutNulls(value ?? {})),
    }
  }

  #rpcCbor(table: OperationTable, output: unknown, answering: Answering): HttpResponse {
    const headers: Headers = [
      ['smithy-protocol', 'rpc-v2-cbor'],
      ['x-amzn-RequestId', answering.requestId],
    ]
    if (table.out === undefined) return { status: 200, headers, body: '' }
    const write = this.cbor.writer({ s: table.out })
    const body = encodeCbor(write === null ? (output ?? {}) : write(output ?? {}))
    return { status: 200, headers: [...headers, ['Content-Type', 'application/cbor']], body }
  }

  #awsQuery(operation: string, table: OperationTable, output: unknown, answering: Answering): HttpResponse {
    if (wantsJson(answering)) return this.#queryJson(operation, table, output, answering)
    const { requestId } = answering
    const wrap = table.wrap ?? `${operation}Result`
    const inside = table.out === undefined ? '' : this.xml.inside({ s: table.out })(output)
    const result = inside === '' ? `<${wrap}/>` : `<${wrap}>${inside}</${wrap}>`
    const xmlns = this.model.table.xmlns
    const root = `${operation}Response`
    const body = `${DECLARATION}<${root}${printNamespace(xmlns === undefined ? undefined : [xmlns])}>${result}<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata></${root}>`
    return {
      status: 200,
      headers: [
        ['Content-Type', 'text/xml'],
        ['x-amzn-RequestId', requestId],
      ],
      body,
    }
  }

  /**
   * Query services answer JSON to clients that accept it: the XML's envelopes as objects, times as seconds, absent
   * members of the result as null. Source: answers of STS, SQS and Elastic Beanstalk quoted in their clients' tests and
   * documentation, API Gateway developer guide's SQS tutorial.
   */
  #queryJson(operation: string, table: OperationTable, output: unknown, answering: Answering): HttpResponse {
    const { requestId } = answering
    const write = table.out === undefined ? null : this.json.writer({ s: table.out })
    const result = write === null ? output : write(output)
    const absent = this.model.members(table.out).map(([name]) => [name, null] as const)
    const inside = { ...Object.fromEntries(absent), ...(isRecord(result) ? result : {}) }
    const wrap = table.wrap ?? `${operation}Result`
    const body = {
      [`${operation}Response`]: {
        ...(absent.length === 0 ? {} : { [wrap]: inside }),
        ResponseMetadata: { RequestId: requestId },
      },
    }
    return {
      status: 200,
      headers: [
        ['Content-Type', 'application/json'],
        ['x-amzn-RequestId', requestId],
      ],
      body: JSON.stringify(body),
    }
  }

  #rest(table: OperationTable, protocol: Protocol, output: unknown, answering: Answering): HttpResponse {
    const value = isRecord(output) ? output : {}
    const members = this.model.members(table.out)
    const { headers, status } = headersOf(this.model, members, value)
    const all: Headers = [...headers, ...requestIdHeaders(this.model, protocol, answering.requestId)]
    const code = status ?? table.http?.[2] ?? 200
    if (answering.method === 'HEAD' || code === 204 || code === 304) return { status: code, headers: all }
    const payload = members.find(([, member]) => member.at === 'payload')
    const { body, type } =
      payload === undefined
        ? this.#body(table, protocol, value)
        : this.#payload(payload, protocol, value[payload[0]])
    if (
      type !== undefined &&
      !all.some(([name]) => name.length === 12 && name.toLowerCase() === 'content-type')
    )
      all.push(['Content-Type', type])
    return { status: code, headers: all, body }
  }

  #body(table: OperationTable, protocol: Protocol, value: Readonly<Record<string, unknown>>): Body {
    const { out } = table
    if (out === undefined) return { body: '', type: undefined }
    const members = this.model.members(out).filter(([, member]) => isInBody(member))
    if (protocol === 'restXml') {
      if (members.length === 0) return { body: '', type: undefined }
      return { body: this.#document(out, value), type: 'application/xml' }
    }
    const write = this.#bodyWriter(out, members)
    return { body: JSON.stringify(write(value)), type: 'application/json' }
  }

  /** Bodies of REST answers hold only the members that are not bound elsewhere. */
  #bodyWriter(out: string, members: readonly (readonly [string, Member])[]): Write {
    const hit = this.#writers.get(out)
    if (hit !== undefined && hit !== null) return hit
    const isWhole = members.length === this.model.members(out).length
    const write = this.restJson.structure(members)
    const picked: Write = (value) =>
      isRecord(value) ? Object.fromEntries(members.map(([name]) => [name, value[name]])) : {}
    const made = write ?? (isWhole ? (value: unknown) => value : picked)
    this.#writers.set(out, made)
    return made
  }

  /** A whole XML document around a structure. */
  #document(name: string, value: unknown): string {
    const shape = this.model.shape(name)
    const root = shape.xml ?? name
    const members = Object.entries(shape.m ?? {})
    const xmlns = this.model.table.xmlns
    const ns = printNamespace(shape.ns ?? (xmlns === undefined ? undefined : [xmlns]))
    const inside = this.xml.structure(members.filter(([, member]) => isInBody(member)))(value)
    const attributes = this.xml.attributes(members, shape.ns)?.(value) ?? ''
    return `${DECLARATION}<${root}${ns}${attributes}>${inside}</${root}>`
  }

  #payload([, member]: readonly [string, Member], protocol: Protocol, value: unknown): Body {
    const shape = this.model.shape(member.s)
    if (shape.events === 1) {
      if (!isStream(value)) return { body: '', type: EVENT_STREAM }
      return { body: framed(this.#events(member, value, { protocol })), type: EVENT_STREAM }
    }
    const raw = member.type ?? 'application/octet-stream'
    if (value instanceof Uint8Array || isStream(value)) return { body: value, type: raw }
    if (value === undefined || value === null) {
      if (shape.t === 'document' && value === null) return { body: 'null', type: 'application/json' }
      return { body: '', type: shape.t === 'blob' ? raw : undefined }
    }
    if (shape.t === 'string') return { body: plainText(value), type: 'text/plain' }
    if (protocol === 'restXml') {
      const root = member.xml ?? shape.xml ?? member.s
      const xmlns = this.model.table.xmlns
      const ns = member.ns ?? shape.ns ?? (xmlns === undefined ? undefined : ([xmlns] as const))
      return {
        body: `${DECLARATION}${this.xml.element({ ...member, ...(ns === undefined ? {} : { ns }) }, root)(value)}`,
        type: 'application/xml',
      }
    }
    const write = this.restJson.writer(member)
    return { body: JSON.stringify(write === null ? value : write(value)), type: 'application/json' }
  }

  #eventsOf(table: OperationTable, output: unknown): readonly [Member, AsyncIterable<unknown>] | undefined {
    if (table.out === undefined || !isRecord(output)) return undefined
    for (const [name, member] of this.model.eventStreams(table.out)) {
      const value = output[name]
      if (isStream(value)) return [member, value]
    }
    return undefined
  }

  async *#events(
    member: Member,
    events: AsyncIterable<unknown>,
    { protocol, first }: { readonly protocol: Protocol; readonly first?: EventMessage },
  ): AsyncIterable<EventMessage> {
    if (first !== undefined) yield first
    const members = Object.fromEntries(this.model.members(member.s))
    for await (const event of events) {
      if (!isRecord(event)) continue
      for (const [name, value] of Object.entries(event)) {
        const kind = Object.hasOwn(members, name) ? members[name] : undefined
        if (kind !== undefined && value !== undefined) yield this.#event(name, kind, value, protocol)
      }
    }
  }

  #event(name: string, member: Member, value: unknown, protocol: Protocol): EventMessage {
    const shape = this.model.shape(member.s)
    const isError = shape.err !== undefined
    const record = isRecord(value) ? value : {}
    const headers: [string, string][] = isError
      ? [
          [':message-type', 'exception'],
          [':exception-type', name],
        ]
      : [
          [':message-type', 'event'],
          [':event-type', name],
        ]
    const members = Object.entries(shape.m ?? {})
    for (const [key, inner] of members) {
      if (inner.event === 'header' && record[key] !== undefined) headers.push([key, plainText(record[key])])
    }
    const payload = members.find(([, inner]) => inner.event === 'payload')
    const isXml = protocol === 'restXml'
    if (payload !== undefined && record[payload[0]] instanceof Uint8Array) {
      const bytes = record[payload[0]]
      return {
        headers: [...headers, [':content-type', 'application/octet-stream']],
        payload: bytes instanceof Uint8Array ? bytes : EMPTY,
      }
    }
    const inner: Member = payload === undefined ? member : payload[1]
    const content = payload === undefined ? value : (record[payload[0]] ?? {})
    if (isXml) {
      if (members.length === 0) return { headers, payload: EMPTY }
      const body = this.xml.element(inner, payload?.[0] ?? name)(content)
      return { headers: [...headers, [':content-type', 'text/xml']], payload: utf8(body) }
    }
    const write = this.restJson.writer(inner)
    const text = JSON.stringify(write === null ? content : write(content))
    return { headers: [...headers, [':content-type', 'application/json']], payload: utf8(text) }
  }
}

/** Outputs go out as they are where their shape needs no work; a null among their members would then too. */
function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value
  for (const key in value)
    if (value[key] === null)
      return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
  return value
}

interface Body {
  readonly body: NonNullable<HttpResponse['body']>
  readonly type: string | undefined
}

/** Where REST services put the request id. `bareErrors` services have two ids. Source: recorded AWS answers. */
export function requestIdHeaders(model: Model, _protocol: Protocol, requestId: string): Headers {
  if (model.table.bareErrors !== 1) return [['x-amzn-RequestId', requestId]]
  return [
    ['x-amz-request-id', requestId],
    ['x-amz-id-2', hostId(requestId)],
  ]
}

/** The second id of S3's answers: opaque; made from the first, so that the two belong together. */
export const hostId = (requestId: string): string => btoa(`${requestId}${requestId}`).slice(0, 76)
