/** The `X-Amzn-Trace-Id` header. Source: X-Ray developer guide, Tracing header. */
export interface TraceHeader {
  readonly root: string
  readonly parent?: string
  readonly sampled?: '0' | '1' | '?'
  /** Hops of the recursion guard, as AWS writes them; passed on unread. */
  readonly lineage?: string
  /** What stands in the header beside the known fields, such as Self. */
  readonly rest?: readonly string[]
}

/** The header's parts, or undefined when it has no valid Root. */
export function parseTraceHeader(value: string | undefined): TraceHeader | undefined {
  if (value === undefined || value.length > 1_024) return undefined
  let root: string | undefined
  let parent: string | undefined
  let sampled: '0' | '1' | '?' | undefined
  let lineage: string | undefined
  const rest: string[] = []
  for (const part of value.split(';')) {
    const [name, content] = splitOnce(part.trim())
    if (name === 'Root' && /^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(content)) root = content
    else if (name === 'Parent' && /^[0-9a-f]{16}$/.test(content)) parent = content
    else if (name === 'Sampled' && (content === '0' || content === '1' || content === '?')) sampled = content
    else if (name === 'Lineage') lineage = content
    else if (name !== '' && name !== 'Root') rest.push(part.trim())
  }
  if (root === undefined) return undefined
  return {
    root,
    ...(parent === undefined ? {} : { parent }),
    ...(sampled === undefined ? {} : { sampled }),
    ...(lineage === undefined ? {} : { lineage }),
    ...(rest.length === 0 ? {} : { rest }),
  }
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=')
  return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
}

export function printTraceHeader(header: TraceHeader): string {
  const parts = [`Root=${header.root}`]
  if (header.parent !== undefined) parts.push(`Parent=${header.parent}`)
  if (header.sampled !== undefined) parts.push(`Sampled=${header.sampled}`)
  if (header.lineage !== undefined) parts.push(`Lineage=${header.lineage}`)
  return [...parts, ...(header.rest ?? [])].join(';')
}
