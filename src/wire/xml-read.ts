/** From an XML element to a service's input, by the model's names: one closure per shape, compiled on first use. */
import { put } from '#wire/json-read.ts'
import { malformedXml } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import { scalarOf } from '#wire/scalars.ts'
import type { Kind, Member, Shape } from '#wire/table.ts'
import type { XmlNode } from '#wire/xml-parse.ts'

type Read = (node: XmlNode) => unknown
/** Reads from all children of a name: flat lists and maps have many, others use the last. */
type ReadAll = (nodes: readonly XmlNode[]) => unknown

export class XmlReader {
  readonly #made = new Map<string, Read>()
  readonly model: Model

  constructor(model: Model) {
    this.model = model
  }

  reader(member: Member): Read {
    const key = `${member.s}:${member.ts ?? ''}`
    const hit = this.#made.get(key)
    if (hit !== undefined) return hit
    let read: Read | undefined
    this.#made.set(key, (node) => read?.(node))
    read = this.#make(this.model.shape(member.s), member)
    this.#made.set(key, read)
    return read
  }

  #make(shape: Shape, member: Member): Read {
    switch (shape.t) {
      case 'structure':
        return this.structure(Object.entries(shape.m ?? {}))
      case 'union': {
        const read = this.structure(Object.entries(shape.m ?? {}))
        return (node) => {
          if (node.children.length !== 1) throw malformedXml()
          return read(node)
        }
      }
      case 'list': {
        const name = shape.e?.xml ?? 'member'
        const read = this.#list(shape)
        return (node) => read(node.children.filter((child) => child.name === name))
      }
      case 'map': {
        const read = this.#map(shape)
        return (node) => read(node.children.filter((child) => child.name === 'entry'))
      }
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

  #scalar(kind: Kind, member: Member): Read {
    const format = this.model.time(member, 'iso')
    const isText = kind === 'string'
    return (node) => {
      const value = scalarOf(isText ? node.text : node.text.trim(), kind, format)
      if (value === undefined) throw malformedXml()
      return value
    }
  }

  #list(shape: Shape): ReadAll {
    const read = shape.e === undefined ? undefined : this.reader(shape.e)
    return (nodes) => nodes.map((node) => read?.(node))
  }

  #map(shape: Shape): ReadAll {
    const { k, v } = shape
    if (k === undefined || v === undefined) return () => ({})
    const [keyName, valueName, read] = [k.xml ?? 'key', v.xml ?? 'value', this.reader(v)]
    return (nodes) => {
      const out: Record<string, unknown> = {}
      for (const entry of nodes) {
        const key = entry.children.find((child) => child.name === keyName)
        const value = entry.children.find((child) => child.name === valueName)
        if (key === undefined || value === undefined) throw malformedXml()
        put(out, key.text, read(value))
      }
      return out
    }
  }

  /** Reads these members of an element. */
  structure(members: readonly (readonly [string, Member])[]): Read {
    const parts = members.map(([name, member]) => {
      const shape = this.model.shape(member.s)
      const isFlat = member.flat === 1
      const all: ReadAll | undefined = !isFlat
        ? undefined
        : shape.t === 'map'
          ? this.#map(shape)
          : this.#list(shape)
      return {
        name,
        wire: unprefixed(member.xml ?? name),
        attribute: member.attr === 1 ? (member.xml ?? name) : '',
        member,
        all,
      }
    })
    const byName = new Map(parts.filter((part) => part.attribute === '').map((part) => [part.wire, part]))
    const attributes = parts.filter((part) => part.attribute !== '')
    const reads = new Map(
      parts.filter(({ all }) => all === undefined).map(({ name, member }) => [name, this.reader(member)]),
    )
    return (node) => {
      const out: Record<string, unknown> = {}
      const many = new Map<string, XmlNode[]>()
      for (const child of node.children) {
        const part = byName.get(child.name)
        if (part === undefined) continue
        if (part.all === undefined) {
          out[part.name] = reads.get(part.name)?.(child)
          continue
        }
        const seen = many.get(part.name)
        if (seen === undefined) many.set(part.name, [child])
        else seen.push(child)
      }
      for (const { name, all } of parts) {
        const nodes = many.get(name)
        if (all !== undefined && nodes !== undefined) out[name] = all(nodes)
      }
      for (const { name, attribute } of attributes) {
        if (Object.hasOwn(node.attributes, attribute)) out[name] = node.attributes[attribute]
      }
      return out
    }
  }
}

const unprefixed = (name: string): string => name.slice(name.indexOf(':') + 1)
