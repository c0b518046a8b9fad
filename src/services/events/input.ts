/**
 * What a target receives of an event: all of it, a constant, one of its parts, or a template filled from it. Pure.
 * Source: EventBridge user guide, Input transformation; recorded AWS deliveries.
 */
import { isRecord, parseJson } from '#base/json.ts'
import { instant, isoMs } from '#base/time.ts'
import type { InputTransformer, Target } from '#model/events.ts'
import { minified } from '#services/events/event.ts'
import { valueAtPath } from '#services/events/json-path.ts'

/** Beside the event: what reserved names stand for. */
export interface Surroundings {
  /** The whole event. */
  readonly text: string
  readonly ruleArn: string
  readonly ruleName: string
  /** Epoch ms. */
  readonly ingestedAt: number
}

const RESERVED = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
] as const

const PLACEHOLDER = /<([A-Za-z0-9_.-]+)>/g

/** The first name in the template that stands for nothing, or undefined. */
export function unknownPlaceholder({ InputTemplate, InputPathsMap }: InputTransformer): string | undefined {
  const known = new Set<string>([...Object.keys(InputPathsMap ?? {}), ...RESERVED])
  for (const [, name = ''] of InputTemplate.matchAll(PLACEHOLDER)) if (!known.has(name)) return name
  return undefined
}

/** The payload, or undefined when a template that should give JSON gives none. */
export function inputOf(target: Target, of: Surroundings): string | undefined {
  const { Input, InputPath, InputTransformer: transformer } = target
  if (Input !== undefined) return Input
  if (InputPath !== undefined) {
    const found = valueAtPath(parseJson(of.text), InputPath)
    return found.found ? JSON.stringify(found.value) : '""'
  }
  return transformer === undefined ? of.text : transformed(transformer, of)
}

function transformed(transformer: InputTransformer, of: Surroundings): string | undefined {
  const event = parseJson(of.text)
  const values = new Map<string, unknown>()
  for (const [name, path] of Object.entries(transformer.InputPathsMap ?? {})) {
    const found = valueAtPath(event, path)
    if (found.found) values.set(name, found.value)
  }
  values.set('aws.events.rule-arn', of.ruleArn)
  values.set('aws.events.rule-name', of.ruleName)
  values.set('aws.events.event.ingestion-time', isoMs(instant(of.ingestedAt)))
  values.set('aws.events.event', withoutDetail(event))
  values.set('aws.events.event.json', event)
  const filled = fill(transformer.InputTemplate, values)
  if (filled.trimStart().startsWith('"')) return filled
  return parseJson(filled) === undefined ? undefined : minified(filled)
}

/** `detail-type` is `detailType` here. Source: recorded AWS delivery. */
function withoutDetail(event: unknown): unknown {
  if (!isRecord(event)) return event
  return Object.fromEntries(
    Object.entries(event)
      .filter(([name]) => name !== 'detail')
      .map(([name, value]) => [name === 'detail-type' ? 'detailType' : name, value]),
  )
}

/** Inside quotes values are put in as they are, outside as JSON; what is missing is empty. */
function fill(template: string, values: ReadonlyMap<string, unknown>): string {
  let out = ''
  let from = 0
  let isInText = false
  for (const match of template.matchAll(PLACEHOLDER)) {
    const between = template.slice(from, match.index)
    isInText = quotedAfter(between, isInText)
    const name = match[1] ?? ''
    const value = values.get(name)
    out += between + (isInText ? bare(value) : value === undefined ? '""' : JSON.stringify(value))
    from = match.index + match[0].length
  }
  return out + template.slice(from)
}

function quotedAfter(part: string, isInText: boolean): boolean {
  let inside = isInText
  for (let at = 0; at < part.length; at++) {
    if (part[at] === '\\') at++
    else if (part[at] === '"') inside = !inside
  }
  return inside
}

/** Objects and lists lose their quotes: `{a:b}`. Source: recorded AWS delivery. */
function bare(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '')
}
