/**
 * From a service's output to what `JSON.stringify` or the CBOR encoder takes. A shape that needs no work below it
 * (no bytes, times, renames, doubles) has no writer at all: its value goes out as it is.
 */
import { isRecord } from '#base/json.ts'
import { instant } from '#base/time.ts'
import { put } from '#wire/json-read.ts'
import type { Model } from '#wire/model.ts'
import { bytesBase64, printTime, secondsOf } from '#wire/scalars.ts'
import type { Member, Shape, TimeFormat } from '#wire/table.ts'

export type Write = (value: unknown) => unknown

/** Null where the protocol takes the value as it is. */
export interface WriteLeaves {
  readonly blob: Write | null
  readonly time: (format: TimeFormat) => Write
  readonly decimal: Write | null
}

export const JSON_WRITE_LEAVES: WriteLeaves = {
  blob: (value) => (value instanceof Uint8Array ? bytesBase64(value) : value),
  time: (format) =>
    format === 'unix'
      ? (value) => (typeof value === 'number' ? secondsOf(value) : value)
      : (value) => (typeof value === 'number' ? printTime(instant(value), format, false) : value),
  decimal: (value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
}

export interface WriterOptions {
  readonly leaves: WriteLeaves
  readonly useNames: boolean
}

export class Writer {
  readonly #made = new Map<string, Write | null>()
  readonly model: Model
  readonly options: WriterOptions

  constructor(model: Model, options: WriterOptions) {
    this.model = model
    this.options = options
  }

  /** The writer of a member's shape, or null when its values need none. */
  writer(member: Member): Write | null {
    const key = member.ts === undefined ? member.s : `${member.s}:${member.ts}`
    const hit = this.#made.get(key)
    if (hit !== undefined) return hit
    let write: Write | null | undefined
    this.#made.set(key, (value) => (write === undefined || write === null ? value : write(value)))
    write = this.#make(this.model.shape(member.s), member)
    this.#made.set(key, write)
    return write
  }

  #make(shape: Shape, member: Member): Write | null {
    const { leaves } = this.options
    switch (shape.t) {
      case 'structure':
      case 'union':
        return this.structure(Object.entries(shape.m ?? {}))
      case 'list': {
        const write = shape.e === undefined ? null : this.writer(shape.e)
        if (write === null) return null
        return (value) =>
          Array.isArray(value) ? value.map((item) => (item === null ? null : write(item))) : value
      }
      case 'map':
        return this.#map(shape)
      case 'blob':
        return leaves.blob
      case 'timestamp':
        return leaves.time(this.model.time(member, 'unix'))
      case 'float':
      case 'double':
        return leaves.decimal
      case 'string':
      case 'boolean':
      case 'byte':
      case 'short':
      case 'integer':
      case 'long':
      case 'document':
        return null
      default:
        return shape.t satisfies never
    }
  }

  #map(shape: Shape): Write | null {
    const write = shape.v === undefined ? null : this.writer(shape.v)
    if (write === null) return null
    return (value) => {
      if (!isRecord(value)) return value
      const out: Record<string, unknown> = {}
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) put(out, key, item === null ? null : write(item))
      }
      return out
    }
  }

  /** Writes these members of a structure; null when all of them go out as they are. */
  structure(members: readonly (readonly [string, Member])[]): Write | null {
    const parts = members.map(([name, member]) => ({
      name,
      key: this.options.useNames ? (member.json ?? name) : name,
      write: this.writer(member),
    }))
    if (parts.every(({ name, key, write }) => name === key && write === null)) return null
    return (value) => {
      if (!isRecord(value)) return value
      const out: Record<string, unknown> = {}
      for (const { name, key, write } of parts) {
        const item = value[name]
        if (item !== undefined && item !== null) out[key] = write === null ? item : write(item)
      }
      return out
    }
  }
}
