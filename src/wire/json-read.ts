/**
 * From parsed JSON or CBOR to a service's input: one closure per shape, compiled on first use. Unknown members and
 * nulls are dropped, wrong types refused. The two protocols differ only in their leaves (bytes, times, big numbers).
 */
import { isRecord } from '#base/json.ts'
import { type Instant, instant } from '#base/time.ts'
import { serialization, wrongType } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import { decimalOf, isWithin, strictBase64, timeOf } from '#wire/scalars.ts'
import type { Kind, Member, Shape, TimeFormat } from '#wire/table.ts'

export type Read = (value: unknown) => unknown

/** How a protocol holds what JSON has no value for. */
export interface Leaves {
  readonly blob: Read
  readonly time: (value: unknown, format: TimeFormat) => Instant
  readonly whole: (value: unknown, kind: Kind) => number
  readonly decimal: (value: unknown) => number
}

const NAMES: Partial<Record<Kind, string>> = {
  byte: 'Byte',
  short: 'Short',
  integer: 'Integer',
  long: 'Long',
  float: 'Float',
  double: 'Double',
}

export const JSON_LEAVES: Leaves = {
  blob: (value) => {
    if (typeof value !== 'string') throw wrongType(value, 'a Blob')
    const bytes = strictBase64(value)
    if (bytes === undefined) throw serialization('Invalid base64')
    return bytes
  },
  time: (value, format) => {
    if (format === 'unix') {
      if (typeof value === 'number') return instant(Math.round(value * 1_000_000) / 1_000)
    } else if (typeof value === 'string' && !/[+-]\d\d:\d\d$/.test(value)) {
      const at = timeOf(value, format)
      if (at !== undefined) return at
    }
    throw wrongType(value, 'a Timestamp')
  },
  whole: (value, kind) => {
    if (typeof value === 'number' && Number.isInteger(value) && isWithin(value, kind)) return value
    throw wrongType(value, NAMES[kind] ?? 'Integer')
  },
  decimal: (value) => {
    if (typeof value === 'number') return value
    const named = typeof value === 'string' && !/\d/.test(value) ? decimalOf(value) : undefined
    if (named !== undefined) return named
    throw wrongType(value, 'Double')
  },
}

const asString: Read = (value) => {
  if (typeof value === 'string') return value
  throw wrongType(value, 'a String')
}
const asBoolean: Read = (value) => {
  if (typeof value === 'boolean') return value
  throw wrongType(value, 'Boolean')
}

/** Writes a key even when it is `__proto__`. */
export function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** How often a shape may hold itself; ours, far beyond any service's own bound. */
const DEPTH_MAX = 256

export interface ReaderOptions {
  readonly leaves: Leaves
  /** Names of REST services' JSON bodies instead of the members' own. */
  readonly useNames: boolean
}

export class Reader {
  readonly #made = new Map<string, Read>()
  #depth = 0
  readonly model: Model
  readonly options: ReaderOptions

  constructor(model: Model, options: ReaderOptions) {
    this.model = model
    this.options = options
  }

  /** The reader of a member's shape. Recursion goes through a forward reference. */
  reader(member: Member): Read {
    const key = member.ts === undefined ? member.s : `${member.s}:${member.ts}`
    const hit = this.#made.get(key)
    if (hit !== undefined) return hit
    let read: Read | undefined
    this.#made.set(key, (value) => this.#again(read, value))
    read = this.#make(this.model.shape(member.s), member)
    this.#made.set(key, read)
    return read
  }

  /** A shape within itself: the only place where depth grows with the input. */
  #again(read: Read | undefined, value: unknown): unknown {
    if (this.#depth >= DEPTH_MAX) throw serialization('The request body is nested too deeply')
    this.#depth++
    try {
      return read?.(value)
    } finally {
      this.#depth--
    }
  }

  #make(shape: Shape, member: Member): Read {
    const { leaves } = this.options
    const { t: kind } = shape
    switch (kind) {
      case 'structure':
        return this.structure(Object.entries(shape.m ?? {}))
      case 'union':
        return this.#union(shape)
      case 'list':
        return this.#list(shape)
      case 'map':
        return this.#map(shape)
      case 'string':
        return asString
      case 'boolean':
        return asBoolean
      case 'byte':
      case 'short':
      case 'integer':
      case 'long':
        return (value) => leaves.whole(value, kind)
      case 'float':
      case 'double':
        return leaves.decimal
      case 'blob':
        return leaves.blob
      case 'timestamp': {
        const format = this.model.time(member, 'unix')
        return (value) => leaves.time(value, format)
      }
      case 'document':
        return (value) => value
      default:
        return kind satisfies never
    }
  }

  /** Reads these members of an object; the body of a REST request has only some of its input's. */
  structure(members: readonly (readonly [string, Member])[]): Read {
    const names = members.map(([name]) => name)
    const keys = members.map(([name, member]) => (this.options.useNames ? (member.json ?? name) : name))
    const reads = members.map(([, member]) => this.reader(member))
    return (value) => {
      if (!isRecord(value) || value instanceof Uint8Array) throw wrongType(value, 'Structure')
      const out: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++) {
        const key = keys[i] ?? ''
        const found = value[key]
        if (found !== undefined && found !== null && Object.hasOwn(value, key))
          out[names[i] ?? ''] = reads[i]?.(found)
      }
      return out
    }
  }

  #union(shape: Shape): Read {
    const members = Object.entries(shape.m ?? {})
    const read = this.structure(members)
    const known = new Set(
      members.map(([name, member]) => (this.options.useNames ? (member.json ?? name) : name)),
    )
    return (value) => {
      if (!isRecord(value)) throw wrongType(value, 'Structure')
      const set = Object.entries(value).filter(([key, found]) => found !== null && key !== '__type')
      if (set.length !== 1 || !known.has(set[0]?.[0] ?? ''))
        throw serialization('Unions must have exactly one member set')
      return read(value)
    }
  }

  #list(shape: Shape): Read {
    const read = shape.e === undefined ? asString : this.reader(shape.e)
    const isSparse = shape.sparse === 1
    return (value) => {
      if (!Array.isArray(value)) throw wrongType(value, 'List')
      const found: readonly unknown[] = value
      return found.map((element) => {
        if (element !== null && element !== undefined) return read(element)
        if (isSparse) return null
        throw serialization('Null value found in a list that may not hold null')
      })
    }
  }

  #map(shape: Shape): Read {
    const read = shape.v === undefined ? asString : this.reader(shape.v)
    const isSparse = shape.sparse === 1
    return (value) => {
      if (!isRecord(value) || value instanceof Uint8Array) throw wrongType(value, 'Map')
      const out: Record<string, unknown> = {}
      for (const [key, found] of Object.entries(value)) {
        if (found !== null && found !== undefined) put(out, key, read(found))
        else if (isSparse) put(out, key, null)
        else throw serialization('Null value found in a map that may not hold null')
      }
      return out
    }
  }
}
