/**
 * The official protocol cases, gathered from the AST and run one by one against the wire in process: requests through
 * recognise and decode, answers and errors through encode, malformed requests through the whole way in.
 */
import { Fault } from '#base/fault.ts'
import { base64, fromBase64, text, utf8 } from '#base/bytes.ts'
import { isRecord } from '#base/json.ts'
import { instant } from '#base/time.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import { bodyOf } from '#wire/bodies.ts'
import { withForm } from '#wire/forms.ts'
import { bucketOfHost, withBucket } from '#wire/hosts.ts'
import { plainText } from '#wire/scalars.ts'
import type { Protocol, ServiceTable } from '#wire/table.ts'
import { type Answering, Wire } from '#wire/wire.ts'
import { canonical } from './canonical.ts'
import { type Ast, FromSmithy, localName, operationsOf, protocolOf } from './from-smithy.ts'

export interface Case {
  readonly id: string
  readonly kind: 'request' | 'response' | 'error' | 'malformed'
  readonly protocol: Protocol
  readonly wire: Wire
  readonly operation: string
  /** The error's shape, of error cases. */
  readonly shape?: string
  readonly test: Test
}

export interface Test {
  readonly id: string
  readonly protocol: string
  readonly method?: string
  readonly uri?: string
  readonly host?: string
  readonly resolvedHost?: string
  readonly queryParams?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly forbidHeaders?: readonly string[]
  readonly requireHeaders?: readonly string[]
  readonly body?: string
  readonly bodyMediaType?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly code?: number
  readonly appliesTo?: string
  readonly tags?: readonly string[]
  readonly vendorParams?: unknown
  readonly testParameters?: Readonly<Record<string, readonly string[]>>
  readonly request?: Test
  readonly response?: { readonly code: number; readonly headers?: Readonly<Record<string, string>> }
}

const testsAt = (traits: Readonly<Record<string, unknown>> | undefined, name: string): readonly Test[] =>
  (traits?.[`smithy.test#${name}`] ?? []) as readonly Test[]

/** Every case of the protocols that the wire speaks. */
export function casesOf(ast: Ast): Case[] {
  const cases: Case[] = []
  for (const [id, service] of Object.entries(ast.shapes)) {
    if (service.type !== 'service') continue
    const protocols = Object.keys(service.traits ?? {}).flatMap((trait) => protocolOf(trait) ?? [])
    if (protocols.length === 0) continue
    const wire = new Wire(new FromSmithy(ast).table(id))
    const errors = new Set<string>()
    const add = (each: Omit<Case, 'id' | 'protocol' | 'wire'>): void => {
      const protocol = protocolOf(each.test.protocol)
      if (protocol === undefined || !protocols.includes(protocol) || each.test.appliesTo === 'client') return
      cases.push({ ...each, id: each.test.id, protocol, wire })
    }
    for (const operationId of operationsOf(ast, service)) {
      const source = ast.shapes[operationId]
      const operation = localName(operationId)
      for (const test of testsAt(source?.traits, 'httpRequestTests'))
        add({ kind: 'request', operation, test })
      for (const test of testsAt(source?.traits, 'httpResponseTests'))
        add({ kind: 'response', operation, test })
      for (const test of testsAt(source?.traits, 'httpMalformedRequestTests').flatMap(expanded))
        add({ kind: 'malformed', operation, test })
      for (const { target } of source?.errors ?? []) errors.add(`${operation} ${target}`)
    }
    const seen = new Set<string>()
    for (const [operation = '', target = ''] of [...errors].map((entry) => entry.split(' '))) {
      if (seen.has(target)) continue
      seen.add(target)
      for (const test of testsAt(ast.shapes[target]?.traits, 'httpResponseTests'))
        add({ kind: 'error', operation, shape: localName(target), test })
    }
  }
  return cases
}

