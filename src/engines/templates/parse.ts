/**
 * Template text to plain values: JSON, or YAML with CloudFormation's short forms (`!Ref`, `!GetAtt A.B`, ...). Numbers
 * whose spelling would not survive (`2.0`, `007`) stay strings, because most properties want the text. Not here: what
 * a template must contain (`validate.ts`).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { failed, ok, type Result } from '#base/result.ts'
import { isDict, type Dict, type Value } from '#engines/templates/value.ts'

export interface ParseError {
  readonly message: string
  /** Counted from 1; undefined when the text as a whole is wrong. */
  readonly line: number | undefined
}

export interface ParsedTemplate {
  readonly body: Dict
  readonly format: 'json' | 'yaml'
  /** The line, from 1, where the value of this path begins; the nearest parent's when the path does not exist. */
  lineOf(...path: readonly (string | number)[]): number | undefined
}

interface Walk {
  readonly document: ReturnType<typeof parseDocument>
  readonly lines: LineCounter
  readonly places: Map<string, number>
  depth: number
}

const DEPTH_MAX = 120
const LONG_FORMS = new Map<string, string>([
  ['!Ref', 'Ref'],
  ['!Condition', 'Condition'],
])
const FUNCTIONS =
  'And Base64 Cidr Contains EachMemberEquals EachMemberIn Equals FindInMap GetAtt GetAZs If ImportValue Join ' +
  'Length Not Or RefAll Select Split Sub ToJsonString Transform ValueOf ValueOfAll'
for (const name of FUNCTIONS.split(' ')) LONG_FORMS.set(`!${name}`, `Fn::${name}`)

class Misshapen extends Error {
  readonly offset: number | undefined
  constructor(message: string, offset: number | undefined) {
    super(message)
    this.offset = offset
  }
}

const placeOf = (path: readonly (string | number)[]): string => JSON.stringify(path)

/**
 * Source: CloudFormation user guide, Template formats; the wording of errors is CloudFormation's.
 * YAML's aliases are followed, which CloudFormation's guide does not promise.
 */
export function parseTemplate(source: string): Result<ParsedTemplate, ParseError> {
  const json = source.trimStart().startsWith('{')
  if (json) {
    const body = jsonOf(source)
    if (body !== undefined) return ok({ body, format: 'json', lineOf: lazyLines(source) })
  }
  const walked = walkText(source, json ? 'JSON' : 'YAML')
  if (!walked.ok) return walked
  const { body, places } = walked.value
  return ok({ body, format: json ? 'json' : 'yaml', lineOf: (...path) => nearest(places, path) })
}

function walkText(
  source: string,
  kind: string,
): Result<{ readonly body: Dict; readonly places: Map<string, number> }, ParseError> {
  const lines = new LineCounter()
  const document = parseDocument(source, {
    lineCounter: lines,
    uniqueKeys: false,
    logLevel: 'silent',
    schema: 'core',
    prettyErrors: false,
  })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const at = lines.linePos(broken.pos[0])
    return failed({
      message: `Template format error: ${kind} not well-formed. (line ${at.line}, column ${at.col})`,
      line: at.line,
    })
  }
  const walk: Walk = { document, lines, places: new Map(), depth: 0 }
  try {
    const body = valueOf(document.contents, [], walk)
    if (!isDict(body))
      return failed({ message: 'Template format error: unsupported structure.', line: undefined })
    return ok({ body, places: walk.places })
  } catch (error) {
    if (!(error instanceof Misshapen)) throw error
    return failed({
      message: `Template format error: ${error.message}`,
      line: error.offset === undefined ? undefined : lines.linePos(error.offset).line,
    })
  }
}

function jsonOf(source: string): Dict | undefined {
  try {
    const body: unknown = JSON.parse(source, (key, value: unknown) => {
      if (key === '__proto__') throw new Misshapen('a key is named __proto__', undefined)
      return value
    })
    return isDict(body) ? body : undefined
  } catch {
    return undefined
  }
}

