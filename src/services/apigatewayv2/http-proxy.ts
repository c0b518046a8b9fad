/**
 * HTTP_PROXY integrations: the request goes on to an address outside and its answer comes back as it is. The path of
 * the request is not appended; path variables of the route may stand in the address. Redirects are the client's.
 * Source: API Gateway developer guide, HTTP proxy integrations for HTTP APIs.
 */
import { withStageVariables } from '#engines/proxy-events/lambda-uri.ts'
import { type Incoming, isHopByHop } from '#engines/proxy-events/request.ts'
import { forwarded } from '#engines/proxy-events/response.ts'
import type { HttpTarget } from '#services/apigatewayv2/deployed.ts'
import { BACKEND_ANSWER_MAX_BYTES } from '#services/apigatewayv2/limits.ts'
import { type Answer, type Passage, refusal } from '#services/apigatewayv2/passage.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

export interface Sent {
  readonly incoming: Incoming
  /** `overwrite:path` has chosen the path: it stands for the address's own. */
  readonly isPathMapped: boolean
}

/** The backend's answer; 503 when there is none in time (timeouts as recorded, the rest inferred). */
export async function callBackend(
  state: HttpState,
  passage: Passage,
  target: HttpTarget,
  sent: Sent,
): Promise<Answer> {
  const { incoming } = sent
  const failure = (why: string): Answer => {
    passage.notes.integrationError = why
    return refusal(passage, 503, 'Service Unavailable')
  }
  const url = addressOf(passage, target.url, sent)
  if (url === undefined) return failure('The address of the integration is not valid.')
  const outcome = await state.ports.outbound.request({
    method: target.method === 'ANY' ? incoming.method : target.method,
    url,
    headers: headersFor(passage, incoming),
    body: incoming.body.length === 0 ? undefined : incoming.body,
    timeoutMs: target.timeoutMs,
    answerBytesMax: BACKEND_ANSWER_MAX_BYTES + 1,
    signal: passage.call.signal,
  })
  if (outcome.kind === 'timed-out') return failure('Request timed out')
  if (outcome.kind === 'unreachable') return failure(`The endpoint cannot be reached: ${outcome.reason}`)
  if (outcome.body.length > BACKEND_ANSWER_MAX_BYTES) return failure('The response is too large.')
  passage.notes.integrationStatus = outcome.status
  return { status: outcome.status, headers: forwarded(Object.entries(outcome.headers)), body: outcome.body }
}

/** Stage variables and path variables written out, the client's query behind the address's own. */
function addressOf(passage: Passage, template: string, { incoming, isPathMapped }: Sent): string | undefined {
  const parameters = passage.notes.parameters ?? {}
  const filled = withStageVariables(template, passage.stage.StageVariables ?? {}).replaceAll(
    /\{([A-Za-z0-9_.-]+)\+?\}/g,
    (whole, name: string) => (Object.hasOwn(parameters, name) ? (parameters[name] ?? '') : whole),
  )
  const url = URL.parse(filled)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const [address = '', own = ''] = filled.split('?', 2)
  const base = isPathMapped ? url.origin + incoming.path : address
  const query = [own, incoming.query].filter((part) => part !== '').join('&')
  return query === '' ? base : `${base}?${query}`
}

/** The client's headers without those of its connection, and those of the gateway. `forwarded` and `via` inferred. */
function headersFor({ call }: Passage, incoming: Incoming): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of incoming.rawHeaders) {
    const lower = name.toLowerCase()
    if (isHopByHop(lower) || lower === 'host' || lower === 'content-length' || lower === 'expect') continue
    headers[lower] =
      headers[lower] === undefined ? value : `${headers[lower]}${lower === 'cookie' ? '; ' : ','}${value}`
  }
  const hop = `for=${incoming.sourceIp};host=${call.request.hostPort};proto=http`
  headers['forwarded'] = headers['forwarded'] === undefined ? hop : `${headers['forwarded']}, ${hop}`
  headers['via'] = 'HTTP/1.1 AmazonAPIGateway'
  headers['x-amzn-trace-id'] = call.span.header()
  if (incoming.body.length > 0) headers['content-length'] = String(incoming.body.length)
  return headers
}
