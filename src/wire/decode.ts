/**
 * From a request to an operation's input, by protocol. Bound values come before the body: what is wrong with them is said
 * without reading it, and a raw streaming body is handed on unread. Unknown members are dropped. Constraints: `validate.ts`.
 */
import { strictText } from '#base/bytes.ts'
import { isRecord, parseJson } from '#base/json.ts'
import type { HttpRequest } from '#ports/http.ts'
import { Binder } from '#wire/bind.ts'
import { type Bound, documentOf, rawOf, unpacked, wholeOf } from '#wire/bodies.ts'
import { CBOR_LEAVES } from '#wire/cbor-leaves.ts'
import { decodeCbor } from '#wire/cbor.ts'
import { JSON_LEAVES, Reader } from '#wire/json-read.ts'
import { malformedQuery, malformedXml, serialization } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import { withHoisted } from '#wire/presigned.ts'
import { QueryReader, formTree } from '#wire/query-read.ts'
import type { RawLabels } from '#wire/router.ts'
import type { Member, Protocol } from '#wire/table.ts'
import { type Pair, pairsOf } from '#wire/uri.ts'
import { type XmlNode, parseXml } from '#wire/xml-parse.ts'
import { XmlReader } from '#wire/xml-read.ts'

/** What a request asks for, once recognised. */
export interface Target {
  readonly operation: string
  readonly protocol: Protocol
  /** Labels of the path, still encoded; REST only. */
  readonly labels: RawLabels
}

export type Input = Record<string, unknown>

/** Largest collected body unless the table says otherwise; ours. */
const BODY_MAX = 16 * 1_024 * 1_024

export class Decoder {
  readonly model: Model
  readonly #json: Reader
  readonly #restJson: Reader
  readonly #cbor: Reader
  readonly #xml: XmlReader
  readonly #query: QueryReader
  readonly #jsonBinder: Binder
  readonly #xmlBinder: Binder
  readonly #bodies = new Map<string, (bytes: Uint8Array) => unknown>()

  constructor(model: Model) {
    this.model = model
    this.#json = new Reader(model, { leaves: JSON_LEAVES, useNames: false })
    this.#restJson = new Reader(model, { leaves: JSON_LEAVES, useNames: true })
    this.#cbor = new Reader(model, { leaves: CBOR_LEAVES, useNames: false })
    this.#xml = new XmlReader(model)
    this.#query = new QueryReader(model)
    this.#jsonBinder = new Binder(model, false)
    this.#xmlBinder = new Binder(model, true)
  }

  /** The input, not yet validated. Throws the Fault that the protocol answers. */
  decode(target: Target, request: HttpRequest): Promise<Input> {
    switch (target.protocol) {
      case 'awsJson1_0':
      case 'awsJson1_1':
        return this.#awsJson(target, request)
      case 'rpcv2Cbor':
        return this.#rpcCbor(target, request)
      case 'awsQuery':
        return this.#awsQuery(target, request)
      case 'restJson1':
      case 'restXml':
        return this.#rest(target, request)
      default:
        return target.protocol satisfies never
    }
  }

