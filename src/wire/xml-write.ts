/**
 * From a service's output to XML text: one closure per shape, compiled on first use. Serves REST services and query
 * answers alike; what stands around the body (results, errors) is `respond.ts`'s and `faults.ts`'s.
 */
import { isRecord } from '#base/json.ts'
import type { Model } from '#wire/model.ts'
import { plainText, printScalar } from '#wire/scalars.ts'
import type { Kind, Member, Shape } from '#wire/table.ts'
import { escapeXml } from '#wire/xml-parse.ts'

/** Writes what stands inside the element. */
type Inside = (value: unknown) => string
/** Writes a member as one or several elements of a name. */
type Elements = (value: unknown) => string

export type Namespace = readonly [uri: string, prefix?: string]

export const printNamespace = (ns: Namespace | undefined): string =>
  ns === undefined ? '' : ` xmlns${ns[1] === undefined ? '' : `:${ns[1]}`}="${escapeXml(ns[0])}"`

export class XmlWriter {
  readonly #made = new Map<string, Inside>()
  readonly model: Model

  constructor(model: Model) {
    this.model = model
  }

  /** What stands inside an element of this member's shape. */
  inside(member: Member): Inside {
    const key = `${member.s}:${member.ts ?? ''}`
    const hit = this.#made.get(key)
    if (hit !== undefined) return hit
    let write: Inside | undefined
    this.#made.set(key, (value) => write?.(value) ?? '')
    write = this.#make(this.model.shape(member.s), member)
    this.#made.set(key, write)
    return write
  }

  #make(shape: Shape, member: Member): Inside {
    switch (shape.t) {
      case 'structure':
      case 'union':
        return this.structure(Object.entries(shape.m ?? {}))
      case 'list':
        return this.#list(shape, shape.e?.xml ?? 'member')
      case 'map':
        return this.#map(shape, 'entry')
      case 'string':
      case 'boolean':
      case 'byte':
      case 'short':
      case 'integer':
      case 'long':
      case 'float':
      case 'double':
      case 'blob':
      case 'timestamp':
      case 'document':
        return this.#scalar(shape.t, member)
      default:
        return shape.t satisfies never
    }
  }

  #scalar(kind: Kind, member: Member): Inside {
    const format = this.model.time(member, 'iso')
    const isFullMs = this.model.table.fullMs === 1
    if (kind === 'string') return (value) => escapeXml(plainText(value))
    return (value) => printScalar(value, kind, format, isFullMs)
  }

  #list(shape: Shape, name: string): Inside {
    const element = shape.e
    if (element === undefined) return () => ''
    const write = this.element(element, name)
    return (value) => {
      if (!Array.isArray(value)) return ''
      const items: readonly unknown[] = value
      let out = ''
      for (const item of items) if (item !== null && item !== undefined) out += write(item)
      return out
    }
  }

  #map(shape: Shape, name: string, ns?: Namespace): Inside {
    const { k, v } = shape
    if (k === undefined || v === undefined) return () => ''
    const writeKey = this.element(k, k.xml ?? 'key')
    const writeValue = this.element(v, v.xml ?? 'value')
    const open = `${name}${printNamespace(ns)}`
    return (value) => {
      if (!isRecord(value)) return ''
      let out = ''
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined && item !== null)
          out += `<${open}>${writeKey(key)}${writeValue(item)}</${name}>`
      }
      return out
    }
  }

  /** One element of a name around a value of the member's shape, with its attributes and namespace: the member's own, or a prefix of the shape's. */
  element(member: Member, name: string): Elements {
    const shape = this.model.shape(member.s)
    const ns = member.ns ?? (shape.ns?.[1] === undefined ? undefined : shape.ns)
    const printed = printNamespace(ns)
    const attributes = this.attributes(Object.entries(shape.m ?? {}), ns)
    let inside: Inside | undefined
    return (value) => {
      inside ??= this.inside(member)
      const body = inside(value)
      const open = `${name}${printed}${attributes === null ? '' : attributes(value)}`
      return `<${open}>${body}</${name}>`
    }
  }

  /** The attributes that members of a structure are, or null when there is none. */
  attributes(members: readonly (readonly [string, Member])[], ns: Namespace | undefined): Inside | null {
    const needsXsi = ns?.[1] !== 'xsi'
    const parts = members.filter(([, member]) => member.attr === 1)
    if (parts.length === 0) return null
    return (value) => {
      if (!isRecord(value)) return ''
      let out = ''
      for (const [name, member] of parts) {
        const wire = member.xml ?? name
        const item = value[name]
        if (item !== undefined && item !== null)
          out += `${needsXsi ? xsi(wire) : ''} ${wire}="${escapeXml(plainText(item))}"`
      }
      return out
    }
  }

  #member(name: string, member: Member): Elements {
    const wire = member.xml ?? name
    const shape = this.model.shape(member.s)
    if (member.text === 1) return this.inside(member)
    if (member.flat === 1 && shape.t === 'map') return this.#map(shape, wire, member.ns)
    if (member.flat === 1 && shape.t === 'list') {
      const element = shape.e
      const ns = member.ns ?? element?.ns
      return element === undefined
        ? () => ''
        : this.#list({ ...shape, e: ns === undefined ? element : { ...element, ns } }, wire)
    }
    return this.element(member, wire)
  }

  /** The elements of these members, in the model's order. */
  structure(members: readonly (readonly [string, Member])[]): Inside {
    const parts = members
      .filter(([, member]) => member.attr !== 1)
      .map(([name, member]) => ({ name, write: this.#member(name, member) }))
    return (value) => {
      if (!isRecord(value)) return ''
      let out = ''
      for (const { name, write } of parts) {
        const item = value[name]
        if (item !== undefined && item !== null) out += write(item)
      }
      return out
    }
  }
}

/** The namespace that a prefixed attribute needs. Source: S3 API reference, Grantee. */
const xsi = (name: string): string =>
  name.startsWith('xsi:') ? ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' : ''
