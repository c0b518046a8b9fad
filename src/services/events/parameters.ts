/** Headers, query and body that connections and targets add to a request. Pure. */
import type { Parameter } from '#services/events/records.ts'

/** Keys and values of a connection's parameters. */
export function valuesOf(parameters: readonly Parameter[] | undefined): Record<string, string> {
  return Object.fromEntries((parameters ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
}

/** The address with these pairs behind it. */
export function withQuery(url: string, query: readonly (readonly [string, string])[]): string {
  if (query.length === 0) return url
  const pairs = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`
}
