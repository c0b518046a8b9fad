/**
 * Access logs of a stage: a line made of the stage's format for each request. Making lines is pure; writing them is
 * `log-delivery.ts`. Source: API Gateway developer guide, Customize HTTP API access logs.
 */
import type { JsonObject } from '#base/json.ts'
import { type Answer, type Passage, contextOf } from '#services/apigatewayv2/passage.ts'

export interface Answered {
  readonly answer: Answer
  /** Real ms since the platform accepted the request. */
  readonly latencyMs: number
  readonly bytesIn: number
}

/**
 * The line, without a line break. A variable that has no value is a hyphen; an unknown one too (inferred). Values stand
 * as they are: who wants JSON puts quotes around them, as in AWS's own examples.
 */
export function accessLine(format: string, passage: Passage, answered: Answered): string {
  const values = { ...contextOf(passage), ...answeredValues(passage, answered) }
  return format
    .replace(/[\r\n]+$/, '')
    .replaceAll(/\$context\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_:-]+)*)/g, (_, name: string) =>
      Object.hasOwn(values, name) ? oneLine(values[name] ?? '') : '-',
    )
}

/** What a client sent cannot begin a line of its own. */
const oneLine = (value: string): string => (value === '' ? '-' : value.replaceAll(/[\r\n]+/g, ' '))

function answeredValues(
  { notes }: Passage,
  { answer, latencyMs, bytesIn }: Answered,
): Record<string, string> {
  const { integrationStatus, integrationMs, integrationError, errorMessage, authorizerError } = notes
  const latency = integrationMs === undefined ? undefined : String(Math.round(integrationMs))
  const known: Record<string, string | undefined> = {
    'authorizer.error': authorizerError,
    dataProcessed: String(bytesIn + answer.body.length),
    'error.message': errorMessage,
    'error.messageString': errorMessage === undefined ? undefined : JSON.stringify(errorMessage),
    'error.responseType': errorMessage === undefined ? undefined : responseType(answer.status),
    'integration.error': integrationError,
    'integration.integrationStatus': integrationStatus === undefined ? undefined : String(integrationStatus),
    'integration.latency': latency,
    'integration.status': integrationStatus === undefined ? undefined : String(integrationStatus),
    integrationErrorMessage: integrationError,
    integrationLatency: latency,
    integrationStatus: integrationStatus === undefined ? undefined : String(integrationStatus),
    responseLatency: String(Math.round(latencyMs)),
    responseLength: String(answer.body.length),
    status: String(answer.status),
  }
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  )
}

/** Names of REST APIs' gateway responses; which HTTP APIs print is inferred. */
function responseType(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED'
    case 403:
      return 'ACCESS_DENIED'
    case 404:
      return 'RESOURCE_NOT_FOUND'
    case 413:
      return 'REQUEST_TOO_LARGE'
    case 429:
      return 'THROTTLED'
    case 503:
      return 'INTEGRATION_TIMEOUT'
    default:
      return status < 500 ? 'DEFAULT_4XX' : 'INTEGRATION_FAILURE'
  }
}

/** `$context` variables of a map that an authorizer gave, below that name. Nested values have none. */
export function variablesBelow(prefix: string, map: JsonObject): Record<string, string> {
  const entries = Object.entries(map).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [[`${prefix}.${name}`, String(value)] as const]
      : [],
  )
  return Object.fromEntries(entries)
}
