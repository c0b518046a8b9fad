/**
 * Which service a request is for, from the index alone: no table is loaded here. The order is the point; each step stands
 * where it does because a later one would be wrong for requests that an earlier one knows. Data-plane hosts and reserved
 * paths come before this. No service is named: where one needs care, a flag in the index says so.
 */
import { Fault } from '#base/fault.ts'
import type { HttpRequest } from '#ports/http.ts'
import { type FormAction, isForm } from '#wire/forms.ts'
import { Router } from '#wire/router.ts'
import { type Scope, scopeOf } from '#wire/scope.ts'
import type { Protocol, ServiceEntry, ServiceIndex } from '#wire/table.ts'
import { decodePart, pathOf } from '#wire/uri.ts'

export type Identified =
  | {
      readonly kind: 'service'
      readonly service: string
      readonly protocol: Protocol
      /** Known where the protocol names it outside of the path: targets, CBOR paths, actions. */
      readonly operation: string | undefined
      readonly scope: Scope | undefined
    }
  | {
      readonly kind: 'unknown'
      /** How the client would read an answer. */
      readonly protocol: Protocol
      readonly fault: Fault
      readonly scope: Scope | undefined
    }

const CBOR_PATH = /\/service\/([^/]+)\/operation\/([^/]+)\/?$/
const REST: ReadonlySet<Protocol> = new Set<Protocol>(['restJson1', 'restXml'])
const BUCKET = /^\/[a-z0-9][a-z0-9._-]{1,254}(?:\/|$)/

export class Identifier {
  readonly #services: readonly ServiceEntry[]
  readonly #byTarget: ReadonlyMap<string, ServiceEntry>
  readonly #bySigning: ReadonlyMap<string, readonly ServiceEntry[]>
  readonly #templates = new Router<ServiceEntry>()
  readonly #last: ServiceEntry | undefined

  constructor(index: ServiceIndex) {
    this.#services = index.services
    this.#byTarget = new Map(
      index.services.flatMap((entry) => (entry.target === undefined ? [] : [[entry.target, entry] as const])),
    )
    this.#bySigning = Map.groupBy(index.services, (entry) => entry.signing)
    this.#last = index.services.find((entry) => entry.last === 1)
    for (const entry of index.services) {
      if (entry.last === 1) continue
      for (const template of entry.templates ?? []) {
        const [method = '', uri = ''] = template.split(' ')
        this.#templates.add(method, uri, {
          value: entry,
          literals: [],
          requiredQuery: [],
          requiredHeaders: [],
          isDeprecated: false,
        })
      }
    }
  }

  /** The service and protocol; `form` is what `withForm` read. */
  identify(request: HttpRequest, form?: FormAction): Identified {
    const scope = scopeOf(request.headers, request.query)
    return (
      this.#byCborPath(request, scope) ??
      this.#byTargetHeader(request, scope) ??
      this.#byScope(request, scope, form) ??
      this.#byAction(request, scope, form) ??
      this.#byPath(request, scope, form) ??
      this.#byLooks(request, scope) ??
      unknown(
        guessed(request, form),
        scope,
        'No service was found for this request: sign it, or name an action',
      )
    )
  }

  #byCborPath(request: HttpRequest, scope: Scope | undefined): Identified | undefined {
    if (request.headers['smithy-protocol'] !== 'rpc-v2-cbor') return undefined
    const [, target = '', operation = ''] = CBOR_PATH.exec(pathOf(request.path)) ?? []
    if (target === '') return undefined
    const entry = this.#byTarget.get(target)
    if (entry === undefined) return unknown('rpcv2Cbor', scope, `The service ${target} is not known here`)
    return { kind: 'service', service: entry.service, protocol: 'rpcv2Cbor', operation, scope }
  }

  /** Before the signature: of the two, the target is the more specific. */
  #byTargetHeader(request: HttpRequest, scope: Scope | undefined): Identified | undefined {
    const header = request.headers['x-amz-target']
    if (header === undefined || !header.includes('.')) return undefined
    const at = header.lastIndexOf('.')
    const entry = this.#byTarget.get(header.slice(0, at))
    const protocol = jsonProtocol(request, entry)
    if (entry === undefined) return unknown(protocol, scope, `The target ${header} is not known here`)
    return { kind: 'service', service: entry.service, protocol, operation: header.slice(at + 1), scope }
  }

  #byScope(
    request: HttpRequest,
    scope: Scope | undefined,
    form: FormAction | undefined,
  ): Identified | undefined {
    if (scope === undefined || scope.version === 'v2') return undefined
    const sharing = this.#bySigning.get(scope.service) ?? []
    const path = pathOf(request.path)
    const entry =
      sharing.find((each) => each.path !== undefined && isBelow(path, each.path)) ??
      sharing.find((each) => each.path === undefined)
    if (entry === undefined)
      return unknown(guessed(request, form), scope, `The service ${scope.service} is not known here`)
    return service(entry, request, scope, form)
  }

  #byAction(
    request: HttpRequest,
    scope: Scope | undefined,
    form: FormAction | undefined,
  ): Identified | undefined {
    const action = form?.action
    if (action === undefined) return undefined
    const offering = this.#services.filter((entry) => entry.actions?.includes(action) === true)
    const [only] = offering
    const entry =
      offering.find(({ version }) => version === form?.version) ??
      (offering.length === 1 && form?.version === undefined ? only : undefined)
    if (entry === undefined) return unknown('awsQuery', scope, `The action ${action} is not known here`)
    return service(entry, request, scope, form)
  }

  #byPath(
    request: HttpRequest,
    scope: Scope | undefined,
    form: FormAction | undefined,
  ): Identified | undefined {
    const path = pathOf(request.path)
    if (scope !== undefined) return undefined
    if (request.method === 'POST' && /^\/\d{12}\/[^/]+\/?$/.test(path)) {
      const entry = this.#services.find((each) => each.pathMember !== undefined)
      if (entry !== undefined) return service(entry, request, scope, form)
    }
    const connected = this.#services.find(
      ({ path: part }) => part?.startsWith('*') === true && isBelow(path, part),
    )
    if (connected !== undefined) return service(connected, request, scope, form)
    const routed = this.#templates.route(request.method, path)
    const found = routed?.candidates.map(({ value }) => value) ?? []
    const signing = found.length > 1 ? arnService(path) : undefined
    const entry = found.find((each) => each.signing === signing) ?? found[0]
    return entry === undefined ? undefined : service(entry, request, scope, form)
  }

  /** Last, because any path is a bucket and a key. */
  #byLooks(request: HttpRequest, scope: Scope | undefined): Identified | undefined {
    const entry = this.#last
    if (entry === undefined) return undefined
    const path = pathOf(request.path)
    const isLike =
      scope?.version === 'v2' ||
      BUCKET.test(path) ||
      Object.keys(request.headers).some((name) => name.startsWith('x-amz-'))
    return isLike ? service(entry, request, scope, undefined) : undefined
  }
}

