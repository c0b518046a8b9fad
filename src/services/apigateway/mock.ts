/**
 * MOCK integrations without a template language: the request template's `statusCode` selects an integration
 * response, whose headers are literals and whose template is a plain text. Pure. Templates with directives are
 * refused when they are put.
 */
import { type Bytes, EMPTY, utf8 } from '#base/bytes.ts'
import type { Integration, IntegrationResponse } from '#model/apigateway.ts'
import { mediaType } from '#engines/proxy-events/request.ts'
import { type MappingSource, mapped } from '#services/apigateway/mapping.ts'

export type MockAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: readonly (readonly [name: string, value: string])[]
      readonly body: Bytes
    }
  /** No status in the request template, or no integration response for it: 500. */
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'unsupported-media-type' }

export interface MockRequest {
  readonly contentType: string | undefined
  readonly body: string
}

/**
 * The answer of a mock. Source: developer guide, Mock integrations; recorded AWS answers for the unquoted form of
 * the template; passthrough of unmatched content types from Integration passthrough behaviors.
 */
export function mockAnswer(
  integration: Integration,
  request: MockRequest,
  source: MappingSource,
): MockAnswer {
  const rendered = requestText(integration, request)
  if (rendered === undefined) return { kind: 'unsupported-media-type' }
  const status = statusCodeIn(rendered)
  const chosen = status === undefined ? undefined : select(integration.integrationResponses ?? {}, status)
  if (chosen === undefined) return { kind: 'misconfigured' }
  const headers: [string, string][] = []
  for (const [name, expression] of Object.entries(chosen.responseParameters ?? {})) {
    const value = expression === null ? undefined : mapped(expression, source)
    if (value !== undefined) headers.push([name.replace(/^method\.response\.header\./, ''), value])
  }
  const [type, template] = responseTemplate(chosen)
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) headers.push(['Content-Type', type])
  return {
    kind: 'answer',
    status: Number(chosen.statusCode ?? '200'),
    headers,
    body: template === '' ? EMPTY : utf8(template),
  }
}

/** The template for the content type, or the body where it passes through; undefined when it must not. */
function requestText(integration: Integration, request: MockRequest): string | undefined {
  const type = mediaType(request.contentType ?? 'application/json')
  const templates = Object.entries(integration.requestTemplates ?? {})
  const found = templates.find(([name]) => mediaType(name) === type)
  if (found !== undefined) return found[1] ?? ''
  const behavior = integration.passthroughBehavior ?? 'WHEN_NO_MATCH'
  const passes = behavior === 'WHEN_NO_MATCH' || (behavior === 'WHEN_NO_TEMPLATES' && templates.length === 0)
  return passes ? request.body : undefined
}

/** The number of `{"statusCode": n}`, the name also without quotes or in single ones. */
export function statusCodeIn(text: string): string | undefined {
  return /(?:^|[{,\s])["']?statusCode["']?\s*:\s*["']?(\d{3})\b/.exec(text)?.[1]
}

/** A pattern must match the whole status; the response without one is the default. */
function select(
  responses: Readonly<Record<string, IntegrationResponse>>,
  status: string,
): IntegrationResponse | undefined {
  const all = Object.values(responses)
  const matching = all.find((one) => {
    const pattern = one.selectionPattern ?? ''
    return pattern !== '' && isWholeMatch(pattern, status)
  })
  return matching ?? all.find((one) => (one.selectionPattern ?? '') === '')
}

/** Java patterns are nearly JavaScript's; one that is not matches nothing. */
function isWholeMatch(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text)
  } catch {
    return false
  }
}

function responseTemplate(response: IntegrationResponse): readonly [type: string, text: string] {
  const templates = Object.entries(response.responseTemplates ?? {})
  const json = templates.find(([type]) => mediaType(type) === 'application/json') ?? templates[0]
  return json === undefined ? ['application/json', ''] : [json[0], json[1] ?? '']
}