  #bound(operation: string): Bound {
    const limitBytes = this.model.operation(operation)?.bodyMax ?? this.model.table.bodyMax ?? BODY_MAX
    return { limitBytes, operation }
  }

  async #awsJson(target: Target, request: HttpRequest): Promise<Input> {
    const bytes = await documentOf(request, this.#bound(target.operation))
    const name = this.model.operation(target.operation)?.in
    if (name === undefined || bytes.length === 0) return {}
    return this.#recordOf(this.#json.reader({ s: name })(jsonOf(bytes)))
  }

  async #rpcCbor(target: Target, request: HttpRequest): Promise<Input> {
    const bytes = await documentOf(request, this.#bound(target.operation))
    const name = this.model.operation(target.operation)?.in
    if (name === undefined || bytes.length === 0) return {}
    const value = decodeCbor(bytes)
    if (value === undefined) throw serialization('The body is not valid CBOR')
    return this.#recordOf(this.#cbor.reader({ s: name })(value))
  }

  async #awsQuery(target: Target, request: HttpRequest): Promise<Input> {
    const bytes = await documentOf(request, this.#bound(target.operation))
    const name = this.model.operation(target.operation)?.in
    if (name === undefined) return {}
    const body = strictText(bytes)
    const pairs =
      body === undefined ? undefined : pairsOf(request.query === '' ? body : `${request.query}&${body}`)
    if (pairs === undefined) throw malformedQuery('The query string is not valid')
    const input = this.#recordOf(this.#query.reader({ s: name })(formTree(pairs)))
    const { pathMember } = this.model.table
    if (
      pathMember !== undefined &&
      /^\/\d{12}\/[^/]+\/?$/.test(request.path) &&
      input[pathMember] === undefined
    ) {
      if (this.model.shape(name).m?.[pathMember] !== undefined)
        input[pathMember] = `http://${request.hostPort}${request.path}`
    }
    return input
  }

  #recordOf(value: unknown): Input {
    return isRecord(value) ? value : {}
  }

  async #rest(target: Target, request: HttpRequest): Promise<Input> {
    const name = this.model.operation(target.operation)?.in
    if (name === undefined) return {}
    const isXml = target.protocol === 'restXml'
    const binder = isXml ? this.#xmlBinder : this.#jsonBinder
    const query = pairsOf(request.query)
    if (query === undefined)
      throw isXml
        ? malformedQuery('The query string is not valid')
        : serialization('The query string is not valid')
    const members = this.model.members(name)
    const payload = members.find(([, member]) => member.at === 'payload')
    const input: Input = {}
    const isStream = payload?.[1].stream === 1
    const { headers: sent, stream } = isStream
      ? unpacked(request, (trailers) => binder.late(name, trailers, input))
      : { headers: request.headers, stream: undefined }
    const headers = this.model.table.bucketHost === 1 ? withHoisted(sent, request.query) : sent
    binder.bind(name, { labels: target.labels, query, headers }, input)
    if (payload !== undefined && stream !== undefined) input[payload[0]] = (await wholeOf(request)) ?? stream
    else if (payload !== undefined) await this.#payload(payload, target, request, input)
    else if (this.model.hasBody(name)) await this.#body(name, target, request, input)
    return input
  }

  async #payload(
    [key, member]: readonly [string, Member],
    target: Target,
    request: HttpRequest,
    input: Input,
  ): Promise<void> {
    const bound = this.#bound(target.operation)
    const shape = this.model.shape(member.s)
    if (shape.t === 'blob' || shape.t === 'string') {
      const bytes = await rawOf(request, bound)
      if (bytes.length === 0) return
      if (shape.t === 'blob') input[key] = bytes
      else {
        const text = strictText(bytes)
        if (text === undefined) throw serialization('The body is not UTF-8')
        input[key] = text
      }
      return
    }
    const bytes = await documentOf(request, bound)
    if (bytes.length === 0) return
    if (target.protocol === 'restXml') {
      input[key] = this.#xml.reader(member)(xmlOf(bytes))
      return
    }
    const value = jsonOf(bytes)
    if (value === null) {
      if (shape.t === 'document') input[key] = null
      return
    }
    const read = this.#restJson.reader(member)(value)
    // Clients send {} where an optional payload is absent: the two mean the same.
    if (member.req !== 1 && isRecord(read) && Object.keys(read).length === 0) return
    input[key] = read
  }

  async #body(name: string, target: Target, request: HttpRequest, input: Input): Promise<void> {
    const bytes = await documentOf(request, this.#bound(target.operation))
    if (bytes.length === 0) return
    const isXml = target.protocol === 'restXml'
    const key = `${name}:${isXml ? 'xml' : 'json'}`
    let read = this.#bodies.get(key)
    if (read === undefined) {
      read = this.#bodyReader(name, isXml)
      this.#bodies.set(key, read)
    }
    Object.assign(input, read(bytes))
  }

  #bodyReader(name: string, isXml: boolean): (bytes: Uint8Array) => unknown {
    const members = this.model.members(name).filter(([, member]) => member.at === undefined)
    if (isXml) {
      const read = this.#xml.structure(members)
      return (bytes) => read(xmlOf(bytes))
    }
    const read = this.#restJson.structure(members)
    return (bytes) => read(jsonOf(bytes))
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  const text = strictText(bytes)
  const value = text === undefined ? undefined : parseJson(text)
  if (value === undefined) throw serialization('Could not parse the request body as JSON')
  return value
}

function xmlOf(bytes: Uint8Array): XmlNode {
  const text = strictText(bytes)
  const root = text === undefined ? undefined : parseXml(text)
  if (root === undefined) throw malformedXml()
  return root
}

export const formPairs = (bytes: Uint8Array): readonly Pair[] | undefined => {
  const text = strictText(bytes)
  return text === undefined ? undefined : pairsOf(text)
}
