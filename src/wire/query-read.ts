/**
 * Query bodies: a form parsed into a tree in one pass over its keys, then read by the model like any other body. Lists are
 * numbered (gaps are legal), flat or below `member`; maps are numbered pairs. Clients differ in names: the wire name is
 * tried first, then the member's own.
 */
import { put } from '#wire/json-read.ts'
import { malformedInput, malformedQuery } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import { scalarOf } from '#wire/scalars.ts'
import type { Kind, Member, Shape } from '#wire/table.ts'
import type { Pair } from '#wire/uri.ts'

export interface FormNode {
  value: string | undefined
  readonly children: Record<string, FormNode>
}

/** Deepest dotted key; ours. */
const DEPTH_MAX = 64
const nodeOf = (): FormNode => ({ value: undefined, children: {} })

/** The tree of a form's dotted keys. The first of repeated keys counts. */
export function formTree(pairs: readonly Pair[]): FormNode {
  const root = nodeOf()
  for (const [key, value] of pairs) {
    let node = root
    const parts = key.split('.')
    if (parts.length > DEPTH_MAX) throw malformedQuery('A parameter name is nested too deeply')
    for (const part of parts) {
      if (part === '__proto__') throw malformedQuery('A parameter name is not valid')
      let next = Object.hasOwn(node.children, part) ? node.children[part] : undefined
      if (next === undefined) node.children[part] = next = nodeOf()
      node = next
    }
    node.value ??= value
  }
  return root
}

type Read = (node: FormNode) => unknown

const childOf = (node: FormNode, name: string): FormNode | undefined =>
  Object.hasOwn(node.children, name) ? node.children[name] : undefined

/** Numbered children in order of their numbers. */
function numbered(node: FormNode): FormNode[] {
  const found: (readonly [index: number, child: FormNode])[] = []
  for (const [key, child] of Object.entries(node.children))
    if (/^\d{1,9}$/.test(key)) found.push([Number(key), child])
  return found.sort(([a], [b]) => a - b).map(([, child]) => child)
}

export class QueryReader {
  readonly #made = new Map<string, Read>()
  readonly model: Model

  constructor(model: Model) {
    this.model = model
  }

  reader(member: Member): Read {
    const key = `${member.s}:${member.ts ?? ''}:${member.flat ?? ''}`
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
      case 'union':
        return this.structure(Object.entries(shape.m ?? {}))
      case 'list':
        return this.#list(shape)
      case 'map':
        return this.#map(shape)
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
    return (node) => {
      const text = node.value
      if (text === undefined) throw malformedInput('Structure found where a plain value was expected')
      const value = scalarOf(text, kind, format)
      if (value !== undefined) return value
      if (text === '' && kind !== 'timestamp') return undefined
      throw malformedInput(`'${text.slice(0, 256)}' is not a valid ${kind}`)
    }
  }

  /** Both forms are read for every list: some clients write flat lists below `member`, others leave it out. */
  #list(shape: Shape): Read {
    const element = shape.e
    const read = element === undefined ? undefined : this.reader(element)
    return (node) => {
      const wrapped = childOf(node, element?.xml ?? 'member') ?? childOf(node, 'member')
      return numbered(wrapped ?? node).map((child) => read?.(child))
    }
  }

  #map(shape: Shape): Read {
    const { k, v } = shape
    if (k === undefined || v === undefined) return () => ({})
    const read = this.reader(v)
    const find = (entry: FormNode, names: readonly string[]): FormNode | undefined => {
      for (const name of names) {
        const found = childOf(entry, name)
        if (found !== undefined) return found
      }
      return undefined
    }
    const keys = [k.xml ?? 'key', 'key', 'Key', 'Name']
    const values = [v.xml ?? 'value', 'value', 'Value']
    return (node) => {
      const out: Record<string, unknown> = {}
      for (const entry of numbered(childOf(node, 'entry') ?? node)) {
        const key = find(entry, keys)?.value
        const value = find(entry, values)
        if (key === undefined || value === undefined)
          throw malformedInput('A map entry has no key or no value')
        put(out, key, read(value))
      }
      return out
    }
  }

  structure(members: readonly (readonly [string, Member])[]): Read {
    const parts = members.map(([name, member]) => ({
      name,
      wire: member.xml ?? name,
      isMany: ['list', 'map'].includes(this.model.shape(member.s).t),
      read: this.reader(member),
    }))
    return (node) => {
      const out: Record<string, unknown> = {}
      for (const { name, wire, isMany, read } of parts) {
        const child = childOf(node, wire) ?? (wire === name ? undefined : childOf(node, name))
        if (child === undefined) continue
        const value =
          isMany || child.value !== undefined || Object.keys(child.children).length > 0
            ? read(child)
            : undefined
        if (value !== undefined) out[name] = value
      }
      return out
    }
  }
}
