/**
 * The check of services that answer in words of their own: only that what the types promise is there. Which members can
 * be missing below a shape is found once per shape. The other checks of the model are `validate.ts`'s.
 */
import { Fault } from '#base/fault.ts'
import { isRecord } from '#base/json.ts'
import { malformedXml } from '#wire/malformed.ts'
import type { Model } from '#wire/model.ts'
import type { Member } from '#wire/table.ts'

interface Missing {
  readonly name: string
  readonly member: Member
}
interface Part extends Missing {
  readonly isNested: boolean
}

export class RequiredMembers {
  readonly #parts = new Map<string, readonly Part[]>()
  readonly #needs = new Map<string, boolean>()
  readonly model: Model

  constructor(model: Model) {
    this.model = model
  }

  /** The service's answer to the first member that is missing, in the model's order. */
  check(name: string, input: unknown, style: 'parameter' | 'xml'): Fault | undefined {
    const missing = this.#missing(name, input)
    if (missing === undefined) return undefined
    const { at, w } = missing.member
    if (style === 'xml') {
      if (at === undefined || at === 'payload') return malformedXml()
      const text = `Missing required ${at} for this request: ${w ?? missing.name}`
      return new Fault('InvalidRequest', text, { status: 400 })
    }
    return new Fault('MissingParameter', `The request must contain the parameter ${missing.name}.`, {
      status: 400,
    })
  }

  /** True when a shape holds a required member somewhere. */
  #isNeedy(name: string): boolean {
    const hit = this.#needs.get(name)
    if (hit !== undefined) return hit
    // A shape within itself counts as needy until it is known: looking once too often is harmless.
    this.#needs.set(name, true)
    const shape = this.model.shape(name)
    const below = [...Object.values(shape.m ?? {}), shape.e, shape.v]
    const isNeedy = below.some(
      (member) => member !== undefined && (member.req === 1 || this.#isNeedy(member.s)),
    )
    this.#needs.set(name, isNeedy)
    return isNeedy
  }

  #partsOf(name: string): readonly Part[] {
    const hit = this.#parts.get(name)
    if (hit !== undefined) return hit
    const parts = this.model
      .members(name)
      .map(([key, member]) => ({
        name: key,
        member,
        isNested: member.stream !== 1 && this.#isNeedy(member.s),
      }))
      .filter(({ member, isNested }) => member.req === 1 || isNested)
    this.#parts.set(name, parts)
    return parts
  }

  #missing(name: string, value: unknown): Missing | undefined {
    const shape = this.model.shape(name)
    const held = shape.t === 'list' ? shape.e : shape.t === 'map' ? shape.v : undefined
    if (held !== undefined) {
      const items: readonly unknown[] = Array.isArray(value)
        ? value
        : isRecord(value)
          ? Object.values(value)
          : []
      for (const item of items) {
        const found = this.#missing(held.s, item)
        if (found !== undefined) return found
      }
      return undefined
    }
    if (!isRecord(value)) return undefined
    for (const part of this.#partsOf(name)) {
      const item = value[part.name]
      if (item === undefined || item === null) {
        if (part.member.req === 1) return part
      } else if (part.isNested) {
        const found = this.#missing(part.member.s, item)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}