const isBelow = (path: string, part: string): boolean =>
  part.startsWith('*') ? path.includes(part.slice(1)) : path.startsWith(part)

/** The service that an ARN within a path names. */
function arnService(path: string): string | undefined {
  const decoded = decodePart(path) ?? path
  return /arn:[a-z-]+:([a-z0-9-]+):/.exec(decoded)?.[1]
}

function service(
  entry: ServiceEntry,
  request: HttpRequest,
  scope: Scope | undefined,
  form: FormAction | undefined,
): Identified {
  const { protocols } = entry
  const speaksQuery = protocols.includes('awsQuery')
  const isQuery =
    speaksQuery &&
    (form?.action !== undefined || isForm(request) || !protocols.some((each) => each !== 'awsQuery'))
  const protocol: Protocol = isQuery
    ? 'awsQuery'
    : (protocols.find((each) => REST.has(each)) ?? jsonProtocol(request, entry))
  return {
    kind: 'service',
    service: entry.service,
    protocol,
    operation: isQuery ? form?.action : undefined,
    scope,
  }
}

/** The version of awsJson that the request says, else the service's own. */
function jsonProtocol(request: HttpRequest, entry: ServiceEntry | undefined): Protocol {
  const type = request.headers['content-type'] ?? ''
  if (type.includes('x-amz-json-1.0')) return 'awsJson1_0'
  if (type.includes('x-amz-json-1.1')) return 'awsJson1_1'
  return entry?.protocols.includes('awsJson1_1') === true ? 'awsJson1_1' : 'awsJson1_0'
}

function guessed(request: HttpRequest, form: FormAction | undefined): Protocol {
  const type = request.headers['content-type'] ?? ''
  if (form?.action !== undefined) return 'awsQuery'
  if (type.includes('x-amz-json')) return jsonProtocol(request, undefined)
  if (type.includes('cbor')) return 'rpcv2Cbor'
  return 'restJson1'
}

function unknown(protocol: Protocol, scope: Scope | undefined, message: string): Identified {
  const status = protocol === 'restJson1' || protocol === 'rpcv2Cbor' ? 404 : 400
  const code = protocol === 'awsQuery' ? 'InvalidAction' : 'UnknownOperationException'
  return { kind: 'unknown', protocol, scope, fault: new Fault(code, message, { status }) }
}
