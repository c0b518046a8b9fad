/** Custom domains: which mapping a path goes to. Pure. Source: API Gateway developer guide, Map API stages to a custom domain name. */
import type { HttpDomain, StoredMapping } from '#services/apigatewayv2/document.ts'

export interface MappedPath {
  readonly mapping: StoredMapping
  /** What is left below the mapping's key; begins with a slash. */
  readonly path: string
}

/** The mapping with the longest key that the path begins with, whole parts only; the empty key takes what is left. */
export function mappingFor(domain: HttpDomain, path: string): MappedPath | undefined {
  let best: StoredMapping | undefined
  for (const mapping of Object.values(domain.mappings)) {
    const key = mapping.ApiMappingKey
    const isBelow = key === '' || path === `/${key}` || path.startsWith(`/${key}/`)
    if (isBelow && (best === undefined || key.length > best.ApiMappingKey.length)) best = mapping
  }
  if (best === undefined) return undefined
  const rest = best.ApiMappingKey === '' ? path : path.slice(best.ApiMappingKey.length + 1)
  return { mapping: best, path: rest === '' ? '/' : rest }
}
