/**
 * The wire, as the platform uses it. For each request: `withForm` (forms.ts), `Wires.identify`, then of that service's
 * `Wire`: `recognise` -> `decode` -> `validate` -> the operation -> `encode`; a Fault thrown anywhere on the way goes out
 * by `encodeFault`. Requests that no service is found for are answered by `Wires.encodeUnknown`.
 * Tables come from the loader given, one service at a time, on first use; no file is read here.
 */
import { assert } from '#base/assert.ts'
import { Fault } from '#base/fault.ts'
import { isRecord } from '#base/json.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import { Decoder, type Input, type Target } from '#wire/decode.ts'
import { FaultWriter } from '#wire/faults.ts'
import type { FormAction } from '#wire/forms.ts'
import { type Identified, Identifier } from '#wire/identify.ts'
import { Model } from '#wire/model.ts'
import { type Answering, Responder } from '#wire/respond.ts'
import { withHoisted } from '#wire/presigned.ts'
import { Router, literalsOf } from '#wire/router.ts'
import type { Protocol, ServiceIndex, ServiceTable } from '#wire/table.ts'
import { pairsOf, pathOf } from '#wire/uri.ts'
import { Validator } from '#wire/validate.ts'

export type { Answering } from '#wire/respond.ts'
export type { Input, Target } from '#wire/decode.ts'
export type { Identified } from '#wire/identify.ts'

/** Gives the parsed table of a service: `src/model/data/<service>.json`. */
export type LoadTable = (service: string) => unknown

export class Wire {
  readonly model: Model
  readonly #decoder: Decoder
  readonly #responder: Responder
  readonly #faults: FaultWriter
  readonly #validator: Validator
  #router: Router<string> | undefined

  constructor(table: ServiceTable) {
    this.model = new Model(table)
    this.#decoder = new Decoder(this.model)
    this.#responder = new Responder(this.model)
    this.#faults = new FaultWriter(this.model, this.#responder)
    this.#validator = new Validator(this.model)
  }

  /** The operation. Throws the protocol's own answer to operations that the service does not have. */
  recognise(
    request: HttpRequest,
    identified: Pick<Identified & { kind: 'service' }, 'protocol' | 'operation'>,
  ): Target {
    const { protocol, operation } = identified
    if (protocol === 'restJson1' || protocol === 'restXml') return this.#route(request, protocol)
    if (operation !== undefined && this.model.operation(operation) !== undefined)
      return { operation, protocol, labels: {} }
    throw unknownOperation(protocol, operation, this.model)
  }

  #route(request: HttpRequest, protocol: Protocol): Target {
    this.#router ??= routerOf(this.model)
    const anywhere = this.model.table.path
    const path = pathOf(request.path)
    const target =
      anywhere?.startsWith('*') === true ? path.slice(Math.max(0, path.indexOf(anywhere.slice(1)))) : path
    const routed = this.#router.route(request.method, target)
    const query = pairsOf(request.query) ?? []
    const headers =
      this.model.table.bucketHost === 1 ? withHoisted(request.headers, request.query) : request.headers
    const operation = routed === undefined ? undefined : this.#router.pick(routed, { query, headers })
    if (routed === undefined || operation === undefined)
      throw unknownOperation(protocol, `${request.method} ${target}`, this.model)
    return { operation, protocol, labels: routed.labels }
  }

  /** The input, not yet validated. Raw streaming bodies stand in it unread. Throws Faults. */
  decode(target: Target, request: HttpRequest): Promise<Input> {
    return this.#decoder.decode(target, request)
  }

  /** AWS's answer to an input that breaks the model's constraints. */
  validate(operation: string, input: unknown): Fault | undefined {
    return this.#validator.validate(operation, input)
  }

  encode(
    target: Pick<Target, 'operation' | 'protocol'>,
    output: unknown,
    answering: Answering,
  ): HttpResponse {
    return this.#responder.encode(target.operation, target.protocol, output, answering)
  }

  encodeFault(protocol: Protocol, fault: Fault, answering: Answering): HttpResponse {
    return this.#faults.encode(protocol, fault, answering)
  }

  /** The answer to an operation of the model that nobody has written yet: 501 and a code that names itself. */
  notImplemented(operation: string): Fault {
    const { notImplemented = 'NotImplementedException', service } = this.model.table
    return new Fault(notImplemented, `The operation ${operation} of ${service} is not implemented yet`, {
      status: 501,
      side: 'server',
    })
  }
}

