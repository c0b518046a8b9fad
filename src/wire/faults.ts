/**
 * Faults as each protocol writes them. The model adds what it knows of a code: the shape's name, the query code, the
 * status, which members are headers. Extra members that a fault carries and the model does not know go out as they are.
 */
import type { Fault } from '#base/fault.ts'
import { isRecord } from '#base/json.ts'
import type { HttpResponse } from '#ports/http.ts'
import { encodeCbor } from '#wire/cbor.ts'
import { headersOf, isInBody } from '#wire/headers.ts'
import type { Model } from '#wire/model.ts'
import { type Answering, type Responder, hostId, requestIdHeaders, wantsJson } from '#wire/respond.ts'
import { plainText } from '#wire/scalars.ts'
import type { Member, Protocol, Shape } from '#wire/table.ts'
import { escapeXml } from '#wire/xml-parse.ts'
import { printNamespace } from '#wire/xml-write.ts'

interface Known {
  readonly name: string
  /** Code in query answers and in `x-amzn-query-error`. */
  readonly code: string
  readonly status: number
  readonly isServer: boolean
  readonly shape: Shape | undefined
}

type Headers = (readonly [name: string, value: string])[]
type Members = readonly (readonly [string, Member])[]

/** Names of the errors that AWS's framework answers, not the service. Source: recorded answers of DynamoDB. */
const FRAMEWORK = new Set(['SerializationException', 'UnknownOperationException', 'InternalFailure'])

/** What the framework calls its query codes in the JSON forms of query-born services. Source: recorded answers of SQS. */
const JSON_NAMES: Readonly<Record<string, string>> = {
  InvalidParameterValue: 'InvalidParameterValueException',
  MissingParameter: 'MissingRequiredParameterException',
}

export class FaultWriter {
  readonly model: Model
  readonly #responder: Responder
  readonly #byCode: ReadonlyMap<string, string>

