/**
 * Parameter mapping of HTTP APIs: where the value of one parameter comes from. Compiled once for an integration. Not
 * here: which parameters an integration takes. Source: API Gateway developer guide, Transforming API requests and
 * responses for HTTP APIs, and Working with AWS service integrations.
 */
import { type Bytes, strictText } from '#base/bytes.ts'
import { isRecord, parseJson } from '#base/json.ts'

/** What a mapping may look at. */
export interface MappingSource {
  /** By its name in lower case; several values joined with a comma. */
  header(lowerName: string): string | undefined
  query(name: string): string | undefined
  /** A path variable, or the whole path when no name is given. */
  path(name: string | undefined): string | undefined
  context(name: string): string | undefined
  stageVariable(name: string): string | undefined
  readonly body: Bytes
  /** Of the backend's answer, when there is one. */
  readonly response?: MappedAnswer | undefined
}

/** What mappings of an answer may look at beside the request. */
export interface MappedAnswer {
  /** By its name in lower case; several values joined with a comma. */
  header(lowerName: string): string | undefined
  readonly body: Bytes
}

/** The value, or undefined when the request has none. */
export type Mapping = (source: MappingSource) => string | undefined

/**
 * Undefined for a selection expression that AWS would refuse. `answer` is for mappings of a backend's answer, which
 * may look at `response.header` and `response.body` and not at the request's parts.
 */
export function compileMapping(text: string, of: 'request' | 'answer' = 'request'): Mapping | undefined {
  const select = of === 'request' ? selection : answerSelection
  if (text.startsWith('$') && !text.startsWith('${')) return select(text.slice(1))
  return text.includes('${') ? template(text, select) : () => text
}

/** Text with `${...}` parts. A part without a value makes the whole empty (inferred). */
function template(text: string, select: (expression: string) => Mapping | undefined): Mapping | undefined {
  const parts: (string | Mapping)[] = []
  let at = 0
  for (const hit of text.matchAll(/\$\{([^}]*)\}/g)) {
    const part = select(hit[1] ?? '')
    if (part === undefined) return undefined
    parts.push(text.slice(at, hit.index), part)
    at = hit.index + hit[0].length
  }
  parts.push(text.slice(at))
  return (source) => {
    let out = ''
    for (const part of parts) {
      const value = typeof part === 'string' ? part : part(source)
      if (value === undefined) return undefined
      out += value
    }
    return out
  }
}

const SELECTION = /^(request\.header|request\.querystring|request\.path|context|stageVariables)\.(.+)$/s

function selection(expression: string): Mapping | undefined {
  if (expression === 'request.body') return ({ body }) => (body.length === 0 ? undefined : strictText(body))
  if (expression === 'request.path') return (source) => source.path(undefined)
  if (expression.startsWith('request.body.') || expression.startsWith('request.body[')) {
    const steps = stepsOf(expression.slice('request.body'.length))
    return steps === undefined ? undefined : ({ body }) => printed(walk(parsed(body), steps))
  }
  const [, from = '', name = ''] = SELECTION.exec(expression) ?? []
  switch (from) {
    case 'request.header': {
      const lower = name.toLowerCase()
      return (source) => source.header(lower)
    }
    case 'request.querystring':
      return (source) => source.query(name)
    case 'request.path':
      return (source) => source.path(name)
    case 'context':
      return (source) => source.context(name)
    case 'stageVariables':
      return (source) => source.stageVariable(name)
    default:
      return undefined
  }
}

function answerSelection(expression: string): Mapping | undefined {
  if (/^(context|stageVariables)\./.test(expression)) return selection(expression)
  if (expression === 'response.body') {
    return ({ response }) => (response === undefined ? undefined : strictText(response.body))
  }
  if (/^response\.body[.[]/.test(expression)) {
    const steps = stepsOf(expression.slice('response.body'.length))
    if (steps === undefined) return undefined
    return ({ response }) =>
      response === undefined ? undefined : printed(walk(parsed(response.body), steps))
  }
  const name = /^response\.header\.(.+)$/s.exec(expression)?.[1]?.toLowerCase()
  return name === undefined ? undefined : ({ response }) => response?.header(name)
}

/** Names and indexes of a JSONPath without recursion and filters, which AWS does not take here either. */
function stepsOf(path: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = []
  let at = 0
  const step = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/y
  while (at < path.length) {
    step.lastIndex = at
    const hit = step.exec(path)
    if (hit === null) return undefined
    steps.push(hit[2] === undefined ? (hit[1] ?? hit[3] ?? '') : Number(hit[2]))
    at = step.lastIndex
  }
  return steps
}

function walk(value: unknown, steps: readonly (string | number)[]): unknown {
  let here = value
  for (const step of steps) {
    if (typeof step === 'number') here = Array.isArray(here) ? here[step] : undefined
    else here = isRecord(here) && Object.hasOwn(here, step) ? here[step] : undefined
  }
  return here
}

const parsed = (body: Bytes): unknown => parseJson(strictText(body) ?? '')

/** Texts as they are, all else as JSON. */
function printed(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