/** A malformed case per value of its parameters. */
function expanded(test: Test): Test[] {
  const { testParameters } = test
  if (testParameters === undefined) return [test]
  const count = Math.max(...Object.values(testParameters).map((values) => values.length))
  return Array.from({ length: count }, (_, i) => {
    let json = JSON.stringify({ ...test, testParameters: undefined })
    for (const [name, values] of Object.entries(testParameters)) {
      const value = values[i] ?? ''
      const quotedTwice = JSON.stringify(JSON.stringify(value)).slice(1, -1)
      json = json
        .replaceAll(`$${name}:L`, () => JSON.stringify(value).slice(1, -1))
        .replaceAll(`$${name}:S`, () => quotedTwice)
    }
    const made = JSON.parse(json) as Test
    return { ...made, id: `${test.id}_case${i}` }
  })
}

export function requestOf(test: Test): HttpRequest {
  const bytes =
    test.bodyMediaType === 'application/cbor'
      ? (fromBase64(test.body ?? '') ?? utf8(''))
      : utf8(test.body ?? '')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(test.headers ?? {})) headers[name.toLowerCase()] = value
  const [path = '/', query = ''] = (test.uri ?? '/').split('?')
  const host = test.resolvedHost ?? test.host ?? 'localhost'
  return {
    method: test.method ?? 'POST',
    path,
    query: [query, ...(test.queryParams ?? [])].filter((part) => part !== '').join('&'),
    headers,
    rawHeaders: Object.entries(test.headers ?? {}),
    host,
    hostPort: host,
    body: bodyOf(bytes),
    remote: { address: '127.0.0.1', port: 1 },
  }
}

/** The value as the wire gives it to services, from the form that the cases use. */
export function valueOf(value: unknown, name: string, table: ServiceTable): unknown {
  const shape = table.shapes[name]
  if (value === null || value === undefined || shape === undefined) return value
  switch (shape.t) {
    case 'blob':
      return utf8(plainText(value))
    case 'timestamp':
      return instant(Math.round(Number(value) * 1_000))
    case 'float':
    case 'double':
      return typeof value === 'string' ? Number(value) : value
    case 'list':
      return (value as unknown[]).map((item) => valueOf(item, shape.e?.s ?? '', table))
    case 'map':
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, valueOf(item, shape.v?.s ?? '', table)]),
      )
    case 'structure':
    case 'union':
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, valueOf(item, shape.m?.[key]?.s ?? '', table)]),
      )
    case 'string':
    case 'boolean':
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
    case 'document':
      return value
    default:
      return shape.t satisfies never
  }
}

/** The request id of the case: services do not choose it. */
function answeringOf(test: Test, method: string): Answering {
  const inHeader = lower(test.headers)['x-amzn-requestid']
  const inBody = /<RequestId>([^<]*)</.exec(test.body ?? '')?.[1]
  return { requestId: inHeader ?? inBody ?? 'id', method, headers: {} }
}

async function decoded(each: Case, test: Test): Promise<unknown> {
  const { wire, protocol } = each
  let request = requestOf(test)
  const bucket = wire.model.table.service === 'S3' ? bucketOfHost(request.host)?.bucket : undefined
  if (bucket !== undefined) request = withBucket(request, bucket)
  const { request: read, form } = await withForm(request)
  const isRpc = protocol === 'rpcv2Cbor'
  const named = isRpc
    ? request.path.split('/').at(-1)
    : (form?.action ?? request.headers['x-amz-target']?.split('.').at(-1) ?? each.operation)
  const target = wire.recognise(read, { protocol, operation: named })
  if (target.operation !== each.operation) throw new Error(`recognised ${target.operation}`)
  const input = await wire.decode(target, read)
  const name = wire.model.operation(target.operation)?.in
  for (const [key, member] of Object.entries(name === undefined ? {} : (wire.model.shape(name).m ?? {}))) {
    if (member.stream !== 1 || input[key] === undefined) continue
    const parts: Uint8Array[] = []
    for await (const part of input[key] as AsyncIterable<Uint8Array>) parts.push(part)
    if (parts.length === 0) delete input[key]
    else input[key] = Uint8Array.from(parts.flatMap((part) => [...part]))
  }
  return { input, operation: target.operation }
}