  constructor(model: Model, responder: Responder) {
    this.model = model
    this.#responder = responder
    const errors = Object.entries(model.table.shapes).filter(([, shape]) => shape.err !== undefined)
    this.#byCode = new Map([
      ...errors.flatMap(([name, { err }]) => (err?.code === undefined ? [] : [[err.code, name] as const])),
      ...errors.map(([name]) => [name, name] as const),
    ])
  }

  encode(protocol: Protocol, fault: Fault, answering: Answering): HttpResponse {
    const known = this.#known(fault)
    switch (protocol) {
      case 'awsJson1_0':
      case 'awsJson1_1':
        return this.#awsJson(protocol, fault, known, answering)
      case 'rpcv2Cbor':
        return this.#rpcCbor(fault, known, answering)
      case 'restJson1':
        return this.#restJson(fault, known, answering)
      case 'awsQuery':
        if (wantsJson(answering)) return this.#queryJson(fault, known, answering)
        return this.#xml(protocol, fault, known, answering)
      case 'restXml':
        return this.#xml(protocol, fault, known, answering)
      default:
        return protocol satisfies never
    }
  }

  #known(fault: Fault): Known {
    const name = this.#byCode.get(fault.code) ?? fault.code
    const shape = this.#byCode.has(fault.code) ? this.model.shape(name) : undefined
    const isServer = fault.side === 'server' || shape?.err?.fault === 'server'
    return {
      name,
      code: shape?.err?.code ?? name,
      status: fault.status ?? shape?.err?.http ?? (isServer ? 500 : 400),
      isServer,
      shape,
    }
  }

  /** 4xx collapse to 400 in the JSON forms of query-born services, unless the client says it knows. */
  #status(known: Known, answering: Answering): number {
    const isCollapsed =
      this.model.table.queryCompatible === 1 && answering.headers['x-amzn-query-mode'] !== 'true'
    return isCollapsed && known.status >= 400 && known.status < 500 ? 400 : known.status
  }

  #queryError(known: Known): Headers {
    if (this.model.table.queryCompatible !== 1) return []
    return [['x-amzn-query-error', `${known.code};${known.isServer ? 'Receiver' : 'Sender'}`]]
  }

  #id(protocol: Protocol, known: Known): string {
    if (protocol === 'awsJson1_1') return known.name
    if (known.shape !== undefined) return `${this.model.table.namespace}#${known.name}`
    const ofQuery = this.model.table.queryCompatible === 1 ? JSON_NAMES[known.name] : undefined
    if (ofQuery !== undefined) return `com.amazon.coral.service#${ofQuery}`
    if (known.name === 'ValidationException') return 'com.amazon.coral.validate#ValidationException'
    return FRAMEWORK.has(known.name)
      ? `com.amazon.coral.service#${known.name}`
      : `${this.model.table.namespace}#${known.name}`
  }

  /** The member that holds the message: the model's spelling, else `message`. */
  #message(known: Known): string {
    const names = Object.keys(known.shape?.m ?? {})
    return names.find((name) => name.toLowerCase() === 'message') ?? 'message'
  }

  /** The fault's content by member name. */
  #content(fault: Fault, known: Known): Record<string, unknown> {
    const name = this.#message(known)
    return { ...(fault.message === '' ? {} : { [name]: fault.message }), ...fault.members }
  }

  #awsJson(protocol: Protocol, fault: Fault, known: Known, answering: Answering): HttpResponse {
    const content = this.#content(fault, known)
    const write = known.shape === undefined ? null : this.#responder.json.writer({ s: known.name })
    const members =
      write === null ? content : { ...unmodelled(content, known.shape), ...asRecord(write(content)) }
    return {
      status: this.#status(known, answering),
      headers: [
        [
          'Content-Type',
          protocol === 'awsJson1_0' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1',
        ],
        ['x-amzn-RequestId', answering.requestId],
        ...this.#queryError(known),
        ...Object.entries(fault.headers),
      ],
      body: JSON.stringify({ __type: this.#id(protocol, known), ...members }),
    }
  }

  #rpcCbor(fault: Fault, known: Known, answering: Answering): HttpResponse {
    const content = this.#content(fault, known)
    const write = known.shape === undefined ? null : this.#responder.cbor.writer({ s: known.name })
    const members =
      write === null ? content : { ...unmodelled(content, known.shape), ...asRecord(write(content)) }
    return {
      status: this.#status(known, answering),
      headers: [
        ['smithy-protocol', 'rpc-v2-cbor'],
        ['Content-Type', 'application/cbor'],
        ['x-amzn-RequestId', answering.requestId],
        ...this.#queryError(known),
        ...Object.entries(fault.headers),
      ],
      body: encodeCbor({ __type: this.#id('rpcv2Cbor', known), ...members }),
    }
  }

  /** Source: answers of STS, SQS and SNS quoted in their clients' tests and issues. */
  #queryJson(fault: Fault, known: Known, { requestId }: Answering): HttpResponse {
    const Type = known.isServer ? 'Receiver' : 'Sender'
    return {
      status: known.status,
      headers: [
        ['Content-Type', 'application/json'],
        ['x-amzn-RequestId', requestId],
        ...Object.entries(fault.headers),
      ],
      body: JSON.stringify({
        Error: { Code: known.code, Message: fault.message, Type },
        RequestId: requestId,
      }),
    }
  }

  #restJson(fault: Fault, known: Known, answering: Answering): HttpResponse {
    const content = this.#content(fault, known)
    const members: Members = Object.entries(known.shape?.m ?? {})
    const bound = headersOf(this.model, members, content)
    const body = members.filter(([, member]) => isInBody(member))
    const write = this.#responder.restJson.structure(body)
    const picked = Object.fromEntries(body.map(([name]) => [name, content[name]]))
    const headers: Headers = [
      ...bound.headers,
      ['Content-Type', 'application/json'],
      ['x-amzn-ErrorType', known.name],
      ['x-amzn-RequestId', answering.requestId],
      ...Object.entries(fault.headers),
    ]
    if (answering.method === 'HEAD') return { status: known.status, headers }
    const modelled = write === null ? picked : asRecord(write(content))
    return {
      status: known.status,
      headers,
      body: JSON.stringify({ ...unmodelled(content, known.shape), ...modelled }),
    }
  }

  #xml(protocol: Protocol, fault: Fault, known: Known, answering: Answering): HttpResponse {
    const { requestId } = answering
    const isBare = protocol === 'restXml' && this.model.table.bareErrors === 1
    const content: Readonly<Record<string, unknown>> = fault.members
    const members: Members = Object.entries(known.shape?.m ?? {})
    const bound = headersOf(this.model, members, content)
    const headers: Headers = [
      ...bound.headers,
      ['Content-Type', protocol === 'awsQuery' ? 'text/xml' : 'application/xml'],
      ...(protocol === 'awsQuery'
        ? [['x-amzn-RequestId', requestId] as const]
        : requestIdHeaders(this.model, protocol, requestId)),
      ...Object.entries(fault.headers),
    ]
    if (known.status === 304)
      return { status: 304, headers: headers.filter(([name]) => name !== 'Content-Type') }
    if (answering.method === 'HEAD') return { status: known.status, headers }
    const extra = this.#extra(content, known, members)
    const message = fault.message === '' ? '' : `<Message>${escapeXml(fault.message)}</Message>`
    const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if (isBare) {
      const ids = `<RequestId>${escapeXml(requestId)}</RequestId><HostId>${hostId(requestId)}</HostId>`
      const body = `${declaration}<Error><Code>${escapeXml(known.code)}</Code>${message}${extra}${ids}</Error>`
      return { status: known.status, headers, body }
    }
    const xmlns = this.model.table.xmlns
    const type = known.isServer ? 'Receiver' : 'Sender'
    const error = `<Error><Type>${type}</Type><Code>${escapeXml(known.code)}</Code>${message}${extra}</Error>`
    const body = `${declaration}<ErrorResponse${printNamespace(xmlns === undefined ? undefined : [xmlns])}>${error}<RequestId>${escapeXml(requestId)}</RequestId></ErrorResponse>`
    return { status: known.status, headers, body }
  }

  #extra(content: Readonly<Record<string, unknown>>, known: Known, members: Members): string {
    const body = members.filter(([name, member]) => isInBody(member) && name.toLowerCase() !== 'message')
    const modelled = this.#responder.xml.structure(body)(content)
    const others = Object.entries(unmodelled(content, known.shape))
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `<${name}>${escapeXml(plainText(value))}</${name}>`)
    return modelled + others.join('')
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

/** What a fault carries beyond the model: S3's error members are in no model. */
function unmodelled(
  content: Readonly<Record<string, unknown>>,
  shape: Shape | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).filter(([name]) => shape?.m === undefined || !Object.hasOwn(shape.m, name)),
  )
}
