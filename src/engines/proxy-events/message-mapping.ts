/**
 * Parameter mapping of whole messages: which headers, query parameters, path or status an HTTP API changes on the way
 * to its backend and back. Compiled once an integration. Where a value comes from is `parameter-mapping.ts`.
 * Source: API Gateway developer guide, Transforming API requests and responses for HTTP APIs.
 */
import { utf8 } from '#base/bytes.ts'
import { type Result, failed, ok } from '#base/result.ts'
import { type Mapping, type MappingSource, compileMapping } from '#engines/proxy-events/parameter-mapping.ts'
import { formDecode } from '#engines/proxy-events/request.ts'

type Pair = readonly [name: string, value: string]

interface Rule {
  readonly action: 'append' | 'overwrite' | 'remove'
  readonly part: 'header' | 'querystring' | 'path' | 'statuscode'
  /** Empty for path and status. */
  readonly name: string
  readonly value: Mapping
}
export type MessageMapping = readonly Rule[]

export interface MappedRequest {
  readonly rawHeaders: readonly Pair[]
  readonly query: string
  readonly path: string
}
export interface MappedResponse {
  readonly status: number
  readonly headers: readonly Pair[]
}

/** Names that no mapping may change. Source: developer guide, Reserved headers. */
const RESERVED = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-location',
  'forwarded',
  'keep-alive',
  'origin',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])
const RESERVED_PREFIX = /^(access-control-|apigw-|x-amz-|x-amzn-)/
/** Source: RFC 9110, section 5.1. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const DESTINATION = /^(append|overwrite|remove):(header|querystring|path|statuscode)(?:\.(.+))?$/s

/** Rules, or what AWS finds wrong with the keys and values; texts beside "Invalid source" are inferred. */
export function compileMessageMapping(
  parameters: Readonly<Record<string, string>>,
  of: 'request' | 'answer',
): Result<MessageMapping, readonly string[]> {
  const rules: Rule[] = []
  const errors: string[] = []
  for (const [destination, source] of Object.entries(parameters)) {
    const rule = ruleOf(destination, source, of)
    if (typeof rule === 'string') errors.push(rule)
    else rules.push(rule)
  }
  return errors.length === 0 ? ok(rules) : failed(errors)
}

function ruleOf(destination: string, source: string, of: 'request' | 'answer'): Rule | string {
  const [, action = '', part = '', name = ''] = DESTINATION.exec(destination) ?? []
  if (!isAction(action) || !isPart(part)) return `Invalid destination: ${destination}`
  const named = part === 'header' || part === 'querystring'
  const fits = of === 'request' ? part !== 'statuscode' : part === 'header' || part === 'statuscode'
  if (!fits || named !== (name !== '') || (!named && action !== 'overwrite'))
    return `Invalid destination: ${destination}`
  const lower = name.toLowerCase()
  if (part === 'header' && !TOKEN.test(name)) return `Invalid destination: ${destination}`
  if (part === 'header' && (RESERVED.has(lower) || RESERVED_PREFIX.test(lower)))
    return `Operations on header ${lower} are restricted`
  const value = action === 'remove' ? () => undefined : compileMapping(source, of)
  if (value === undefined) return `Invalid source: ${source} specified for destination: ${destination}`
  return { action, part, name: part === 'header' ? lower : name, value }
}

const isAction = (text: string): text is Rule['action'] =>
  text === 'append' || text === 'overwrite' || text === 'remove'
const isPart = (text: string): text is Rule['part'] =>
  text === 'header' || text === 'querystring' || text === 'path' || text === 'statuscode'

/** The request after all rules, in their order. A value that the request lacks changes nothing (inferred). */
export function mapRequest<R extends MappedRequest>(
  rules: MessageMapping,
  from: MappingSource,
  request: R,
): R {
  let { rawHeaders, query, path } = request
  for (const rule of rules) {
    const value = rule.value(from)
    if (value === undefined && rule.action !== 'remove') continue
    if (rule.part === 'header') rawHeaders = mappedHeaders(rule, value, rawHeaders)
    else if (rule.part === 'querystring') query = mappedQuery(rule, value, query)
    else if (value !== undefined) path = value.startsWith('/') ? value : `/${value}`
  }
  return { ...request, rawHeaders, query, path }
}

/** The answer after all rules. A status that is none from 200 to 599 changes nothing (inferred). */
export function mapResponse<R extends MappedResponse>(
  rules: MessageMapping,
  from: MappingSource,
  response: R,
): R {
  let { headers, status } = response
  for (const rule of rules) {
    const value = rule.value(from)
    if (value === undefined && rule.action !== 'remove') continue
    if (rule.part === 'header') headers = mappedHeaders(rule, value, headers)
    else if (value !== undefined && /^[2-5]\d\d$/.test(value)) status = Number(value)
  }
  return { ...response, headers, status }
}

/**
 * A value that a header can hold: control characters become blanks, and text beyond Latin-1 its bytes in UTF-8
 * (inferred). Source of the grammar: RFC 9110, section 5.5.
 */
function headerValue(value: string): string {
  const plain = value.replaceAll(/[^\P{Cc}\t]+/gu, ' ')
  if (!/[\u0100-\uffff]/.test(plain)) return plain
  return Array.from(utf8(plain), (byte) => String.fromCharCode(byte)).join('')
}

function mappedHeaders(rule: Rule, value: string | undefined, headers: readonly Pair[]): readonly Pair[] {
  const kept =
    rule.action === 'append' ? headers : headers.filter(([name]) => name.toLowerCase() !== rule.name)
  return value === undefined ? kept : [...kept, [rule.name, headerValue(value)]]
}

function mappedQuery(rule: Rule, value: string | undefined, query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '')
  const kept =
    rule.action === 'append'
      ? pairs
      : pairs.filter((pair) => formDecode(pair.split('=', 1)[0] ?? '') !== rule.name)
  if (value !== undefined) kept.push(`${encodeURIComponent(rule.name)}=${encodeURIComponent(value)}`)
  return kept.join('&')
}
