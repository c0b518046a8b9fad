/**
 * REST bindings of requests: labels, query keys, headers and headers below a prefix become members of the input. Bodies
 * and payloads are `decode.ts`'s. One list of steps per operation, compiled on first use.
 */
import type { Fault } from '#base/fault.ts'
import { put } from '#wire/json-read.ts'
import { invalidArgument, serialization } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import type { RawLabels } from '#wire/router.ts'
import { base64Text, scalarOf } from '#wire/scalars.ts'
import type { Kind, Member, TimeFormat } from '#wire/table.ts'
import { type Pair, decodePart } from '#wire/uri.ts'

/** What a request offers to bind. */
export interface Sources {
  readonly labels: RawLabels
  readonly query: readonly Pair[]
  readonly headers: Readonly<Record<string, string>>
}

type Input = Record<string, unknown>

/** JSON services take times in UTC only. Source: the Smithy protocol cases of restJson1. */
const OFFSET = /[+-]\d\d:\d\d$/
type Step = (sources: Sources, input: Input) => void

export class Binder {
  readonly #made = new Map<string, readonly Step[]>()
  readonly model: Model
  readonly isXml: boolean

  constructor(model: Model, isXml: boolean) {
    this.model = model
    this.isXml = isXml
  }

  /** Puts every bound member of an input shape that the request holds into the input. */
  bind(name: string, sources: Sources, input: Input): void {
    let steps = this.#made.get(name)
    if (steps === undefined) this.#made.set(name, (steps = this.#steps(name)))
    for (const step of steps) step(sources, input)
  }

  /** Header members that came late, as trailers of a body. Those already there stay. */
  late(name: string, headers: Readonly<Record<string, string>>, input: Input): void {
    const found: Input = {}
    this.bind(name, { labels: {}, query: [], headers }, found)
    for (const [key, value] of Object.entries(found)) input[key] ??= value
  }

  #steps(name: string): readonly Step[] {
    const members = this.model.members(name)
    const bound = new Set(members.flatMap(([, { at, w }]) => (at === 'query' && w !== undefined ? [w] : [])))
    return members.flatMap(([key, member]): Step[] => {
      switch (member.at) {
        case 'label':
          return [this.#label(key, member)]
        case 'query':
          return [this.#query(key, member)]
        case 'queries':
          return [this.#queries(key, member, this.isXml ? bound : new Set())]
        case 'header':
          return [this.#header(key, member)]
        case 'headers':
          return [this.#headers(key, member)]
        case 'payload':
        case 'status':
        case undefined:
          return []
        default:
          return member.at satisfies never
      }
    })
  }

  #refuse(name: string, value: string, kind: string): Fault {
    if (this.isXml) return invalidArgument(name, value)
    return serialization(`'${value.slice(0, 256)}' is not a valid ${kind} for ${name}`)
  }

  #value(text: string, member: Member, name: string, format: TimeFormat): unknown {
    const shape = this.model.shape(member.s)
    const hasOffset = !this.isXml && shape.t === 'timestamp' && OFFSET.test(text)
    const value = hasOffset ? undefined : scalarOf(text, shape.t, format)
    if (value === undefined) throw this.#refuse(name, text, shape.t)
    return value
  }

  #label(key: string, member: Member): Step {
    const wire = member.w ?? key
    const format = this.model.time(member, 'iso')
    return ({ labels }, input) => {
      const raw = labels[wire]
      if (raw === undefined) return
      const text = decodePart(raw)
      if (text === undefined) throw this.#refuse(wire, raw, 'label')
      input[key] = this.#value(text, member, wire, format)
    }
  }

  #query(key: string, member: Member): Step {
    const wire = member.w ?? key
    const shape = this.model.shape(member.s)
    const element = shape.t === 'list' ? shape.e : undefined
    const format = this.model.time(element ?? member, 'iso')
    const isText = (kind: Kind): boolean => kind === 'string'
    const emptyIsAbsent = this.model.table.emptyAbsent === 1 && !isText(shape.t)
    return ({ query }, input) => {
      if (query.length === 0) return
      const found = query.filter(([name]) => name === wire)
      const [first] = found
      if (first === undefined) return
      if (element !== undefined) {
        input[key] = found.map(([, text]) => this.#value(text, element, wire, format))
        return
      }
      if (emptyIsAbsent && first[1] === '') return
      input[key] = this.#value(first[1], member, wire, format)
    }
  }

  #queries(key: string, member: Member, bound: ReadonlySet<string>): Step {
    const held = this.model.shape(member.s).v
    const isMany = held !== undefined && this.model.shape(held.s).t === 'list'
    return ({ query }, input) => {
      const out: Record<string, string | string[]> = {}
      for (const [name, text] of query) {
        if (bound.has(name)) continue
        const before = Object.hasOwn(out, name) ? out[name] : undefined
        if (!isMany) put(out, name, before ?? text)
        else if (Array.isArray(before)) before.push(text)
        else put(out, name, [text])
      }
      if (Object.keys(out).length > 0) input[key] = out
    }
  }

  #header(key: string, member: Member): Step {
    const wire = (member.w ?? key).toLowerCase()
    const shape = this.model.shape(member.s)
    const element = shape.t === 'list' ? shape.e : undefined
    const format = this.model.time(element ?? member, 'http')
    const isEncoded = (member.media ?? shape.media) !== undefined
    return ({ headers }, input) => {
      const text = headers[wire]
      if (text === undefined) return
      if (element !== undefined) {
        const isDates = this.model.shape(element.s).t === 'timestamp' && format === 'http'
        input[key] = listOf(text, isDates).map((part) => this.#value(part, element, wire, format))
        return
      }
      if (text === '' && shape.t !== 'string') return
      const value = isEncoded ? base64Text(text) : this.#value(text, member, wire, format)
      if (value === undefined) throw this.#refuse(wire, text, 'header')
      input[key] = value
    }
  }

  #headers(key: string, member: Member): Step {
    const prefix = (member.w ?? '').toLowerCase()
    return ({ headers }, input) => {
      const out: Record<string, string> = {}
      for (const name of Object.keys(headers)) {
        if (name.startsWith(prefix) && name.length > prefix.length)
          put(out, name.slice(prefix.length), headers[name] ?? '')
      }
      if (Object.keys(out).length > 0) input[key] = out
    }
  }
}

/** Elements of a list header. Quoted elements may hold commas; dates hold one each. */
export function listOf(header: string, isDates: boolean): string[] {
  if (isDates) return header.match(/[^,]+,[^,]+/g)?.map((part) => part.trim()) ?? []
  const out: string[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)/y
  while (pattern.lastIndex < header.length) {
    const found = pattern.exec(header)
    if (found === null) return header.split(',').map((part) => part.trim())
    out.push(found[1] === undefined ? (found[2] ?? '').trim() : found[1].replaceAll(/\\(.)/g, '$1'))
  }
  return out
}
