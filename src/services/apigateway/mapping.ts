/**
 * Mapping expressions of response headers, and the little of templates that is written: texts without directives,
 * and the context variables of gateway responses, which AWS itself fills without a template language. Pure.
 */
import { queryValues } from '#engines/proxy-events/request.ts'
import { invalidMapping, notYet } from '#services/apigateway/faults.ts'

/** What an expression may refer to. */
export interface MappingSource {
  /** `$context` by dotted name, such as `identity.sourceIp`. */
  readonly context: Readonly<Record<string, string>>
  readonly stageVariables: Readonly<Record<string, string>>
  readonly method: {
    readonly headers: Readonly<Record<string, string>>
    readonly query: string
    readonly path: Readonly<Record<string, string>>
  }
}

const at = (map: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(map, name) ? map[name] : undefined

/** The value of a header's expression, or undefined when what it refers to is not there. */
export function mapped(expression: string, source: MappingSource): string | undefined {
  if (isLiteral(expression)) return expression.slice(1, -1)
  if (expression.startsWith('context.')) return at(source.context, expression.slice(8))
  if (expression.startsWith('stageVariables.')) return at(source.stageVariables, expression.slice(15))
  const [, location = '', name = ''] =
    /^method\.request\.(header|querystring|path)\.(.+)$/.exec(expression) ?? []
  if (location === 'header') return at(source.method.headers, name.toLowerCase())
  if (location === 'querystring') return queryValues(source.method.query).get(name)?.at(-1)
  return location === 'path' ? at(source.method.path, name) : undefined
}

const isLiteral = (expression: string): boolean => /^'[^]*'$/.test(expression) && expression.length >= 2

/**
 * Faults for a response header's expression that AWS refuses, and for parts of an integration's body, which need
 * what is not written. Source: developer guide, Mapping data to integration response headers.
 */
export function checkResponseMapping(expression: string): void {
  if (isLiteral(expression)) return
  if (expression.startsWith('integration.response.body'))
    throw notYet('Mapping a part of an integration response body')
  if (/^(integration\.response\.(multivalue)?header\.|context\.|stageVariables\.)\S+$/.test(expression))
    return
  throw invalidMapping(expression)
}

/** As `checkResponseMapping`, for gateway responses, which may refer to the request. */
export function checkGatewayMapping(expression: string): void {
  if (isLiteral(expression)) return
  if (/^(method\.request\.(header|querystring|path)\.|context\.|stageVariables\.)\S+$/.test(expression))
    return
  throw invalidMapping(expression)
}

/** True for a template with Velocity directives or references. */
export function isTemplate(text: string): boolean {
  return (
    /\$!?\{?[A-Za-z_]/.test(text) ||
    /#(set|if|elseif|else|end|foreach|macro|include|parse|stop|break|define|evaluate|#|\*|\[\[)/.test(text)
  )
}

/** Writes `$context.x` and `$stageVariables.x` into a gateway response's template; what is not there is empty. */
export function withContext(template: string, source: MappingSource): string {
  return template.replace(
    /\$!?\{?(context|stageVariables)\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\}?/g,
    (_, kind: string, name: string) =>
      at(kind === 'context' ? source.context : source.stageVariables, name) ?? '',
  )
}