export interface Outcome {
  readonly actual: unknown
  readonly expected: unknown
}

/** Runs one case; what came out, and what should have. */
export async function run(each: Case): Promise<Outcome> {
  if (each.kind === 'request') {
    const { input } = (await decoded(each, each.test)) as { input: unknown }
    const name = each.wire.model.operation(each.operation)?.in ?? ''
    return { actual: input, expected: valueOf(each.test.params ?? {}, name, each.wire.model.table) }
  }
  if (each.kind === 'malformed') return malformed(each)
  const response = each.kind === 'response' ? answer(each) : error(each)
  return compared(each.test, response)
}

async function malformed(each: Case): Promise<Outcome> {
  const { wire, protocol, test } = each
  const request = test.request ?? test
  let fault: Fault | undefined
  try {
    const { input, operation } = (await decoded(each, request)) as { input: unknown; operation: string }
    fault = wire.validate(operation, input)
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    fault = thrown
  }
  const expected = { code: test.response?.code, headers: lower(test.response?.headers) }
  if (fault === undefined) return { actual: 'accepted', expected }
  const response = wire.encodeFault(protocol, fault, answeringOf(test, request.method ?? 'POST'))
  const headers = lower(Object.fromEntries(response.headers))
  const named = Object.fromEntries(Object.keys(expected.headers).map((name) => [name, headers[name]]))
  return { actual: { code: response.status, headers: named }, expected }
}

const lower = (headers: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))

function answer(each: Case): HttpResponse {
  const { wire, protocol, operation, test } = each
  const model = wire.model.operation(operation)
  const output = valueOf(test.params ?? {}, model?.out ?? '', wire.model.table)
  return wire.encode({ operation, protocol }, output, answeringOf(test, model?.http?.[0] ?? 'POST'))
}

function error(each: Case): HttpResponse {
  const { wire, protocol, shape = '', test } = each
  const params = valueOf(test.params ?? {}, shape, wire.model.table)
  const members = isRecord(params) ? params : {}
  const key = Object.keys(members).find((name) => name.toLowerCase() === 'message')
  const { [key ?? '']: message, ...rest } = members
  return wire.encodeFault(
    protocol,
    new Fault(shape, plainText(message ?? ''), { members: rest }),
    answeringOf(test, 'POST'),
  )
}

function compared(test: Test, response: HttpResponse): Outcome {
  const headers = lower(Object.fromEntries(response.headers))
  if (response.body === '') headers['content-length'] ??= '0'
  const wanted = lower(test.headers)
  const isSame = Object.entries(wanted).every(([name, value]) => headers[name] === value)
  const forbidden = (test.forbidHeaders ?? []).filter((name) => headers[name.toLowerCase()] !== undefined)
  const body = response.body ?? ''
  const bytes = typeof body === 'string' ? utf8(body) : body instanceof Uint8Array ? body : utf8('a stream')
  return {
    actual: {
      code: response.status,
      headers: isSame ? wanted : headers,
      forbidden,
      body: test.body === undefined ? undefined : comparable(bytes, test.bodyMediaType, test.body),
    },
    expected: {
      code: test.code,
      headers: wanted,
      forbidden: [],
      body:
        test.body === undefined
          ? undefined
          : comparable(
              test.bodyMediaType === 'application/cbor'
                ? (fromBase64(test.body) ?? utf8(''))
                : utf8(test.body),
              test.bodyMediaType,
              test.body,
            ),
    },
  }
}

const own = (wanted: string): ReadonlySet<string> =>
  new Set(['RequestId', 'HostId', 'ResponseMetadata'].filter((name) => !wanted.includes(`<${name}>`)))

/** `wanted` says which of the answer's own elements the case looks at. */
function comparable(bytes: Uint8Array, type: string | undefined, wanted: string): unknown {
  if (type === 'application/octet-stream') return base64(bytes)
  return canonical(bytes, type, own(wanted)) ?? text(bytes)
}