function lazyLines(source: string): ParsedTemplate['lineOf'] {
  let places: Map<string, number> | undefined
  return (...path) => {
    if (places === undefined) {
      const walked = walkText(source, 'JSON')
      places = walked.ok ? walked.value.places : new Map<string, number>()
    }
    return nearest(places, path)
  }
}

function nearest(places: Map<string, number>, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const line = places.get(placeOf(path.slice(0, length)))
    if (line !== undefined) return line
  }
  return undefined
}

function valueOf(node: unknown, path: readonly (string | number)[], walk: Walk): Value {
  if (node === null || node === undefined) return null
  if (path.length > DEPTH_MAX || ++walk.depth > 500_000) {
    throw new Misshapen('the template is nested too deeply', undefined)
  }
  if (isAlias(node)) return valueOf(node.resolve(walk.document), path, walk)
  if (isScalar(node)) {
    note(node.range, path, walk)
    return shortForm(node.tag, scalarOf(node.value, node.source, node.type), node.range)
  }
  if (isSeq(node)) {
    note(node.range, path, walk)
    const items = node.items.map((item, at) => valueOf(item, [...path, at], walk))
    return shortForm(node.tag, items, node.range)
  }
  if (isMap(node)) {
    note(node.range, path, walk)
    return shortForm(node.tag, dictOf(node.items, path, walk), node.range)
  }
  throw new Misshapen('unsupported structure', undefined)
}

function dictOf(
  pairs: readonly { readonly key: unknown; readonly value?: unknown }[],
  path: readonly (string | number)[],
  walk: Walk,
): Dict {
  const out: Dict = {}
  for (const { key, value } of pairs) {
    const found = isAlias(key) ? key.resolve(walk.document) : key
    const name = isScalar(found) ? keyText(found.value, found.source) : undefined
    if (name === undefined || name === '__proto__') throw new Misshapen('a key must be a string', undefined)
    if (name === '<<' && isAlias(value)) {
      const merged = valueOf(value, path, walk)
      if (isDict(merged)) Object.assign(out, { ...merged, ...out })
      continue
    }
    if (isScalar(found)) note(found.range, [...path, name], walk)
    const line = walk.places.get(placeOf([...path, name]))
    out[name] = valueOf(value, [...path, name], walk)
    if (line !== undefined) walk.places.set(placeOf([...path, name]), line)
  }
  return out
}

const keyText = (value: unknown, source: string | undefined): string | undefined => {
  if (typeof value === 'string') return value
  if (source !== undefined) return source
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function note(
  range: readonly number[] | null | undefined,
  path: readonly (string | number)[],
  walk: Walk,
): void {
  const start = range?.[0]
  if (start !== undefined) walk.places.set(placeOf(path), walk.lines.linePos(start).line)
}

/** Scalars of YAML 1.1 where CloudFormation reads them so (`yes` is true), spelling kept where a number would lose it. */
function scalarOf(value: unknown, source: string | undefined, type: string | undefined): Value {
  if (value === null || value === undefined) return type === 'PLAIN' || source === undefined ? null : source
  if (typeof value === 'number') {
    return source === undefined || String(value) === source ? value : source
  }
  if (typeof value === 'bigint') return source ?? String(value)
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return source ?? null
  if (type !== 'PLAIN') return value
  if (/^(yes|Yes|YES|on|On|ON)$/.test(value)) return true
  return /^(no|No|NO|off|Off|OFF)$/.test(value) ? false : value
}

function shortForm(
  tag: string | undefined,
  value: Value,
  range: readonly number[] | null | undefined,
): Value {
  if (tag === undefined || tag.startsWith('tag:yaml.org') || tag === '!') return value
  const name = LONG_FORMS.get(tag)
  if (name === undefined) {
    throw new Misshapen(`Unsupported YAML tag: ${tag}`, range?.[0])
  }
  if (name === 'Fn::GetAtt' && typeof value === 'string') {
    const dot = value.indexOf('.')
    return { [name]: dot === -1 ? [value] : [value.slice(0, dot), value.slice(dot + 1)] }
  }
  // A tagged scalar is text whatever it looks like: `!Ref 123`, `!Sub true`.
  return { [name]: typeof value === 'number' || typeof value === 'boolean' ? String(value) : value }
}