function routerOf(model: Model): Router<string> {
  const router = new Router<string>()
  for (const [name, operation] of Object.entries(model.table.operations)) {
    if (operation.http === undefined) continue
    const [method, uri] = operation.http
    const required = model.members(operation.in).filter(([, member]) => member.req === 1)
    router.add(method, uri, {
      value: name,
      literals: literalsOf(uri),
      requiredQuery: required.flatMap(([key, member]) => (member.at === 'query' ? [member.w ?? key] : [])),
      requiredHeaders: required.flatMap(([key, member]) =>
        member.at === 'header' ? [(member.w ?? key).toLowerCase()] : [],
      ),
      isDeprecated: operation.deprecated === 1,
    })
  }
  return router
}

/** Source: common errors of query services, S3's list of error codes, recorded answers of JSON services. */
function unknownOperation(protocol: Protocol, what: string | undefined, model: Model): Fault {
  const name = what ?? ''
  if (protocol === 'awsQuery') {
    if (what === undefined)
      return new Fault('MissingAction', 'The request must contain the parameter Action', { status: 400 })
    return new Fault('InvalidAction', `Could not find operation ${name} for version ${model.table.version}`, {
      status: 400,
    })
  }
  if (protocol === 'restXml' && model.table.bareErrors === 1)
    return new Fault('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      status: 405,
    })
  const status = protocol === 'awsJson1_0' || protocol === 'awsJson1_1' ? 400 : 404
  return new Fault('UnknownOperationException', name === '' ? '' : `Unknown operation: ${name}`, { status })
}

const isTable = (value: unknown): value is ServiceTable =>
  isRecord(value) &&
  typeof value['service'] === 'string' &&
  isRecord(value['operations']) &&
  isRecord(value['shapes'])

const isIndex = (value: unknown): value is ServiceIndex => isRecord(value) && Array.isArray(value['services'])

/** A service that is none: its errors are what an unidentified request gets. */
const NOBODY: ServiceTable = {
  service: '',
  type: '',
  version: '',
  signing: '',
  endpoint: '',
  protocols: [],
  namespace: 'com.amazonaws',
  validation: 'ValidationException',
  operations: {},
  shapes: {},
}

export class Wires {
  readonly index: ServiceIndex
  readonly #load: LoadTable
  readonly #identifier: Identifier
  readonly #wires = new Map<string, Wire>()
  #nobody: Wire | undefined

  /** `index` is the parsed `src/model/data/index.json`. */
  constructor(index: unknown, load: LoadTable) {
    assert(isIndex(index), 'the index is what tools/make-model.ts wrote')
    this.index = index
    this.#load = load
    this.#identifier = new Identifier(index)
  }

  identify(request: HttpRequest, form?: FormAction): Identified {
    return this.#identifier.identify(request, form)
  }

  /** The wire of a service of the index; its table is loaded on first use. */
  of(service: string): Wire {
    const hit = this.#wires.get(service)
    if (hit !== undefined) return hit
    const table = this.#load(service)
    assert(isTable(table), `the table of ${service} is what tools/make-model.ts wrote`)
    const wire = new Wire(table)
    this.#wires.set(service, wire)
    return wire
  }

  /** The answer to a request that no service was found for. */
  encodeUnknown(identified: Identified & { kind: 'unknown' }, answering: Answering): HttpResponse {
    this.#nobody ??= new Wire(NOBODY)
    return this.#nobody.encodeFault(identified.protocol, identified.fault, answering)
  }
}
